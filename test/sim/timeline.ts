/**
 * True time of a simulated world. Nothing happens by itself: the loop lets everything run that can run without
 * time passing, then rings the earliest alarm, and so on. Equal alarms ring in the order in which they were set.
 */
import { must } from '#base/assert.ts'
import type { Instant } from '#base/ids.ts'

/** One life of a node, from switching on to power off. What belongs to a life that ended never happens. */
export interface Life {
  readonly isAlive: () => boolean
  readonly end: () => void
}

/** An alarm that was set. */
export interface Alarm {
  readonly cancel: () => void
}

/** Virtual time and what is to happen in it. */
export interface Timeline {
  readonly now: () => Instant
  /** Alarms rung so far. */
  readonly steps: () => number
  /** Rings once after `ms`; not at all when `life` has ended by then. */
  readonly after: (ms: number, ring: () => void, life?: Life) => Alarm
  /** Runs until true time `until`, or until `isOver` says so after a step. */
  readonly run: (until: Instant, isOver: () => boolean) => Promise<void>
}

/** A life that has begun. */
export function beginLife(): Life {
  let alive = true
  return { isAlive: () => alive, end: () => void (alive = false) }
}

/** What `promise` becomes, as long as `life` goes on; otherwise nothing, for ever. */
export function within<T>(life: Life, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    promise.then(
      (value) => life.isAlive() && resolve(value),
      (error: unknown) => life.isAlive() && reject(error),
    )
  })
}

interface Entry {
  readonly at: Instant
  readonly order: number
  readonly ring: () => void
  readonly life: Life | undefined
  isCancelled: boolean
}

/** A timeline that begins at true time `start`. */
export function openTimeline(start: Instant): Timeline {
  const heap = openHeap()
  let now = start
  let order = 0
  let steps = 0
  return {
    now: () => now,
    steps: () => steps,
    after: (ms, ring, life) => {
      const at = now + Math.max(0, Math.ceil(ms))
      const entry: Entry = { at, order: order++, ring, life, isCancelled: false }
      heap.push(entry)
      return { cancel: () => void (entry.isCancelled = true) }
    },
    run: async (until, isOver) => {
      await settle()
      while (!isOver()) {
        const next = heap.peek()
        if (next === undefined || next.at > until) break
        heap.pop()
        if (next.isCancelled || next.life?.isAlive() === false) continue
        now = next.at
        steps += 1
        next.ring()
        await settle()
      }
      if (!isOver()) now = Math.max(now, until)
    },
  }
}

/** Lets everything run that waits for nothing: Node empties both microtask queues before an immediate. */
function settle(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

interface Heap {
  readonly push: (entry: Entry) => void
  readonly peek: () => Entry | undefined
  readonly pop: () => void
}

/** A binary heap, earliest first. */
function openHeap(): Heap {
  const entries: Entry[] = []
  const at = (index: number): Entry => must(entries[index], 'the index is inside the heap')
  const isBefore = (a: Entry, b: Entry): boolean =>
    a.at < b.at || (a.at === b.at && a.order < b.order)
  const sink = (entry: Entry): void => {
    let hole = 0
    for (;;) {
      const left = 2 * hole + 1
      if (left >= entries.length) break
      const right = left + 1
      const child = right < entries.length && isBefore(at(right), at(left)) ? right : left
      if (!isBefore(at(child), entry)) break
      entries[hole] = at(child)
      hole = child
    }
    entries[hole] = entry
  }
  return {
    push: (entry) => {
      let hole = entries.push(entry) - 1
      while (hole > 0) {
        const parent = (hole - 1) >> 1
        if (!isBefore(entry, at(parent))) break
        entries[hole] = at(parent)
        hole = parent
      }
      entries[hole] = entry
    },
    peek: () => entries[0],
    pop: () => {
      const last = entries.pop()
      if (last !== undefined && entries.length > 0) sink(last)
    },
  }
}
