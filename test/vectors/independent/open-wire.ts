/** Opens wire.json: envelopes, bodies in each compression, dictionaries, deltas, notes, proofs. */
import { bytesOf, concat, hash, hex, must, readWhole } from './bytes.ts'
import { genesis, stepOf, trailAfter, trailOf, writeChain } from './change.ts'
import { aloneInShort, type Delta, type Knowledge } from './delta.ts'
import { doorEpochs, open, scopeKeys, unpacked, type Opened } from './envelope.ts'
import { vectors, type Openers } from './ledger.ts'
import { readBody, type Body, type CarriedNote } from './load.ts'
import { guessesAfter, learned, learnedMore, unmixed, type Learned } from './mixing.ts'
import {
  attestation,
  jointStatement,
  messageId,
  nameOf,
  noteStatement,
  readCertificate,
} from './names.ts'
import { readNote, signedNote, type Note, type NoteItem } from './note.ts'
import { MODEL, SEGMENT, byAmira } from './open-model.ts'
import { DICTIONARY, SAMPLES, SCRIPTS } from './open-texts.ts'
import { TRUST, alphaOf } from './open-trust.ts'
import { openedGiven, openedPiece, openedWishes, type PieceCase } from './piece.ts'
import { isSigned } from './suites.ts'

interface EnvelopeVector {
  readonly name: string
  readonly bytes: string
  readonly scope: string
}

interface MixingVector {
  readonly name: string
  readonly bytes: string
}

interface GuessVector {
  readonly learned: number
  readonly body: string
}

interface DeltaVector {
  readonly name: string
  readonly scope: string
  readonly bytes: string
}

interface NodeVector {
  readonly number: number
  readonly node: string
  readonly signingKey: string
  readonly life: string
}

interface Wire {
  readonly nodes: readonly NodeVector[]
  readonly dictionary: { readonly text: string; readonly hash: string }
  readonly notes: Readonly<Record<string, string>>
}

const WIRE = vectors<Wire>('wire.json')
const ORGANISATION = hex(MODEL.organisation)
const CHANNEL = SEGMENT.split('.')[1] ?? ''
const SENDER = 1

const KNOWN: Knowledge = {
  suite: 1,
  scope: CHANNEL,
  sender: actorOfNumber(SENDER),
  nodeOf: (number) => actorOfNumber(number).slice(0, 16),
}

export const WIRE_OPENERS: Openers = {
  'nodes.*': 'given',
  'deltas.*': (bytes: string) => {
    const { delta } = readBody(hex(bytes), KNOWN)
    must(delta !== undefined, 'no delta')
    checkDelta(delta)
    return bytes
  },
  'other deltas.*': (value: DeltaVector) => deltaCase(value),
  'notes.*': (bytes: string) => {
    const note = readWhole(hex(bytes), (reader) => readNote(reader, 'signed'))
    for (const item of note.items) checkItem(note, item)
    return digits(signedNote(note))
  },
  'loads.*': (bytes: string) => {
    checkBody(readBody(hex(bytes), KNOWN))
    return bytes
  },
  'envelopes.*': (value: EnvelopeVector) => envelopeCase(value),
  'files.pieces.*': (value: PieceCase) =>
    openedPiece(value, {
      organisation: ORGANISATION,
      dictionary: DICTIONARY,
      learned: learnedWith(false),
    }),
  'files.wishes.*': openedWishes,
  'files.given.*': openedGiven,
  dictionary: () => dictionaryCase(),
  'guesses.*': ({ learned: most, body }: GuessVector) => {
    const all = concat(Buffer.of(0xd9), SCRIPTS, Buffer.of(0x0a), DICTIONARY, Buffer.of(0), ...SAMPLES)
    return { learned: most, body, guesses: guessesAfter(all.subarray(0, most), hex(body)) }
  },
  'mixing.*': ({ name, bytes }: MixingVector) => {
    return { name, bytes, body: digits(unmixed(hex(bytes), learnedWith(false))) }
  },
}

let taught: Learned | undefined

function actorOfNumber(number: number): string {
  const found = WIRE.nodes.find((one) => one.number === number)
  must(found !== undefined, `node ${number}`)
  return digits(bytesOf(found.node).subarray(0, 8)) + found.life
}

