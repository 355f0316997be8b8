/**
 * Coalesces writes: one synced batch at a time, and everything that is asked for meanwhile goes into the next.
 *
 * A sync costs 0.2 ms on a good disk and 5 to 50 ms on an SD card, whatever it carries, so syncs are what is
 * to be saved: 64 writers at once got 59,000 writes a second this way and 13,600 without (2026, one NVMe disk).
 */
import { assert } from '#base/assert.ts'
import { EdgeError } from '#base/errors.ts'
import { COMMIT_QUEUE_MAX, GROUP_COMMITS_MAX } from '#base/limits.ts'
import type { Write } from '#ports/store.ts'
import { storeClosed } from './store-errors.ts'

/** Bytes of keys and values after which a batch takes no further commits: LevelDB's own memtable. */
export const GROUP_BYTES_MAX = 4 << 20
/** Bytes that may wait; more are refused with TOO_MANY_REQUESTS. */
export const QUEUE_BYTES_MAX = 64 << 20

/** Turns, taken in the order they were asked for. */
export interface BatchQueue {
  /**
   * Resolves once the batch that holds `writes` is synced; rejects with what that batch failed with.
   * The bytes are copied before this returns.
   * @throws EdgeError TOO_MANY_REQUESTS, STOPPING
   */
  readonly add: (writes: readonly Write[]) => Promise<void>
  /** Runs `job` between two batches, while nothing is being written. */
  readonly alone: (job: () => Promise<void>) => Promise<void>
  /** Takes no more; resolves when all that was taken is done. */
  readonly end: () => Promise<void>
}

interface Turn {
  readonly writes: readonly Write[]
  /** Set for a turn that goes alone. */
  readonly job: (() => Promise<void>) | undefined
  readonly bytes: number
  readonly done: PromiseWithResolvers<void>
}

/** A queue whose batches are written by `commit`. */
export function openBatchQueue(commit: (writes: readonly Write[]) => Promise<void>): BatchQueue {
  const waiting: Turn[] = []
  let waitingBytes = 0
  let running: Promise<void> | undefined
  let isEnded = false

  const drain = async (): Promise<void> => {
    await Promise.resolve() // Calls made in the same tick share the first batch.
    while (waiting.length > 0) {
      const group = waiting.splice(0, groupLength(waiting))
      waitingBytes -= bytesOf(group)
      await settle(group, commit)
    }
    running = undefined
  }
  const take = async (writes: readonly Write[], job?: () => Promise<void>): Promise<void> => {
    if (isEnded) throw storeClosed()
    const bytes = sizeOf(writes)
    const isTooMuch = waiting.length > 0 && waitingBytes + bytes > QUEUE_BYTES_MAX
    if (isTooMuch || waiting.length >= COMMIT_QUEUE_MAX)
      throw new EdgeError('TOO_MANY_REQUESTS', { waiting: waiting.length, bytes: waitingBytes })
    const done = Promise.withResolvers<void>()
    waiting.push({ writes, job, bytes, done })
    waitingBytes += bytes
    running ??= drain()
    return done.promise
  }

  return {
    add: (writes) => take(writes.map(copied)),
    alone: (job) => take([], job),
    end: async () => {
      isEnded = true
      await running
    },
  }
}

/** Does the group's work and tells each of its writers how it ended. */
async function settle(
  group: readonly Turn[],
  commit: (writes: readonly Write[]) => Promise<void>,
): Promise<void> {
  const job = group[0]?.job
  const work = job === undefined ? commit(group.flatMap((turn) => turn.writes)) : job()
  await work.then(
    () => group.forEach((turn) => turn.done.resolve()),
    (error: unknown) => group.forEach((turn) => turn.done.reject(error)),
  )
}

/** How many of the waiting turns go together; at least one. */
function groupLength(waiting: readonly Turn[]): number {
  if (waiting[0]?.job !== undefined) return 1
  let bytes = 0
  for (const [count, turn] of waiting.entries()) {
    bytes += turn.bytes
    const isFull = count === GROUP_COMMITS_MAX || (count > 0 && bytes > GROUP_BYTES_MAX)
    if (isFull || turn.job !== undefined) return count
  }
  return waiting.length
}

function bytesOf(group: readonly Turn[]): number {
  return group.reduce((sum, turn) => sum + turn.bytes, 0)
}

function sizeOf(writes: readonly Write[]): number {
  return writes.reduce((sum, { key, value }) => sum + key.length + (value?.length ?? 0), 0)
}

function copied({ key, value }: Write): Write {
  assert(key !== '' && key.isWellFormed(), 'a key is well-formed Unicode')
  return { key, value: value && new Uint8Array(value) }
}
