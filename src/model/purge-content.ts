/**
 * An order to purge: an entry of a channel's settings that names stretches of lists in its segments by what stands in their
 * place (`stub.ts`). It tells nothing of what is gone, and whoever lacks a stretch can put the stub there without ever
 * having had it.
 */
import { byteReader, byteWriter, bytesFromHex, hexFromBytes, MalformedBytes } from '#base/bytes.ts'
import type { ByteReader, ByteWriter } from '#base/bytes.ts'
import {
  bytesFromId,
  idFromBytes,
  type ActorId,
  type ChangeHash,
  type ChannelId,
  type DocumentId,
  type Trail,
  type UserId,
} from '#base/ids.ts'
import { LIST_CHANGES_MAX, PURGE_PEOPLE_MAX, PURGE_STRETCHES_MAX } from '#base/limits.ts'
import { genesisOf } from './change.ts'
import { SEGMENT_NUMBER_MAX, segmentDocument } from './document-id.ts'
import type { Fields } from './fields.ts'
import { LANES, laneFromNumber, laneNumber, type Lane } from './precedence.ts'
import type { Stub } from './stub.ts'

/** A stretch of a list that is to be gone. */
export interface PurgedStretch extends Stub {
  readonly lane: Lane
  /** The segment's number. */
  readonly segment: number
  /** How many messages begin in it. */
  readonly messages: number
}

/**
 * Why something is purged. `retention`: it is as old as the policy lets things get. `shown once`: all have opened it, or had the
 * time to.
 */
export type PurgeReason = 'by hand' | 'retention' | 'shown once'

/** An entry of a channel's settings. */
export interface PurgeContent {
  readonly kind: 'purge'
  readonly reason: PurgeReason
  readonly stretches: readonly PurgedStretch[]
}

/** The number of this kind, as `entry.ts` has them for the others. */
export const PURGE_KIND_NUMBER = { purge: 36 } as const

/** By their number, which is their place here. */
const REASONS: readonly PurgeReason[] = ['by hand', 'retention', 'shown once']
const HASH_BYTES = 32
const ACTOR_BYTES = 12
const ID_BYTES = 16

/** Reads the items of an order after the head. */
export const PURGE_READERS: Readonly<Record<number, (fields: Fields) => PurgeContent | undefined>> =
  {
    [PURGE_KIND_NUMBER.purge]: ([number, packed]) => {
      const reason = REASONS[Number(number)]
      const stretches = packed instanceof Uint8Array ? readStretches(packed) : undefined
      return reason && stretches && { kind: 'purge', reason, stretches }
    },
  }

/** The items of an order after its head. */
export function purgeFields({ reason, stretches }: PurgeContent): readonly unknown[] {
  const writer = byteWriter()
  for (const stretch of stretches) writeStretch(writer, stretch)
  return [REASONS.indexOf(reason), writer.bytes()]
}

/** The document that a stretch is of. */
export function documentOfStretch(channel: ChannelId, stretch: PurgedStretch): DocumentId {
  return segmentDocument(channel, stretch.lane, stretch.segment)
}

/** What stands in a stretch's place in its document. */
export function stubOfStretch(document: DocumentId, stretch: PurgedStretch): Stub {
  const { actor, from, to, hash, trail, after } = stretch
  const previous = from === 1 ? genesisOf(document).hash : stretch.previous
  return { actor, from, to, previous, hash, trail, after }
}

/** A list's first stretch goes on from the genesis, which everybody can work out. */
function writeStretch(writer: ByteWriter, stretch: PurgedStretch): void {
  const { lane, segment, actor, from, to, previous, hash, trail, messages, after } = stretch
  writer.uint(laneNumber(lane) + LANES.length * segment)
  writer.raw(bytesFromHex(actor))
  writer.uint(from)
  writer.uint(to - from)
  writer.uint(messages)
  if (from > 1) writer.raw(bytesFromHex(previous))
  writer.raw(bytesFromHex(hash))
  writer.raw(bytesFromHex(trail))
  writer.uint(after.people.length)
  for (const person of after.people) writer.raw(bytesFromId(person))
  writer.uint(after.seconds)
  writer.uint(after.placeAt - after.seconds * 1000)
  writer.uint(after.counter)
}

function readStretches(packed: Uint8Array): readonly PurgedStretch[] | undefined {
  const stretches: PurgedStretch[] = []
  const reader = byteReader(packed)
  try {
    while (reader.left() > 0) {
      const stretch = readStretch(reader)
      if (stretch === undefined || stretches.length === PURGE_STRETCHES_MAX) return undefined
      stretches.push(stretch)
    }
    return stretches.length === 0 ? undefined : stretches
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined
    throw error
  }
}

function readStretch(reader: ByteReader): PurgedStretch | undefined {
  const place = reader.uint()
  const lane = laneFromNumber(place % LANES.length)
  const segment = Math.floor(place / LANES.length)
  const actor = hexFromBytes(reader.raw(ACTOR_BYTES)) as ActorId
  const from = reader.uint()
  const to = from + reader.uint()
  const messages = reader.uint()
  if (from === 0 || to > LIST_CHANGES_MAX || segment > SEGMENT_NUMBER_MAX || !lane) return undefined
  const previous = (from > 1 ? hexFromBytes(reader.raw(HASH_BYTES)) : '') as ChangeHash
  const hash = hexFromBytes(reader.raw(HASH_BYTES)) as ChangeHash
  const trail = hexFromBytes(reader.raw(HASH_BYTES)) as Trail
  const count = reader.uint()
  if (count > PURGE_PEOPLE_MAX) return undefined
  const people = Array.from({ length: count }, () => idFromBytes<UserId>(reader.raw(ID_BYTES)))
  const seconds = reader.uint()
  const placeAt = seconds * 1000 + reader.uint()
  const after = { people, seconds, placeAt, counter: reader.uint() }
  return { lane, segment, actor, from, to, messages, previous, hash, trail, after }
}
