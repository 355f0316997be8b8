/** Blobs in memory, for tests and for nodes that are opened without a folder for them. */
import { createHash } from 'node:crypto'
import { EdgeError } from '#base/errors.ts'
import type { Blobs } from '#ports/blobs.ts'

/** Blobs that are gone with the process; in `held`, by their hashes, when somebody wants to look after them. */
export function openMemoryBlobs(held = new Map<string, Uint8Array>()): Blobs {
  return {
    write: async (source, bytesMax) => {
      const parts: Uint8Array[] = []
      let bytes = 0
      for await (const part of source) {
        bytes += part.length
        if (bytes > bytesMax)
          throw new EdgeError('TOO_LARGE', { field: 'file', wantedBytesMax: bytesMax })
        parts.push(part)
      }
      const whole = new Uint8Array(Buffer.concat(parts))
      const hash = createHash('sha256').update(whole).digest('hex')
      held.set(hash, whole)
      return { hash, bytes }
    },
    read: async (hash, span) => {
      const whole = held.get(hash)
      return whole && once(whole.subarray(span?.from ?? 0, span?.to ?? whole.length))
    },
    check: async (hash) => {
      const whole = held.get(hash)
      if (whole === undefined) return undefined
      return createHash('sha256').update(whole).digest('hex') === hash ? 'sound' : 'damaged'
    },
    places: async (hashes) =>
      new Map(
        [...hashes].map((name) => [name, { name, place: held.has(name) ? 'here' : 'nowhere' }]),
      ),
    remove: async (hash) => void held.delete(hash),
    retain: async (hashes) => {
      for (const hash of held.keys()) if (!hashes.has(hash)) held.delete(hash)
    },
  }
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes
}
