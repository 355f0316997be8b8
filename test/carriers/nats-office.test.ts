import { test } from 'tap'
import { EdgeError } from '#base/errors.ts'
import { openOffice } from '#carriers/nats-office.ts'
import { packed, PACK_ENVELOPES_MAX } from '#carriers/nats-pack.ts'
import { placeFromBytes } from '#carriers/nats-place.ts'
import type { Arrival } from '#ports/carrier.ts'
import type { Store } from '#ports/store.ts'
import { realClock, realRandom } from '#ports/real.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { accept, handOver, parcel, textOf } from '../support/carrier-side.ts'
import { collectingLog } from '../support/log.ts'
import { hub, natsOptions, openNatsNode } from '../support/nats-node.ts'
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

test(
  'a message of several is settled with the last of them, and each for itself',
  real,
  async (t) => {
    await using server = await startNatsServer()
    await using alpha = await openNatsNode(server.url)
    await alpha.nextContact(true)
    const sent = ['alone', 'second', 'third'].map((text, number) =>
      handOver(alpha, hub, parcel(text, { number })),
    )
    await Promise.all(sent)
    const options = { nodeNumber: 2, provision: false }
    const bravo = await openNatsNode(server.url, options)
    for (const text of ['alone', 'second']) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const arrival = await bravo.nextArrival()
      t.equal(textOf(arrival), text)
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await accept(bravo, arrival)
    }
    t.equal(await cursorOf(bravo.store), 1, 'its third is not settled')
    await bravo.carrier[Symbol.asyncDispose]()

    const again = await openNatsNode(server.url, options, bravo.store)
    const arrival = await again.nextArrival()
    t.equal(textOf(arrival), 'third', 'and the second is known')
    await accept(again, arrival)
    await again.carrier[Symbol.asyncDispose]()
    t.equal(await cursorOf(again.store), 2)
  },
)

test('of a page of messages of several, as much as a server sends at once, nothing is lost', async (t) => {
  const [messages, each] = [64, PACK_ENVELOPES_MAX]
  const ports = { clock: realClock(), random: realRandom(), log: collectingLog() }
  const office = await openOffice(natsOptions(''), { ...ports, store: openMemoryStore() })
  // So many may wait before a page is asked for.
  let before = 0
  while (office.waiting.isCalm()) {
    office.waiting.push(anArrival())
    before += 1
  }
  for (let seq = 1; seq <= messages; seq += 1) {
    const texts = Array.from({ length: each }, (_, at) => Buffer.from(`${seq} ${at}`))
    const message = packed(texts)
    const entry = office.ledger.fetchedBare(message)
    if (entry !== undefined) office.deliver(entry, message)
  }

  t.equal(office.waiting.size(), before + messages * each)
})

function anArrival(): Arrival {
  const bytes = Uint8Array.of(1)
  return { peer: hub, bytes, bookmark: [], acceptCustody: nothing, refuse: nothing }
}

function nothing(): void {}

async function cursorOf(store: Store): Promise<number | undefined> {
  return placeFromBytes((await store.get(KEY)) ?? new Uint8Array())?.cursor
}
