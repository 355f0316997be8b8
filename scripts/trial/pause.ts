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
const PATIENCE_MS = 180_000

/** Pauses by `clock` until `stop` aborts. */
export function pauseBy(clock: Clock, stop: AbortSignal): Pause {
  const wait = async (ms: number): Promise<void> => {
    await clock.sleep(ms, stop)
    if (stop.aborted) throw new Stopped('told to stop')
  }
  return {
    for: wait,
    until: async (check, what) => {
      const beganMs = clock.monotonicMs()
      while (!(await check())) {
        if (clock.monotonicMs() - beganMs > PATIENCE_MS)
          throw new Error(`waited ${PATIENCE_MS / 1000} s in vain: ${what}`)
        await wait(LOOK_MS)
      }
    },
  }
}
