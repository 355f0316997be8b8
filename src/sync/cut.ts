/** Cutting an envelope: from "this peer lacks something of this document" to sealed, numbered bytes. */
import {
  nodePrefix,
  nodePrefixOfActor,
  type ActorId,
  type ChangeHash,
  type DocumentId,
  type PostId,
} from '#base/ids.ts'
import { CUT_BYTES_MAX, CUT_CHANGES_MAX, THIN_PARCEL_BYTES_MAX } from '#base/limits.ts'
import { encodeDelta } from '#codec/delta.ts'
import { sealEnvelope } from '#codec/envelope.ts'
import { encodeLoad } from '#codec/load.ts'
import { encodePiece, type Piece } from '#codec/piece.ts'
import type { MessagePlace } from '#codec/message-names.ts'
import type { TrainedDictionary } from '#codec/trained-dictionary.ts'
import { KEYS } from '#model/document-id.ts'
import { messageNamedBy, postIdOf, type Clock, type Log, type Logged } from '#model/log.ts'
import type { Lane } from '#model/precedence.ts'
import type { Parcel, PeerId } from '#ports/carrier.ts'
import { attestationOf } from '#trust/attestation.ts'
import type { EpochKey } from '#trust/epoch.ts'
import type { SyncContext } from './context.ts'
import { dictionaryFor } from './dictionaries.ts'
import { sealingKeyFor } from './epochs.ts'
import { ridingOf, signTogether } from './joint.ts'
import { key, range } from './keys.ts'
import { hasOf } from './ledger.ts'
import { pack, unpack, type ParcelRecord, type QueuedNote } from './records.ts'
import type { Tx } from './replica.ts'
import { noteSent } from './sent.ts'

/** A parcel that is on disk and may be sent. */
export interface Cut {
  readonly parcel: Parcel
  readonly record: ParcelRecord
  /** What it was cut from, before compression; unknown for a note and for what lay on disk. */
  readonly plainBytes?: number
}

/** Pieces of files go behind all else. */
const PIECE_LANE: Lane = 'routine'

/** Takes what is to ride along with a delta of so many bytes out of the queue. */
export type Riders = (bytes: number) => Promise<readonly QueuedNote[]>

/** Cuts what follows `clock` of a document, as much as fits, and what rides along; undefined when nothing does. */
export async function cutDelta(
  tx: Tx,
  context: SyncContext,
  want: {
    readonly peer: PeerId
    readonly lane: Lane
    readonly document: DocumentId
    readonly clock: Clock
    readonly riders?: Riders | undefined
    /** Plain bytes; one change goes in any case. CUT_BYTES_MAX unless given. */
    readonly plainBytesMax?: number | undefined
  },
): Promise<Cut | undefined> {
  const log = await tx.log(want.document)
  const bytesMax = Math.min(CUT_BYTES_MAX, want.plainBytesMax ?? CUT_BYTES_MAX)
  const changes = await selectChanges(tx, context, { log, clock: want.clock, bytesMax })
  if (changes.length === 0) return undefined
  const attestations = await attestationsFor(tx, context, { log, changes })
  const sender = context.replica.actor
  const { document, riders } = want
  const sealing = await sealingKeyFor(tx, context, document)
  if (sealing === undefined) return undefined
  const dictionary = await dictionaryFor(tx, context, want)
  const { roster } = context
  const places = await placesOf(tx, changes)
  const delta = encodeDelta({ document, changes, sender, roster, attestations, places })
  const own = newestOf(changes, sender)
  if (own !== undefined) await noteSent(tx, document, own)
  const notes = (await riders?.(delta.length)) ?? []
  const riding = ridingOf(context, notes, own && document)
  const joint = riding.joint?.body
  const bytes = await sealBody(tx, context, {
    body: encodeLoad({ notes: riding.notes, delta, joint }, wrappingOf(context, sealing)),
    sealing,
    dictionary,
    peer: want.peer,
    isThin: (want.plainBytesMax ?? Infinity) <= THIN_PARCEL_BYTES_MAX,
    sign: own && (() => signTogether(context, { document, hash: own.hash }, riding.joint)),
  })
  const first: Record<string, number> = {}
  const clock: Record<string, number> = {}
  for (const change of changes) {
    first[change.actor] ??= change.seq
    clock[change.actor] = change.seq
  }
  const told = notes.length === 0 ? {} : { notes }
  const cut = await keepParcel(tx, want, { bytes, document, first, clock, ...told })
  return { ...cut, plainBytes: changes.reduce((sum, change) => sum + plainBytesOf(change), 0) }
}

