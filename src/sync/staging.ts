/**
 * Writes that are decided but not yet on disk, in two layers: those of the commit at work, and those of the commits
 * before it in the same batch. Reads see both, then a small cache of what was written lately, then the store.
 */
import type { Entry, Range, Store, Write } from '#ports/store.ts'

/** The writes between two batches. */
export interface Staging {
  readonly get: (key: string) => Promise<Uint8Array | undefined>
  readonly list: (range: Range) => Promise<readonly Entry[]>
  readonly put: (key: string, value: Uint8Array) => void
  readonly delete: (key: string) => void
  /** A commit begins, is kept, or is dropped. */
  readonly begin: () => void
  readonly keep: () => void
  readonly drop: () => void
  /** Writes everything kept as one batch. On an error nothing is forgotten; call `forget`. */
  readonly flush: () => Promise<void>
  readonly forget: () => void
}

/** Values kept in memory after they were written: the hot records of open channels and peers. */
const CACHED_VALUES_MAX = 2_048
/** Values larger than this are not cached. */
const CACHED_VALUE_BYTES_MAX = 2_048

type Layer = Map<string, Uint8Array | undefined>

/** A staging on top of `store`. */
export function openStaging(store: Store): Staging {
  const batch: Layer = new Map()
  const commit: Layer = new Map()
  const cache: Layer = new Map()

  const remember = (key: string, value: Uint8Array | undefined): void => {
    cache.delete(key)
    if (value !== undefined && value.length > CACHED_VALUE_BYTES_MAX) return
    cache.set(key, value && new Uint8Array(value)) // a copy: a Buffer may be a piece of a large block
    if (cache.size <= CACHED_VALUES_MAX) return
    const oldest = cache.keys().next().value
    if (oldest !== undefined) cache.delete(oldest)
  }

  return {
    get: async (key) => {
      for (const layer of [commit, batch, cache]) if (layer.has(key)) return layer.get(key)
      const value = await store.get(key)
      remember(key, value)
      return value
    },
    list: async (range) =>
      merge(range, await store.list(unlimited(range, batch, commit)), [batch, commit]),
    put: (key, value) => void commit.set(key, value),
    delete: (key) => void commit.set(key, undefined),
    begin: () => commit.clear(),
    keep: () => {
      for (const [key, value] of commit) batch.set(key, value)
      commit.clear()
    },
    drop: () => commit.clear(),
    flush: async () => {
      if (batch.size === 0) return
      const writes = [...batch].map(([key, value]): Write => ({ key, value }))
      await store.write(writes)
      for (const { key, value } of writes) remember(key, value)
      batch.clear()
    },
    forget: () => {
      commit.clear()
      batch.clear()
      cache.clear()
    },
  }
}

/** A limit counts after the layers are laid on, so the store may have to give more. */
function unlimited(range: Range, ...layers: readonly Layer[]): Range {
  const staged = layers.reduce((count, layer) => count + layer.size, 0)
  return range.limit === undefined ? range : { ...range, limit: range.limit + staged }
}

function merge(range: Range, stored: readonly Entry[], layers: readonly Layer[]): readonly Entry[] {
  const inside = (key: string): boolean => key >= range.from && key < range.to
  const changes: (readonly [string, Uint8Array | undefined])[] = []
  for (const layer of layers)
    for (const change of layer) if (inside(change[0])) changes.push(change)
  if (changes.length === 0) return stored.slice(0, range.limit)
  const all = new Map<string, Uint8Array | undefined>([...stored, ...changes])
  const left = [...all].filter((entry): entry is [string, Uint8Array] => entry[1] !== undefined)
  const sign = range.reverse === true ? -1 : 1
  return left.toSorted(([a], [b]) => (a < b ? -sign : sign)).slice(0, range.limit)
}
