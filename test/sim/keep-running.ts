/** Lets the time of a timeline pass by itself while something is awaited: for tests of a part of the world alone. */
import type { Timeline } from './timeline.ts'

/** Runs until disposed. */
export function keepRunning(timeline: Timeline): AsyncDisposable {
  const over = new AbortController()
  const running = (async (): Promise<void> => {
    while (!over.signal.aborted)
      await timeline.run(timeline.now() + 1_000, () => over.signal.aborted)
  })()
  return {
    [Symbol.asyncDispose]: async () => {
      over.abort()
      await running
    },
  }
}
