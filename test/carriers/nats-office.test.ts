import { test } from 'tap'
import { EdgeError } from '#base/errors.ts'
import { placeFromBytes } from '#carriers/nats-place.ts'
import type { Store } from '#ports/store.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { accept, handOver, parcel, textOf } from '../support/carrier-side.ts'
import { hub, openNatsNode } from '../support/nats-node.ts'
import { startNatsServer, withoutNatsServer } from '../support/nats-server.ts'

const KEY = 'carrier/nats/place/a'
const real = { skip: withoutNatsServer, timeout: 20_000 }

test(
  'the place is on disk once the carrier is closed, and no bookmark had to bring it there',
  real,
  async (t) => {
    await using server = await startNatsServer()
    const alpha = await openNatsNode(server.url)
    for (const number of [0, 1, 2])
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await handOver(alpha, hub, parcel(`report ${number}`, { number }))
    await alpha.log.when('nats.caught-up')
    await alpha.carrier[Symbol.asyncDispose]()

    const place = placeFromBytes((await alpha.store.get(KEY)) ?? new Uint8Array())
    t.equal(place?.marks.at(-1)?.seq, 3)
    t.equal(place?.mayHaveForgotten, false)
  },
)

test('a refused envelope moves the cursor without the node writing anything', real, async (t) => {
  await using server = await startNatsServer()
  await using alpha = await openNatsNode(server.url)
  await handOver(alpha, hub, parcel('forged'))
  const bravo = await openNatsNode(server.url, { nodeNumber: 2, provision: false })
  const arrival = await bravo.nextArrival()
  arrival.refuse()
  await bravo.carrier[Symbol.asyncDispose]()

  const place = placeFromBytes((await bravo.store.get(KEY)) ?? new Uint8Array())
  t.equal(place?.cursor, 1)
})

test(
  'a place that cannot be read is an alarm, and everything is fetched and offered again',
  real,
  async (t) => {
    await using server = await startNatsServer()
    await using alpha = await openNatsNode(server.url)
    await handOver(alpha, hub, parcel('kept'))
    const store = openMemoryStore()
    await store.write([{ key: KEY, value: Buffer.from('{"version":9}') }])

    await using bravo = await openNatsNode(server.url, { nodeNumber: 2, provision: false }, store)
    const contact = await bravo.nextContact(true)

    t.match(await bravo.log.when('nats.place-unreadable'), { level: 'error' })
    t.equal(contact.mayHaveForgotten, true)
    t.equal(textOf(await bravo.nextArrival()), 'kept')
  },
)

test(
  'a store that is full does not stop the carrier: it fetches again what it could not note',
  real,
  async (t) => {
    await using server = await startNatsServer()
    await using alpha = await openNatsNode(server.url)
    const inner = openMemoryStore()
    const full: Store = {
      ...inner,
      write: () => Promise.reject(new EdgeError('STORE_FULL', {})),
    }
    const bravo = await openNatsNode(server.url, { nodeNumber: 2, provision: false }, full)
    await handOver(alpha, hub, parcel('one'))
    const first = await bravo.nextArrival()
    first.acceptCustody()
    await bravo.carrier[Symbol.asyncDispose]()
    await using again = await openNatsNode(server.url, { nodeNumber: 2, provision: false }, inner)

    t.match(await bravo.log.when('nats.place-not-kept'), { facts: { code: 'STORE_FULL' } })
    t.equal(textOf(await again.nextArrival()), 'one')
  },
)

test(
  'a bookmark goes with its envelope: what it says is settled is settled with it',
  real,
  async (t) => {
    await using server = await startNatsServer()
    await using alpha = await openNatsNode(server.url)
    await using bravo = await openNatsNode(server.url, { nodeNumber: 2, provision: false })
    await Promise.all([alpha.log.when('nats.caught-up'), bravo.nextContact(true)])
    await handOver(alpha, hub, parcel('one'))
    const arrival = await bravo.nextArrival()
    const [write] = arrival.bookmark

    t.equal(arrival.bookmark.length, 1)
    t.equal(write?.key, KEY)
    t.equal(placeFromBytes(write?.value ?? new Uint8Array())?.accepted.length, 1)
    await accept(bravo, arrival)
  },
)
