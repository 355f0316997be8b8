/** The same for short burst data: a kit with an emulated modem, and the real carrier. What it is billed is counted by the meter. */
import { must } from '#base/assert.ts'
import type { LinkProfile } from '#tariff/profile.ts'
import type { Terms } from '#tariff/terms.ts'
import { aHubCarrier, aKitCarrier, IMEI, SPEED } from '../../test/support/sbd.ts'
import { aLittleIridium } from '../../test/support/sbd-gateway.ts'
import { realClock } from '#ports/real.ts'
import { quickClock } from '../link/quick-clock.ts'
import { watchLateness } from './lateness.ts'
import { postAndForetell, type Outcome } from './plan-posts.ts'
import { channelOf, enter } from './sync-posts.ts'
import { identities, openTrustNode } from './trust-node.ts'

const QUIET_MS = 4_000
const LOOK_MS = 20
/** Each message is one of the price of hundreds by another way. */
const MESSAGES = 40
const never = new AbortController().signal

/** Measures it. Time is the modem's, which is emulated without any: it is not compared. */
export async function measurePlanSbd(
  profile: LinkProfile,
  texts: readonly string[],
): Promise<Outcome> {
  const { tariff } = profile
  if (tariff.shape !== 'messages') throw new Error('short burst data is billed by messages')
  await using stack = new AsyncDisposableStack()
  const clock = quickClock(SPEED)
  const iridium = stack.use(await aLittleIridium())
  const modem = await iridium.addModem(IMEI)
  const members = identities(2, clock.now())
  const [hub, kit] = [must(members[0], 'two'), must(members[1], 'two')]
  const options = { tariff, receiptDelayMs: 3_600_000 }
  const modems = [{ imei: IMEI, peer: kit.certificate.node }]
  const choice = { clock, options, gatherMs: 500 }
  const there = stack.use(await aHubCarrier(iridium, modems, choice))
  const inner = stack.use(await aKitCarrier(modem, hub.certificate.node, choice))
  const terms: Terms = { link: 'measured', profile, budget: undefined, dialling: undefined }
  const usedBytes = (): number => inner.account().billedBytes
  const carrier = { ...inner, terms, usedBytes }
  stack.use(await openTrustNode(hub, members, { clock, carriers: [there] }))
  const node = stack.use(await openTrustNode(kit, members, { clock, carriers: [carrier] }))
  await enter(node, channelOf(node))
  const quiet = async (): Promise<void> => {
    let [bytes, since] = [-1, realClock().monotonicMs()]
    while (bytes === -1 || realClock().monotonicMs() - since < QUIET_MS) {
      const now = usedBytes()
      if (now !== bytes) [bytes, since] = [now, realClock().monotonicMs()]
      // oxlint-disable-next-line no-await-in-loop -- until nothing is billed any more
      await realClock().sleep(LOOK_MS, never)
    }
  }
  await quiet()
  const before = usedBytes()
  const way = { carrier, peer: hub.certificate.node, isUp: true }
  const foretold = await postAndForetell(node, texts.slice(0, MESSAGES), way)
  const watch = watchLateness()
  await quiet()
  const lateMs = watch.stop()
  const bytes = usedBytes() - before
  const price = Math.ceil(bytes * tariff.pricePerMegabyte)
  return {
    foretold: { bytes: foretold.used.bytes, ms: 0, micros: foretold.bill.micros },
    real: { bytes, ms: 0, micros: price },
    lateMs,
  }
}
