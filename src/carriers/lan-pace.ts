/**
 * How much of what was sent may be on its way: enough to keep the link busy, and no more, because whatever the
 * kernel holds already stands before the next flash parcel, and no one can take it back from there.
 *
 * The peer acknowledges what came, some hundred bytes or more at a time, before any disk has it: that tells the rate. A ping
 * before the first piece tells the round trip. A piece takes about 2 s at that rate, and the next leaves a moment before the
 * link has done with those before it: so the link is always busy, and a flash parcel waits for one piece. A link of which
 * nothing is known is taken for a thin one; what is learned counts until the link has been quiet for half a minute.
 */
import type { Clock } from '#ports/clock.ts'
import { PIECE_BYTES_MAX } from './lan-message.ts'

/** What may be sent now. */
export interface Allowance {
  /** Largest piece, in bytes. */
  readonly pieceBytes: number
  /** Enough is on its way: only flash may add to it. */
  readonly isFlashOnly: boolean
  /** When there will be room by our reckoning, in milliseconds from now; an acknowledgement may make room before. */
  readonly waitMs?: number
}

/** A ping that is out. */
export interface Ping {
  readonly atMs: number
  /** What had been sent before it. */
  readonly sentBytes: number
  /** It may stand behind something of ours. */
  readonly isBehind: boolean
}

/** What one session has on its way. */
export interface Pace {
  /** A frame of so many bytes was sent that carries a piece. */
  readonly sent: (bytes: number) => void
  /** The peer has got the oldest group of frames that it has to acknowledge. */
  readonly got: () => void
  /** Whether the round trip is to be measured now: before a piece, while nothing is on its way. */
  readonly needsRoundTrip: () => boolean
  /** A ping goes now. */
  readonly pinged: () => Ping
  /** It is answered; the answer may have stood behind pieces of the peer's. */
  readonly answered: (ping: Ping, isHeldUp: boolean) => void
  readonly allowance: () => Allowance
  /** Bytes a millisecond as measured; undefined while nothing is known. */
  readonly bytesPerMs: () => number | undefined
  /** How long the peer may be silent while all is well, in milliseconds: thrice what is on its way, and thrice the round trip. */
  readonly patienceMs: () => number
}

/** Frames with pieces are acknowledged together, as soon as they have so many bytes. */
export const ACKNOWLEDGED_BYTES_MIN = 256
/** The smallest piece of a parcel that has more: the seal and headers of a frame take a twentieth of it. */
export const PIECE_BYTES_MIN = 512
/** Most that may be on its way, in bytes. */
export const FLYING_BYTES_MAX = 262_144
const AIRTIME_MS = 2_000
/** So long before the link is free the next piece leaves: timers and busy machines at both ends. */
const SLACK_MS = 250
/** How much of the best rate is still believed after another piece: links get worse, too. */
const RATE_KEPT = 0.9
/** A link that was quiet for so long may have become another. */
const FORGET_MS = 30_000
/** So many rough measures of the round trip are as good as one that is not: the least of them counts. */
const ROUGH_MAX = 5
/** What is expected of a link of which nothing is known: 2.4 kbit/s, 3 s there and back. */
const SLOWEST_BYTES_PER_MS = 0.3
const LONGEST_ROUND_TRIP_MS = 3_000
const PATIENCE_FACTOR = 3

/** Frames that are acknowledged together. */
interface Group {
  readonly bytes: number
  /** What has been sent, with it. */
  readonly sentBytes: number
  /** What had been acknowledged when its last frame was sent, and when that was. */
  readonly gotBytes: number
  readonly gotAtMs: number
}

/** Counts frames into groups, by the same rule on both sides. Gives the size of the group that a frame completes, or 0. */
export type Grouping = (frameBytes: number) => number

/** No frame yet. */
export function openGrouping(): Grouping {
  let open = 0
  return (frameBytes) => {
    open += frameBytes
    if (open < ACKNOWLEDGED_BYTES_MIN) return 0
    const complete = open
    open = 0
    return complete
  }
}

/** What was learned of the link. */
interface Knowledge {
  readonly bytesPerMs: number | undefined
  /** Once it is known well enough; until then pieces leave one at a time. */
  readonly roundTripMs: number | undefined
  readonly roughMs: readonly number[]
}

const NOTHING: Knowledge = { bytesPerMs: undefined, roundTripMs: undefined, roughMs: [] }

