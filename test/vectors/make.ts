/**
 * The golden vectors of formats that lie on disks and travel between nodes of different versions. Everything follows
 * from written-down seeds, so another implementation can make them too; `PROTOCOL.md` explains each field.
 */
import { must } from '#base/assert.ts'
import { byteReader, bytesFromHex, bytesFromText, concatBytes, hexFromBytes } from '#base/bytes.ts'
import { bytesFromId, idFromBytes, type ActorId, type ChangeHash, type DocumentId, type FileId, type Trail } from '#base/ids.ts'
import { encodeDelta } from '#codec/delta.ts'
import { openEnvelope, sealEnvelope, type Sealing } from '#codec/envelope.ts'
import { encodeLoad, type SignedNote } from '#codec/load.ts'
import type { MessagePlace } from '#codec/message-names.ts'
import { encodeNote, printOf } from '#codec/note.ts'
import { trainedDictionary, type TrainedDictionary } from '#codec/trained-dictionary.ts'
import { itemsOf, tickedBody } from '#model/checklist.ts'
import { genesisOf } from '#model/change.ts'
import { channelDocument, DIRECTORY, KEYS, segmentDocument } from '#model/document-id.ts'
import type { Content } from '#model/entry.ts'
import type { ForkBranch } from '#model/fork-content.ts'
import { isKeyContent, type ShareParcel } from '#model/key-content.ts'
import { openLog, postIdOf, type Log } from '#model/log.ts'
import type { PurgedStretch } from '#model/purge-content.ts'
import { stepOf, trailFrom, upTo } from '#model/trail.ts'
import { orderHere } from '#sync/orders.ts'
import { attestationOf, companionOf, jointStatement, noteStatement } from '#trust/attestation.ts'
import { aPersonId, append, takeOver } from '../support/histories.ts'
import { seededRandom } from '../support/random.ts'
import { auditVectors } from './make-audit.ts'
import { deltaVectors } from './make-deltas.ts'
import { fileVectors } from './make-files.ts'
import { frameVectors } from './make-frames.ts'
import { joinVectors } from './make-join.ts'
import { guessVectors, mixingVectors } from './make-mixing.ts'
import { channelVectors, timeVectors } from './make-model.ts'
import { textVectors, wordVectors } from './make-texts.ts'
import { trustVectors } from './make-trust.ts'
import {
  actorAt,
  aKeyring,
  aRoster,
  attestationsOf,
  firstKey,
  lifeOf,
  nodeAt,
  nodes,
  ops,
  relief,
} from '../support/wire.ts'

/** A file of vectors: plain values, bytes as hexadecimal digits. */
export type Vectors = Readonly<Record<string, unknown>>

const NOON = 1_793_534_400_000
const segment = segmentDocument(ops, 'flash', 2)
const [amira, bo] = [aPersonId('amira'), aPersonId('bo')]

/** Every file of vectors by its name. */
export function makeVectors(): Readonly<Record<string, Vectors>> {
  const newest = upTo(aConversation(), { actor: actorAt(0), seq: 1 })
  return {
    'model.json': modelVectors(),
    'trust.json': trustVectors(newest),
    'wire.json': wireVectors(),
    'frames.json': frameVectors(),
    'join.json': joinVectors(),
    'audit.json': auditVectors(),
    'texts.json': textVectors(),
    'words.json': wordVectors(),
  }
}

/** Alpha, bravo and charlie in one segment: alone, in turn, and apart; some clocks agree, one is slow. */
export function aConversation(): Log {
  const [ours, theirs] = [openLog(segment), openLog(segment)]
  say(ours, 0, [0, 'Two wounded at the ford, need a helicopter'])
  takeOver(theirs, ours)
  say(theirs, 1, [30, 'Helicopter leaves in 10 minutes'])
  say(ours, 0, [40, 'Smoke is green'])
  say(ours, 2, [-90, 'My clock is slow'])
  takeOver(ours, theirs)
  edit(ours, 0, [41, 'Smoke is orange'])
  say(ours, 0, [95, 'They are here'])
  return ours
}

function say(log: Log, who: number, [seconds, body]: readonly [number, string]): void {
  const author = who === 1 ? bo : amira
  const content: Content = { kind: 'post', body, root: undefined }
  append(log, actorAt(who), { author, claimedAt: NOON + seconds * 1000, content })
}

function edit(log: Log, who: number, [seconds, body]: readonly [number, string]): void {
  const content: Content = { kind: 'edit', target: postIdOf(segment, actorAt(0), 2), body }
  append(log, actorAt(who), { author: amira, claimedAt: NOON + seconds * 1000, content })
}

