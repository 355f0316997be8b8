/**
 * Changes of one document, without anything the receiver can work out: no hashes, no actor ids, no operation
 * counters, no checksums (design 5). The receiver writes each change again byte for byte; one wrong byte anywhere
 * gives another hash, and the attestation over the newest hash of each author's node would not hold.
 *
 * The changes of one actor are a run: they follow each other and depend on nothing else, so each run is taken or
 * refused on its own.
 *
 *     kind 1 | document | actors | each: node number, life 4 (neither for the sender), first seq, number of changes,
 *              and in the directory, where first seq is 1, the certificate of another node
 *     lengths of the entries, but of the last | entries | attestations
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
import { actorOf, type ActorId, type DocumentId } from '#base/ids.ts'
import { DELTA_CHANGES_MAX, ENTRY_BYTES_MAX, LIST_CHANGES_MAX } from '#base/limits.ts'
import { KEYS } from '#model/document-id.ts'
import type { Logged } from '#model/log.ts'
import type { Scope } from '#trust/epoch.ts'
import type { Roster } from '#trust/roster.ts'
import { documentFromNumber, documentNumber } from './document-code.ts'

/** What is to be encoded: at least one change, and of every actor those that follow each other, in their order. */
export interface DeltaDraft {
  readonly document: DocumentId
  readonly changes: readonly Logged[]
  /** The sender's own actor; its newest change is vouched for by the envelope's signature. */
  readonly sender: ActorId
  readonly roster: Roster
  /** For every other actor with changes here: the signature over its newest one in `changes`. */
  readonly attestations: ReadonlyMap<ActorId, Uint8Array>
}

/** Changes of one actor that follow each other, as they came in: not yet written again. */
export interface Run {
  readonly actor: ActorId
  readonly firstSeq: number
  /** Their entries: one at least. */
  readonly values: readonly Uint8Array[]
  /** The signature over the last of them; undefined for the sender, whose signature is the envelope's. */
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
/** In place of the number of actors: the sender's one change. */
const SINGLE = 0

/** The body of an envelope with these changes. */
export function encodeDelta(draft: DeltaDraft): Uint8Array {
  const runs = runsOf(draft)
  const changes = runs.flat()
  const writer = byteWriter()
  writer.byte(DELTA_KIND)
  writer.uint(documentNumber(draft.document))
  writeRuns(writer, runs, draft)
  for (const change of changes.slice(0, -1)) writer.uint(change.value.length)
  for (const change of changes) writer.raw(change.value)
  for (const [{ actor }] of runs) {
    if (actor === draft.sender) continue
    writer.raw(must(draft.attestations.get(actor), 'every author here is vouched for'))
  }
  return writer.bytes()
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
    const heads = readHeads(reader, document, opened)
    if (heads === undefined) return { ok: false, reason: 'unknown actor' }
    const values = readValues(reader, heads, opened)
    let from = 0
    const runs = heads.map(({ actor, firstSeq, count }): Run => {
      const own = values.slice(from, (from += count))
      const attestation =
        actor === opened.sender ? undefined : reader.raw(opened.roster.suite.signatureBytes)
      return { actor, firstSeq, values: own, attestation }
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

function writeRuns(writer: ByteWriter, runs: readonly LoggedRun[], draft: DeltaDraft): void {
  const [first, ...others] = runs
  const hasSender = first?.[0].actor === draft.sender
  if (hasSender && others.length === 0 && first.length === 1) {
    writer.uint(SINGLE)
    writer.uint(first[0].seq)
    return
  }
  writer.uint(2 * (hasSender ? others : runs).length + (hasSender ? 1 : 0))
  for (const run of runs) {
    const { actor, seq } = run[0]
    if (actor === draft.sender) {
      writer.uint(seq)
      writer.uint(run.length)
      continue
    }
    const certificate = draft.roster.ofActor(actor)
    writer.uint(certificate?.number ?? 0)
    writer.raw(Buffer.from(actor.slice(16), 'hex'))
    writer.uint(seq)
    writer.uint(run.length)
    if (bringsCertificate(draft.document, seq)) {
      const bytes = certificate && draft.roster.bytesOf(certificate.node)
      writer.block(bytes ?? new Uint8Array(0))
    }
  }
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
  document: DocumentId,
  opened: Opening,
): readonly Head[] | undefined {
  const number = reader.uint()
  if (number === SINGLE) return [{ actor: opened.sender, firstSeq: readSeq(reader), count: 1 }]
  const [others, hasSender] = [Math.floor(number / 2), number % 2 === 1]
  if (others > ACTORS_MAX) throw new MalformedBytes('too many actors')
  const own = hasSender ? readSpan(reader) : undefined
  const named = Array.from({ length: others }, () => {
    const nodeNumber = reader.uint()
    if (nodeNumber === 0) throw new MalformedBytes('no node has number 0')
    const life = reader.raw(4)
    const span = readSpan(reader)
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
  return heads.includes(undefined) ? undefined : (heads as readonly Head[])
}

function readSeq(reader: ByteReader): number {
  const seq = reader.uint()
  if (seq === 0 || seq > LIST_CHANGES_MAX - DELTA_CHANGES_MAX)
    throw new MalformedBytes('a change has no such number')
  return seq
}

function readSpan(reader: ByteReader): Omit<Head, 'actor'> {
  const firstSeq = readSeq(reader)
  const count = reader.uint()
  if (count === 0 || count > DELTA_CHANGES_MAX) throw new MalformedBytes('a run has no such length')
  return { firstSeq, count }
}

/** The entries of all runs. What is left for the last one is its length. */
function readValues(
  reader: ByteReader,
  heads: readonly Head[],
  { sender, roster }: Opening,
): readonly Uint8Array[] {
  const total = heads.reduce((sum, { count }) => sum + count, 0)
  if (total > DELTA_CHANGES_MAX) throw new MalformedBytes('too many changes')
  const lengths = Array.from({ length: total - 1 }, () => reader.uint())
  const attested = heads.filter(({ actor }) => actor !== sender).length
  const others = lengths.reduce((sum, length) => sum + length, 0)
  lengths.push(reader.left() - others - roster.suite.signatureBytes * attested)
  return lengths.map((length) => {
    if (length <= 0) throw new MalformedBytes('an entry is empty')
    if (length > ENTRY_BYTES_MAX) throw new MalformedBytes('an entry is too long')
    return reader.raw(length)
  })
}
