/** Targets on several threads. What a thread does not come back from, an endless loop or all memory used, is a fault, too. */
import { Worker } from 'node:worker_threads'
import { DESK_HEAD_BYTES, type Desk, type Order } from './desk.ts'
import { INPUT_MS_MAX, type Report } from './run.ts'

/** What is to be done. */
export interface Work {
  readonly orders: readonly Order[]
  readonly threads: number
  readonly onReport: (report: Report) => void
}

/** An endless loop takes longer than any input. A machine with other work is slow, so what counts is what we computed. */
const HANG_CPU_MS = 20 * INPUT_MS_MAX
/** What waits for something that never comes computes nothing. */
const HANG_MS = 10 * HANG_CPU_MS
const LOOK_MS = 1_000
const MEMORY_MB = 700
const DESK_BYTES = 4_000_000

/** Runs all orders. */
export async function fuzzAll({ orders, threads, onReport }: Work): Promise<void> {
  const waiting = [...orders]
  const serve = async (): Promise<void> => {
    let thread = openThread()
    try {
      for (let order = waiting.shift(); order !== undefined; order = waiting.shift()) {
        const { report, isLost } = await runOrder(thread, order)
        onReport(report)
        if (!isLost) continue
        await thread.worker.terminate()
        thread = openThread()
      }
    } finally {
      await thread.worker.terminate()
    }
  }
  await Promise.all(Array.from({ length: Math.min(threads, orders.length) }, serve))
}

interface Thread extends Desk {
  readonly worker: Worker
}

function openThread(): Thread {
  const memory = new SharedArrayBuffer(DESK_BYTES)
  const worker = new Worker(new URL('worker.ts', import.meta.url), {
    workerData: { memory } satisfies Desk,
    resourceLimits: { maxOldGenerationSizeMb: MEMORY_MB },
  })
  return { worker, memory }
}

interface Outcome {
  readonly report: Report
  /** The thread must not be used again. */
  readonly isLost: boolean
}

function runOrder({ worker, memory }: Thread, order: Order): Promise<Outcome> {
  const head = new Int32Array(memory, 0, 2)
  const began = { number: Atomics.load(head, 0), ms: performance.now() }
  let last = { number: began.number, ms: began.ms, cpu: process.cpuUsage() }
  const { promise, resolve } = Promise.withResolvers<Outcome>()
  const lose = (what: string): void => {
    const input = Uint8Array.from(new Uint8Array(memory, DESK_HEAD_BYTES, head[1] ?? 0))
    const inputs = Atomics.load(head, 0) - began.number
    const seconds = (performance.now() - began.ms) / 1000
    const fault = { what, number: inputs, input }
    const report = { target: order.target, inputs, seconds, fault }
    resolve({ report: { ...report, corpus: 0, blocks: 0, slowestMs: 0 }, isLost: true })
  }
  const look = setInterval(() => {
    const now = Atomics.load(head, 0)
    const ms = performance.now()
    if (now !== last.number) last = { number: now, ms, cpu: process.cpuUsage() }
    const { user, system } = process.cpuUsage(last.cpu)
    const hangs = ms - last.ms > HANG_MS || (user + system) / 1000 > HANG_CPU_MS
    if (hangs && now > began.number) lose('it hangs')
  }, LOOK_MS)
  const onReport = (report: Report): void => resolve({ report, isLost: false })
  const onError = (error: unknown): void =>
    lose(error instanceof Error ? `it throws ${error.stack ?? error.message}` : 'it throws')
  worker.on('message', onReport)
  worker.on('error', onError)
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker is no window
  worker.postMessage(order)
  return promise.finally(() => {
    clearInterval(look)
    worker.off('message', onReport)
    worker.off('error', onError)
  })
}
