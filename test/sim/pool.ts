/**
 * Many seeds on all cores. Each runs in a thread of its own making, so that what one run leaves behind, and errors that
 * nobody caught, cannot touch another; a run that hangs is stopped and counts as failed.
 */
import { once } from 'node:events'
import { availableParallelism } from 'node:os'
import { performance } from 'node:perf_hooks'
import { Worker } from 'node:worker_threads'
import { optionsOf } from './draw.ts'
import type { Given } from './options.ts'
import type { Result } from './run.ts'
import type { Order } from './worker.ts'

export type { Order } from './worker.ts'

/** What is to be run. `onResult` hears of each seed as it ends, in no fixed order. */
export interface Work {
  readonly seeds: readonly number[]
  readonly options: Given
  readonly onResult?: (result: Result) => void
  /** Ends the work at the first result of which this is true. */
  readonly isEnough?: (result: Result) => boolean
}

/** A run that keeps its core busy for longer than this hangs, whatever else the machine does meanwhile. */
const BUSY_MS_MAX = 120_000
/** So does one that has not ended after this long and is not busy either. */
const IDLE_MS_MAX = 900_000
/** How often that is looked at, in milliseconds. */
const LOOK_MS = 10_000

/** Runs all seeds; gives the results in the order of the seeds. */
export function runSeeds({ seeds, options, ...work }: Work): Promise<readonly Result[]> {
  return runOrders({ ...work, orders: seeds.map((seed) => ({ seed, options })) })
}

/** Runs that need not have the same options. */
export async function runOrders(
  work: Pick<Work, 'onResult' | 'isEnough'> & { readonly orders: readonly Order[] },
): Promise<readonly Result[]> {
  const waiting = [...work.orders]
  const results: Result[] = []
  const runNext = async (): Promise<void> => {
    const worker = await openWorker()
    try {
      for (let order = waiting.shift(); order !== undefined; order = waiting.shift()) {
        const result = await runOne(worker, order)
        results.push(result)
        work.onResult?.(result)
        if (work.isEnough?.(result) === true) waiting.length = 0
        if (result.isAborted) return await runNext()
      }
    } finally {
      await worker.terminate()
    }
  }
  const threads = Math.min(availableParallelism(), work.orders.length)
  await Promise.all(Array.from({ length: threads }, runNext))
  return results.toSorted((a, b) => a.seed - b.seed)
}

async function openWorker(): Promise<Worker> {
  const worker = new Worker(new URL('worker.ts', import.meta.url))
  await once(worker, 'online')
  return worker
}

function runOne(worker: Worker, order: Order): Promise<Result> {
  const before = worker.cpuUsage()
  const startedAt = performance.now()
  return new Promise((resolve) => {
    const finish = (result: Result): void => {
      clearInterval(watch)
      worker.off('message', finish)
      worker.off('error', onError)
      resolve(result)
    }
    const onError = (error: unknown): void =>
      finish(broken(order, error instanceof Error ? (error.stack ?? error.message) : String(error)))
    const look = async (): Promise<void> => {
      const { user, system } = await worker.cpuUsage(await before)
      const isBusyLong = (user + system) / 1000 > BUSY_MS_MAX
      if (isBusyLong || performance.now() - startedAt > IDLE_MS_MAX)
        finish(broken(order, 'it hangs'))
    }
    // A thread that is gone has said so itself.
    const watch = setInterval(() => void look().catch(() => undefined), LOOK_MS)
    worker.on('message', finish)
    worker.on('error', onError)
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker is no window
    worker.postMessage(order)
  })
}

/** A run that did not come to its end; the thread must not be used again. */
function broken({ seed, options }: Order, found: string): Result {
  const wanted = `a run that ends within ${BUSY_MS_MAX / 1000} seconds`
  return {
    ok: false,
    seed,
    options: optionsOf(seed, options),
    steps: 0,
    virtualMs: 0,
    traceHash: '',
    marks: {},
    failure: { broken: 'promise 11: bounded', step: 0, atMs: 0, where: 'the run', wanted, found },
    tail: [],
    isAborted: true,
  }
}
