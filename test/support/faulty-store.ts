/** A disk that a test can fill up, break, slow down and count. What is on it outlives every handle. */
import { EdgeError } from '#base/errors.ts'
import type { Store, Write } from '#ports/store.ts'
import { openMemoryStore } from '#storage/memory-store.ts'

/** What may be wrong with the disk. `cut`: the power is gone, and nothing answers any more. */
export type Fault = 'none' | 'full' | 'cut'

/** A store in the hands of a test. */
export interface FaultyStore extends Store {
  /** The batches that reached the disk. */
  readonly batches: readonly (readonly Write[])[]
  readonly setFault: (fault: Fault) => void
  /** The power goes once this many batches more have reached the disk. */
  readonly cutAfter: (batches: number) => void
  /** Batches wait from now on until `release`. */
  readonly hold: () => void
  readonly release: () => void
}

/** A disk on top of `inner`, which it does not close. */
export function aFaultyStore(inner: Store = openMemoryStore()): FaultyStore {
  const batches: (readonly Write[])[] = []
  let fault: Fault = 'none'
  let left = Number.POSITIVE_INFINITY
  let held: PromiseWithResolvers<void> | undefined

  const checkPower = (): void => {
    if (fault === 'cut') throw new EdgeError('STORE_BROKEN', { found: 'no power' })
  }
  return {
    batches,
    setFault: (next) => {
      fault = next
    },
    cutAfter: (count) => {
      left = count
    },
    hold: () => {
      held ??= Promise.withResolvers()
    },
    release: () => {
      held?.resolve()
      held = undefined
    },
    get: async (key) => {
      checkPower()
      return inner.get(key)
    },
    getMany: async (keys) => {
      checkPower()
      return inner.getMany(keys)
    },
    list: async (range) => {
      checkPower()
      return inner.list(range)
    },
    write: async (writes) => {
      checkPower()
      if (fault === 'full') throw new EdgeError('STORE_FULL', { bytes: 0 })
      await held?.promise
      await inner.write(writes)
      batches.push(writes)
      left -= 1
      if (left <= 0) fault = 'cut'
      checkPower()
    },
    compact: (range) => inner.compact(range),
    [Symbol.asyncDispose]: async () => undefined,
  }
}
