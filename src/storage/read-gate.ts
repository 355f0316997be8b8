/** Lets readers use a database side by side, and keeps them out while it is closed and opened again. */

/** A door with many readers or one keeper. */
export interface ReadGate {
  /** Runs `job` as soon as no keeper is at work. */
  readonly read: <T>(job: () => Promise<T>) => Promise<T>
  /** Holds back readers who come, waits for those inside, and runs `job`. One keeper at a time. */
  readonly keep: (job: () => Promise<void>) => Promise<void>
}

/** An open door. */
export function openReadGate(): ReadGate {
  const inside = new Set<Promise<unknown>>()
  let keeper: PromiseWithResolvers<void> | undefined

  const whenFree = async (): Promise<void> => {
    if (keeper === undefined) return
    await keeper.promise
    await whenFree()
  }
  return {
    read: async (job) => {
      if (keeper !== undefined) await whenFree()
      const reading = job()
      inside.add(reading)
      try {
        return await reading
      } finally {
        inside.delete(reading)
      }
    },
    keep: async (job) => {
      const work = Promise.withResolvers<void>()
      keeper = work
      try {
        await Promise.allSettled(inside)
        await job()
      } finally {
        keeper = undefined
        work.resolve()
      }
    },
  }
}
