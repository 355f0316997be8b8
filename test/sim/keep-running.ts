/** Lets the time of a timeline pass by itself while something is awaited: for tests of a part of the world alone. */
import type { Timeline } from './timeline.ts'

/** Runs until disposed. */
export function keepRunning(timeline: Timeline): AsyncDisposable {
  let isOver = false
  const running = (async (): Promise<void> => {
    while (!isOver) await timeline.run(timeline.now() + 1_000, () => isOver)
  })()
  return {
    [Symbol.asyncDispose]: async () => {
      isOver = true
      await running
    },
  }
}