function modelVectors(): Vectors {
  const log = aConversation()
  return {
    ids: { '00112233445566778899aabbccddeeff': idFromBytes(bytesFromHex('00112233445566778899aabbccddeeff')), ops },
    channels: channelVectors(),
    times: timeVectors(segment),
    genesis: [DIRECTORY, channelDocument(ops), segment].map((document) => {
      const { bytes, hash } = genesisOf(document)
      return { document, bytes: hexFromBytes(bytes), hash }
    }),
    checklists: [checklistVector()],
    entries: everyContent().map((content) => ({
      content: plain(content),
      bytes: hexFromBytes(
        append(openLog(documentFor(content)), actorAt(0), { author: amira, claimedAt: NOON, content }).value,
      ),
    })),
    changes: log.since({}).map((change) => ({
      actor: change.actor,
      seq: change.seq,
      previous: change.previous,
      value: hexFromBytes(change.value),
      bytes: hexFromBytes(change.bytes),
      hash: change.hash,
      trail: upTo(log, change).trail,
      claimedAt: change.entry.claimedAt,
      placeAt: change.entry.placeAt,
      counter: change.entry.counter,
      post: postIdOf(segment, change.actor, change.seq),
    })),
    heads: log.heads(),
    organisation: hexFromBytes(bytesFromId(relief.organisation.id)),
    signingKey: hexFromBytes(nodeAt(0).certificate.signingKey),
  }
}

function wireVectors(): Vectors {
  const log = aConversation()
  const deltas = {
    whole: deltaOf(log, 0),
    'after the first two': deltaOf(log, 2),
    'the last alone': deltaOf(log, 5),
    'naming a message': deltaOf(log, 0, [{ document: segment, actor: actorAt(0), seq: 2 }]),
    'naming a message of an actor without changes': deltaOf(aReaction(), 0, [answered]),
  }
  const clock = { [actorAt(0)]: 4, [actorAt(1)]: 1 }
  const prints = Object.fromEntries(
    Object.entries(clock).map(([actor, seq]) => [actor, printIn(log, actor as ActorId, seq)]),
  )
  const items = [
    { document: segment, clock, read: { [actorAt(0)]: 2 }, prints },
    { document: DIRECTORY, clock: {}, read: {} },
  ]
  const having = { document: segment, clock, read: {}, prints }
  const notes = {
    receipt: encodeNote({ kind: 'receipt', isWhole: false, items }, aRoster()),
    have: encodeNote({ kind: 'have', isWhole: true, items: [having] }, aRoster()),
    question: encodeNote(
      { kind: 'have', isWhole: true, isQuestion: true, items: [having] },
      aRoster(),
    ),
    want: encodeNote({ kind: 'want', isWhole: false, items: items.slice(0, 1) }, aRoster()),
  }
  const wrapping = { scope: ops, sender: actorAt(0), roster: aRoster() }
  const signed = (at: number): SignedNote => {
    const said = { actor: actorAt(at), body: notes.receipt }
    return { ...said, signature: nodeAt(at).sign(noteStatement(relief.organisation.id, said)) }
  }
  const loads = {
    notes: encodeLoad({ notes: [signed(0), signed(2)] }, wrapping),
    'notes and a delta': encodeLoad(
      { notes: [signed(0)], delta: deltas['the last alone'] },
      wrapping,
    ),
    'a note and a delta under one signature': encodeLoad(
      { notes: [], joint: notes.receipt, delta: deltas['the last alone'] },
      wrapping,
    ),
    'a note with a joint proof': encodeLoad({ notes: [together(log, notes.receipt)] }, wrapping),
  }
  const sign = (): Uint8Array => signedByAlpha(log, 4)
  return {
    nodes: nodes.map(({ certificate }) => ({
      number: certificate.number,
      node: certificate.node,
      signingKey: hexFromBytes(certificate.signingKey),
      life: hexFromBytes(lifeOf(certificate.name)),
    })),
    deltas: hexOf(deltas),
    'other deltas': deltaVectors(),
    notes: hexOf(notes),
    loads: hexOf(loads),
    envelopes: [
      envelopeOf('as it is', { body: seededRandom(7).bytes(60) }),
      envelopeOf('with the dictionary', { body: deltas.whole, sign }),
      envelopeOf('with the mixing coder', { body: deltas['the last alone'], isThin: true }),
      envelopeOf('with brotli', { body: bytesFromText(longText()) }),
      envelopeOf("with the channel's dictionary", { body: deltas.whole, dictionary: aDictionary(), sign }),
      envelopeOf('with the mixing coder and that dictionary', {
        body: bytesFromText('Bridge out, 40 people need water and a helicopter'), isThin: true, dictionary: aDictionary(),
      }),
      envelopeOf('of a generation', { body: deltas['the last alone'], generation: 2 }),
      envelopeOf('of a large generation', { body: deltas['the last alone'], generation: 300 }),
    ],
    files: fileVectors(),
    dictionary: hexOf({ text: aDictionary().text, hash: aDictionary().hash }),
    mixing: mixingVectors(),
    guesses: guessVectors(),
  }
}

