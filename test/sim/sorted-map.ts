/** A map in memory whose keys are in the order of the disk: by their UTF-8 bytes. */
import type { Entry, Range } from '#ports/store.ts'
import { compareKeys } from '#storage/key-order.ts'

/** Keys and values. What comes out is a copy; what goes in is handed over, and changed by nobody any more. */
export interface SortedMap {
  readonly get: (key: string) => Uint8Array | undefined
  readonly set: (key: string, value: Uint8Array | undefined) => void
  readonly list: (range: Range) => readonly Entry[]
  /** The same as it is now; what is set in one is not in the other. */
  readonly fork: () => SortedMap
}

/** An empty map. */
export function openSortedMap(): SortedMap {
  return sortedMap([], new Map())
}

function sortedMap(keys: string[], values: Map<string, Uint8Array>): SortedMap {
  const placeOf = (key: string): number => {
    let low = 0
    let high = keys.length
    // Most of what is put in comes in order.
    if (high > 0 && compareKeys(keys[high - 1] ?? '', key) < 0) return high
    while (low < high) {
      const middle = (low + high) >> 1
      if (compareKeys(keys[middle] ?? '', key) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
  return {
    get: (key) => copy(values.get(key)),
    set: (key, value) => {
      const isPresent = values.has(key)
      if (value === undefined && isPresent) keys.splice(placeOf(key), 1)
      if (value !== undefined && !isPresent) keys.splice(placeOf(key), 0, key)
      if (value === undefined) values.delete(key)
      else values.set(key, value)
    },
    list: ({ from, to, limit = Infinity, reverse = false }) => {
      const [first, end] = [placeOf(from), placeOf(to)]
      const inside = reverse
        ? keys.slice(Math.max(first, end - limit), end).toReversed()
        : keys.slice(first, Math.min(end, first + limit))
      return inside.map((key): Entry => [key, copy(values.get(key)) ?? new Uint8Array()])
    },
    fork: () => sortedMap([...keys], new Map(values)),
  }
}

function copy(value: Uint8Array | undefined): Uint8Array | undefined {
  return value === undefined ? undefined : new Uint8Array(value)
}