/** No piece is on its way, and the rate is unknown. Something else may be: so many bytes, behind which the first ping stands. */
export function openPace(clock: Pick<Clock, 'monotonicMs'>, sentBytes = 0): Pace {
  const air = openAir(clock, sentBytes)
  let known = NOTHING
  const forgetWhenQuiet = (): void => {
    if (air.quietMs() >= FORGET_MS) known = NOTHING
  }
  /** How long the link still has to do with what is on its way, by our reckoning. */
  const busyMs = (): number => {
    const { bytesPerMs, roundTripMs } = known
    if (air.isEmpty()) return 0
    if (bytesPerMs === undefined || roundTripMs === undefined) return Infinity
    // While acknowledgements stay away, one piece more than they would explain.
    const explained = bytesPerMs * (roundTripMs + SLACK_MS) + pieceOf(known)
    if (air.bytes() > Math.min(FLYING_BYTES_MAX, explained)) return Infinity
    return Math.max(0, air.bytes() / bytesPerMs - air.carriedForMs(roundTripMs))
  }
  return {
    sent: air.sent,
    got: () => {
      const isFull = busyMs() > 0
      const sample = air.got()
      if (sample === undefined) return
      // What was sent of little says how fast the link is at least, not that it is no faster.
      const kept = (known.bytesPerMs ?? 0) * (isFull ? RATE_KEPT : 1)
      known = { ...known, bytesPerMs: Math.max(sample, kept) }
    },
    needsRoundTrip: () => {
      forgetWhenQuiet()
      return known.roundTripMs === undefined && air.isEmpty()
    },
    pinged: () => ({ atMs: clock.monotonicMs(), ...air.ahead() }),
    answered: ({ atMs, sentBytes: before, isBehind }, isHeldUp) => {
      air.areThere(before)
      const ms = clock.monotonicMs() - atMs
      const isRough = isBehind || isHeldUp
      const roughMs = isRough ? [...known.roughMs, ms] : known.roughMs
      const isEnough = !isRough || roughMs.length >= ROUGH_MAX || known.roundTripMs !== undefined
      const leastMs = Math.min(ms, known.roundTripMs ?? ms, ...roughMs)
      known = { ...known, roughMs, ...(isEnough ? { roundTripMs: leastMs, roughMs: [] } : {}) }
    },
    allowance: () => {
      forgetWhenQuiet()
      const waitMs = Math.ceil(busyMs() - SLACK_MS)
      const pieceBytes = pieceOf(known)
      return waitMs > 0
        ? { pieceBytes, isFlashOnly: true, waitMs }
        : { pieceBytes, isFlashOnly: false }
    },
    bytesPerMs: () => known.bytesPerMs,
    patienceMs: () => {
      const { bytesPerMs = SLOWEST_BYTES_PER_MS, roundTripMs = LONGEST_ROUND_TRIP_MS } = known
      return PATIENCE_FACTOR * (roundTripMs + air.bytes() / bytesPerMs)
    },
  }
}

/** What is on its way, and how fast it got there. */
interface Air {
  readonly sent: (bytes: number) => void
  /** Bytes a millisecond while the oldest group was on its way; undefined when none was. */
  readonly got: () => number | undefined
  readonly isEmpty: () => boolean
  /** What was sent before what goes now, and whether some of it may still be on its way. */
  readonly ahead: () => Pick<Ping, 'sentBytes' | 'isBehind'>
  /** So many of all that were sent are there: the peer has answered what followed them. */
  readonly areThere: (bytes: number) => void
  readonly bytes: () => number
  /** How long the link has had to do with what is on its way, if it was always busy. */
  readonly carriedForMs: (roundTripMs: number) => number
  /** How long nothing has been on its way. */
  readonly quietMs: () => number
}

function openAir(clock: Pick<Clock, 'monotonicMs'>, sentAtFirst: number): Air {
  let [sentBytes, thereBytes] = [sentAtFirst, 0]
  const groups: Group[] = []
  const group = openGrouping()
  let bytes = 0
  let gotBytes = 0
  let gotAtMs = 0
  let beganAtMs = 0
  let usedAtMs = clock.monotonicMs()
  const areThere = (count: number): void => {
    thereBytes = Math.max(thereBytes, count)
  }
  return {
    areThere,
    ahead: () => ({ sentBytes, isBehind: thereBytes < sentBytes }),
    sent: (frameBytes) => {
      usedAtMs = clock.monotonicMs()
      sentBytes += frameBytes
      const complete = group(frameBytes)
      if (complete === 0) return
      if (groups.length === 0) beganAtMs = gotAtMs = usedAtMs
      groups.push({ bytes: complete, sentBytes, gotBytes, gotAtMs })
      bytes += complete
    },
    got: () => {
      const oldest = groups.shift()
      if (oldest === undefined) return undefined
      gotAtMs = usedAtMs = clock.monotonicMs()
      gotBytes += oldest.bytes
      areThere(oldest.sentBytes)
      bytes -= oldest.bytes
      return (gotBytes - oldest.gotBytes) / Math.max(1, gotAtMs - oldest.gotAtMs)
    },
    isEmpty: () => groups.length === 0,
    bytes: () => bytes,
    carriedForMs: (roundTripMs) => clock.monotonicMs() - Math.max(beganAtMs, gotAtMs - roundTripMs),
    quietMs: () => (groups.length === 0 ? clock.monotonicMs() - usedAtMs : 0),
  }
}

function pieceOf({ bytesPerMs = 0 }: Knowledge): number {
  const airtimeBytes = Math.floor(bytesPerMs * AIRTIME_MS)
  return Math.min(PIECE_BYTES_MAX, Math.max(PIECE_BYTES_MIN, airtimeBytes))
}
