/** Pieces of files at a real server: who fetches gets them, and what that costs all others. */
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { placeKey } from '#carriers/nats-place.ts'
import { fileStreamConfig } from '#carriers/nats-provision.ts'
import type { Parcel } from '#ports/carrier.ts'
import { realClock } from '#ports/real.ts'
import { fetchAll, handOver, keepAccepting, parcel, textOf } from '../support/carrier-side.ts'
import {
  hub,
  openNatsNode,
  rawNats,
  whenFilesReady,
  type NatsChanges,
  type NatsNode,
} from '../support/nats-node.ts'
import { startNatsServer, withoutNatsServer } from '../support/nats-server.ts'
import { startRelay, type Relay } from '../support/relay.ts'
import { openThinLink, thinClock } from '../support/thin-link.ts'

const MAP = '00000000000000a1'
const PHOTO = 'ffffffff000000b2'
const never = new AbortController().signal
const real = { skip: withoutNatsServer, timeout: 30_000 }

test(
  'a piece crosses the lines of its giver and of who fetches it, and no other',
  real,
  async (t) => {
    await using server = await startNatsServer()
    await using wanting = await startRelay(server.port)
    await using other = await startRelay(server.port)
    await using alpha = await openReady(server.url)
    await using bravo = await openBehind(wanting, 2)
    await using charlie = await openBehind(other, 3)
    await Promise.all([bravo.log.when('nats.caught-up'), charlie.log.when('nats.caught-up')])
    const before = { wanting: wanting.bytes(), other: other.bytes() }

    await put(alpha, pieces([...Array(20).keys()], 5_000))
    t.equal(wanting.bytes(), before.wanting, 'not even to who will want it')
    void keepAccepting(bravo)
    await fetchAll(bravo, hub, MAP)

    t.equal(bravo.arrivals.length, 20)
    const spent = wanting.bytes() - before.wanting
    t.ok(spent > 100_000 && spent < 115_000, `${spent} bytes for 100,000`)
    t.equal(other.bytes(), before.other)
  },
)

test(
  'a line that ends under a fetch costs no piece, and no more than a page again',
  real,
  async (t) => {
    await using server = await startNatsServer()
    await using relay = await startRelay(server.port)
    await using alpha = await openReady(server.url)
    await put(alpha, pieces([...Array(40).keys()], 3_000))
    await using bravo = await openBehind(relay, 2)
    await bravo.nextContact(true)
    const limit = relay.bytes() + 50_000

    void keepAccepting(bravo)
    const fetched = fetchAll(bravo, hub, MAP)
    // oxlint-disable-next-line no-await-in-loop -- until so much has come
    while (relay.bytes() < limit) await turn()
    relay.cut()
    relay.heal()
    await fetched

    t.equal(new Set(bravo.arrivals.map(textOf)).size, 40)
    t.ok(bravo.arrivals.length <= 40 + 22, `${bravo.arrivals.length} for 40`)
    t.equal(bravo.contacts.length, 3)
  },
)

test('whoever was away gets the messages first, and the pieces after them', real, async (t) => {
  await using server = await startNatsServer()
  await using alpha = await openReady(server.url)
  await put(alpha, pieces([...Array(5).keys()], 5_000))
  for (let number = 0; number < 60; number += 1)
    // oxlint-disable-next-line no-await-in-loop -- one after the other, each in a message of its own
    await alpha.carrier.send(hub, parcel(`report ${number}`, { number }), never)

  await using bravo = await openNode(server.url, 2)
  void keepAccepting(bravo)
  await fetchAll(bravo, hub, MAP)

  const firstPiece = bravo.arrivals.findIndex(({ bytes }) => bytes.length >= 5_000)
  t.equal(bravo.arrivals.length, 65)
  t.equal(firstPiece, 60)
})

test('a stream made anew is read from its beginning, in the same call', real, async (t) => {
  await using server = await startNatsServer()
  await using alpha = await openReady(server.url)
  await put(alpha, pieces([0, 1, 2], 100))
  const first = await openNode(server.url, 2)
  void keepAccepting(first)
  await fetchAll(first, hub, MAP)
  await first.carrier[Symbol.asyncDispose]()
  await using raw = await rawNats(server.url)
  await raw.request('$JS.API.STREAM.DELETE.a-f')
  await raw.request('$JS.API.STREAM.CREATE.a-f', fileStreamConfig(alpha.options))
  await handOver(alpha, hub, aPiece(3, 100))

  await using bravo = await openNode(server.url, 2, {}, first.store)
  void keepAccepting(bravo)
  t.match(await fetchSome(bravo), /^(?:more|end)$/)
  t.strictSame(bravo.arrivals.map(textOf), [textOfPiece(3, 100)])
  t.equal(await fetchSome(bravo), 'end')
  t.equal(await fetchSome(bravo), 'end', 'and not from its beginning every time')
  t.equal(bravo.arrivals.length, 1)
})

