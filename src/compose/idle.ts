/** Notices that nobody has used the node for too long: a kit left behind in a vehicle locks itself. */
import type { Clock } from '#ports/clock.ts'

/** A watch that runs until it is disposed. */
export interface IdleWatch extends AsyncDisposable {
  /** Somebody uses the node now. */
  readonly touch: () => void
}

/** Calls `onIdle` once when `afterMs` have passed since the last touch; the opening counts as one. */
export function watchIdle(
  { clock, afterMs }: { readonly clock: Clock; readonly afterMs: number },
  onIdle: () => void,
): IdleWatch {
  const stopping = new AbortController()
  let touchedMs = clock.monotonicMs()
  const run = async (): Promise<void> => {
    while (!stopping.signal.aborted) {
      const leftMs = touchedMs + afterMs - clock.monotonicMs()
      if (leftMs <= 0) return onIdle()
      await clock.sleep(leftMs, stopping.signal)
    }
  }
  const running = run()
  return {
    touch: () => {
      touchedMs = clock.monotonicMs()
    },
    [Symbol.asyncDispose]: async () => {
      stopping.abort()
      await running
    },
  }
}
