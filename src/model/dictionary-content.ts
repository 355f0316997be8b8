/**
 * Of what a channel's own dictionary is made: stretches of lists in its segments, one after another, and the hash of the text
 * that comes of it. A few dozen bytes, however long the text is: whoever may use it has what it is made of.
 */
import { byteReader, byteWriter, bytesFromHex, hexFromBytes, MalformedBytes } from '#base/bytes.ts'
import type { ActorId, ChannelId, DocumentId } from '#base/ids.ts'
import { DICTIONARY_CHANGES_MAX, DICTIONARY_STRETCHES_MAX, LIST_CHANGES_MAX } from '#base/limits.ts'
import { SEGMENT_NUMBER_MAX, segmentDocument } from './document-id.ts'
import type { Fields } from './fields.ts'
import { LANES, laneFromNumber, laneNumber, type Lane } from './precedence.ts'

/** Changes of one list that follow each other. */
export interface Stretch {
  readonly lane: Lane
  /** The segment's number. */
  readonly segment: number
  readonly actor: ActorId
  /** The first one's number. */
  readonly from: number
  readonly count: number
}

/** An entry of a channel's settings. */
export interface DictionaryContent {
  readonly kind: 'dictionary'
  /** 64 hexadecimal digits: SHA-256 of the text. */
  readonly hash: string
  readonly stretches: readonly Stretch[]
}

/** The number of this kind, as `entry.ts` has them for the others. */
export const DICTIONARY_KIND_NUMBER = { dictionary: 21 } as const

const HASH_BYTES = 32
const ACTOR_BYTES = 12

/** Reads the items of a dictionary after the head. */
export const DICTIONARY_READERS: Readonly<
  Record<number, (fields: Fields) => DictionaryContent | undefined>
> = {
  [DICTIONARY_KIND_NUMBER.dictionary]: ([hash, packed]) => {
    if (!(hash instanceof Uint8Array) || hash.length !== HASH_BYTES) return undefined
    const stretches = packed instanceof Uint8Array ? readStretches(packed) : undefined
    return stretches && { kind: 'dictionary', hash: hexFromBytes(hash), stretches }
  },
}

/** The items of an entry after its head. */
export function dictionaryFields({ hash, stretches }: DictionaryContent): readonly unknown[] {
  const writer = byteWriter()
  for (const { lane, segment, actor, from, count } of stretches) {
    writer.uint(laneNumber(lane) + LANES.length * segment)
    writer.raw(bytesFromHex(actor))
    writer.uint(from)
    writer.uint(count)
  }
  return [bytesFromHex(hash), writer.bytes()]
}

/** The document that a stretch is of. */
export function documentOf(channel: ChannelId, { lane, segment }: Stretch): DocumentId {
  return segmentDocument(channel, lane, segment)
}

/** Undefined when they are malformed, none, or more than one may be made of. */
function readStretches(packed: Uint8Array): readonly Stretch[] | undefined {
  const reader = byteReader(packed)
  const stretches: Stretch[] = []
  let changes = 0
  try {
    while (reader.left() > 0) {
      const number = reader.uint()
      const lane = laneFromNumber(number % LANES.length)
      const segment = Math.floor(number / LANES.length)
      const actor = hexFromBytes(reader.raw(ACTOR_BYTES)) as ActorId
      const [from, count] = [reader.uint(), reader.uint()]
      changes += count
      const isPlace = from > 0 && count > 0 && from + count <= LIST_CHANGES_MAX
      if (!isPlace || segment > SEGMENT_NUMBER_MAX || lane === undefined) return undefined
      if (changes > DICTIONARY_CHANGES_MAX || stretches.length >= DICTIONARY_STRETCHES_MAX)
        return undefined
      stretches.push({ lane, segment, actor, from, count })
    }
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined
    throw error
  }
  return stretches.length === 0 ? undefined : stretches
}