/** Cuts an envelope of nothing but notes, which `take` takes out of the queue; undefined while there is no key, or no note. */
export async function cutNotes(
  tx: Tx,
  context: SyncContext,
  want: {
    readonly peer: PeerId
    readonly lane: Lane
    readonly take: () => Promise<readonly QueuedNote[]>
  },
): Promise<Cut | undefined> {
  const sealing = await sealingKeyFor(tx, context, undefined)
  const notes = sealing === undefined ? [] : await want.take()
  if (sealing === undefined || notes.length === 0) return undefined
  const body = encodeLoad({ notes }, wrappingOf(context, sealing))
  const bytes = await sealBody(tx, context, { body, sealing, peer: want.peer, sign: undefined })
  return keepParcel(tx, want, { bytes, document: undefined, first: {}, clock: {}, notes })
}

/** Cuts an envelope that is a piece of a file; undefined while there is no key. */
export async function cutPiece(
  tx: Tx,
  context: SyncContext,
  { peer, piece }: { readonly peer: PeerId; readonly piece: Piece },
): Promise<Cut | undefined> {
  const sealing = await sealingKeyFor(tx, context, undefined)
  if (sealing === undefined) return undefined
  const { name, from, to } = piece
  const plain = { body: encodePiece(piece), sealing, peer, isSmall: true, sign: undefined }
  const bytes = await sealBody(tx, context, plain)
  const record = { bytes, document: undefined, first: {}, clock: {}, piece: { name, from, to } }
  return keepParcel(tx, { peer, lane: PIECE_LANE }, record)
}

function wrappingOf({ replica, roster }: SyncContext, { scope }: EpochKey) {
  return { scope, sender: replica.actor, roster }
}

async function sealBody(
  tx: Tx,
  context: SyncContext,
  plain: {
    readonly body: Uint8Array
    readonly sealing: EpochKey
    readonly peer: PeerId
    readonly isThin?: boolean
    readonly isSmall?: boolean
    readonly dictionary?: TrainedDictionary | undefined
    readonly sign: (() => Uint8Array) | undefined
  },
): Promise<Uint8Array> {
  const { sealing } = plain
  return sealEnvelope({
    sender: context.identity.certificate,
    life: context.life,
    generation: await generationFor(tx, context, plain),
    key: sealing,
    body: plain.body,
    isThin: plain.isThin === true,
    isSmall: plain.isSmall === true,
    dictionary: plain.dictionary,
    sign: plain.sign,
  })
}

/**
 * By what a peer knows this life: 0, and the life is told, until it holds what publishes it. A node whose keys document was damaged
 * cannot tell which generations its earlier lives have published: one that is not known by that name might be taken for another.
 */
async function generationFor(
  tx: Tx,
  { keyBook, replica: { actor } }: SyncContext,
  { sealing, peer }: { readonly sealing: EpochKey; readonly peer: PeerId },
): Promise<number> {
  const first = keyBook().firstKeyOf(actor)
  if (sealing.scope === 'keys' || first === undefined) return 0
  const isKnown = ((await hasOf(tx, peer, KEYS))[actor] ?? 0) >= first.seq
  return isKnown ? first.generation : 0
}

async function keepParcel(
  tx: Tx,
  { peer, lane }: { readonly peer: PeerId; readonly lane: Lane },
  record: ParcelRecord,
): Promise<Cut> {
  const number = unpack<number>(await tx.get(key.nextNumber(peer, lane))) ?? 0
  tx.put(key.nextNumber(peer, lane), pack(number + 1))
  tx.put(key.parcel(peer, lane, number), pack(record))
  return cutOf(record, lane, number)
}

/** A parcel as it is on disk. */
export function cutOf(record: ParcelRecord, lane: Lane, number: number): Cut {
  const isForAll = record.document === KEYS
  return { parcel: { bytes: record.bytes, lane, number, isForAll }, record }
}

/**
 * As many changes as fit, ending for each other node's actor at a change its node has signed. When the first signed
 * point lies beyond the limit, the limit gives way: nothing may be sent that nobody vouches for.
 */
