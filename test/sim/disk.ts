/**
 * A disk in memory with a durable and a volatile part. A batch is volatile until its sync is done; losing power loses
 * volatile batches whole and keeps what was synced, acknowledged or not. Reads see what is durable. A handle of a node
 * that lost its power answers nothing any more.
 */
import { EdgeError } from '#base/errors.ts'
import type { Entry, Range, Store, Write } from '#ports/store.ts'
import { compareKeys } from '#storage/key-order.ts'
import { storeClosed } from '#storage/store-errors.ts'
import type { Chance } from './chance.ts'
import type { Marks } from './trace.ts'
import { within, type Life, type Timeline } from './timeline.ts'

/** Where in a write the power goes: before the sync (the batch is lost) or after it, before anybody is told. */
export type PowerCut = 'before sync' | 'after sync'

/** What may go wrong with a disk, asked at every write. */
export interface DiskFaults {
  readonly isFull: () => boolean
  readonly powerCut: () => PowerCut | undefined
  /** Planted, to prove the checkers: acknowledges at once and syncs this much later. 0 for an honest disk. */
  readonly syncsLateMs: number
  /** Planted: acknowledges a batch and forgets it. */
  readonly drops: () => boolean
}

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
  /** What is durable, in key order. */
  readonly durable: (range: Range) => readonly Entry[]
}

/** An honest disk, as its faults go. */
export const NO_DISK_FAULTS: DiskFaults = {
  isFull: () => false,
  powerCut: () => undefined,
  syncsLateMs: 0,
  drops: () => false,
}

/** An empty disk. */
export function openDisk(world: DiskWorld): Disk {
  const { timeline, chance } = world
  const map = openSortedMap()
  const apply = (writes: readonly Write[]): void => {
    for (const { key, value } of writes) map.set(key, value)
    world.onSynced(writes)
  }
  return {
    durable: map.list,
    open: (life) => {
      const pass = (ms: number): Promise<void> =>
        ms === 0
          ? within(life, Promise.resolve())
          : new Promise((resolve) => void timeline.after(ms, resolve, life))
      const readMs = (): number => (chance.happens(0.8) ? 0 : chance.between(1, 4))
      let isClosed = false
      const check = (): void => {
        if (isClosed) throw storeClosed()
      }
      const read = async <T>(look: () => T): Promise<T> => {
        check()
        await pass(readMs())
        return look()
      }
      let last = Promise.resolve()
      const write = async (writes: readonly Write[]): Promise<void> => {
        check()
        const batch = writes.map(({ key, value }) => ({ key, value: copy(value) }))
        const earlier = last
        const { promise, resolve } = Promise.withResolvers<void>()
        last = promise
        await earlier
        try {
          await writeBatch({ ...world, apply, pass, life }, batch)
        } finally {
          resolve()
        }
      }
      return {
        get: (key) => read(() => copy(map.get(key))),
        getMany: (keys) => read(() => keys.map((key) => copy(map.get(key)))),
        list: (range) => read(() => map.list(range)),
        write,
        compact: async () => {
          check()
          await pass(chance.between(5, 50))
        },
        [Symbol.asyncDispose]: async () => {
          isClosed = true
          await within(life, last)
        },
      }
    },
  }
}

interface Writing extends DiskWorld {
  readonly apply: (writes: readonly Write[]) => void
  readonly pass: (ms: number) => Promise<void>
  readonly life: Life
}

async function writeBatch(disk: Writing, batch: readonly Write[]): Promise<void> {
  const { faults, chance, marks } = disk
  const syncMs = chance.happens(0.02) ? chance.between(100, 3_000) : chance.between(1, 12)
  if (faults.isFull()) {
    await disk.pass(syncMs)
    marks.count('disk.full')
    throw new EdgeError('STORE_FULL', { found: 'no room on the disk' })
  }
  if (faults.syncsLateMs > 0) {
    disk.timeline.after(faults.syncsLateMs, () => disk.apply(batch), disk.life)
    return
  }
  const cut = faults.powerCut()
  await disk.pass(syncMs)
  if (cut === 'before sync') return loseWith(disk, 'disk.write-lost')
  if (faults.drops()) marks.count('disk.batch-dropped')
  else disk.apply(batch)
  if (cut === 'after sync') return loseWith(disk, 'disk.write-kept-unacknowledged')
  await disk.pass(chance.between(0, 1))
}

function loseWith(disk: Writing, mark: string): Promise<never> {
  disk.marks.count(mark)
  disk.cutPower()
  return new Promise(() => {})
}

function copy<T extends Uint8Array | undefined>(value: T): T {
  return (value === undefined ? undefined : Uint8Array.from(value)) as T
}

interface SortedMap {
  readonly get: (key: string) => Uint8Array | undefined
  readonly set: (key: string, value: Uint8Array | undefined) => void
  readonly list: (range: Range) => readonly Entry[]
}

/** Keys in a sorted array. */
function openSortedMap(): SortedMap {
  const keys: string[] = []
  const values = new Map<string, Uint8Array>()
  const placeOf = (key: string): number => {
    let low = 0
    let high = keys.length
    while (low < high) {
      const middle = (low + high) >> 1
      if (compareKeys(keys[middle] ?? '', key) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
  return {
    get: (key) => values.get(key),
    set: (key, value) => {
      const isPresent = values.has(key)
      if (value === undefined && isPresent) keys.splice(placeOf(key), 1)
      if (value !== undefined && !isPresent) keys.splice(placeOf(key), 0, key)
      if (value === undefined) values.delete(key)
      else values.set(key, value)
    },
    list: ({ from, to, limit = Infinity, reverse = false }) => {
      const inside = keys.slice(placeOf(from), placeOf(to))
      if (reverse) inside.reverse()
      return inside
        .slice(0, limit)
        .map((key): Entry => [key, copy(values.get(key) ?? new Uint8Array(0))])
    },
  }
}
