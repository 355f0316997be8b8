/** How late this process comes to its turn: what a machine that is busy with other things does to whatever is measured by time. */
import { realClock } from '#ports/real.ts'

/** A watch that has begun. */
interface LateWatch {
  /** Ends it, and gives the longest time, in milliseconds, that this process did not come to its turn, beyond what a timer takes. */
  readonly stop: () => number
}

const LOOK_MS = 20

/** Begins to watch. */
export function watchLateness(): LateWatch {
  const clock = realClock()
  const over = new AbortController()
  let beganMs = clock.monotonicMs()
  let lateMs = 0
  const note = (): void => {
    lateMs = Math.max(lateMs, clock.monotonicMs() - beganMs - LOOK_MS)
  }
  const watch = async (): Promise<void> => {
    while (!over.signal.aborted) {
      beganMs = clock.monotonicMs()
      // oxlint-disable-next-line no-await-in-loop -- one look after the other
      await clock.sleep(LOOK_MS, over.signal)
      if (!over.signal.aborted) note()
    }
  }
  void watch()
  return {
    stop: () => {
      note()
      over.abort()
      return Math.round(lateMs)
    },
  }
}
