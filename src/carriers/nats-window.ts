/**
 * How much may be under way on one line: enough to fill it, too little to keep a flash parcel waiting.
 *
 * The server answers each parcel, which tells rate and round trip. The next parcel leaves a moment before the line has done with
 * those before it, by that reckoning; so whatever overtakes waits for one parcel at most, and parcels are cut to about 2 s.
 */
import type { LinkRoom } from '#ports/carrier.ts'

/** What is known of a line's speed. */
export interface Pace {
  /** Shortest time between a publish and its answer, in milliseconds. */
  readonly rttMs: number
  readonly bytesPerSecond: number
  /** Bytes per second seen by the latest answers, oldest first. */
  readonly samples: readonly number[]
}

/** One answered publish. */
export interface Flight {
  readonly tookMs: number
  /** Bytes answered during this flight, its own included. */
  readonly answeredBytes: number
  /** Bytes under way when it left, its own included. */
  readonly underWayBytes: number
}

const WINDOW_BYTES_MAX = 65_536
const AIRTIME_MS = 2_000
/** A smaller parcel is mostly seal, signature and subject. */
const PARCEL_BYTES_LEAST = 512
/** So long before the line is free the next parcel leaves: timers and busy machines at both ends. */
const SLACK_MS = 250
const SAMPLES_MAX = 12
/** The best of the samples that count; their median, since answers may come in lumps. */
const BEST_SAMPLES = 5
/** Less than this under way says how long a round trip is, not how fast the line. */
const TELLING_BYTES = 1_500
/** A line of which nothing is known: 2.4 kbit/s. */
const SLOWEST_BYTES_PER_SECOND = 300
/** Bytes and round trips of the cheapest dial (research/nats.md 3a). */
const DIAL_BYTES = 1_000
const DIAL_ROUND_TRIPS = 3

/** A first guess, from how long the dial took. */
export function firstPace(dialMs: number): Pace {
  const tookMs = Math.max(1, dialMs)
  const bytesPerSecond = Math.max(SLOWEST_BYTES_PER_SECOND, (DIAL_BYTES * 1_000) / tookMs)
  return { rttMs: tookMs / DIAL_ROUND_TRIPS, bytesPerSecond, samples: [] }
}

/** What one more answer teaches. */
export function paceAfter(pace: Pace, flight: Flight): Pace {
  const tookMs = Math.max(0.1, flight.tookMs)
  const rttMs = Math.min(pace.rttMs, tookMs)
  const seen = (flight.answeredBytes * 1_000) / tookMs
  if (flight.underWayBytes < TELLING_BYTES && seen <= pace.bytesPerSecond) return { ...pace, rttMs }
  const samples = [...pace.samples, seen].slice(-SAMPLES_MAX)
  const best = samples.toSorted((a, b) => b - a).slice(0, BEST_SAMPLES)
  return { rttMs, samples, bytesPerSecond: best[best.length >> 1] ?? seen }
}

/** A round trip without a parcel that tells of the rate, such as that of a question. */
export function paceAfterAnswer(pace: Pace, tookMs: number): Pace {
  return { ...pace, rttMs: Math.min(pace.rttMs, Math.max(0.1, tookMs)) }
}

/** What is under way on a line, and when that changed. */
export interface UnderWay {
  readonly bytes: number
  /** When something was sent while nothing was under way. */
  readonly beganAtMs: number
  readonly answeredAtMs: number
}

/** How long the next parcel has to wait, in milliseconds: 0 for not at all, Infinity for the next answer. Flash does not wait. */
export function waitMs({ bytesPerSecond, rttMs }: Pace, under: UnderWay, nowMs: number): number {
  if (under.bytes === 0) return 0
  const bytesPerMs = bytesPerSecond / 1_000
  // While answers stay away, one parcel more than they would explain.
  const explained = bytesPerMs * (rttMs + SLACK_MS + AIRTIME_MS)
  if (under.bytes > Math.min(WINDOW_BYTES_MAX, explained)) return Infinity
  const carriedForMs = nowMs - Math.max(under.beganAtMs, under.answeredAtMs - rttMs)
  return Math.max(0, Math.ceil(under.bytes / bytesPerMs - carriedForMs - SLACK_MS))
}

/** What is good for the line: parcels of about 2 s, and three of them besides what is in the air. */
export function roomOn({ bytesPerSecond, rttMs }: Pace): LinkRoom {
  const airtimeBytes = Math.round((bytesPerSecond * AIRTIME_MS) / 1_000)
  const parcelBytes = Math.max(PARCEL_BYTES_LEAST, airtimeBytes)
  return { parcelBytes, underWayBytes: 3 * parcelBytes + (bytesPerSecond * rttMs) / 1_000 }
}

/** After how many milliseconds without an answer the line deserves a question, with so much under way. */
export function patienceMs(pace: Pace, underWayBytes: number, leastMs: number): number {
  return Math.max(leastMs, 3 * pace.rttMs + (3_000 * underWayBytes) / pace.bytesPerSecond)
}
