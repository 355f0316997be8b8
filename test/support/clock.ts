/** A clock that stands still until a test moves it. */
import type { Instant } from '#base/ids.ts'
import type { Clock } from '#ports/clock.ts'

/** Time in the hands of a test. */
export interface VirtualClock extends Clock {
  /**
   * Moves time forward by `ms` and wakes whoever sleeps until then, the earliest first and equals in the order they
   * went to sleep. What a sleeper starts when it wakes, a new sleep above all, has its turn before the next is woken.
   */
  readonly advance: (ms: number) => Promise<void>
  /** Sets the wall clock. Sleepers and the monotonic time do not notice. */
  readonly setWall: (at: Instant) => void
  /** How many are asleep. */
  readonly sleepers: () => number
  /** Resolves as soon as `count` or more are asleep. */
  readonly whenAsleep: (count: number) => Promise<void>
}

interface Sleeper {
  readonly wakesAtMs: number
  readonly wake: () => void
}

/** A clock whose wall shows `startsAt`; its monotonic time starts at 0. */
export function virtualClock(startsAt: Instant = 1_800_000_000_000): VirtualClock {
  /** Earliest first. */
  const sleepers: Sleeper[] = []
  const watchers: { readonly count: number; readonly resolve: () => void }[] = []
  let elapsedMs = 0
  let wallMinusElapsed = startsAt

  const addSleeper = (sleeper: Sleeper): void => {
    const later = sleepers.findIndex((each) => each.wakesAtMs > sleeper.wakesAtMs)
    sleepers.splice(later < 0 ? sleepers.length : later, 0, sleeper)
    for (const watcher of watchers) if (sleepers.length >= watcher.count) watcher.resolve()
  }
  const removeSleeper = (sleeper: Sleeper): void => {
    const at = sleepers.indexOf(sleeper)
    if (at >= 0) sleepers.splice(at, 1)
  }
  const sleep = async (ms: number, signal: AbortSignal): Promise<void> => {
    if (signal.aborted) return
    const { promise, resolve } = Promise.withResolvers<void>()
    const sleeper = { wakesAtMs: elapsedMs + Math.max(0, ms), wake: () => resolve() }
    addSleeper(sleeper)
    signal.addEventListener('abort', sleeper.wake, { once: true })
    await promise
    signal.removeEventListener('abort', sleeper.wake)
    removeSleeper(sleeper)
  }
  const advance = async (ms: number): Promise<void> => {
    const untilMs = elapsedMs + ms
    await settled()
    for (
      let next = sleepers[0];
      next !== undefined && next.wakesAtMs <= untilMs;
      next = sleepers[0]
    ) {
      elapsedMs = Math.max(elapsedMs, next.wakesAtMs)
      removeSleeper(next)
      next.wake()
      await settled()
    }
    elapsedMs = untilMs
  }

  return {
    now: () => Math.trunc(wallMinusElapsed + elapsedMs),
    monotonicMs: () => elapsedMs,
    sleep,
    advance,
    setWall: (at) => {
      wallMinusElapsed = at - elapsedMs
    },
    sleepers: () => sleepers.length,
    whenAsleep: async (count) => {
      if (sleepers.length >= count) return
      const { promise, resolve } = Promise.withResolvers<void>()
      watchers.push({ count, resolve })
      await promise
    },
  }
}

/** After everything that is ready to run has run: all promises, then one turn of the event loop. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
