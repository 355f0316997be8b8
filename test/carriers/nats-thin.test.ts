/** The NATS carrier and a real server, with a link of 2.4 kbit/s and 3 s there and back between them. */
import { test, type Test } from 'tap'
import type { Lane } from '#model/precedence.ts'
import type { Parcel } from '#ports/carrier.ts'
import type { Link } from '../../scripts/link/proxy.ts'
import { accept, handOver } from '../support/carrier-side.ts'
import { hub, openNatsNode, type NatsNode } from '../support/nats-node.ts'
import { startNatsServer, withoutNatsServer } from '../support/nats-server.ts'
import { seededRandom } from '../support/random.ts'
import { bytesOver, openThinLink, thinClock } from '../support/thin-link.ts'

const real = { skip: withoutNatsServer }
/** 2.4 kbit/s, and 3 s there and back. */
const THIN = { rateBps: 2_400, rttMs: 3_000 }
const BYTES_PER_MS = 0.3
/** About 2 s of it. */
const PARCEL_BYTES = 600
/** A file, by its name on the way. */
const MAP = '0123456789abcdef'

test('nats: a thin link drains any queue over one connection', real, async (t) => {
  const { kit, shore } = await aThinPair(t)
  const queue = Array.from({ length: 30 }, (_, number) => parcelOf('routine', number, PARCEL_BYTES))

  const handed = Promise.all(queue.map((one) => handOver(kit, hub, one)))
  for (let left = queue.length; left > 0; left -= 1) await accept(shore, await shore.nextArrival())

  t.strictSame(new Set(await handed), new Set(['departed']))
  t.equal(kit.log.named('nats.connected').length, 1)
  t.strictSame(kit.log.named('nats.half-open'), [])
})

test('nats: flash overtakes a full queue, and waits for one parcel', real, async (t) => {
  const { kit, shore, link } = await aThinPair(t)
  for (let number = 0; number < 40; number += 1)
    handOver(kit, hub, parcelOf('routine', number, PARCEL_BYTES)).catch(() => undefined)
  for (let left = 8; left > 0; left -= 1) await accept(shore, await shore.nextArrival())

  const before = link.stats().upBytes
  const flash = handOver(kit, hub, parcelOf('flash', 0, 150))
  let passed = 0
  for (let isFlash = false; !isFlash;) {
    const arrival = await shore.nextArrival()
    isFlash = arrival.bytes.length === 150
    passed = link.stats().upBytes - before
  }

  t.equal(await flash, 'departed')
  // What was in the air already, one parcel, its own bytes, and as much again for headers and a busy machine.
  const inTheAir = BYTES_PER_MS * THIN.rttMs
  t.ok(passed < inTheAir + 2 * PARCEL_BYTES + 600, `${passed} bytes came before it or with it`)
})

test(
  'nats: flash comes before the rest of a file, and waits for a page of it at most',
  real,
  async (t) => {
    const { kit, shore, link } = await aThinPair(t)
    for (let number = 0; number < 30; number += 1)
      await handOver(shore, hub, { ...parcelOf('routine', number, PARCEL_BYTES), file: MAP })
    const { signal } = new AbortController()
    const fetchAll = async (): Promise<void> => {
      while ((await kit.carrier.shelf?.fetch(hub, MAP, signal)) === 'more');
    }
    fetchAll().catch(() => undefined)
    for (let left = 8; left > 0; left -= 1) await accept(kit, await kit.nextArrival())

    const before = link.stats().downBytes
    const flash = parcelOf('flash', 0, 150)
    await handOver(shore, hub, flash)
    let passed = 0
    for (let isFlash = false; !isFlash;) {
      const arrival = await kit.nextArrival()
      isFlash = arrival.bytes.length === flash.bytes.length
      passed = link.stats().downBytes - before
      await accept(kit, arrival)
    }

    // A page is a round trip and 2 s of the line, and a piece more; then its own bytes, headers, and a busy machine.
    const page = BYTES_PER_MS * (THIN.rttMs + 2_000) + PARCEL_BYTES
    t.ok(passed < page + 900, `${passed} bytes came before it or with it`)
  },
)

test(
  'nats: an idle link carries nothing, and a half-open one is noticed when there is something to send',
  real,
  async (t) => {
    const { kit, link } = await aThinPair(t)
    await handOver(kit, hub, parcelOf('routine', 0, 300))
    await kit.log.when('nats.caught-up')
    // The server asks a new connection for its round trip once, two seconds of its own time after it began.
    const pings = 12
    await pass(20_000)
    const before = bytesOver(link)
    await pass(60_000)
    t.ok(bytesOver(link) - before <= pings, `${bytesOver(link) - before} bytes in an idle minute`)

    link.blackhole()
    await pass(20_000)
    t.strictSame(kit.log.named('nats.disconnected'), [], 'nothing to send, nothing to notice')
    const handed = handOver(kit, hub, parcelOf('routine', 1, 300))
    await kit.log.when('nats.half-open')
    link.heal()

    t.equal(await handed, 'departed')
  },
)

interface ThinPair {
  readonly kit: NatsNode
  /** At the server, without the link. */
  readonly shore: NatsNode
  readonly link: Link
}

async function aThinPair(t: Test): Promise<ThinPair> {
  const clock = thinClock()
  const server = await startNatsServer()
  const shore = await openNatsNode(server.url, { nodeNumber: 2 })
  await shore.nextContact(true)
  const link = await openThinLink({ ...THIN, targetPort: server.port })
  const life = {
    provision: false,
    connectTimeoutMs: 60_000,
    backOffMaxMs: 2_000,
    patienceMs: 4_000,
  }
  const kit = await openNatsNode(`nats://127.0.0.1:${link.port}`, { ...life, clock })
  t.teardown(async () => {
    await kit[Symbol.asyncDispose]()
    await link[Symbol.asyncDispose]()
    await shore[Symbol.asyncDispose]()
    await server[Symbol.asyncDispose]()
  })
  await kit.nextContact(true)
  return { kit, shore, link }
}

function parcelOf(lane: Lane, number: number, bytes: number): Parcel {
  return { bytes: seededRandom(number + 1).bytes(bytes), lane, number }
}

async function pass(ms: number): Promise<void> {
  await thinClock().sleep(ms, new AbortController().signal)
}
