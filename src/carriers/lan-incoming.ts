/**
 * The parcels that come in over one session: pieces put together, and answers owed.
 *
 * A peer that sends what no honest node sends (pieces without a beginning, more bytes than announced, more parcels
 * than may await an answer) has broken the session. A parcel above our own limit is not its fault: it is refused.
 */
import { must } from '#base/assert.ts'
import { IN_FLIGHT_MAX } from '#base/limits.ts'
import { LANES, type Lane } from '#model/precedence.ts'
import type { LanMessage, ParcelName } from './lan-message.ts'

/** What a piece led to. */
type Received =
  | { readonly kind: 'unfinished' }
  | { readonly kind: 'parcel'; readonly name: ParcelName; readonly bytes: Uint8Array }
  | { readonly kind: 'too-large'; readonly name: ParcelName; readonly total: number }
  | { readonly kind: 'broken'; readonly reason: string }

/** The incoming half of one session. */
export interface Incoming {
  readonly take: (piece: Piece) => Received
  /** The parcel has been answered. False when no answer was owed: it was answered before. */
  readonly answer: (name: ParcelName) => boolean
}

/** A message that carries bytes of a parcel. */
export type Piece = Extract<LanMessage, { readonly kind: 'first' | 'more' }>

/** A parcel whose last byte has not come. Above our limit there is nothing to fill: its bytes are only counted. */
interface Unfinished {
  readonly name: ParcelName
  readonly total: number
  readonly bytes: Uint8Array | undefined
  bytesCame: number
}

/** Nothing has come in yet. */
export function openIncoming(envelopeBytesMax: number): Incoming {
  const unfinished = new Map<Lane, Unfinished>()
  const owed = new Map<Lane, Set<number>>(LANES.map((lane) => [lane, new Set()]))
  return {
    take: (piece) => {
      if (piece.kind === 'first') unfinished.set(piece.lane, begin(piece, envelopeBytesMax))
      const parcel = unfinished.get(piece.lane)
      if (parcel === undefined) return broken('a piece without a beginning')
      const fault = fill(parcel, piece.bytes)
      if (fault !== undefined) return broken(fault)
      if (parcel.bytesCame < parcel.total) return { kind: 'unfinished' }
      unfinished.delete(piece.lane)
      return complete(parcel, owed)
    },
    answer: ({ lane, number }) => owed.get(lane)?.delete(number) ?? false,
  }
}

function begin(piece: Piece & { readonly kind: 'first' }, envelopeBytesMax: number): Unfinished {
  const { lane, number, total } = piece
  const bytes = total > envelopeBytesMax ? undefined : new Uint8Array(total)
  return { name: { lane, number }, total, bytes, bytesCame: 0 }
}

/** What is wrong with the piece, if anything. A piece that brings nothing would be free to send for ever. */
function fill(parcel: Unfinished, bytes: Uint8Array): string | undefined {
  if (bytes.length === 0 && parcel.total > 0) return 'an empty piece'
  if (bytes.length > parcel.total - parcel.bytesCame) return 'more bytes than announced'
  parcel.bytes?.set(bytes, parcel.bytesCame)
  parcel.bytesCame += bytes.length
  return undefined
}

function complete(parcel: Unfinished, owed: ReadonlyMap<Lane, Set<number>>): Received {
  const { name, bytes } = parcel
  if (bytes === undefined) return { kind: 'too-large', name, total: parcel.total }
  const numbers = must(owed.get(name.lane), 'every lane has its list')
  numbers.add(name.number)
  if (numbers.size > IN_FLIGHT_MAX) return broken('too many parcels at once')
  return { kind: 'parcel', name, bytes }
}

function broken(reason: string): Received {
  return { kind: 'broken', reason }
}
