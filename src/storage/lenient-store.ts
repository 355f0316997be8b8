/**
 * A store as carriers use it: their notes of where they were are worth less than that a node starts. What does not open is not there,
 * and they begin anew: what comes again is known by what it is. The node's own reading mends it.
 */
import { codeOf } from '#base/errors.ts'
import type { Log } from '#ports/log.ts'
import type { Store } from '#ports/store.ts'

/** The same store; values that are damaged are absent, and a range with one of them is empty. Whoever opened it closes it. */
export function lenientStore(store: Store, log: Log): Store {
  const orElse = async <T>(reading: Promise<T>, nothing: T): Promise<T> => {
    try {
      return await reading
    } catch (error) {
      if (codeOf(error) !== 'STORE_BROKEN') throw error
      log.error('value.damaged', { part: 'carrier' })
      return nothing
    }
  }
  return {
    ...store,
    get: (key) => orElse(store.get(key), undefined),
    getMany: (keys) => Promise.all(keys.map((key) => orElse(store.get(key), undefined))),
    list: (range) => orElse(store.list(range), []),
  }
}
