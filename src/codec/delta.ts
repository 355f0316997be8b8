/**
 * Changes of one document, without anything the receiver can work out: no hashes, no actor ids, no operation
 * counters, no checksums (design 5). The receiver writes each change again byte for byte; one wrong byte anywhere
 * gives another hash, and the attestation over the newest hash of each author's node would not hold.
 *
 *     kind 1 | document | actors: count, then each: node number, life 4 (0 and none for the sender), first seq,
 *              and in the directory, where first seq is 1, the certificate of another node
 *     changes: count, then each: actor and code | lengths of the entries | entries | attestations
 *
 * Code 0: the author had seen only its own last change; 1: also the change before this one in the delta;
 * 2: a list of references follows. `PROTOCOL.md` has it all.
 */
import { must } from '#base/assert.ts'
import {
  byteReader,
  byteWriter,
  MalformedBytes,
  type ByteReader,
  type ByteWriter,
} from '#base/bytes.ts'
import { actorOf, type ActorId, type ChangeHash, type ChannelId, type DocumentId } from '#base/ids.ts'
import { CHANGE_DEPENDENCIES_MAX, DELTA_CHANGES_MAX, ENTRY_BYTES_MAX } from '#base/limits.ts'
import {
  auditDocument,
  channelDocument,
  DIRECTORY,
  KEYS,
  parseDocumentId,
  SEGMENT_NUMBER_MAX,
  segmentDocument,
} from '#model/document-id.ts'
import type { Log, Logged } from '#model/log.ts'
import { LANES, laneFromNumber, laneNumber } from '#model/precedence.ts'
import { auditedNode, type Scope } from '#trust/epoch.ts'
import type { Roster } from '#trust/roster.ts'

/** What is to be encoded. `changes` are in the log's own order, each after all it depends on or the peer has. */
export interface DeltaDraft {
  readonly log: Log
  readonly changes: readonly Logged[]
  /** The sender's own actor; its newest change is vouched for by the envelope's signature. */
  readonly sender: ActorId
  readonly roster: Roster
  /** For every other actor with changes here: the signature over its newest one in `changes`. */
  readonly attestations: ReadonlyMap<ActorId, Uint8Array>
}

/** One change as it came in: not yet written again. */
export interface DeltaRecord {
  readonly actor: ActorId
  readonly seq: number
  readonly seesPrevious: boolean
  readonly sees: readonly Reference[]
  readonly value: Uint8Array
}

/** A change that another one's author had seen. */
export type Reference =
  | { readonly kind: 'genesis' }
  | { readonly kind: 'back'; readonly steps: number }
  | { readonly kind: 'dot'; readonly actor: ActorId; readonly seq: number }

/** A delta, parsed. */
export interface Delta {
  readonly document: DocumentId
  readonly records: readonly DeltaRecord[]
  /** By actor, for all but the sender. */
  readonly attestations: ReadonlyMap<ActorId, Uint8Array>
}

/** The first byte of a delta's body. */
export const DELTA_KIND = 1
/** How many nodes' lives may have written into one document. */
const ACTORS_MAX = 4_096

/** The body of an envelope with these changes. */
export function encodeDelta(draft: DeltaDraft): Uint8Array {
  const dots = new Map(draft.changes.map((change, index) => [change.hash, index]))
  const table = actorTable(draft)
  const writer = byteWriter()
  writer.byte(DELTA_KIND)
  writer.uint(documentNumber(draft.log.document))
  writeActors(writer, table, draft)
  writer.uint(draft.changes.length)
  draft.changes.forEach((change, index) => {
    const seen = seenBy(change, draft.log)
    const previous = draft.changes[index - 1]?.hash
    const code = seen.length === 0 ? 0 : seen.length === 1 && seen[0] === previous ? 1 : 2
    writer.uint(table.indexOf(change.actor) * 3 + code)
    if (code === 2) writeReferences(writer, { seen, index, dots, table, log: draft.log })
  })
  for (const change of draft.changes) writer.uint(change.value.length)
  for (const change of draft.changes) writer.raw(change.value)
  writeAttestations(writer, table, draft)
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
    const actors = readActors(reader, document, opened)
    if (document === undefined) return { ok: false, reason: 'malformed' }
    if (actors === undefined) return { ok: false, reason: 'unknown actor' }
    const records = readRecords(reader, actors)
    const attestations = new Map<ActorId, Uint8Array>()
    for (const { actor } of actors) {
      const hasChanges = records.some((record) => record.actor === actor)
      if (actor !== opened.sender && hasChanges) attestations.set(actor, reader.raw(opened.roster.suite.signatureBytes))
    }
    if (reader.left() > 0) return { ok: false, reason: 'malformed' }
    return { ok: true, delta: { document, records, attestations } }
  } catch (error) {
    if (error instanceof MalformedBytes) return { ok: false, reason: 'malformed' }
    throw error
  }
}

