/**
 * A store as one stream of bytes, for a backup: every entry as it lies on the disk (names hidden, values sealed), so whoever
 * moves it needs no key and learns nothing.
 *
 * MessagePack values one after the other: `[key, value]` for each entry in key order, and at the end the number of entries,
 * without which the image was cut short.
 */
import { decodeMultiStream, encode } from '@msgpack/msgpack'
import { EdgeError } from '#base/errors.ts'
import type { Entry } from '#ports/store.ts'

/** The image of what `pages` gives. */
export async function* imageOf(
  pages: AsyncIterable<readonly Entry[]>,
): AsyncGenerator<Uint8Array, void> {
  let entries = 0
  for await (const page of pages) {
    for (const entry of page) yield encode(entry)
    entries += page.length
  }
  yield encode(entries)
}

/** The entries of an image. @throws EdgeError STORE_BROKEN when it is not whole, or no image */
export async function* entriesOf(image: AsyncIterable<Uint8Array>): AsyncGenerator<Entry, void> {
  let entries = 0
  let said: number | undefined
  try {
    for await (const value of decodeMultiStream(image)) {
      if (said !== undefined) throw broken('something behind its end')
      if (isEntry(value)) {
        entries += 1
        yield value
      } else if (typeof value === 'number') said = value
      else throw broken('something else than entries')
    }
  } catch (error) {
    throw error instanceof RangeError ? broken('an image that was cut short', error) : error
  }
  if (said !== entries) throw broken(`${entries} entries of ${said ?? 'an unknown number'}`)
}

function isEntry(value: unknown): value is Entry {
  if (!Array.isArray(value) || value.length !== 2) return false
  const [key, bytes] = value as readonly unknown[]
  return typeof key === 'string' && bytes instanceof Uint8Array
}

function broken(found: string, cause?: unknown): EdgeError {
  const facts = { found, wanted: 'the image of a store', do: 'Take another backup.' }
  return new EdgeError('STORE_BROKEN', facts, { cause })
}
