/**
 * Changes of one document, without anything the receiver can work out: no hashes, no actor ids, no operation
 * counters, no checksums (design 5). The receiver writes each change again byte for byte; one wrong byte anywhere
 * gives another hash, and the attestation of each author's node over its list so far would not hold.
 *
 * The changes of one actor are a run: they follow each other and depend on nothing else, so each run is taken or
 * refused on its own.
 *
 *     kind 1 | document | shape | runs, each: node number, life 4 (neither for the sender), first seq, number of changes,
 *              and in the directory, where first seq is 1, the certificate of another node
 *     other actors that entries name | entries (`short-entry.ts`) | attestations
 *
 * The sender's one change alone, which is most of what is ever sent, has a short form. `PROTOCOL.md` has it all.
 */
import { must } from '#base/assert.ts'
import {
  byteReader,
  byteWriter,
  MalformedBytes,
  type ByteReader,
  type ByteWriter,
} from '#base/bytes.ts'
import { actorOf, type ActorId, type DocumentId, type PostId } from '#base/ids.ts'
import { DELTA_CHANGES_MAX, LIST_CHANGES_MAX } from '#base/limits.ts'
import { KEYS, parseDocumentId } from '#model/document-id.ts'
import type { Logged } from '#model/log.ts'
import { COMPANION_BYTES } from '#trust/attestation.ts'
import type { Scope } from '#trust/epoch.ts'
import type { Roster } from '#trust/roster.ts'
import { documentFromNumber, documentNumber } from './document-code.ts'
import {
  homeOf,
  openIds,
  openNames,
  readStrangers,
  writeStrangers,
  type MessagePlace,
} from './message-names.ts'
import { readEntry, writeEntry } from './short-entry.ts'

/** What is to be encoded: at least one change, and of every actor those that follow each other, in their order. */
export interface DeltaDraft {
  readonly document: DocumentId
  readonly changes: readonly Logged[]
  /** The sender's own actor, known to `roster` like those of all changes; its newest change is vouched for by the envelope's signature. */
  readonly sender: ActorId
  readonly roster: Roster
  /** For every other actor with changes here: the signature over its newest one in `changes`; no bytes where an order to purge or the proof of a fork vouches for that. */
  readonly attestations: ReadonlyMap<ActorId, Uint8Array>
  /** Where messages stand that the entries name; a message that is not here travels by its id. */
  readonly places?: ReadonlyMap<PostId, MessagePlace>
}

/** Changes of one actor that follow each other, as they came in: not yet written again. */
export interface Run {
  readonly actor: ActorId
  readonly firstSeq: number
  /** Their entries: one at least. */
  readonly values: readonly Uint8Array[]
  /** The signature over the last of them; undefined for the sender, whose signature is the envelope's, and where an order to purge what comes next, or the proof that the list forked there, vouches for it. */
  readonly attestation: Uint8Array | undefined
}

/** A delta, parsed. */
export interface Delta {
  readonly document: DocumentId
  /** No actor has two. */
  readonly runs: readonly Run[]
}

/** The first byte of a delta's body. */
export const DELTA_KIND = 1
/** How many nodes' lives may have written into one document. */
const ACTORS_MAX = 4_096
/** Shape: the sender's one change. Otherwise these bits, and four times the number of others' runs. */
const SINGLE = 0
const HAS_OWN = 1
const HAS_STRANGERS = 2
const OTHERS = 4

/** The body of an envelope with these changes. */
export function encodeDelta(draft: DeltaDraft): Uint8Array {
  const { document, sender, roster, places = new Map() } = draft
  const runs = runsOf(draft)
  const names = openNames({ document, roster, places, actors: runs.map(([{ actor }]) => actor) })
  const entries = byteWriter()
  for (const run of runs)
    for (const { actor, value } of run) writeEntry(entries, value, names.idsOf(actor))
  const strangers = names.strangers()
  const writer = byteWriter()
  writer.byte(DELTA_KIND)
  writer.uint(documentNumber(document))
  writeRuns(writer, runs, { ...draft, strangers: strangers.length > 0 ? HAS_STRANGERS : 0 })
  if (strangers.length > 0) writeStrangers(writer, strangers, { sender, roster })
  writer.raw(entries.bytes())
  for (const [{ actor }] of runs) {
    if (actor === sender) continue
    writer.raw(must(draft.attestations.get(actor), 'every author here is vouched for'))
  }
  return writer.bytes()
}

