/** A store that lives as long as the process: for tests, simulations and trying things out. */
import { assert } from '#base/assert.ts'
import type { Entry, Range, Store, Write } from '#ports/store.ts'
import { compareKeys } from './key-order.ts'
import { storeClosed } from './store-errors.ts'

/** An empty store. It keeps the contract of the disk but for surviving the process. */
export function openMemoryStore(): Store {
  const values = new Map<string, Uint8Array>()
  const keys: string[] = []
  let isClosed = false

  const checkOpen = (): void => {
    if (isClosed) throw storeClosed()
  }
  const get = async (key: string): Promise<Uint8Array | undefined> => {
    checkOpen()
    return copy(values.get(key))
  }

  return {
    get,
    getMany: async (wanted) => {
      checkOpen()
      return wanted.map((key) => copy(values.get(key)))
    },
    list: async (range) => {
      checkOpen()
      return keysWithin(keys, range).map((key): Entry => [key, copyOf(values.get(key))])
    },
    write: async (writes) => {
      checkOpen()
      const taken = writes.map(({ key, value }): Write => ({ key, value: copy(value) }))
      for (const { key } of taken)
        assert(key !== '' && key.isWellFormed(), 'a key is well-formed Unicode')
      await Promise.resolve()
      taken.forEach((write) => apply(values, keys, write))
    },
    compact: async () => checkOpen(),
    [Symbol.asyncDispose]: async () => {
      isClosed = true
    },
  }
}

function apply(values: Map<string, Uint8Array>, keys: string[], { key, value }: Write): void {
  const at = placeOf(keys, key)
  const isThere = keys[at] === key
  if (value === undefined) {
    if (isThere) keys.splice(at, 1)
    values.delete(key)
  } else {
    if (!isThere) keys.splice(at, 0, key)
    values.set(key, value)
  }
}

function keysWithin(keys: readonly string[], range: Range): readonly string[] {
  const found = keys.slice(placeOf(keys, range.from), placeOf(keys, range.to))
  if (range.reverse === true) found.reverse()
  return found.slice(0, range.limit)
}

/** Where `key` stands in the sorted `keys`, or would stand. */
function placeOf(keys: readonly string[], key: string): number {
  let low = 0
  let high = keys.length
  while (low < high) {
    const middle = (low + high) >> 1
    if (compareKeys(keys[middle] ?? '', key) < 0) low = middle + 1
    else high = middle
  }
  return low
}

function copy(value: Uint8Array | undefined): Uint8Array | undefined {
  return value && copyOf(value)
}

/** `slice` would not do: on a Buffer it gives a view. */
function copyOf(value: Uint8Array | undefined): Uint8Array {
  return new Uint8Array(value ?? [])
}