interface Actor {
  readonly actor: ActorId
  readonly firstSeq: number
}

/** Changes an author had seen beside its own last one. */
function seenBy(change: Logged, log: Log): readonly ChangeHash[] {
  const own = log.find(change.actor, change.seq - 1)?.hash
  return change.deps.filter((hash) => hash !== own)
}

/** Every actor that writes or is referred to, the sender first where it is among them. */
function actorTable(draft: DeltaDraft): readonly ActorId[] {
  const inside = new Set(draft.changes.map((change) => change.hash))
  const writers = draft.changes.map((change) => change.actor)
  const outside = draft.changes
    .flatMap((change) => seenBy(change, draft.log))
    .filter((hash) => !inside.has(hash) && hash !== draft.log.genesis.hash)
    .map((hash) => draft.log.dotOf(hash).actor)
  const others = [...new Set([...writers, ...outside])]
    .filter((actor) => actor !== draft.sender)
    .toSorted()
  return writers.includes(draft.sender) || outside.includes(draft.sender)
    ? [draft.sender, ...others]
    : others
}

function writeActors(writer: ByteWriter, table: readonly ActorId[], draft: DeltaDraft): void {
  writer.uint(table.length)
  for (const actor of table) {
    const number = actor === draft.sender ? 0 : (draft.roster.ofActor(actor)?.number ?? 0)
    writer.uint(number)
    if (number !== 0) writer.raw(Buffer.from(actor.slice(16), 'hex'))
    const firstSeq = draft.changes.find((change) => change.actor === actor)?.seq ?? 0
    writer.uint(firstSeq)
    if (number !== 0 && bringsCertificate(draft.log.document, firstSeq)) {
      const node = draft.roster.ofActor(actor)?.node
      writer.block((node && draft.roster.bytesOf(node)) ?? new Uint8Array(0))
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

function writeAttestations(
  writer: ByteWriter,
  table: readonly ActorId[],
  { changes, sender, attestations }: DeltaDraft,
): void {
  const authors = new Set(changes.map((change) => change.actor))
  for (const actor of table) {
    if (actor === sender || !authors.has(actor)) continue
    writer.raw(must(attestations.get(actor), 'every author here is vouched for'))
  }
}

interface Place {
  readonly seen: readonly ChangeHash[]
  readonly index: number
  readonly dots: ReadonlyMap<ChangeHash, number>
  readonly table: readonly ActorId[]
  readonly log: Log
}

/** 0 the genesis; odd 2k+1: k+1 changes back in the delta; even 2k+2: actor k of the table, then its seq. */
function writeReferences(writer: ByteWriter, place: Place): void {
  writer.uint(place.seen.length)
  for (const hash of place.seen) {
    const inside = place.dots.get(hash)
    if (hash === place.log.genesis.hash) writer.uint(0)
    else if (inside !== undefined) writer.uint(2 * (place.index - inside - 1) + 1)
    else {
      const dot = place.log.dotOf(hash)
      writer.uint(2 * place.table.indexOf(dot.actor) + 2)
      writer.uint(dot.seq)
    }
  }
}

function readActors(
  reader: ByteReader,
  document: DocumentId | undefined,
  opened: { readonly sender: ActorId; readonly roster: Roster },
): readonly Actor[] | undefined {
  const count = reader.uint()
  if (count > ACTORS_MAX) throw new MalformedBytes('too many actors')
  let isKnown = true
  const actors: Actor[] = []
  const named = new Set<ActorId>()
  for (let index = 0; index < count; index += 1) {
    const number = reader.uint()
    const life = number === 0 ? undefined : reader.raw(4)
    const firstSeq = reader.uint()
    const isIntroduced =
      number !== 0 && document !== undefined && bringsCertificate(document, firstSeq)
    if (isIntroduced) opened.roster.introduce(reader.block())
    const certificate = opened.roster.byNumber(number)
    if (life !== undefined && certificate === undefined) {
      isKnown = false
      continue
    }
    const actor =
      life === undefined || certificate === undefined
        ? opened.sender
        : actorOf(certificate.node, life)
    // Twice would let an old signature of an actor stand for a newer change than it covers.
    if (named.has(actor)) throw new MalformedBytes('an actor is named twice')
    named.add(actor)
    actors.push({ actor, firstSeq })
  }
  return isKnown ? actors : undefined
}

function readRecords(reader: ByteReader, actors: readonly Actor[]): readonly DeltaRecord[] {
  const count = reader.uint()
  if (count > DELTA_CHANGES_MAX) throw new MalformedBytes('too many changes')
  const seqs = new Map<Actor, number>()
  const heads = Array.from({ length: count }, () => readHead(reader, actors, seqs))
  const lengths = heads.map(() => reader.uint())
  return heads.map((head, index) => {
    const length = lengths[index] ?? 0
    if (length === 0) throw new MalformedBytes('an entry is empty')
    if (length > ENTRY_BYTES_MAX) throw new MalformedBytes('an entry is too long')
    return { ...head, value: reader.raw(length) }
  })
}

function readHead(
  reader: ByteReader,
  actors: readonly Actor[],
  seqs: Map<Actor, number>,
): Omit<DeltaRecord, 'value'> {
  const number = reader.uint()
  const actor = actors[Math.floor(number / 3)]
  if (actor === undefined || actor.firstSeq === 0)
    throw new MalformedBytes('a change has no author')
  const seq = seqs.get(actor) ?? actor.firstSeq
  seqs.set(actor, seq + 1)
  const sees = number % 3 === 2 ? readReferences(reader, actors) : []
  return { actor: actor.actor, seq, seesPrevious: number % 3 === 1, sees }
}

function readReferences(reader: ByteReader, actors: readonly Actor[]): readonly Reference[] {
  const count = reader.uint()
  if (count > CHANGE_DEPENDENCIES_MAX) throw new MalformedBytes('too many dependencies')
  return Array.from({ length: count }, (): Reference => {
    const code = reader.uint()
    if (code === 0) return { kind: 'genesis' }
    if (code % 2 === 1) return { kind: 'back', steps: (code - 1) / 2 + 1 }
    const actor = actors[(code - 2) / 2]
    if (actor === undefined) throw new MalformedBytes('a reference has no actor')
    const seq = reader.uint()
    if (seq === 0) throw new MalformedBytes('a reference has no number')
    return { kind: 'dot', actor: actor.actor, seq }
  })
}

/** 0: the scope's own document (directory or settings). Otherwise 1 + lane + 4 x the segment's number. */
function documentNumber(document: DocumentId): number {
  const name = parseDocumentId(document)
  if (name?.kind === 'audit') return name.number
  return name?.kind === 'segment' ? 1 + laneNumber(name.lane) + LANES.length * name.number : 0
}

function documentFromNumber(scope: Scope, number: number): DocumentId | undefined {
  if (scope === 'keys') return number === 0 ? KEYS : undefined
  if (scope === 'directory') return number === 0 ? DIRECTORY : undefined
  const audited = auditedNode(scope)
  if (audited !== undefined)
    return number > SEGMENT_NUMBER_MAX ? undefined : auditDocument(audited, number)
  const channel = scope as ChannelId
  if (number === 0) return channelDocument(channel)
  const lane = laneFromNumber((number - 1) % LANES.length)
  if (lane === undefined) return undefined
  const document = segmentDocument(channel, lane, Math.floor((number - 1) / LANES.length))
  return parseDocumentId(document) === undefined ? undefined : document
}