/** Writes the delta that holds nothing but this change of the sender's; messages that it names travel by their ids. */
export function writeSingle(
  writer: ByteWriter,
  {
    document,
    actor,
    seq,
    value,
  }: Pick<Logged, 'actor' | 'seq' | 'value'> & { readonly document: DocumentId },
): void {
  writer.byte(DELTA_KIND)
  writer.uint(documentNumber(document))
  writer.uint(SINGLE)
  writer.uint(seq)
  writeEntry(writer, value, { home: homeOf(actor), refer: () => undefined })
}

/** The delta in an opened body, or why not. `unknown actor`: its node's certificate has not arrived yet. */
export function decodeDelta(
  body: Uint8Array,
  opened: { readonly scope: Scope; readonly sender: ActorId; readonly roster: Roster },
):
  | { readonly ok: true; readonly delta: Delta }
  | { readonly ok: false; readonly reason: 'malformed' | 'unknown actor' } {
  try {
    const reader = byteReader(body)
    if (reader.byte() !== DELTA_KIND) return { ok: false, reason: 'malformed' }
    const document = documentFromNumber(opened.scope, reader.uint())
    if (document === undefined) return { ok: false, reason: 'malformed' }
    const shape = reader.uint()
    const heads = readHeads(reader, { shape, document }, opened)
    const strangers = (shape & HAS_STRANGERS) === 0 ? [] : readStrangers(reader, opened)
    if (heads === undefined || strangers === undefined)
      return { ok: false, reason: 'unknown actor' }
    const actors = [...heads.map(({ actor }) => actor), ...strangers]
    const idsOf = openIds({ document, scope: opened.scope, actors })
    const values = heads.map(({ actor, count }) =>
      Array.from({ length: count }, () => readEntry(reader, idsOf(actor))),
    )
    const runs = heads.map(({ actor, firstSeq, proofBytes }, at): Run => {
      const attestation = proofBytes === 0 ? undefined : reader.raw(proofBytes)
      return { actor, firstSeq, values: values[at] ?? [], attestation }
    })
    if (reader.left() > 0) return { ok: false, reason: 'malformed' }
    return { ok: true, delta: { document, runs } }
  } catch (error) {
    if (error instanceof MalformedBytes) return { ok: false, reason: 'malformed' }
    throw error
  }
}

/** What stands of a run before the entries. */
interface Head {
  readonly actor: ActorId
  readonly firstSeq: number
  readonly count: number
  /** Bytes of its attestation. */
  readonly proofBytes: number
}

type LoggedRun = readonly [Logged, ...Logged[]]

/** The changes by actor, the sender's first. */
function runsOf({ changes, sender }: DeltaDraft): readonly LoggedRun[] {
  const byActor = new Map<ActorId, [Logged, ...Logged[]]>()
  for (const change of changes) {
    const run = byActor.get(change.actor)
    if (run === undefined) byActor.set(change.actor, [change])
    else run.push(change)
  }
  const rank = (actor: ActorId): string => (actor === sender ? '' : actor)
  return [...byActor.values()].toSorted(([a], [b]) => (rank(a.actor) < rank(b.actor) ? -1 : 1))
}

function writeRuns(
  writer: ByteWriter,
  runs: readonly LoggedRun[],
  draft: DeltaDraft & { readonly strangers: number },
): void {
  const [first, ...others] = runs
  const hasSender = first?.[0].actor === draft.sender
  if (hasSender && others.length === 0 && first.length === 1) {
    writer.uint(SINGLE + draft.strangers)
    writer.uint(first[0].seq)
    return
  }
  const shape = OTHERS * (hasSender ? others : runs).length + (hasSender ? HAS_OWN : 0)
  writer.uint(shape + draft.strangers)
  for (const run of runs) {
    const { actor, seq } = run[0]
    if (actor === draft.sender) {
      writer.uint(seq)
      writer.uint(run.length)
      continue
    }
    const { node, number } = must(draft.roster.ofActor(actor), 'every author here is known')
    writer.uint(number)
    writer.raw(Buffer.from(actor.slice(16), 'hex'))
    writer.uint(seq)
    writer.uint(PROOFS.length * run.length + PROOFS.indexOf(proofOf(draft, actor)))
    if (bringsCertificate(draft.document, seq))
      writer.block(must(draft.roster.bytesOf(node), 'who is known has a certificate'))
  }
}

