/** A map in memory whose keys are in the order of the disk: by their UTF-8 bytes. */
import type { Entry, Range } from '#ports/store.ts'
import { compareKeys } from '#storage/key-order.ts'

/** Keys and values; what goes in and comes out is a copy. */
export interface SortedMap {
  readonly get: (key: string) => Uint8Array | undefined
  readonly set: (key: string, value: Uint8Array | undefined) => void
  readonly list: (range: Range) => readonly Entry[]
}

/** An empty map. */
export function openSortedMap(): SortedMap {
  const keys: string[] = []
  const values = new Map<string, Uint8Array>()
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
      else values.set(key, new Uint8Array(value))
    },
    list: ({ from, to, limit = Infinity, reverse = false }) => {
      const inside = keys.slice(placeOf(from), placeOf(to))
      if (reverse) inside.reverse()
      return inside
        .slice(0, limit)
        .map((key): Entry => [key, new Uint8Array(values.get(key) ?? [])])
    },
  }
}

function copy(value: Uint8Array | undefined): Uint8Array | undefined {
  return value === undefined ? undefined : new Uint8Array(value)
}