function keyOf(actor: string): Buffer {
  const found = WIRE.nodes.find(({ number }) => actorOfNumber(number) === actor)
  must(found !== undefined, `nobody is ${actor}`)
  return hex(found.signingKey)
}

/** Writes each run again and checks who signed for it. */
function checkDelta({ document, runs, strangers }: Delta): void {
  must(document === SEGMENT, 'another document')
  for (const { actor, first, entries, proof } of runs) {
    const before = MODEL.changes.find((one) => one.actor === actor && one.seq === first - 1)
    const previous = before?.hash ?? digits(genesis(document).hash)
    const heads = writeChain(actor, { first, previous }, entries).map((one) => digits(one.hash))
    for (const [at, head] of heads.entries()) {
      const change = MODEL.changes.find((one) => one.actor === actor && one.seq === first + at)
      must(strangers.length > 0 || change?.hash === head, 'another change')
    }
    const seq = first + entries.length - 1
    const trail = trailAfter(
      hex(before?.trail ?? previous),
      heads.map((head) => stepOf(hex(head))),
    )
    const statement = attestation(ORGANISATION, { document, actor, seq, trail })
    if (proof !== undefined) checkRun(actor, statement, proof)
    for (const stranger of strangers) {
      const named = messageId(document, hex(stranger), STRANGER_SEQ)
      must(
        entries.some((entry) => entry.includes(named)),
        'a message of another',
      )
    }
    if (strangers.length > 0)
      must(
        entries.every((one) => byAmira(one).content?.kind === 'reaction'),
        'no reaction',
      )
  }
}

const STRANGER_SEQ = 9

/** A delta of a document that begins with it, in any scope. */
function deltaCase({ name, scope, bytes }: DeltaVector): unknown {
  const { delta } = readBody(hex(bytes), { ...KNOWN, scope })
  must(delta !== undefined, 'no delta')
  const { document, runs } = delta
  for (const { actor, first, entries, proof, certificate } of runs) {
    const list = { document, actor, seq: entries.length, trail: trailOf(document, actor, entries) }
    must(proof === undefined || first === 1, 'a run that begins later')
    if (proof !== undefined) checkRun(actor, attestation(ORGANISATION, list), proof)
    const isFirst = scope === 'keys' && proof !== undefined
    must(isFirst === (certificate !== undefined), 'a certificate')
    if (certificate !== undefined) {
      const { node } = readCertificate(certificate)
      must(actor.startsWith(digits(bytesOf(node).subarray(0, 8))), 'the certificate of another')
    }
  }
  const said = runs.map(({ actor, first, entries, proof }) => ({
    actor,
    first,
    entries: entries.map(digits),
    proof: proof === undefined ? null : digits(proof),
  }))
  return { name, scope, bytes, says: { document, runs: said } }
}

/** A signature over one statement, or over two of which the other is known by its hash. */
function checkRun(actor: string, statement: Buffer, proof: Buffer): void {
  const ofNote = proof.subarray(64)
  const isJoint = ofNote.length > 0
  const signed = isJoint ? jointStatement({ attestation: statement, ofNote }) : statement
  const signature = proof.subarray(0, 64)
  must(isSigned(1, keyOf(actor), { signed, signature }), 'a run that nobody signed')
}

function checkBody({ kind, notes, delta }: Body): void {
  for (const carried of notes) checkNote(carried, kind)
  if (delta !== undefined) checkDelta(delta)
}

/** What a note says of a document is of changes that are there, and each print but those of a `want` is the start of one's hash. */
function checkItem({ kind, actors }: Note, { document, lines }: NoteItem): void {
  const name = nameOf(document)
  must(name === SEGMENT || (name === 'd' && lines.length === 0), 'another document')
  for (const { actor, newest, print } of lines) {
    const { node, life } = actors[actor] ?? { node: 0, life: '' }
    const of = actorOfNumber(node).slice(0, 16) + life
    const change = MODEL.changes.find((one) => one.actor === of && one.seq === newest)
    must(change !== undefined, 'a change of nobody')
    must(print === (kind === 'want' ? undefined : change.hash.slice(0, 4)), 'another print')
  }
}

