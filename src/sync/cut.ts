/** Cutting an envelope: from "this peer lacks something of this document" to sealed, numbered bytes. */
import type { DocumentId, PostId } from '#base/ids.ts'
import { CUT_BYTES_MAX, THIN_PARCEL_BYTES_MAX } from '#base/limits.ts'
import { encodeDelta } from '#codec/delta.ts'
import { sealEnvelope } from '#codec/envelope.ts'
import { encodeLoad } from '#codec/load.ts'
import { encodePiece, type Piece } from '#codec/piece.ts'
import type { MessagePlace } from '#codec/message-names.ts'
import type { TrainedDictionary } from '#codec/trained-dictionary.ts'
import { KEYS } from '#model/document-id.ts'
import { messageNamedBy, postIdOf, type Clock, type Logged } from '#model/log.ts'
import type { Lane } from '#model/precedence.ts'
import { upTo } from '#model/trail.ts'
import type { Parcel, PeerId } from '#ports/carrier.ts'
import type { EpochKey } from '#trust/epoch.ts'
import type { SyncContext } from './context.ts'
import { attestationsFor, newestOf, plainBytesOf, selectChanges } from './cut-changes.ts'
import { dictionaryFor } from './dictionaries.ts'
import { sealingKeyFor } from './epochs.ts'
import { endsBeforeForks } from './fork-proof.ts'
import { ridingOf, signTogether } from './joint.ts'
import { key } from './keys.ts'
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
    /** No change that is larger, nor what follows it in its list; any unless given. */
    readonly changeBytesMax?: number | undefined
  },
): Promise<Cut | undefined> {
  const log = await tx.log(want.document)
  const { changeBytesMax } = want
  const bytesMax = Math.min(CUT_BYTES_MAX, want.plainBytesMax ?? CUT_BYTES_MAX)
  const proved = await endsBeforeForks(tx, context, { log, clock: want.clock })
  const changes = await selectChanges(tx, context, {
    log,
    proved,
    clock: want.clock,
    bytesMax,
    changeBytesMax,
  })
  if (changes.length === 0) return undefined
  const attestations = await attestationsFor(tx, context, { log, changes, proved })
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
    sign: own && (() => signTogether(context, upTo(log, own), riding.joint)),
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
    /** Whoever was ever let in may read them. */
    readonly isForAll?: true
    readonly take: () => Promise<readonly QueuedNote[]>
  },
): Promise<Cut | undefined> {
  const { isForAll } = want
  const sealing = await sealingKeyFor(tx, context, isForAll && KEYS)
  const notes = sealing === undefined ? [] : await want.take()
  if (sealing === undefined || notes.length === 0) return undefined
  const body = encodeLoad({ notes }, wrappingOf(context, sealing))
  const bytes = await sealBody(tx, context, { body, sealing, peer: want.peer, sign: undefined })
  const record = { bytes, document: undefined, first: {}, clock: {}, notes }
  return keepParcel(tx, want, isForAll ? { ...record, isForAll } : record)
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
  const isForAll = record.document === KEYS || record.isForAll === true
  const file = record.piece?.name
  const parcel = { bytes: record.bytes, lane, number, isForAll, ...(file && { file }) }
  return { parcel, record }
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