test('a stream made anew under a line is noticed before long', real, async (t) => {
  await using server = await startNatsServer()
  await using alpha = await openReady(server.url)
  await put(alpha, pieces([0, 1, 2], 100))
  const clock = { ...realClock() }
  let laterMs = 0
  clock.monotonicMs = () => realClock().monotonicMs() + laterMs
  await using bravo = await openNode(server.url, 2, { clock })
  void keepAccepting(bravo)
  await fetchAll(bravo, hub, MAP)
  await using raw = await rawNats(server.url)
  await raw.request('$JS.API.STREAM.DELETE.a-f')
  await raw.request('$JS.API.STREAM.CREATE.a-f', fileStreamConfig(alpha.options))
  await handOver(alpha, hub, aPiece(3, 100))
  t.equal(await fetchSome(bravo), 'end')

  laterMs = 600_000
  await fetchAll(bravo, hub, MAP)

  t.strictSame(bravo.arrivals.map(textOf).at(-1), textOfPiece(3, 100))
})

test(
  'whoever is told of more that is not there pays for one piece in each contact',
  real,
  async (t) => {
    await using server = await startNatsServer()
    await using relay = await startRelay(server.port)
    await using alpha = await openReady(server.url)
    await put(alpha, pieces([...Array(20).keys()], 1_000))
    const first = await openBehind(relay, 2)
    void keepAccepting(first)
    await fetchAll(first, hub, MAP)
    await first.carrier[Symbol.asyncDispose]()

    await using bravo = await openNode(`nats://127.0.0.1:${relay.port}`, 2, {}, first.store)
    await bravo.log.when('nats.caught-up')
    const before = relay.bytes()
    for (const each of ['end', 'end', 'end'])
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      t.equal(await fetchSome(bravo), each)

    t.ok(relay.bytes() - before < 2_500, `${relay.bytes() - before} bytes`)
    t.equal(bravo.arrivals.length, 0)
  },
)

test(
  'a server that lost its disk is read from the beginning of its new stream',
  real,
  async (t) => {
    await using server = await startNatsServer()
    await using alpha = await openReady(server.url)
    await using bravo = await openNode(server.url, 2)
    void keepAccepting(bravo)
    void keepAccepting(alpha)
    await handOver(bravo, hub, parcel('a message'))
    await put(alpha, pieces([0, 1, 2], 100))
    await fetchAll(bravo, hub, MAP)

    const heard = bravo.contacts.length
    await server.kill()
    await server.wipe()
    await server.start()
    await bravo.contactFrom(heard)
    // More than there were: what stands beyond the place would be found, and what stands before it not.
    await put(alpha, pieces([3, 4, 5, 6], 100))
    await fetchAll(bravo, hub, MAP)

    t.equal(bravo.arrivals.length, 7)
  },
)

test('what was let go of is read from its beginning, once', real, async (t) => {
  await using server = await startNatsServer()
  await using alpha = await openReady(server.url)
  await using bravo = await openNode(server.url, 2)
  void keepAccepting(bravo)
  await put(alpha, pieces([0, 1, 2], 100))
  await fetchAll(bravo, hub, MAP)

  must(bravo.carrier.shelf?.again, 'it keeps a place')(MAP)
  await fetchAll(bravo, hub, MAP)
  await fetchAll(bravo, hub, MAP)

  t.strictSame(
    bravo.arrivals.map(textOf),
    [0, 1, 2, 0, 1, 2].map((number) => textOfPiece(number, 100)),
  )
})

test('own pieces are passed over, those of a former life are not', real, async (t) => {
  await using server = await startNatsServer()
  await using alpha = await openReady(server.url)
  await put(alpha, pieces([0, 1], 100))
  const before = await openNode(server.url, 2, { epoch: 'b3f0r' })
  await handOver(before, hub, aPiece(2, 100))
  await before.carrier[Symbol.asyncDispose]()
  await using bravo = await openNode(server.url, 2, { epoch: 'n0w00' })
  await put(bravo, pieces([3, 4, 5], 100))
  void keepAccepting(bravo)

  await fetchAll(bravo, hub, MAP)

  t.strictSame(
    bravo.arrivals.map(textOf),
    [0, 1, 2].map((number) => textOfPiece(number, 100)),
  )
})

