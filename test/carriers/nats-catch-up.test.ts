import { test } from 'tap'
import { realClock } from '#ports/real.ts'
import type { Lane } from '#model/precedence.ts'
import { accept, parcel, textOf, type CarrierSide } from '../support/carrier-side.ts'
import { hub, openNatsNode, type NatsNode } from '../support/nats-node.ts'
import { startNatsServer, withoutNatsServer } from '../support/nats-server.ts'
import { openLink } from '../../scripts/link/proxy.ts'
import { constantTrace } from '../../scripts/link/trace.ts'
import { startRelay } from '../support/relay.ts'

const never = new AbortController().signal
/** What one call brings before it is cut: less than all the flash there is. */
const CALL_BYTES = 6_000
const real = { skip: withoutNatsServer, timeout: 30_000 }

test('a kit that was away catches up on 500 envelopes, each once and in order', real, async (t) => {
  await using server = await startNatsServer()
  await using alpha = await openNatsNode(server.url)
  await alpha.nextContact(true)
  const texts = await sendMany(alpha, 500)

  await using bravo = await openNatsNode(server.url, { nodeNumber: 2, provision: false })
  await takeAll(bravo, 500)
  await bravo.log.when('nats.caught-up')

  t.strictSame(bravo.arrivals.map(textOf), texts)
})

test('being up to date costs one question and a "nothing"', real, async (t) => {
  await using server = await startNatsServer()
  await using relay = await startRelay(server.port)
  const url = `nats://127.0.0.1:${relay.port}`
  await using alpha = await openNatsNode(server.url)
  await alpha.nextContact(true)
  await sendMany(alpha, 10)
  const first = await openNatsNode(url, { nodeNumber: 2, provision: false })
  await takeAll(first, 10)
  await first.log.when('nats.caught-up')
  await first.carrier[Symbol.asyncDispose]()
  const before = relay.bytes()

  await using second = await openNatsNode(url, { nodeNumber: 2, provision: false }, first.store)
  await second.log.when('nats.caught-up')

  t.equal(second.arrivals.length, 0)
  t.ok(relay.bytes() - before < 1_500, `${relay.bytes() - before} bytes with the greeting`)
})

test('flash comes first when much is missing', real, async (t) => {
  await using server = await startNatsServer()
  await using alpha = await openNatsNode(server.url)
  await alpha.nextContact(true)
  for (let number = 0; number < 100; number += 1)
    // oxlint-disable-next-line no-await-in-loop -- one after the other, each in a message of its own
    await alpha.carrier.send(hub, parcel(`report ${number}`, { number }), never)
  await alpha.carrier.send(hub, parcel('flash', { lane: 'flash' }), never)

  await using bravo = await openNatsNode(server.url, { nodeNumber: 2, provision: false })
  await takeAll(bravo, 101)
  const place = bravo.arrivals.findIndex((arrival) => textOf(arrival) === 'flash')

  t.ok(place <= 2, `it came as number ${place + 1}`)
  t.equal(new Set(bravo.arrivals.map(textOf)).size, bravo.arrivals.length)
})

test(
  'calls that are cut short get on with the rest: flash is not fetched anew in each',
  real,
  async (t) => {
    await using server = await startNatsServer()
    await using relay = await startRelay(server.port)
    await using alpha = await openNatsNode(server.url)
    await alpha.nextContact(true)
    await sendMany(alpha, 40)
    for (let number = 0; number < 40; number += 1)
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await alpha.carrier.send(hub, parcel(`flash ${number}`, { number, lane: 'flash' }), never)

    await using bravo = await openNatsNode(`nats://127.0.0.1:${relay.port}`, {
      nodeNumber: 2,
      provision: false,
    })
    let [calls, limit] = [1, CALL_BYTES]
    for (let taken = 0; taken < 80; taken += 1) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      await accept(bravo, await bravo.nextArrival())
      if (relay.bytes() < limit) continue
      relay.cut()
      relay.heal()
      calls += 1
      limit = relay.bytes() + CALL_BYTES
    }

    t.ok(calls <= 10, `${calls} calls for ${relay.bytes()} bytes`)
  },
)

test(
  'a node that takes its time gets everything once, and never more waits than there is room for',
  real,
  async (t) => {
    await using server = await startNatsServer()
    await using alpha = await openNatsNode(server.url)
    const bravo = await openNatsNode(server.url, { nodeNumber: 2, provision: false })
    await Promise.all([alpha.nextContact(true), bravo.nextContact(true)])
    await bravo.carrier[Symbol.asyncDispose]()

    await using slow = await openSlow(server.url, bravo)
    const texts = await sendMany(alpha, 600)
    const seen: string[] = []
    for await (const arrival of slow.carrier.arrivals()) {
      seen.push(textOf(arrival))
      await slow.store.write(arrival.bookmark)
      arrival.acceptCustody()
      if (seen.length === texts.length) break
    }

    t.strictSame(seen.toSorted(), texts.toSorted())
  },
)

