/**
 * A disk in memory with a durable and a volatile part. A batch is volatile until its sync is done; losing power loses
 * volatile batches whole and keeps what was synced, acknowledged or not. A handle of a node that lost its power answers
 * nothing any more. To prove the checkers, a disk can be made to lie.
 */
import { EdgeError } from '#base/errors.ts'
import type { Entry, Range, Store, Write } from '#ports/store.ts'
import { storeClosed } from '#storage/store-errors.ts'
import type { Chance } from './chance.ts'
import { openSortedMap, type SortedMap } from './sorted-map.ts'
import { within, type Life, type Timeline } from './timeline.ts'
import type { Marks } from './trace.ts'

/** Where in a write the power goes: before the sync (the batch is lost) or after it, before anybody is told. */
export type PowerCut = 'before sync' | 'after sync'

/** What may go wrong with a disk, asked at every write. */
export interface DiskFaults {
  readonly isFull: () => boolean
  /** How much longer than usual a sync takes, in milliseconds. */
  readonly slowMs: () => number
  readonly powerCut: () => PowerCut | undefined
  readonly lies: DiskLies
}

/** What an honest disk does not do. */
export interface DiskLies {
  /** Acknowledges at once and syncs this much later; 0 for not. */
  readonly syncsLateMs: number
  /** What of a batch is really written, whatever is said. */
  readonly written: (batch: readonly Write[]) => readonly Write[]
  /** What of a batch is there after the power went before the sync. */
  readonly torn: (batch: readonly Write[]) => readonly Write[]
}

/** An honest disk. */
export const NO_LIES: DiskLies = { syncsLateMs: 0, written: (batch) => batch, torn: () => [] }

/** What a disk needs of the world it stands in. */
export interface DiskWorld {
  readonly timeline: Timeline
  readonly chance: Chance
  readonly faults: DiskFaults
  readonly marks: Marks
  /** Ends the life of the node that owns this disk, now. */
  readonly cutPower: () => void
  /** A batch has become durable. */
  readonly onSynced: (writes: readonly Write[]) => void
}

/** One node's disk; it outlives the node's power cuts. */
export interface Disk {
  /** A handle for one life. */
  readonly open: (life: Life) => Store
  /** A bit of this value flips: from now on it does not open, until it is written anew. */
  readonly flip: (key: string) => void
  /** These values are gone, as with a block of the file they stood in; to be called while no handle is in use. */
  readonly lose: (keys: readonly string[]) => void
  /** What is durable, in key order. */
  readonly durable: (range: Range) => readonly Entry[]
  /** A copy of all that is durable, and how to put it back while no handle is in use. */
  readonly backUp: () => () => void
}

/** All keys there can be. */
export const EVERYTHING: Range = { from: '', to: '\u{10ffff}' }

/** No time has passed. */
const PASSED = Promise.resolve()

/** An empty disk. */
export function openDisk(world: DiskWorld): Disk {
  const durable = openSortedMap()
  const flipped = new Set<string>()
  return {
    flip: (key) => void flipped.add(key),
    lose: (keys) =>
      setAll(durable, { flipped, batch: keys.map((key) => ({ key, value: undefined })) }),
    durable: durable.list,
    backUp: () => {
      const kept = durable.list(EVERYTHING)
      return () => {
        for (const [key] of durable.list(EVERYTHING)) durable.set(key, undefined)
        for (const [key, value] of kept) durable.set(key, value)
      }
    },
    open: (life) => openHandle(world, { life, durable, flipped }),
  }
}

interface Handle {
  readonly life: Life
  readonly durable: SortedMap
  readonly flipped: Set<string>
}