test('files of several givers come whole, however they stand among each other', real, async (t) => {
  await using server = await startNatsServer()
  await using alpha = await openReady(server.url)
  await using charlie = await openNode(server.url, 3)
  const sizes = Array.from({ length: 30 }, (_, at) => 1 + ((at * 7_919) % 60_000))
  for (const [at, size] of sizes.entries()) {
    // oxlint-disable-next-line no-await-in-loop -- in turn
    await put(alpha, [aPiece(at, size)])
    // oxlint-disable-next-line no-await-in-loop -- in runs: some stand side by side and some do not
    if (at % 7 > 3) await put(charlie, [aPiece(at, size + 1, PHOTO)])
  }
  await using bravo = await openNode(server.url, 2)
  void keepAccepting(bravo)

  await Promise.all([MAP, PHOTO].map((file) => fetchAll(bravo, hub, file)))

  const came = bravo.arrivals.map(({ bytes }) => bytes.length)
  const wanted = [...sizes, ...sizes.flatMap((size, at) => (at % 7 > 3 ? [size + 1] : []))]
  t.strictSame(came.toSorted(byNumber), wanted.toSorted(byNumber))
})

test('on a thin line a piece of 30 s comes whole, once, and waits for nobody', real, async (t) => {
  await using server = await startNatsServer()
  const thin = { rateBps: 16_000, rttMs: 600, targetPort: server.port }
  await using link = await openThinLink(thin)
  await using alpha = await openReady(server.url)
  await put(alpha, pieces([0, 1], 60_000))
  const patient = { clock: thinClock(), connectTimeoutMs: 60_000, patienceMs: 4_000 }
  await using kit = await openNatsNode(`nats://127.0.0.1:${link.port}`, {
    ...patient,
    nodeNumber: 2,
    provision: false,
  })
  await kit.nextContact(true)
  void keepAccepting(kit)

  t.equal(await fetchSome(kit), 'more', 'a page is no more than one of them')
  t.equal(kit.arrivals.length, 1)
  await fetchAll(kit, hub, MAP)

  t.equal(kit.arrivals.length, 2)
  const { downBytes } = link.stats()
  t.ok(downBytes < 125_000, `${downBytes} bytes came for 120,000`)
  t.equal(kit.log.named('nats.connected').length, 1)
})

test('on a thin line flash comes between the pieces, whatever is fetched', real, async (t) => {
  await using server = await startNatsServer()
  const thin = { rateBps: 22_000, rttMs: 600, targetPort: server.port }
  await using link = await openThinLink(thin)
  await using alpha = await openReady(server.url)
  const [map, photo] = [MAP, PHOTO].map((file) =>
    Array.from({ length: 15 }, (_, number) => aPiece(number, 3_000, file)),
  )
  await put(alpha, [
    ...(map ?? []),
    ...(photo ?? []).map((one) => ({ ...one, number: one.number + 15 })),
  ])
  await using kit = await openNatsNode(`nats://127.0.0.1:${link.port}`, {
    clock: thinClock(),
    connectTimeoutMs: 60_000,
    patienceMs: 4_000,
    nodeNumber: 2,
    provision: false,
  })
  await kit.nextContact(true)
  void keepAccepting(kit)
  const fetched = Promise.all([MAP, PHOTO].map((file) => fetchAll(kit, hub, file)))
  // oxlint-disable-next-line no-await-in-loop -- until it is well under way
  while (kit.arrivals.length < 4) await turn()

  await thinClock().sleep(1_000, never)
  const before = kit.arrivals.length
  await put(alpha, [parcel('flash', { lane: 'flash', number: 0 })])
  const place = (): number => kit.arrivals.findIndex((arrival) => textOf(arrival) === 'flash')
  // oxlint-disable-next-line no-await-in-loop -- until it has come
  while (place() < 0) await turn()

  // A page of 2.6 s has two or three, a machine that is busy takes some more for flash to leave.
  t.ok(place() - before <= 5, `${place() - before} pieces of 26 came before it`)
  await fetched
  t.equal(kit.arrivals.length, 31)
})