function printIn(log: Log, actor: ActorId, seq: number): number {
  return printOf(must(log.find(actor, seq), 'it is written').hash)
}

/** Made of alpha's first three changes and of the one by charlie. */
function aDictionary(): TrainedDictionary {
  const log = aConversation()
  const places = [[0, 1], [0, 2], [0, 3], [2, 1]] as const
  const changes = places.map(([who, seq]) => must(log.find(actorAt(who), seq), 'it is written'))
  const said = changes.map((change) => ({ document: segment, ...change }))
  return must(trainedDictionary(said), 'it is short')
}

/** Where a message stands whose author has no changes in what is sent. */
const answered = { document: segment, actor: actorAt(2), seq: 9 }

/** A message that is answered by somebody else's reaction. */
export function aReaction(): Log {
  const log = openLog(segment)
  const target = postIdOf(segment, answered.actor, answered.seq)
  const content: Content = { kind: 'reaction', target, emoji: '+1', isSet: true }
  append(log, actorAt(0), { author: amira, claimedAt: NOON, content })
  return log
}

/** A receipt that alpha has signed together with its newest change. */
function together(log: Log, body: Uint8Array): SignedNote {
  const { id } = relief.organisation
  const said = { actor: actorAt(0), body }
  const change = companionOf('change', attestationOf(id, upTo(log, { actor: actorAt(0), seq: 4 })))
  const note = companionOf('note', noteStatement(id, said))
  const signature = nodeAt(0).sign(jointStatement({ change, note }))
  return { ...said, signature: concatBytes(signature, change) }
}

function deltaOf(log: Log, from: number, named: readonly MessagePlace[] = []): Uint8Array {
  const changes = log.since({}).slice(from)
  const attestations = attestationsOf(log, changes, actorAt(0))
  const { document } = log
  const places = new Map(named.map((at) => [postIdOf(at.document, at.actor, at.seq), at]))
  const [sender, roster] = [actorAt(0), aRoster()]
  return encodeDelta({ document, changes, sender, roster, attestations, places })
}

function envelopeOf(name: string, part: Partial<Sealing>): Vectors {
  const bytes = sealEnvelope({
    sender: nodeAt(0).certificate,
    life: lifeOf('alpha'),
    generation: 0,
    key: firstKey(aKeyring(), ops),
    body: new Uint8Array(0),
    sign: undefined,
    ...part,
  })
  return { name, bytes: hexFromBytes(bytes), ...openedEnvelope(bytes) }
}

/** Where the first byte says 3, the generation itself comes fourth. */
function generationIn(header: Uint8Array): number {
  const least = (header[0] ?? 0) >> 6
  return least < 3 ? least : byteReader(header.subarray(4)).uint()
}

/** What an envelope opens to, as the vectors have it. */
export function openedEnvelope(bytes: Uint8Array): Vectors {
  const opener = { byHint: aKeyring().byHint, dictionaries: [aDictionary()] }
  const roster = aRoster()
  for (const generation of [2, 300]) roster.learnLife(nodeAt(0).certificate.node, generation, lifeOf('alpha'))
  const opened = openEnvelope(bytes, roster, opener)
  if (!opened.ok) return { reason: opened.reason }
  return {
    compression: ((opened.header[0] ?? 0) >> 2) & 3,
    generation: generationIn(opened.header),
    actor: opened.actor,
    scope: opened.key.scope,
    header: hexFromBytes(opened.header),
    body: hexFromBytes(opened.body),
    signature: opened.signature === undefined ? null : hexFromBytes(opened.signature),
  }
}

