/**
 * Many seeds on all cores. Each runs in a thread of its own making, so that what one run leaves behind, and errors that
 * nobody caught, cannot touch another; a run that hangs is stopped and counts as failed.
 */
import { availableParallelism } from 'node:os'
import { Worker } from 'node:worker_threads'
import { DEFAULT_OPTIONS, type SimOptions } from './options.ts'
import type { Result } from './run.ts'
import type { Order } from './worker.ts'

export type { Order } from './worker.ts'

/** What is to be run. `onResult` hears of each seed as it ends, in no fixed order. */
export interface Work {
  readonly seeds: readonly number[]
  readonly options: Partial<SimOptions>
  readonly onResult?: (result: Result) => void
  /** Ends the work at the first result of which this is true. */
  readonly isEnough?: (result: Result) => boolean
}

/** A run that takes longer than this in real time hangs. */
const RUN_MS_MAX = 120_000

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
    const worker = openWorker()
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

function openWorker(): Worker {
  return new Worker(new URL('worker.ts', import.meta.url))
}

function runOne(worker: Worker, order: Order): Promise<Result> {
  return new Promise((resolve) => {
    const finish = (result: Result): void => {
      clearTimeout(alarm)
      worker.off('message', finish)
      worker.off('error', onError)
      resolve(result)
    }
    const onError = (error: unknown): void =>
      finish(broken(order, error instanceof Error ? (error.stack ?? error.message) : String(error)))
    const alarm = setTimeout(() => finish(broken(order, 'it hangs')), RUN_MS_MAX)
    worker.on('message', finish)
    worker.on('error', onError)
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker is no window
    worker.postMessage(order)
  })
}

/** A run that did not come to its end; the thread must not be used again. */
function broken({ seed, options }: Order, found: string): Result {
  const wanted = `a run that ends within ${RUN_MS_MAX / 1000} seconds`
  return {
    ok: false,
    seed,
    options: { ...DEFAULT_OPTIONS, ...options },
    steps: 0,
    virtualMs: 0,
    traceHash: '',
    marks: {},
    failure: { broken: 'promise 11: bounded', step: 0, atMs: 0, where: 'the run', wanted, found },
    tail: [],
    isAborted: true,
  }
}