async function selectChanges(
  tx: Tx,
  context: SyncContext,
  { log, clock, bytesMax }: { readonly log: Log; readonly clock: Clock; readonly bytesMax: number },
): Promise<readonly Logged[]> {
  // Without its node's certificate nobody could be told whose list it is: it waits until that comes.
  const known = log.since(clock).filter(({ actor }) => context.roster.ofActor(actor))
  const missing = withoutHoles(known)
  const signed = new Map<ActorId, ReadonlySet<number>>()
  for (const actor of new Set(missing.map((change) => change.actor))) {
    if (!isOwn(context, actor)) signed.set(actor, await signedSeqs(tx, log.document, actor))
  }
  const isEnd = ({ actor, seq }: Logged): boolean =>
    signed.get(actor)?.has(seq) !== false || log.stubAt(actor, seq + 1) !== undefined
  const vouched = upToEnds(missing, isEnd)
  const kept = upToEnds(vouched.slice(0, fitting(vouched, bytesMax)), isEnd)
  if (kept.length > 0) return kept
  const run = vouched.filter(({ actor }) => actor === vouched[0]?.actor)
  return run.slice(0, 1 + run.findIndex(isEnd))
}

/** What follows something that was purged goes on from the stub that its order brings: it goes in a delta of its own. */
function withoutHoles(changes: readonly Logged[]): readonly Logged[] {
  const next = new Map<ActorId, number>()
  return changes.filter(({ actor, seq }) => {
    const isNext = seq === (next.get(actor) ?? seq)
    if (isNext) next.set(actor, seq + 1)
    return isNext
  })
}

/** Without what follows an actor's last end. */
function upToEnds(
  changes: readonly Logged[],
  isEnd: (change: Logged) => boolean,
): readonly Logged[] {
  const last = new Map(changes.filter(isEnd).map(({ actor, seq }) => [actor, seq]))
  return changes.filter(({ actor, seq }) => seq <= (last.get(actor) ?? 0))
}

function fitting(changes: readonly Logged[], bytesMax: number): number {
  let bytes = 0
  let count = 0
  for (const change of changes) {
    bytes += plainBytesOf(change)
    if (count > 0 && (bytes > bytesMax || count >= CUT_CHANGES_MAX)) break
    count += 1
  }
  return count
}

function plainBytesOf({ value }: Logged): number {
  return value.length + 4
}

async function signedSeqs(
  tx: Tx,
  document: DocumentId,
  actor: ActorId,
): Promise<ReadonlySet<number>> {
  const entries = await tx.list(range.attestations(document, actor))
  return new Set(entries.map(([place]) => Number(place.slice(place.lastIndexOf('/') + 1))))
}

/** What vouches for a run that ends before something that was purged: the order says what that went on from. */
const BY_ORDER = new Uint8Array(0)

async function attestationsFor(
  tx: Tx,
  context: SyncContext,
  { log, changes }: { readonly log: Log; readonly changes: readonly Logged[] },
): Promise<ReadonlyMap<ActorId, Uint8Array>> {
  const found = new Map<ActorId, Uint8Array>()
  for (const actor of new Set(changes.map((change) => change.actor))) {
    const newest = newestOf(changes, actor)
    if (actor === context.replica.actor || newest === undefined) continue
    const stored = await tx.get(key.attestation(log.document, actor, newest.seq))
    const signature =
      stored ?? (isOwn(context, actor) ? attest(context, log.document, newest.hash) : undefined)
    if (signature !== undefined) found.set(actor, signature)
    else if (log.stubAt(actor, newest.seq + 1) !== undefined) found.set(actor, BY_ORDER)
  }
  return found
}

/** Where the messages stand that these changes name. */
async function placesOf(
  tx: Tx,
  changes: readonly Logged[],
): Promise<ReadonlyMap<PostId, MessagePlace>> {
  const places = new Map<PostId, MessagePlace>()
  for (const { entry } of changes) {
    const id = messageNamedBy(entry.content)
    if (id === undefined || places.has(id)) continue
    const place = unpack<MessagePlace>(await tx.get(key.message(id)))
    if (place !== undefined && postIdOf(place.document, place.actor, place.seq) === id)
      places.set(id, place)
  }
  return places
}

function attest(context: SyncContext, document: DocumentId, hash: ChangeHash): Uint8Array {
  return context.identity.sign(attestationOf(context.identity.organisation.id, document, hash))
}

/** Whether an actor is a life of this very node: what it wrote in an earlier one it may still sign for. */
function isOwn(context: SyncContext, actor: ActorId): boolean {
  return nodePrefixOfActor(actor) === nodePrefix(context.identity.certificate.node)
}

function newestOf(changes: readonly Logged[], actor: ActorId): Logged | undefined {
  return changes.findLast((change) => change.actor === actor)
}