function everyContent(): readonly Content[] {
  const target = postIdOf(segment, actorAt(0), 1)
  const lost = nodeAt(1).certificate.node
  const epoch = { kind: 'epoch', audience: ops, number: 3, epoch: '00112233'.repeat(4) } as const
  return [
    { kind: 'post', body: 'Привіт', root: undefined },
    { kind: 'post', body: 'a reply', root: target },
    { kind: 'post', body: 'fire', root: undefined, overrideReason: 'three are hurt' },
    { kind: 'edit', target, body: 'corrected' },
    { kind: 'deletion', target },
    { kind: 'reaction', target, emoji: '+1', isSet: true },
    {
      kind: 'post',
      body: '',
      root: target,
      files: [
        {
          id: idFromBytes<FileId>(seededRandom(9).bytes(16)),
          name: 'Мост.jpg',
          type: 'image/jpeg',
          bytes: 70_000,
          hash: '5eed'.repeat(16),
        },
      ],
      props: '{"attachments":[]}',
      asksAcknowledgement: true,
    },
    { kind: 'pin', target, isSet: true },
    { kind: 'acknowledgement', target },
    { kind: 'tick', target, item: 40_321, isSet: true },
    { kind: 'node', certificate: Uint8Array.of(1, 2, 3) },
    {
      kind: 'person',
      person: bo,
      profile: { username: 'bo', displayName: 'Bo', isAdministrator: false },
    },
    { kind: 'channel', channel: ops, channelKind: 'private' },
    { kind: 'member', channel: ops, person: bo, role: 'administrator' },
    { kind: 'settings', settings: { name: 'ops', isArchived: true } },
    {
      kind: 'dictionary',
      hash: 'c0ffee11'.repeat(8),
      stretches: [
        { lane: 'routine', segment: 0, actor: actorAt(0), from: 900, count: 101 },
        { lane: 'flash', segment: 2, actor: actorAt(2), from: 1, count: 1 },
      ],
    },
    { kind: 'sealing key', generation: 2, publicBytes: seededRandom(1).bytes(40) },
    { kind: 'pair', keyName: '0123456789abcdef', ciphertext: seededRandom(2).bytes(40) },
    { ...epoch, maker: undefined, wraps: [] },
    { ...epoch, maker: nodeAt(1).certificate.node, wraps: [aWrap(3), aWrap(300)] },
    orderHere(nodeAt(0), { kind: 'revocation', node: lost, since: NOON, reason: 'lost at the ford' }),
    orderHere(nodeAt(0), { kind: 'wipe order', node: lost, at: NOON }),
    { kind: 'post', body: 'a reply in need', root: target, overrideReason: 'it burns' },
    { kind: 'member', channel: ops, person: bo, role: 'member', from: 7 },
    { kind: 'post', body: 'marked', root: undefined, label: { classification: 'secret' } },
    { kind: 'policy', part: { about: 'levels', levels: ['open', 'secret'] } },
    {
      kind: 'policy',
      part: {
        about: 'rule',
        name: 'nights',
        rule: {
          actions: ['post'],
          require: { attribute: 'environment.time', between: ['06:00', '22:00'] },
        },
      },
    },
    { kind: 'policy', part: { about: 'person', person: bo, attributes: { role: 'guest' } } },
    { kind: 'policy', part: { about: 'moderation', channel: ops, moderation: undefined } },
    { kind: 'policy', part: { about: 'channel hold', channel: ops, isHeld: true } },
    { kind: 'policy', part: { about: 'person hold', person: bo, isHeld: false } },
    { kind: 'policy', part: { about: 'retention', channel: ops, days: 365 } },
    { kind: 'policy', part: { about: 'retention', channel: undefined, days: undefined } },
    { kind: 'policy', part: { about: 'shown once', days: 3 } },
    { kind: 'purge', reason: 'shown once', stretches: [aStretch(1)] },
    { kind: 'purge', reason: 'retention', stretches: [aStretch(1), aStretch(7)] },
    {
      kind: 'settings',
      settings: { displayName: 'Operations', purpose: 'all of it', header: 'now', isArchived: false },
    },
    { kind: 'standing', person: bo, isActive: false },
    { kind: 'bot', person: bo, owner: amira, description: 'tells the weather' },
    { kind: 'renewal', until: NOON },
    { kind: 'share', id: '00112233'.repeat(4), parcel: aParcel() },
    { kind: 'share', id: '00112233'.repeat(4), parcel: undefined },
    {
      kind: 'audit',
      deed: 'member added',
      result: 'refused',
      count: 3,
      subjects: [
        { kind: 'person', id: bo },
        { kind: 'channel', id: ops },
      ],
      facts: { reason: 8, number: 300 },
      previous: must(aConversation().find(actorAt(0), 1), 'alpha writes').hash,
    },
    { kind: 'audit', deed: 'store unlocked', result: 'done', count: 1, subjects: [], facts: {} },
    { kind: 'wiped' },
    aFork(),
    anAnchor(),
  ]
}

