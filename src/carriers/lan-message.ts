/**
 * What two nodes say inside the sealed frames of their session, one message a frame.
 *
 * A parcel travels as one `first` and as many `more` as it takes. Pieces of one lane never mix; pieces of different
 * lanes may, which is how a flash parcel overtakes a big routine one. A `first` begins the lane anew: what came
 * before it and was not complete is dropped.
 */
import { byteReader, byteWriter, MalformedBytes, type ByteReader } from '#base/bytes.ts'
import { laneFromNumber, laneNumber, type Lane } from '#model/precedence.ts'
import { SEAL_BYTES } from '#trust/session.ts'

/** Names a parcel of one direction of one pair of nodes. */
export interface ParcelName {
  readonly lane: Lane
  readonly number: number
}

/** One message. `total` is the size of the whole parcel in bytes. */
export type LanMessage =
  | (ParcelName & { readonly kind: 'first'; readonly total: number; readonly bytes: Uint8Array })
  | { readonly kind: 'more'; readonly lane: Lane; readonly bytes: Uint8Array }
  | (ParcelName & { readonly kind: 'custody' })
  | (ParcelName & { readonly kind: 'refused' })
  | { readonly kind: 'ping' }
  | { readonly kind: 'pong' }
  /** The oldest piece that is to be acknowledged has come, see lan-pace. */
  | { readonly kind: 'got' }

/** Largest frame on the socket, in bytes: a flash parcel waits for no more than one of these. */
export const FRAME_BYTES_MAX = 16_384
/** Room for kind, lane, number and total: 1 + 1 + 8 + 8. */
const HEADER_BYTES_MAX = 18
/** Largest piece of a parcel in one frame, in bytes. */
export const PIECE_BYTES_MAX = FRAME_BYTES_MAX - SEAL_BYTES - HEADER_BYTES_MAX

type Kind = LanMessage['kind']

/** The index of a kind is its number on the wire. */
const KINDS: readonly Kind[] = ['first', 'more', 'custody', 'refused', 'ping', 'pong', 'got']

/** The bytes of a message. */
export function writeMessage(message: LanMessage): Uint8Array {
  const writer = byteWriter()
  writer.byte(KINDS.indexOf(message.kind))
  if ('lane' in message) writer.byte(laneNumber(message.lane))
  if ('number' in message) writer.uint(message.number)
  if ('total' in message) writer.uint(message.total)
  if ('bytes' in message) writer.raw(message.bytes)
  return writer.bytes()
}

/** The message in `bytes`, or undefined when they are none. Pieces are views of `bytes`. */
export function parseMessage(bytes: Uint8Array): LanMessage | undefined {
  try {
    const reader = byteReader(bytes)
    const kind = KINDS[reader.byte()]
    const message = kind === undefined ? undefined : readAs(kind, reader)
    return reader.left() === 0 ? message : undefined
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined
    throw error
  }
}

function readAs(kind: Kind, reader: ByteReader): LanMessage | undefined {
  if (kind === 'ping' || kind === 'pong' || kind === 'got') return { kind }
  const lane = laneFromNumber(reader.byte())
  if (lane === undefined) return undefined
  if (kind === 'more') return { kind, lane, bytes: reader.raw(reader.left()) }
  const number = reader.uint()
  if (kind !== 'first') return { kind, lane, number }
  const total = reader.uint()
  return { kind, lane, number, total, bytes: reader.raw(reader.left()) }
}
