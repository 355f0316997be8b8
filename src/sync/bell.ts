/** A bell that a loop waits for: rung while nobody waits, it is heard by the next who does. */

/** One listener, any number of ringers. */
export interface Bell {
  readonly ring: () => void
  /** Resolves at once when the bell was rung since the last time. */
  readonly rung: () => Promise<void>
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