/** Reads see what was written, which on an honest disk is what is durable. */
function openHandle(world: DiskWorld, { life, durable, flipped }: Handle): Store {
  const { timeline, chance } = world
  const visible = durable.fork()
  let isClosed = false
  let last = Promise.resolve()
  const pass = (ms: number): Promise<void> =>
    ms === 0
      ? within(life, Promise.resolve())
      : new Promise((resolve) => void timeline.after(ms, resolve, life))
  const check = (): void => {
    if (isClosed) throw storeClosed()
  }
  const read = async <T>(look: () => T): Promise<T> => {
    check()
    if (!chance.happens(0.8)) await pass(chance.between(1, 4))
    else {
      // Most of what a node does is reading: this is `pass(0)`, without what that makes for each.
      await PASSED
      await PASSED
      if (!life.isAlive()) return new Promise(() => {})
    }
    return look()
  }
  const writing: Writing = {
    ...world,
    life,
    pass,
    show: (batch) => setAll(visible, { flipped, batch }),
    sync: (batch) => {
      setAll(durable, { flipped, batch })
      world.onSynced(batch)
    },
  }
  // As the seal of a real store says it: a value that was altered does not open.
  const found = new Set<string>()
  const open = (key: string): void => {
    if (!flipped.has(key)) return
    found.add(key)
    world.marks.count('disk.read-broken')
    throw new EdgeError('STORE_BROKEN', { part: key.split('/')[0] ?? '', reason: 'damaged value' })
  }
  const get = (key: string): Uint8Array | undefined => {
    open(key)
    return visible.get(key)
  }
  return {
    get: (key) => read(() => get(key)),
    getMany: (keys) => read(() => keys.map(get)),
    list: (range) =>
      read(() => {
        const entries = visible.list(range)
        for (const [key] of entries) open(key)
        return entries
      }),
    write: async (writes) => {
      check()
      const batch = writes.map(({ key, value }) => ({
        key,
        value: value && new Uint8Array(value),
      }))
      const earlier = last
      const { promise, resolve } = Promise.withResolvers<void>()
      last = promise
      await earlier
      await writeBatch(writing, batch).finally(resolve)
    },
    damaged: () => {
      const names = [...found]
      found.clear()
      return names
    },
    compact: async () => {
      check()
      await pass(chance.between(5, 50))
    },
    [Symbol.asyncDispose]: async () => {
      isClosed = true
      await within(life, last)
    },
  }
}

interface Writing extends DiskWorld {
  readonly life: Life
  readonly pass: (ms: number) => Promise<void>
  /** From now on reads give it. */
  readonly show: (batch: readonly Write[]) => void
  /** From now on a power cut leaves it. */
  readonly sync: (batch: readonly Write[]) => void
}

async function writeBatch(disk: Writing, batch: readonly Write[]): Promise<void> {
  const { chance, marks } = disk
  const { isFull, powerCut, lies } = disk.faults
  const usualMs = chance.happens(0.02) ? chance.between(100, 3_000) : chance.between(1, 12)
  const slowMs = disk.faults.slowMs()
  const syncMs = usualMs + slowMs
  if (slowMs > 0) marks.count('disk.slow')
  if (isFull()) {
    await disk.pass(syncMs)
    marks.count('disk.full')
    throw new EdgeError('STORE_FULL', { found: 'no room on the disk' })
  }
  const written = lies.written(batch)
  if (written.length < batch.length) marks.count('disk.lied')
  if (lies.syncsLateMs > 0) {
    disk.show(written)
    disk.timeline.after(lies.syncsLateMs, () => disk.sync(written), disk.life)
    return
  }
  const cut = powerCut()
  marks.count('disk.write')
  await disk.pass(syncMs)
  if (cut === 'before sync') {
    disk.sync(lies.torn(batch))
    return loseWith(disk, 'disk.write-lost')
  }
  disk.sync(written)
  disk.show(written)
  if (cut === 'after sync') return loseWith(disk, 'disk.write-kept-unacknowledged')
  await disk.pass(chance.between(0, 1))
}

function loseWith(disk: Writing, mark: string): Promise<never> {
  disk.marks.count(mark)
  disk.cutPower()
  return new Promise(() => {})
}

function setAll(
  map: SortedMap,
  { flipped, batch }: { readonly flipped: Set<string>; readonly batch: readonly Write[] },
): void {
  for (const { key, value } of batch) {
    flipped.delete(key)
    map.set(key, value)
  }
}
