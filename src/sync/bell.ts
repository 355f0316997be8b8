/** A bell that a loop waits for: rung while nobody waits, it is heard by the next who does. */
import type { Clock } from '#ports/clock.ts'

/** One listener, any number of ringers. */
export interface Bell {
  readonly ring: () => void
  /** Resolves at once when the bell was rung since the last time. */
  readonly rung: () => Promise<void>
}

/** Resolves when the bell is rung, after so many milliseconds at the latest; never of itself unless they are given. */
export async function rungWithin(
  bell: Bell,
  { clock, ms }: { readonly clock: Pick<Clock, 'sleep'>; readonly ms: number | undefined },
): Promise<void> {
  if (ms === undefined) return bell.rung()
  const alarm = new AbortController()
  const ringLater = async (): Promise<void> => {
    await clock.sleep(ms, alarm.signal)
    if (!alarm.signal.aborted) bell.ring()
  }
  void ringLater() // rather than a race: a wait for the bell that was given up would hear the next ring
  await bell.rung()
  alarm.abort('rung') // with no reason an error is made, and its stack, for nobody
}

/** A silent bell. */
export function openBell(): Bell {
  let isRung = false
  let wake: (() => void) | undefined
  return {
    ring: () => {
      isRung = true
      wake?.()
    },
    rung: async () => {
      if (!isRung) {
        await new Promise<void>((resolve) => {
          wake = resolve
        })
      }
      isRung = false
      wake = undefined
    },
  }
}
