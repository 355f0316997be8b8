/**
 * How much of what was sent may be on its way: enough to keep the link busy, and no more, because whatever the
 * kernel holds already stands before the next flash parcel, and no one can take it back from there.
 *
 * The peer acknowledges every larger piece at once, before any disk has it. From that comes the rate, and from the rate
 * the size of the pieces: about 2 s of airtime, two of them on their way, at most 256 KB. A thin link (22 kbit/s) so
 * holds up flash for some 4 s, a LAN for milliseconds.
 */
import type { Clock } from '#ports/clock.ts'
import { PIECE_BYTES_MAX } from './lan-message.ts'

/** What may be sent now. */
export interface Allowance {
  /** Largest piece, in bytes. */
  readonly pieceBytes: number
  /** Enough is on its way: only flash may add to it. */
  readonly isFlashOnly: boolean
}

/** What one session has on its way. */
export interface Pace {
  /** A piece of so many bytes was sent. */
  readonly sent: (bytes: number) => void
  /** The peer has got the oldest piece that it has to acknowledge. */
  readonly got: () => void
  readonly allowance: () => Allowance
}

/** Pieces of fewer bytes are not acknowledged: the answer to their parcel comes soon enough. */
export const ACKNOWLEDGED_BYTES_MIN = 512
/** Most that may be on its way, in bytes. */
export const FLYING_BYTES_MAX = 262_144
const PIECE_BYTES_MIN = 1_024
const AIRTIME_MS = 2_000
/** How much of the best rate is still believed after another piece: links get worse, too. */
const RATE_KEPT = 0.9

interface Piece {
  readonly bytes: number
  /** What had been acknowledged when it was sent, and when that was. */
  readonly gotBytes: number
  readonly gotAtMs: number
}

/** Nothing is on its way, and the rate is unknown. */
export function openPace(clock: Pick<Clock, 'monotonicMs'>): Pace {
  const flying: Piece[] = []
  let flyingBytes = 0
  let gotBytes = 0
  let gotAtMs = 0
  let bytesPerMs: number | undefined
  const pieceBytes = (): number => {
    const airtime = bytesPerMs === undefined ? PIECE_BYTES_MAX : Math.floor(bytesPerMs * AIRTIME_MS)
    return Math.min(PIECE_BYTES_MAX, Math.max(PIECE_BYTES_MIN, airtime))
  }
  const flyingBytesMax = (): number =>
    Math.max(2 * pieceBytes(), Math.min(FLYING_BYTES_MAX, (bytesPerMs ?? 0) * AIRTIME_MS))
  return {
    sent: (bytes) => {
      if (bytes < ACKNOWLEDGED_BYTES_MIN) return
      if (flying.length === 0) gotAtMs = clock.monotonicMs()
      flying.push({ bytes, gotBytes, gotAtMs })
      flyingBytes += bytes
    },
    got: () => {
      const piece = flying.shift()
      if (piece === undefined) return
      gotAtMs = clock.monotonicMs()
      gotBytes += piece.bytes
      flyingBytes -= piece.bytes
      const sample = (gotBytes - piece.gotBytes) / Math.max(1, gotAtMs - piece.gotAtMs)
      bytesPerMs = Math.max(sample, (bytesPerMs ?? 0) * RATE_KEPT)
    },
    allowance: () => ({ pieceBytes: pieceBytes(), isFlashOnly: flyingBytes >= flyingBytesMax() }),
  }
}
