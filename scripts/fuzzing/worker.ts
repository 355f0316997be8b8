/** One thread of the fuzzer: takes orders, one target each. Its present input lies where the main thread sees it. */
import { parentPort, workerData } from 'node:worker_threads'
import { must } from '#base/assert.ts'
import { DESK_HEAD_BYTES, type Desk, type Order } from './desk.ts'
import { fuzz } from './run.ts'
import { TARGETS } from './targets.ts'

const { memory } = workerData as Desk
const head = new Int32Array(memory, 0, 2)
const place = new Uint8Array(memory, DESK_HEAD_BYTES)
const port = must(parentPort, 'this is a thread')

port.on('message', (order: Order) => void work(order))

async function work(order: Order): Promise<void> {
  const target = must(
    TARGETS.find(({ name }) => name === order.target),
    'there is such a target',
  )
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a parent is no window
  port.postMessage(await fuzz(target, { ...order, note }))
}

function note(_: string, input: Uint8Array): void {
  const length = Math.min(input.length, place.length)
  place.set(input.subarray(0, length))
  head[1] = length
  Atomics.add(head, 0, 1)
}
