/** Waiting that ends when the person wants the program to stop. */
import type { Clock } from '#ports/clock.ts'

/** The person pressed Ctrl-C. */
export class Stopped extends Error {
  override readonly name = 'Stopped'
}

/** Waits. Both throw Stopped when the program is told to stop. */
export interface Pause {
  readonly for: (ms: number) => Promise<void>
  /** Looks again and again. Throws when `check` has not held for too long. */
  readonly until: (check: () => Promise<boolean>, what: string) => Promise<void>
}

const LOOK_MS = 100

/** Pauses by `clock` until `stop` aborts; `until` waits for `patienceMs` at most. */
export function pauseBy(clock: Clock, stop: AbortSignal, patienceMs = 150_000): Pause {
  const wait = async (ms: number): Promise<void> => {
    await clock.sleep(ms, stop)
    if (stop.aborted) throw new Stopped('told to stop')
  }
  return {
    for: wait,
    until: async (check, what) => {
      const beganMs = clock.monotonicMs()
      while (!(await check())) {
        if (clock.monotonicMs() - beganMs > patienceMs)
          throw new Error(`waited ${Math.round(patienceMs / 1000)} s in vain: ${what}`)
        await wait(LOOK_MS)
      }
    },
  }
}
