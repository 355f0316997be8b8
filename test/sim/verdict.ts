/** The first thing that went wrong in a run. Later ones follow from it more often than not, and are not kept. */
import type { Instant } from '#base/ids.ts'
import type { Timeline } from './timeline.ts'

/** What was broken: a promise of the design's section 1, or the run itself. */
export type Broken =
  | 'promise 1: no lost promise'
  | 'promise 2: no false tick'
  | 'promise 3: once only'
  | 'promise 4: flash never waits'
  | 'promise 5: nothing silent'
  | 'promise 6: convergence'
  | 'promise 7: secrecy'
  | 'promise 8: purged is gone'
  | 'promise 9: wrong clocks'
  | 'promise 10: an idle link costs nothing'
  | 'promise 10: bytes'
  | 'promise 10: the budget is never overspent'
  | 'promise 11: bounded'
  | 'liveness: everything drains'
  | 'nothing left over'
  | 'no such error'

/** One failure, in words for people. */
export interface Failure {
  readonly broken: Broken
  /** Alarms rung until then. */
  readonly step: number
  /** True time since the run began, in milliseconds. */
  readonly atMs: Instant
  readonly where: string
  readonly wanted: string
  readonly found: string
}

/** Whether the run is still good. */
export interface Verdict {
  readonly fail: (failure: Pick<Failure, 'broken' | 'where' | 'wanted' | 'found'>) => void
  readonly failure: () => Failure | undefined
}

/** A run without failure so far. */
export function openVerdict(timeline: Timeline): Verdict {
  const start = timeline.now()
  let first: Failure | undefined
  return {
    fail: (failure) => {
      first ??= { ...failure, step: timeline.steps(), atMs: timeline.now() - start }
    },
    failure: () => first,
  }
}
