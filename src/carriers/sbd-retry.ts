/** How long to wait after a session that failed: a little by chance at first, then 5 minutes, as Iridium's partners advise. */
import type { Random } from '#ports/random.ts'

/** What to do after a session that failed. */
export interface SbdPause {
  readonly ms: number
  /** There is no way for now: what waits had better go another way, if there is one. */
  readonly isOver: boolean
  /** Nothing that waiting could mend; somebody has to look. */
  readonly isFault: boolean
}

const SOON_MS = 5_000
const LATER_MS = 30_000
const LONG_MS = 300_000
const WAIT_MS = 180_000
/** So many tries soon after one another, then as many later. */
const TRIES = 2

/** Statuses that say what they want; all others are tried again. */
const ACCESS_DENIED = 15
const LOCKED = 16
const NO_NETWORK = 32
const ANTENNA_FAULT = 33
const RADIO_OFF = 34
const WAIT_STATUSES: ReadonlySet<number> = new Set([36, 38])
const FAULTS: ReadonlySet<number> = new Set([ACCESS_DENIED, LOCKED, ANTENNA_FAULT, RADIO_OFF])

/** After the `failures`th failure in a row (from 1). `status` is undefined when the answer made no sense. */
export function pauseAfter(status: number | undefined, failures: number, random: Random): SbdPause {
  if (status !== undefined && FAULTS.has(status))
    return { ms: LONG_MS, isOver: true, isFault: true }
  if (status !== undefined && WAIT_STATUSES.has(status))
    return { ms: WAIT_MS, isOver: false, isFault: false }
  const isOver = failures > 2 * TRIES
  const mostMs = failures <= TRIES ? SOON_MS : LATER_MS
  const ms = isOver ? LONG_MS : Math.round(mostMs * chance(random))
  return { ms, isOver: isOver || status === NO_NETWORK, isFault: false }
}

/** From 0 up to but not including 1. */
function chance(random: Random): number {
  const [high = 0, low = 0] = random.bytes(2)
  return (high * 256 + low) / 65_536
}
