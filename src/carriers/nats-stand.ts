/**
 * Which stream takes a parcel. A piece of a file belongs into the stream for pieces; where that is away, which is found out by a piece
 * that nobody took, pieces lie among all else for a while: what waits for a stream would keep all messages behind it.
 */
import type { Clock } from '#ports/clock.ts'
import type { Parcel } from '#ports/carrier.ts'
import type { NatsAddress } from './nats-options.ts'
import { standOf } from './nats-subject.ts'

/** Where a parcel goes. */
export interface Stand {
  readonly stream: string
  readonly subject: string
  /** It goes into the stream for pieces. */
  readonly isPiece: boolean
}

/** Says where parcels go, on one line. */
export interface Stands {
  readonly of: (parcel: Parcel) => Stand
  /** The stream for pieces is not there. */
  readonly filesAway: () => void
}

/** After this time pieces are tried there again: 10 min. */
const AWAY_MS = 600_000

/** The stream for pieces is there until it is found not to be. */
export function openStands(address: NatsAddress, clock: Clock): Stands {
  let awayUntilMs = -Infinity
  return {
    of: ({ file, lane, number }) => {
      const isPiece = file !== undefined && clock.monotonicMs() >= awayUntilMs
      return { ...standOf(address, { lane, number, ...(isPiece && { file }) }), isPiece }
    },
    filesAway: () => {
      awayUntilMs = clock.monotonicMs() + AWAY_MS
    },
  }
}
