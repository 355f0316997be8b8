/**
 * Blobs of which none is handed out damaged. Whatever lies on a disk is sealed in chunks, each with its tag, so every read proves what it
 * gives, and a piece costs no more than itself; here it is noted which failed. What is in doubt, or known to be damaged, counts for
 * absent until it was looked at as a whole (`damaged-files.ts`) or has come anew; it stays where it lies until then.
 */
import { EdgeError } from '#base/errors.ts'
import type { Blobs, BlobSpan, BlobState } from '#ports/blobs.ts'
import { openBell, type Bell } from './bell.ts'

/** The same blobs, and what of them is not as it was written. */
export interface GuardedBlobs extends Blobs {
  /** Hashes of those that are damaged, as far as is known. */
  readonly damaged: ReadonlySet<string>
  /** Hashes of those that are to be looked at as a whole: something was wrong with them, they were not there, or they have come anew. */
  readonly suspects: Set<string>
  /** Rings when there is one. */
  readonly bell: Bell
  /** A stretch of one that is damaged elsewhere; undefined where it is damaged here. */
  readonly readDamaged: (hash: string, span: BlobSpan) => Promise<Uint8Array | undefined>
  /** Says what was found of one. */
  readonly found: (hash: string, state: BlobState | undefined) => void
}

/** So much is read before any of it is given: a piece for another node is sound as a whole or absent. */
const AHEAD_BYTES = 65_536

/** Nothing is in doubt yet. */
export function guardBlobs(blobs: Blobs): GuardedBlobs {
  const damaged = new Set<string>()
  const doubted = new Set<string>()
  const bell = openBell()
  let written = 0
  const suspects = new Set<string>()
  const suspect = (hash: string): void => {
    suspects.add(hash)
    bell.ring()
  }
  const doubt = (hash: string): void => {
    doubted.add(hash)
    suspect(hash)
  }
  return {
    ...blobs,
    damaged,
    suspects,
    bell,
    found: (hash, state) => {
      doubted.delete(hash)
      if (state === 'damaged') damaged.add(hash)
      else damaged.delete(hash)
    },
    readDamaged: (hash, span) => readDamaged(blobs, hash, span),
    write: async (source, bytesMax) => {
      const blob = await blobs.write(source, bytesMax)
      written += 1
      const wasBad = damaged.delete(blob.hash) || doubted.has(blob.hash)
      doubted.delete(blob.hash)
      if (wasBad) suspect(blob.hash) // that it is sound again is to be noted
      return blob
    },
    read: async (hash, span) => {
      if (damaged.has(hash) || doubted.has(hash)) return undefined
      try {
        const content = await blobs.read(hash, span)
        if (content === undefined) suspect(hash) // somebody has taken it away, or a bucket is
        return content && (await readAhead(content, () => doubt(hash)))
      } catch (error) {
        if (!isDamage(error)) throw error
        doubt(hash)
        return undefined
      }
    },
    check: async (hash, rest) => {
      const before = written
      const state = await blobs.check(hash, rest)
      // A good one may have taken its place meanwhile.
      return state === 'damaged' && written !== before ? blobs.check(hash, rest) : state
    },
    places: async (hashes) =>
      new Map(
        [...(await blobs.places(hashes))].map(([hash, { name, place }]) => {
          const isUseless = damaged.has(hash) && (place === 'here' || place === 'elsewhere')
          return [hash, { name, place: isUseless ? 'damaged' : place }]
        }),
      ),
  }
}

async function readDamaged(
  blobs: Blobs,
  hash: string,
  span: BlobSpan,
): Promise<Uint8Array | undefined> {
  try {
    const bytes = Buffer.concat(await Array.fromAsync((await blobs.read(hash, span)) ?? []))
    return bytes.length === span.to - span.from ? new Uint8Array(bytes) : undefined
  } catch (error) {
    if (!isDamage(error)) throw error
    return undefined
  }
}

function isDamage(error: unknown): boolean {
  return (
    error instanceof EdgeError && error.code === 'STORE_BROKEN' && error.facts['part'] === 'blob'
  )
}

/** The same parts, of which the first were read; damage in them is thrown now, later damage where it is. */
async function readAhead(
  content: AsyncIterable<Uint8Array>,
  onDamage: () => void,
): Promise<AsyncIterable<Uint8Array>> {
  const parts = content[Symbol.asyncIterator]()
  const first: Uint8Array[] = []
  let bytes = 0
  let isDone = false
  while (!isDone && bytes < AHEAD_BYTES) {
    const next = await parts.next()
    isDone = next.done === true
    if (next.done === true) break
    first.push(next.value)
    bytes += next.value.length
  }
  return isDone ? given(first) : following(first, parts, onDamage)
}

async function* given(parts: readonly Uint8Array[]): AsyncIterable<Uint8Array> {
  yield* parts
}

async function* following(
  first: readonly Uint8Array[],
  rest: AsyncIterator<Uint8Array>,
  onDamage: () => void,
): AsyncIterable<Uint8Array> {
  try {
    yield* first
    yield* { [Symbol.asyncIterator]: () => rest }
  } catch (error) {
    if (isDamage(error)) onDamage()
    throw error
  } finally {
    await rest.return?.()
  }
}
