/** Pauses between tries: doubling from a second, half as long to half as long again by chance. */
import type { Random } from '#ports/random.ts'

const FIRST_MS = 1_000
const DOUBLINGS_MAX = 30

/** How long to wait after the `failures`th failure in a row (from 1), in milliseconds; before chance at most `maxMs`. */
export function backOffMs(failures: number, maxMs: number, random: Random): number {
  const doublings = Math.min(DOUBLINGS_MAX, Math.max(0, failures - 1))
  const middleMs = Math.min(maxMs, FIRST_MS * 2 ** doublings)
  return Math.round(middleMs * (0.5 + chance(random)))
}

/** From 0 up to but not including 1. */
function chance(random: Random): number {
  const [high = 0, low = 0] = random.bytes(2)
  return (high * 256 + low) / 65_536
}
