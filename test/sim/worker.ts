/** One thread of the pool: runs one seed at a time and says what came of it. */
import { parentPort } from 'node:worker_threads'
import { must } from '#base/assert.ts'
import type { Given } from './options.ts'
import { runSeed } from './run.ts'

/** What a thread is asked to do. */
export interface Order {
  readonly seed: number
  readonly options: Given
}

const port = must(parentPort, 'this file is run as a worker')

port.on('message', (order: Order) => {
  void runSeed(order.seed, order.options).then((result) => port.postMessage(result))
})
