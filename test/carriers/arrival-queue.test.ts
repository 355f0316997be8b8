import { test } from 'tap'
import { openArrivalQueue } from '#carriers/arrival-queue.ts'
import type { Arrival } from '#ports/carrier.ts'

const never = new AbortController().signal

test('arrivals come out in the order they went in', async (t) => {
  const queue = openArrivalQueue({ arrivalsMax: 8, bytesMax: 1_000 })
  const taking = take(queue.arrivals(), 3)

  ;[1, 2, 3].forEach((size) => queue.push(anArrival(size)))

  t.strictSame(
    (await taking).map((arrival) => arrival.bytes.length),
    [1, 2, 3],
  )
})

test('the most urgent that is here comes out first, and what says nothing is routine', async (t) => {
  const queue = openArrivalQueue({ arrivalsMax: 8, bytesMax: 1_000 })
  const lanes = [undefined, 'priority', 'routine', 'flash', 'immediate', 'flash'] as const
  lanes.forEach((lane, at) =>
    queue.push({ ...anArrival(at + 1), ...(lane === undefined ? {} : { lane }) }),
  )

  t.strictSame(
    (await take(queue.arrivals(), 6)).map((arrival) => arrival.bytes.length),
    [4, 6, 5, 2, 1, 3],
  )
  t.equal(queue.size(), 0)
})

test('a full queue takes no more, by number and by bytes', async (t) => {
  const byNumber = openArrivalQueue({ arrivalsMax: 2, bytesMax: 1_000 })
  const byBytes = openArrivalQueue({ arrivalsMax: 100, bytesMax: 10 })

  t.strictSame(
    [1, 1, 1].map((size) => byNumber.push(anArrival(size))),
    [true, true, false],
  )
  t.strictSame(
    [6, 5, 4].map((size) => byBytes.push(anArrival(size))),
    [true, false, true],
  )
  t.equal(byBytes.isCalm(), false)
})

test('an arrival larger than all the room fits into an empty queue, so that nothing is stuck', async (t) => {
  const queue = openArrivalQueue({ arrivalsMax: 2, bytesMax: 10 })

  t.equal(queue.push(anArrival(11)), true)
})

test('calm comes when half is taken', async (t) => {
  const queue = openArrivalQueue({ arrivalsMax: 4, bytesMax: 1_000 })
  for (let count = 0; count < 4; count += 1) queue.push(anArrival(1))
  const calm = queue.calm(never)

  await take(queue.arrivals(), 1)
  t.equal(queue.isCalm(), false)
  await take(queue.arrivals(), 1)
  await calm

  t.equal(queue.size(), 2)
})

test('closing ends the taking, the waiting and the putting in', async (t) => {
  const queue = openArrivalQueue({ arrivalsMax: 1, bytesMax: 1_000 })
  queue.push(anArrival(1))
  const calm = queue.calm(never)
  queue.close()

  t.strictSame(await take(queue.arrivals(), 1), [])
  t.equal(queue.push(anArrival(1)), false)
  await calm
})

test('waiting for calm ends with the signal', async (t) => {
  const queue = openArrivalQueue({ arrivalsMax: 1, bytesMax: 1_000 })
  queue.push(anArrival(1))
  const patience = new AbortController()
  const calm = queue.calm(patience.signal)

  patience.abort()

  await t.resolves(calm)
})

function anArrival(size: number): Arrival {
  const bytes = new Uint8Array(size)
  return { peer: 'post:test', bytes, bookmark: [], acceptCustody: () => {}, refuse: () => {} }
}

async function take(source: AsyncIterable<Arrival>, count: number): Promise<Arrival[]> {
  const taken: Arrival[] = []
  for await (const arrival of source) {
    taken.push(arrival)
    if (taken.length === count) break
  }
  return taken
}
