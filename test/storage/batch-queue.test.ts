import { test } from 'tap'
import { COMMIT_QUEUE_MAX, GROUP_COMMITS_MAX } from '#base/limits.ts'
import type { Write } from '#ports/store.ts'
import {
  GROUP_BYTES_MAX,
  openBatchQueue,
  QUEUE_BYTES_MAX,
  type BatchQueue,
} from '#storage/batch-queue.ts'
import { codeOfFailure, put } from '../contracts/store.ts'

/** A queue whose batches end only when told to. */
function heldQueue(): {
  readonly queue: BatchQueue
  /** Keys of each batch begun so far. */
  readonly batches: readonly (readonly string[])[]
  /** Ends the batch under way, well or with `failure`, and waits until the next has begun. */
  readonly end: (failure?: Error) => Promise<void>
} {
  const batches: (readonly string[])[] = []
  let under = Promise.withResolvers<void>()
  let begun = Promise.withResolvers<void>()
  const commit = (writes: readonly Write[]): Promise<void> => {
    batches.push(writes.map((write) => write.key))
    under = Promise.withResolvers()
    begun.resolve()
    return under.promise
  }
  const end = async (failure?: Error): Promise<void> => {
    await begun.promise
    begun = Promise.withResolvers()
    if (failure) under.reject(failure)
    else under.resolve()
    await new Promise(setImmediate)
  }
  return { queue: openBatchQueue(commit), batches, end }
}

test('calls of one tick share a batch, and those that come meanwhile share the next', async (t) => {
  const { queue, batches, end } = heldQueue()
  const first = [queue.add([put('a', '')]), queue.add([put('b', ''), put('c', '')])]
  await Promise.resolve()
  const later = ['d', 'e', 'f'].map((key) => queue.add([put(key, '')]))

  await end()
  await Promise.all(first)
  await end()
  await Promise.all(later)

  t.strictSame(batches, [
    ['a', 'b', 'c'],
    ['d', 'e', 'f'],
  ])
})

test('a failed batch fails its own writers and no later ones', async (t) => {
  const { queue, end } = heldQueue()
  const failing = [queue.add([put('a', '')]), queue.add([put('b', '')])]
  await Promise.resolve()
  const later = queue.add([put('c', '')])
  const outcomes = Promise.allSettled([...failing, later])

  await end(new Error('no'))
  await end()

  t.strictSame(
    (await outcomes).map(({ status }) => status),
    ['rejected', 'rejected', 'fulfilled'],
  )
})

test('a batch is bounded in commits and in bytes', async (t) => {
  const { queue, batches, end } = heldQueue()
  const big = new Uint8Array(GROUP_BYTES_MAX * 0.6)
  const small = Array.from({ length: GROUP_COMMITS_MAX + 1 }, (_, at) =>
    queue.add([put(`${at}`, '')]),
  )
  const large = ['x', 'y', 'z'].map((key) => queue.add([{ key, value: big }]))

  for (let turn = 0; turn < 4; turn += 1) await end()
  await Promise.all([...small, ...large])

  t.strictSame(
    batches.map((keys) => keys.length),
    [GROUP_COMMITS_MAX, 2, 1, 1],
  )
})

test('a job goes alone and in its turn', async (t) => {
  const { queue, batches, end } = heldQueue()
  const seen: number[] = []
  const work = [
    queue.add([put('a', '')]),
    queue.alone(async () => void seen.push(batches.length)),
    queue.add([put('b', '')]),
  ]

  await end()
  await end()
  await Promise.all(work)

  t.strictSame({ seen, batches }, { seen: [1], batches: [['a'], ['b']] })
})

test('what may wait is bounded in commits and in bytes', async (t) => {
  const commits = heldQueue()
  const waiting = Array.from({ length: COMMIT_QUEUE_MAX }, () => commits.queue.add([]))
  t.equal(await codeOfFailure(commits.queue.add([])), 'TOO_MANY_REQUESTS')
  t.equal(waiting.length, COMMIT_QUEUE_MAX)

  const bytes = heldQueue()
  const value = new Uint8Array(QUEUE_BYTES_MAX + 1)
  const first = bytes.queue.add([{ key: 'a', value }])
  t.equal(await codeOfFailure(bytes.queue.add([put('b', '')])), 'TOO_MANY_REQUESTS')
  await bytes.end()
  await t.resolves(first, 'one that is larger than the bound still goes, alone')
})

test('after the end nothing more is taken, and what was taken is done', async (t) => {
  const { queue, end } = heldQueue()
  const taken = queue.add([put('a', '')])
  const ended = queue.end()

  t.equal(await codeOfFailure(queue.add([put('b', '')])), 'STOPPING')
  await end()
  await Promise.all([taken, ended])
})
