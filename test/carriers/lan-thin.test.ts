/** The LAN carrier over a link of 2.4 kbit/s with 3 s there and back: TCP, WebSocket and session as they are. */
import { test, type Test } from 'tap'
import { codeOf } from '#base/errors.ts'
import type { Lane } from '#model/precedence.ts'
import type { Parcel } from '#ports/carrier.ts'
import type { Link } from '../../scripts/link/proxy.ts'
import { accept, handOver, type CarrierSide } from '../support/carrier-side.ts'
import { aLanNode, type LanNode } from '../support/lan.ts'
import { anOrganisation } from '../support/organisation.ts'
import { seededRandom } from '../support/random.ts'
import { bytesOver, openThinLink, thinClock } from '../support/thin-link.ts'

const relief = anOrganisation('relief')
const alpha = relief.node('alpha')
const bravo = relief.node('bravo', { number: 2 })
const bravoId = bravo.certificate.node

/** 2.4 kbit/s, and 3 s there and back. */
const THIN = { rateBps: 2_400, rttMs: 3_000 }
const BYTES_PER_MS = 0.3

test('lan: a thin link drains any queue, also one that takes far longer than any patience', async (t) => {
  const { kit, hub } = await aThinPair(t)
  const queue = Array.from({ length: 12 }, (_, number) => routine(number, 1_500))

  const handed = Promise.all(queue.map((one) => handOver(kit.side, bravoId, one)))
  await acceptAll(hub.side, queue.length)

  t.strictSame(new Set(await handed), new Set(['custody']))
  t.strictSame(kit.log.named('lan.session-end'), [])
  t.strictSame(
    hub.side.arrivals.map(({ bytes }) => bytes.length),
    queue.map(({ bytes }) => bytes.length),
  )
})

test('lan: flash overtakes a parcel that is on its way, and waits for one frame', async (t) => {
  const { kit, hub, link } = await aThinPair(t)
  const big = routine(0, 40_000)
  void handOver(kit.side, bravoId, big).catch(() => undefined)
  await untilBytes(link, 6_000)

  const before = link.stats().upBytes
  const flash = handOver(kit.side, bravoId, parcelOf('flash', 0, 150))
  const first = await hub.side.nextArrival()
  const passed = link.stats().upBytes - before
  first.acceptCustody()

  t.equal(first.bytes.length, 150)
  t.equal(await flash, 'custody')
  // What was in the air already, one frame of 2 s, its own bytes, and what a busy machine makes of it.
  const inTheAir = BYTES_PER_MS * THIN.rttMs
  const frame = BYTES_PER_MS * 2_000
  t.ok(passed < inTheAir + 2 * frame + 300, `${passed} bytes came before it or with it`)
  t.ok(before < 20_000, 'the big parcel was on its way')
})

test('lan: an idle link carries nothing, and a half-open one is noticed when there is something to send', async (t) => {
  const { kit, hub, link } = await aThinPair(t)
  const handed = handOver(kit.side, bravoId, routine(0, 300))
  await acceptAll(hub.side, 1)
  await handed
  const before = bytesOver(link)
  await pass(60_000)
  t.equal(bytesOver(link), before, 'an idle minute')

  link.blackhole()
  await pass(20_000)
  t.strictSame(kit.log.named('lan.session-end'), [], 'nothing to send, nothing to notice')
  const sending = kit.side.carrier.send(bravoId, routine(1, 300), new AbortController().signal)

  t.equal(codeOf(await sending.catch((error: unknown) => error)), 'CARRIER_UNREACHABLE')
  t.match(kit.log.named('lan.session-end'), [{ facts: { reason: 'silent' } }])
  link.heal()
  // What the link held may come late over the session that is gone, and once more over the next.
  void acceptAll(hub.side, 2)
  t.equal(await handOver(kit.side, bravoId, routine(1, 300)), 'custody')
})

interface ThinPair {
  readonly kit: LanNode
  readonly hub: LanNode
  readonly link: Link
}

async function aThinPair(t: Test): Promise<ThinPair> {
  const clock = thinClock()
  const hub = await aLanNode(bravo, { clock })
  const link = await openThinLink({ ...THIN, targetPort: Number(new URL(hub.address).port) })
  const dial = [`ws://127.0.0.1:${link.port}`]
  const kit = await aLanNode(alpha, { clock, dial, options: { backOffMaxMs: 2_000 } })
  t.teardown(async () => {
    await kit[Symbol.asyncDispose]()
    await link[Symbol.asyncDispose]()
    await hub[Symbol.asyncDispose]()
  })
  await Promise.all([kit.side.nextContact(true), hub.side.nextContact(true)])
  return { kit, hub, link }
}

function parcelOf(lane: Lane, number: number, bytes: number): Parcel {
  return { bytes: seededRandom(number + 1).bytes(bytes), lane, number }
}

function routine(number: number, bytes: number): Parcel {
  return parcelOf('routine', number, bytes)
}

async function acceptAll(side: CarrierSide, count: number): Promise<void> {
  for (let left = count; left > 0; left -= 1) await accept(side, await side.nextArrival())
}

async function untilBytes(link: Link, bytes: number): Promise<void> {
  while (link.stats().upBytes < bytes) await pass(100)
}

async function pass(ms: number): Promise<void> {
  await thinClock().sleep(ms, new AbortController().signal)
}
