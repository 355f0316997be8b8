/** The same store with the ids in its names hidden: what lies on the disk tells neither who nor where. */
import type { Entry, Range, Store, Write } from '#ports/store.ts'
import type { OpaqueNames } from './opaque-names.ts'

/**
 * Hides the names of `inner`, which it closes when it is closed. Names that differ only in an id are listed in another
 * order than their own, the same at every call; numbers and places keep theirs.
 */
export function hideNames(inner: Store, names: OpaqueNames): Store {
  const hiddenRange = (range: Range): Range => ({
    ...range,
    from: names.hideBound(range.from),
    to: names.hideBound(range.to),
  })
  return {
    get: (name) => inner.get(names.hide(name)),
    getMany: (all) => inner.getMany(all.map(names.hide)),
    list: async (range) => {
      const entries = await inner.list(hiddenRange(range))
      return entries.map(([name, value]): Entry => [names.show(name), value])
    },
    write: async (writes) =>
      inner.write(writes.map(({ key, value }): Write => ({ key: names.hide(key), value }))),
    compact: (range) => inner.compact(hiddenRange(range)),
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  }
}
