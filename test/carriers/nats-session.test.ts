import { test } from 'tap'
import { placeFromBytes } from '#carriers/nats-place.ts'
import { accept, handOver, parcel, textOf, type CarrierSide } from '../support/carrier-side.ts'
import { hub, openNatsNode, type NatsNode, whenFilesReady } from '../support/nats-node.ts'
import { startNatsServer, withoutNatsServer, type NatsServer } from '../support/nats-server.ts'
import { startRelay } from '../support/relay.ts'

const never = new AbortController().signal
const real = { skip: withoutNatsServer, timeout: 30_000 }

test('three nodes hear each other, and none hears itself', real, async (t) => {
  await using server = await startNatsServer()
  await using alpha = await openNatsNode(server.url)
  await using bravo = await openKit(server, 2)
  await using charlie = await openKit(server, 3)
  const nodes = [alpha, bravo, charlie]
  await Promise.all(nodes.map((node) => node.log.when('nats.caught-up')))

  const names = ['alpha', 'bravo', 'charlie']
  for (const [at, node] of nodes.entries())
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await node.carrier.send(hub, parcel(`from ${names[at]}`), never)
  await Promise.all(nodes.map((node) => takeAll(node, 2)))

  t.strictSame(
    nodes.map((node) => node.arrivals.map(textOf)),
    [
      ['from bravo', 'from charlie'],
      ['from alpha', 'from charlie'],
      ['from alpha', 'from bravo'],
    ],
  )
})

test('workspaces do not hear each other', real, async (t) => {
  await using server = await startNatsServer()
  await using alpha = await openNatsNode(server.url)
  await using other = await openNatsNode(server.url, { nodeNumber: 2, workspace: 'b' })
  await using bravo = await openKit(server, 3)
  const all = [alpha, other, bravo]
  await Promise.all(all.map((node) => node.log.when('nats.caught-up')))

  await alpha.carrier.send(hub, parcel('for a only'), never)
  await takeAll(bravo, 1)

  t.equal(other.arrivals.length, 0)
})

test(
  'our own acknowledgement moves the cursor over what was heard live, for no bytes',
  real,
  async (t) => {
    await using server = await startNatsServer()
    await using alpha = await openNatsNode(server.url)
    const bravo = await openKit(server, 2)
    await Promise.all([alpha, bravo].map((node) => node.log.when('nats.caught-up')))
    for (let number = 0; number < 10; number += 1)
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await alpha.carrier.send(hub, parcel(`report ${number}`, { number }), never)
    await takeAll(bravo, 10)

    await bravo.carrier.send(hub, parcel('receipt'), never)
    await bravo.carrier[Symbol.asyncDispose]()

    t.equal(await cursorOf(bravo), 11)
  },
)

test(
  'a node that only listens looks at the stream now and then, and does not fetch all of it again',
  real,
  async (t) => {
    await using server = await startNatsServer()
    await using alpha = await openNatsNode(server.url)
    const bravo = await openKit(server, 2)
    await Promise.all([alpha, bravo].map((node) => node.log.when('nats.caught-up')))
    for (let number = 0; number < 200; number += 1)
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await alpha.carrier.send(hub, parcel(`report ${number}`, { number }), never)
    await takeAll(bravo, 200)
    await bravo.carrier[Symbol.asyncDispose]()
    const cursor = await cursorOf(bravo)

    await using again = await openKit(server, 2, bravo)
    await again.log.when('nats.caught-up')

    t.ok(cursor >= 140, `the cursor stands at ${cursor}`)
    t.equal(again.arrivals.length, 0)
  },
)

test(
  'a line that goes silent while something is under way is found out, and the next one works',
  real,
  async (t) => {
    await using server = await startNatsServer()
    await using relay = await startRelay(server.port)
    await using alpha = await openNatsNode(`nats://127.0.0.1:${relay.port}`)
    await using bravo = await openKit(server, 2)
    await Promise.all([alpha.nextContact(true), bravo.nextContact(true)])

    relay.blackhole()
    const lost = alpha.carrier.send(hub, parcel('into the dark'), never)
    const refused = t.rejects(lost, { code: 'CARRIER_UNREACHABLE' })
    await alpha.nextContact(false)
    await refused
    relay.heal()

    t.equal(await handOver(alpha, hub, parcel('into the dark')), 'departed')
    t.equal(textOf(await bravo.nextArrival()), 'into the dark')
    t.equal(alpha.log.named('nats.half-open').length, 1)
  },
)

test('what was sent on a line that was cut meanwhile is heard once', real, async (t) => {
  await using server = await startNatsServer()
  await using relay = await startRelay(server.port)
  await using alpha = await openNatsNode(`nats://127.0.0.1:${relay.port}`)
  await using bravo = await openKit(server, 2)
  await Promise.all([alpha.nextContact(true), bravo.nextContact(true)])

  const sending = Array.from({ length: 30 }, async (_, number) => {
    const handed = handOver(alpha, hub, parcel(`report ${number}`, { number }))
    if (number === 10) relay.cut()
    return handed
  })
  relay.heal()
  await Promise.all(sending)
  await takeAll(bravo, 30)
  await handOver(alpha, hub, parcel('last', { number: 30 }))
  await takeAll(bravo, 1)

  t.equal(new Set(bravo.arrivals.map(textOf)).size, 31)
  t.equal(bravo.arrivals.length, 31)
})

test('an idle contact moves no bytes', real, async (t) => {
  await using server = await startNatsServer()
  await using relay = await startRelay(server.port)
  await using alpha = await openNatsNode(`nats://127.0.0.1:${relay.port}`, { patienceMs: 20 })
  await Promise.all([alpha.log.when('nats.caught-up'), whenFilesReady(alpha)])
  await handOver(alpha, hub, parcel('one'))
  const before = relay.bytes()

  // Ten times the patience after which an answer would be asked for.
  await new Promise((resolve) => {
    setTimeout(resolve, 200)
  })

  t.equal(relay.bytes(), before)
})

function openKit(server: NatsServer, nodeNumber: number, before?: NatsNode): Promise<NatsNode> {
  return openNatsNode(server.url, { nodeNumber, provision: false }, before?.store)
}

async function takeAll(side: CarrierSide, count: number): Promise<void> {
  for (let taken = 0; taken < count; taken += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await accept(side, await side.nextArrival())
  }
}

async function cursorOf({ store }: NatsNode): Promise<number> {
  const bytes = await store.get('carrier/nats/place/a')
  return placeFromBytes(bytes ?? new Uint8Array())?.cursor ?? -1
}