test('what leaves while a kit catches up is not read back', real, async (t) => {
  await using server = await startNatsServer()
  await using alpha = await openNatsNode(server.url)
  await alpha.nextContact(true)
  const trace = constantTrace({ rateBps: 256_000, rttMs: 300, loss: 0 })
  const to = { listenPort: 0, targetHost: '127.0.0.1', targetPort: server.port }
  await using link = await openLink({ ...to, trace, speed: 1, seed: 1, clock: realClock() })
  const kit = { nodeNumber: 2, provision: false, patienceMs: 5_000 }
  await alpha.carrier.send(hub, parcel('from before', { number: 0 }), never)

  await using bravo = await openNatsNode(`nats://127.0.0.1:${link.port}`, kit)
  await bravo.nextContact(true)
  const own = Array.from({ length: 20 }, (_, number) =>
    bravo.carrier.send(hub, parcel(`${number} ${'x'.repeat(900)}`, { number }), never),
  )
  await Promise.all(own)
  await accept(bravo, await bravo.nextArrival())
  await bravo.log.when('nats.caught-up')

  const { upBytes, downBytes } = link.stats()
  t.ok(downBytes < upBytes / 4, `${upBytes} bytes up, ${downBytes} down`)
})

test('own envelopes are not delivered back, wherever they stand among others', real, async (t) => {
  await using server = await startNatsServer()
  await using alpha = await openNatsNode(server.url)
  const first = await openNatsNode(server.url, { nodeNumber: 2, provision: false })
  await Promise.all([alpha.nextContact(true), first.nextContact(true)])
  for (let number = 0; number < 5; number += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one from here, one from there
    await alpha.carrier.send(hub, parcel(`alpha ${number}`, { number }), never)
    // oxlint-disable-next-line no-await-in-loop -- one from here, one from there
    await first.carrier.send(hub, parcel(`bravo ${number}`, { number }), never)
  }
  await first.carrier[Symbol.asyncDispose]()

  await using second = await openNatsNode(
    server.url,
    { nodeNumber: 2, provision: false },
    first.store,
  )
  await second.log.when('nats.caught-up')
  await takeAll(second, 5)

  t.strictSame(
    second.arrivals.map(textOf),
    [0, 1, 2, 3, 4].map((number) => `alpha ${number}`),
  )
})

test('a node restored from a backup gets back what its former life sent', real, async (t) => {
  await using server = await startNatsServer()
  const alpha = await openNatsNode(server.url)
  await alpha.nextContact(true)
  const texts = await sendMany(alpha, 5)
  await alpha.carrier[Symbol.asyncDispose]()

  await using restored = await openNatsNode(server.url, { epoch: 'zzzzz' })
  await takeAll(restored, 5)

  t.strictSame(restored.arrivals.map(textOf), texts)
})

test('envelopes of all sizes come back unchanged, many at a time', real, async (t) => {
  await using server = await startNatsServer()
  await using alpha = await openNatsNode(server.url)
  await alpha.nextContact(true)
  const sizes = Array.from({ length: 60 }, (_, at) => 1 + ((at * 7_919) % 60_000))
  await Promise.all(
    sizes.map((size, number) =>
      alpha.carrier.send(
        hub,
        { bytes: Buffer.alloc(size, number), lane: 'routine', number },
        never,
      ),
    ),
  )

  await using bravo = await openNatsNode(server.url, { nodeNumber: 2, provision: false })
  await takeAll(bravo, sizes.length)

  t.ok(bravo.arrivals.every(({ bytes }) => bytes.every((byte) => byte === bytes[0])))
  t.strictSame(
    bravo.arrivals.map(({ bytes }) => bytes.length).toSorted((a, b) => a - b),
    sizes.toSorted((a, b) => a - b),
  )
})

async function sendMany(from: NatsNode, count: number, lane: Lane = 'routine'): Promise<string[]> {
  const texts = Array.from({ length: count }, (_, number) => `report ${number}`)
  for (let at = 0; at < count; at += 32) {
    const some = texts.slice(at, at + 32)
    // oxlint-disable-next-line no-await-in-loop -- as many at once as a node sends
    await Promise.all(
      some.map((text, index) =>
        from.carrier.send(hub, parcel(text, { number: at + index, lane }), never),
      ),
    )
  }
  return texts
}

async function takeAll(side: CarrierSide, count: number): Promise<void> {
  for (let taken = 0; taken < count; taken += 1) {
    // oxlint-disable-next-line no-await-in-loop -- one after the other
    await accept(side, await side.nextArrival())
  }
}

/** A node whose arrivals nobody takes until the test does. */
async function openSlow(url: string, { store }: NatsNode): Promise<Quiet> {
  const { natsOptions } = await import('../support/nats-node.ts')
  const { openNatsCarrier } = await import('#carriers/nats.ts')
  const { realRandom } = await import('#ports/real.ts')
  const { collectingLog } = await import('../support/log.ts')
  const log = collectingLog()
  const ports = { clock: realClock(), random: realRandom(), log, store }
  const carrier = await openNatsCarrier(
    natsOptions(url, { nodeNumber: 2, provision: false }),
    ports,
  )
  await log.when('nats.caught-up')
  return { carrier, store, [Symbol.asyncDispose]: () => carrier[Symbol.asyncDispose]() }
}

interface Quiet extends AsyncDisposable {
  readonly carrier: NatsNode['carrier']
  readonly store: NatsNode['store']
}
