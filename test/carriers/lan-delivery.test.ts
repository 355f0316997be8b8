import { test } from 'tap'
import { openArrivalQueue } from '#carriers/arrival-queue.ts'
import { openDelivery, type Reader } from '#carriers/lan-delivery.ts'
import type { NodeId } from '#base/ids.ts'
import type { Arrival } from '#ports/carrier.ts'
import { textOf } from '../support/carrier-side.ts'

test('while the queue is full the socket is not read, and nothing is lost or out of order', async (t) => {
  const queue = openArrivalQueue({ arrivalsMax: 4, bytesMax: 1_000 })
  const reader = aReader()
  const deliver = openDelivery(queue, reader)
  const texts = Array.from({ length: 9 }, (_, at) => `report ${at}`)

  for (const text of texts) deliver(arrival(text))
  t.strictSame(reader.deeds, ['pause'])
  const came: string[] = []
  for await (const one of queue.arrivals()) {
    came.push(textOf(one))
    if (came.length === texts.length) break
  }
  await reader.whenResumed

  t.strictSame(came, texts)
  t.strictSame(reader.deeds, ['pause', 'resume'])
})

test('what waits when the session ends is dropped', async (t) => {
  const queue = openArrivalQueue({ arrivalsMax: 1, bytesMax: 1_000 })
  const reader = aReader()
  const deliver = openDelivery(queue, reader)
  deliver(arrival('in the queue'))
  deliver(arrival('waits'))

  reader.end()
  await reader.whenResumed
  for await (const one of queue.arrivals()) {
    t.equal(textOf(one), 'in the queue')
    break
  }

  t.equal(queue.size(), 0)
})

interface TestReader extends Reader {
  readonly deeds: readonly string[]
  readonly whenResumed: Promise<void>
  readonly end: () => void
}

function aReader(): TestReader {
  const deeds: string[] = []
  const over = new AbortController()
  const resumed = Promise.withResolvers<void>()
  return {
    deeds,
    whenResumed: resumed.promise,
    end: () => over.abort(),
    over: over.signal,
    pause: () => void deeds.push('pause'),
    resume: () => {
      deeds.push('resume')
      resumed.resolve()
    },
  }
}

function arrival(text: string): Arrival {
  const peer = 'bravo' as NodeId
  return { peer, bytes: Buffer.from(text), bookmark: [], acceptCustody: nothing, refuse: nothing }
}

function nothing(): void {}