/** Whether a change of this document may be signed together with a note: other proofs of the other documents' are a signature. */
export function maySignTogether(document: DocumentId): boolean {
  return parseDocumentId(document)?.kind === 'segment'
}

/** What vouches for another node's run. `joint`: a signature with what stands for the note behind it that it was signed together with. */
const PROOFS = ['signature', 'joint', 'order'] as const

function proofOf({ attestations, roster }: DeltaDraft, actor: ActorId): (typeof PROOFS)[number] {
  const bytes = attestations.get(actor)?.length
  if (bytes === 0) return 'order'
  return (bytes ?? 0) > roster.suite.signatureBytes ? 'joint' : 'signature'
}

/**
 * Whoever gets a node's first directory entries may not know the node yet: the entry with its certificate is often in
 * this very delta. So the certificate stands beside the actor.
 */
function bringsCertificate(document: DocumentId, firstSeq: number): boolean {
  return document === KEYS && firstSeq === 1
}

type Opening = Parameters<typeof decodeDelta>[1]

/** Undefined when a node among them is not known. */
function readHeads(
  reader: ByteReader,
  { shape, document }: { readonly shape: number; readonly document: DocumentId },
  opened: Opening,
): readonly Head[] | undefined {
  const others = Math.floor(shape / OTHERS)
  const hasSender = (shape & HAS_OWN) !== 0
  if (others === 0 && !hasSender)
    return [{ actor: opened.sender, firstSeq: readSeq(reader), count: 1, proofBytes: 0 }]
  if (others > ACTORS_MAX) throw new MalformedBytes('too many actors')
  const own = hasSender ? { ...readSpan(reader, 1), proofBytes: 0 } : undefined
  const named = Array.from({ length: others }, () => {
    const nodeNumber = reader.uint()
    if (nodeNumber === 0) throw new MalformedBytes('no node has number 0')
    const life = reader.raw(4)
    const span = readOthersSpan(reader, document, opened.roster.suite.signatureBytes)
    if (bringsCertificate(document, span.firstSeq)) opened.roster.introduce(reader.block())
    return { nodeNumber, life, span }
  })
  // Only now: a certificate may be signed by a node whose own stands further on.
  const heads: (Head | undefined)[] = named.map(({ nodeNumber, life, span }) => {
    const certificate = opened.roster.byNumber(nodeNumber)
    return certificate && { actor: actorOf(certificate.node, life), ...span }
  })
  if (own !== undefined) heads.unshift({ actor: opened.sender, ...own })
  // Twice would let an old signature of an actor stand for a newer change than it covers.
  const actors = new Set([opened.sender, ...heads.map((head) => head?.actor)])
  if (actors.size < heads.length + (own === undefined ? 1 : 0) && !heads.includes(undefined))
    throw new MalformedBytes('an actor is named twice')
  const total = heads.reduce((sum, head) => sum + (head?.count ?? 0), 0)
  if (total > DELTA_CHANGES_MAX) throw new MalformedBytes('too many changes')
  return heads.includes(undefined) ? undefined : (heads as readonly Head[])
}

function readSeq(reader: ByteReader): number {
  const seq = reader.uint()
  if (seq === 0 || seq > LIST_CHANGES_MAX - DELTA_CHANGES_MAX)
    throw new MalformedBytes('a change has no such number')
  return seq
}

/** Which changes: their number stands there times `unit`, with less than that above it. */
function readSpan(reader: ByteReader, unit: number) {
  const firstSeq = readSeq(reader)
  const number = reader.uint()
  const count = Math.floor(number / unit)
  if (count === 0 || count > DELTA_CHANGES_MAX) throw new MalformedBytes('a run has no such length')
  return { firstSeq, count, rest: number % unit }
}

function readOthersSpan(
  reader: ByteReader,
  document: DocumentId,
  signatureBytes: number,
): Omit<Head, 'actor'> {
  const { rest, ...span } = readSpan(reader, PROOFS.length)
  const proof = PROOFS[rest]
  if (proof !== 'signature' && !maySignTogether(document))
    throw new MalformedBytes('changes of this document are vouched for by a signature alone')
  if (proof === 'order') return { ...span, proofBytes: 0 }
  return { ...span, proofBytes: signatureBytes + (proof === 'joint' ? COMPANION_BYTES.note : 0) }
}
