/**
 * What a node takes for the time. Clocks are wrong in the ways real ones are: off by a little, running fast or slow,
 * in 1970 after every start because there is no battery, decades ahead, or set right in the middle of a run.
 */
import type { Instant } from '#base/ids.ts'
import type { Clock } from '#ports/clock.ts'
import type { Chance } from './chance.ts'
import type { Life, Timeline } from './timeline.ts'

/** How one node's clock is wrong. */
export interface ClockFault {
  /** In words, for the trace. */
  readonly kind:
    | 'true'
    | 'off'
    | 'drifting'
    | 'no battery'
    | 'decades ahead'
    | 'set right'
    | 'set back'
    | 'jumping'
  /** What the wall clock says at true time `at`, on a node that was switched on at `bootedAt`. */
  readonly wall: (at: Instant, bootedAt: Instant) => Instant
  /** Local milliseconds that pass in a true one. */
  readonly rate: number
}

/** A clock that is right. */
export const TRUE_CLOCK: ClockFault = { kind: 'true', wall: (at) => at, rate: 1 }

const HOUR_MS = 3_600_000
const DECADES_MS = 34 * 365 * 24 * HOUR_MS

/** Draws how a clock is wrong; `start` is the true time at which the run begins. */
export function drawClockFault(chance: Chance, start: Instant): ClockFault {
  const turnAt = start + chance.between(1, 180) * 60_000
  const off = chance.between(-90_000, 90_000)
  const jump = chance.pick([-900, -26, -3, -1, 1, 5, 400, 900]) * HOUR_MS
  const rate = 1 + chance.between(-50, 50) / 10_000
  switch (chance.below(10)) {
    case 0:
      return { kind: 'no battery', wall: (at, bootedAt) => at - bootedAt, rate: 1 }
    case 1:
      return { kind: 'decades ahead', wall: (at) => at + DECADES_MS, rate: 1 }
    case 2:
      return {
        kind: 'set right',
        wall: (at, bootedAt) => (at < turnAt ? at - bootedAt : at),
        rate: 1,
      }
    case 3:
      return { kind: 'jumping', wall: (at) => (at < turnAt ? at : at + jump), rate: 1 }
    case 4:
      return { kind: 'drifting', wall: (at) => Math.floor(start + (at - start) * rate), rate }
    case 5:
      return TRUE_CLOCK
    case 6:
      return { kind: 'set back', wall: (at) => (at < turnAt ? at + DECADES_MS : at), rate: 1 }
    default:
      return { kind: 'off', wall: (at) => at + off, rate: 1 }
  }
}

/** The Clock port of one life of a node. */
export function openClock(timeline: Timeline, fault: ClockFault, life: Life): Clock {
  const bootedAt = timeline.now()
  return {
    now: () => fault.wall(timeline.now(), bootedAt),
    monotonicMs: () => (timeline.now() - bootedAt) * fault.rate,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        if (signal.aborted) return resolve()
        const wake = (): void => {
          alarm.cancel()
          signal.removeEventListener('abort', wake)
          if (life.isAlive()) resolve()
        }
        const alarm = timeline.after(ms / fault.rate, wake, life)
        signal.addEventListener('abort', wake, { once: true })
      }),
  }
}
