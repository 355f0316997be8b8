/**
 * How much may be under way on one line: enough to fill it, too little to keep a flash parcel waiting.
 *
 * The window is 1.25 times what the line moves in one round trip and a bit (research/nats.md 4d).
 * Nothing more than the window is ever in a socket, so whatever overtakes waits for that much at most.
 */

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

const WINDOW_BYTES_MIN = 2_048
const WINDOW_BYTES_MAX = 65_536
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

/** Bytes that may be under way at once; flash parcels ignore it. */
export function windowBytes({ bytesPerSecond, rttMs }: Pace): number {
  const wanted = (1.25 * bytesPerSecond * (rttMs + 250)) / 1_000
  return Math.round(Math.min(WINDOW_BYTES_MAX, Math.max(WINDOW_BYTES_MIN, wanted)))
}

/** After how many milliseconds without an answer the line deserves a question, with so much under way. */
export function patienceMs(pace: Pace, underWayBytes: number, leastMs: number): number {
  return Math.max(leastMs, 3 * pace.rttMs + (3_000 * underWayBytes) / pace.bytesPerSecond)
}