function checkNote({ node, life, note, proof }: CarriedNote, kind: Body['kind']): void {
  const long = signedNote(note)
  must(digits(long) === WIRE.notes[note.kind], 'a note that says something else')
  if (proof === undefined) return must(kind === 'joint', 'a note without proof')
  const actor = node === 0 ? KNOWN.sender : actorOfNumber(node)
  must(life === undefined || actor.endsWith(life), 'a note of another life')
  const statement = noteStatement(ORGANISATION, { actor, note: long })
  const ofAttestation = proof.subarray(64)
  const isJoint = ofAttestation.length > 0
  const signed = isJoint ? jointStatement({ note: statement, ofAttestation }) : statement
  const signature = proof.subarray(0, 64)
  must(isSigned(1, keyOf(actor), { signed, signature }), 'a note that nobody signed')
}

function envelopeCase({ name, bytes, scope }: EnvelopeVector): unknown {
  const opened = openedEnvelope(bytes, scope)
  const { header, signature } = opened
  const own = header.hasDictionary ? hex(WIRE.dictionary.text) : Buffer.alloc(0)
  const isMixed = header.compression === 3
  const body = unpacked(opened, {
    dictionary: concat(DICTIONARY, own),
    learned: isMixed ? learnedWith(header.hasDictionary) : NOTHING,
  })
  const { compression } = header
  const actor = KNOWN.sender
  if (signature !== undefined) checkSignature(body, signature)
  return {
    name,
    bytes,
    compression,
    generation: header.generation,
    actor,
    scope,
    header: digits(header.bytes),
    body: digits(body),
    signature: signature === undefined ? null : digits(signature),
  }
}

const NOTHING: Learned = { model: undefined as never, ends: new Map() }

function learnedWith(hasDictionary: boolean): Learned {
  taught ??= learned(concat(SCRIPTS, Buffer.of(0x0a), DICTIONARY), SAMPLES)
  return hasDictionary ? learnedMore(taught, dictionaryBodies()) : taught
}

function openedEnvelope(bytes: string, scope: string): Opened {
  const [vector] = TRUST.suites
  must(vector !== undefined, 'no suite')
  const { organisation, seeds } = vector
  const [, epoch] = doorEpochs(1, organisation.id, hex(seeds.door))
  const keys = scopeKeys(1, organisation.id, { scope, epoch })
  const { node, signingKey } = alphaOf(vector)
  const life = hex(KNOWN.sender.slice(16))
  const opened = open(hex(bytes), keys, {
    sender: { node, signingKey: hex(signingKey), life },
    dictionary: hex(WIRE.dictionary.hash),
  })
  must(opened !== undefined, 'an envelope that does not open')
  const { generation, life: said } = opened.header
  must(generation > 0 ? said === undefined : said?.equals(life) === true, 'another life')
  return opened
}

/** The envelope's signature is over the sender's newest change in it. */
function checkSignature(body: Buffer, signature: Buffer): void {
  const run = readBody(body, KNOWN).delta?.runs.find(({ actor }) => actor === KNOWN.sender)
  must(run !== undefined, 'a signature over nothing')
  const seq = run.first + run.entries.length - 1
  const { actor } = run
  const trail = MODEL.changes.find((one) => one.actor === actor && one.seq === seq)?.trail ?? ''
  const signed = attestation(ORGANISATION, { document: SEGMENT, actor, seq, trail })
  must(isSigned(1, keyOf(KNOWN.sender), { signed, signature }), 'an envelope that nobody signed')
}

/** The changes that the dictionary is made of: three of alpha, and the first of the third node. */
function dictionaryBodies(): readonly Buffer[] {
  const [alpha, third] = [KNOWN.sender, TRUST.actors[2] ?? '']
  const stretches = [
    { actor: alpha, from: 1, count: 3 },
    { actor: third, from: 1, count: 1 },
  ]
  return stretches.flatMap(({ actor, from, count }) =>
    Array.from({ length: count }, (_, at) => {
      const change = MODEL.changes.find((one) => one.actor === actor && one.seq === from + at)
      must(change !== undefined, 'a change that is not here')
      return aloneInShort({ document: SEGMENT, actor, seq: from + at, entry: hex(change.value) })
    }),
  )
}

function dictionaryCase(): unknown {
  const all = concat(...dictionaryBodies())
  return { text: digits(all), hash: digits(hash(all)) }
}

function digits(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