function aStretch(from: number): PurgedStretch {
  const after = { people: from === 1 ? [bo] : [], seconds: NOON / 1_000, placeAt: NOON + 3, counter: 4 }
  const [lane, previous] = ['routine', from === 1 ? '' : '0badf00d'.repeat(8)] as const
  const place = { lane, segment: 2, actor: actorAt(1), from, to: from + 2, messages: 2 }
  const [hash, trail] = ['c0ffee11'.repeat(8) as ChangeHash, 'deadbea7'.repeat(8) as Trail]
  return { ...place, previous: previous as ChangeHash, hash, trail, after }
}

function aParcel(): ShareParcel {
  const [ciphertext, sealed] = [seededRandom(5).bytes(40), seededRandom(6).bytes(80)]
  return { keyName: '0123456789abcdef', ciphertext, sealed }
}

function aFork(): Content {
  const [ours, theirs] = [aConversation(), openLog(segment)]
  for (const value of [Uint8Array.of(0x90), Uint8Array.of(0x91, 0)])
    theirs.add(theirs.next(actorAt(0), value))
  const before = trailFrom(ours.genesis.hash)
  const branches = [branchOf(ours, 1), branchOf(theirs, 2)] as const
  return { kind: 'fork', document: segment, actor: actorAt(0), seq: 1, before, branches }
}

/** Alpha's list from its first change to that with this number. */
function branchOf(log: Log, to: number): ForkBranch {
  const own = log.since({}).filter(({ actor, seq }) => actor === actorAt(0) && seq <= to)
  return { steps: own.map(({ hash }) => stepOf(hash)), signature: signedByAlpha(log, to) }
}

function anAnchor(): Content {
  const log = aConversation()
  const { trail: branch } = upTo(log, { actor: actorAt(0), seq: 1 })
  const end = upTo(log, { actor: actorAt(0), seq: 4 })
  return { kind: 'anchor', ...end, forkAt: 1, branch, signature: signedByAlpha(log, 4) }
}

function signedByAlpha(log: Log, seq: number): Uint8Array {
  const statement = attestationOf(relief.organisation.id, upTo(log, { actor: actorAt(0), seq }))
  return Uint8Array.from(nodeAt(0).sign(statement))
}

/** Where such an entry may stand, as far as its bytes depend on it: they do not. */
function documentFor(content: Content): DocumentId {
  return isKeyContent(content) || content.kind === 'node' ? KEYS : DIRECTORY
}

function aWrap(pair: number): { readonly pair: number; readonly bytes: Uint8Array } {
  return { pair, bytes: seededRandom(pair).bytes(48) }
}

/** With bytes as hexadecimal digits and without what is undefined, as JSON has it. */
function checklistVector(): Vectors {
  const body = 'Antes de salir:\r\n- [ ] agua\n>  * [X] mapas \t\n12) [ ] agua\n- [] nada\n- [ ]\tПаливо\n-[ ] x\n- [ ]x\n- [ ] \n-  [ ]  dos\n- [ ] agua\n1234567890. [ ] x\r- [ ] y'
  const items = itemsOf(body)
  const said = { isSet: true, person: amira, order: '1', at: NOON }
  const ticked = [must(items[2], 'it has three'), must(items[3], 'it has four')].map(({ number }) => number)
  const shown = tickedBody(body, ticked.map((item) => ({ ...said, item })))
  const numbers = items.map(({ number, text }) => ({ number, text }))
  return { body, ticked, items: numbers, shown }
}

/** As JSON has it: bytes as digits, and nothing that is undefined. */
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return hexFromBytes(value)
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value !== 'object' || value === null) return value
  const fields = Object.entries(value).filter(([, field]) => field !== undefined)
  return Object.fromEntries(fields.map(([name, field]) => [name, plain(field)]))
}

function hexOf(named: Readonly<Record<string, Uint8Array>>): Vectors {
  return Object.fromEntries(Object.entries(named).map(([name, bytes]) => [name, hexFromBytes(bytes)]))
}

function longText(): string {
  return Array.from({ length: 120 }, (_, index) => `row ${index * 7919};${index % 13};ok\n`).join('')
}