test('the books of all else stay complete while others put pieces', real, async (t) => {
  await using server = await startNatsServer()
  await using alpha = await openReady(server.url)
  await using relay = await startRelay(server.port)
  await using bravo = await openBehind(relay, 2)
  await using charlie = await openNode(server.url, 3)
  await Promise.all([bravo, charlie].map(({ log }) => log.when('nats.caught-up')))
  void keepAccepting(bravo)
  const before = relay.bytes()

  for (let number = 0; number < 30; number += 1) {
    // oxlint-disable-next-line no-await-in-loop -- in turn
    await put(charlie, [aPiece(number, 2_000)])
    const message = parcel(`message ${number}`, { number })
    // oxlint-disable-next-line no-await-in-loop -- in turn
    await put(alpha, [aPiece(number, 2_000, PHOTO), message])
    // oxlint-disable-next-line no-await-in-loop -- in turn
    await put(bravo, [parcel(`answer ${number}`, { number })])
  }
  // oxlint-disable-next-line no-await-in-loop -- until all have come
  while (bravo.arrivals.length < 30) await turn()

  for (const { log } of [alpha, bravo, charlie]) {
    t.equal(log.named('nats.gap').length, 0)
    t.equal(log.named('nats.other-stream').length, 0)
    t.ok(log.named('nats.caught-up').length <= 1)
  }
  t.ok(relay.bytes() - before < 12_000, `${relay.bytes() - before} bytes for 60 messages`)
  const place = must(await bravo.store.get(placeKey(bravo.options.keyPrefix, 'a')), 'it is kept')
  t.match(JSON.parse(Buffer.from(place).toString()), { cursor: 60 })
})

test(
  'where there is no stream for pieces there are none, and that is said once',
  real,
  async (t) => {
    await using server = await startNatsServer()
    await using bravo = await openNode(server.url, 2)

    t.equal(await fetchSome(bravo), 'away')
    t.equal(await fetchSome(bravo), 'away')

    const said = bravo.log.named('nats.no-stream').filter(({ facts }) => facts.stream === 'a-f')
    t.match(said, [{ level: 'warn' }])
    t.equal(said.length, 1)

    await using alpha = await openReady(server.url)
    await handOver(alpha, hub, aPiece(0, 100))
    void keepAccepting(bravo)
    await fetchAll(bravo, hub, MAP)
    t.equal(bravo.arrivals.length, 1)
  },
)

test('a full stream lets the oldest pieces go, and refuses none', real, async (t) => {
  await using server = await startNatsServer()
  await using alpha = await openReady(server.url, { fileStreamBytesMax: 20_000 })
  await put(alpha, pieces([...Array(10).keys()], 5_000))
  await using bravo = await openNode(server.url, 2)
  void keepAccepting(bravo)

  await fetchAll(bravo, hub, MAP)

  const last = [7, 8, 9].map((number) => textOfPiece(number, 5_000))
  t.strictSame(bravo.arrivals.map(textOf), last)
  t.strictSame(alpha.log.named('nats.refused'), [])
})

/** A node that makes both streams, and has. */
async function openReady(url: string, changes: NatsChanges = {}): Promise<NatsNode> {
  const node = await openNatsNode(url, changes)
  await whenFilesReady(node)
  return node
}

/** A node that makes no stream, in contact. */
async function openNode(
  url: string,
  nodeNumber: number,
  changes: NatsChanges = {},
  store?: NatsNode['store'],
): Promise<NatsNode> {
  const node = await openNatsNode(url, { nodeNumber, provision: false, ...changes }, store)
  await node.contactFrom(0)
  return node
}

function openBehind({ port }: Relay, nodeNumber: number): Promise<NatsNode> {
  return openNode(`nats://127.0.0.1:${port}`, nodeNumber)
}

function fetchSome({ carrier }: NatsNode): Promise<'more' | 'end' | 'away'> {
  return must(carrier.shelf, 'it keeps pieces apart').fetch(hub, MAP, never)
}

function aPiece(number: number, size: number, file = MAP): Parcel {
  return parcel(textOfPiece(number, size), { number, file })
}

function textOfPiece(number: number, size: number): string {
  return `piece ${number} `.padEnd(size, '.').slice(0, size)
}

/** Puts them there in this order. */
async function put(node: NatsNode, parcels: readonly Parcel[]): Promise<void> {
  // oxlint-disable-next-line no-await-in-loop -- one after the other
  for (const each of parcels) await handOver(node, hub, each)
}

function pieces(numbers: readonly number[], size: number): readonly Parcel[] {
  return numbers.map((number) => aPiece(number, size))
}

function byNumber(a: number, b: number): number {
  return a - b
}

function turn(): Promise<void> {
  return new Promise((resolve) => void setImmediate(resolve))
}
