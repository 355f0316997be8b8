/** Contacts on a link that is billed: what the budget does not allow waits, and says until when. */
import { test, type Test } from 'tap'
import type { Carrier, PeerId } from '#ports/carrier.ts'
import { range } from '#sync/keys.ts'
import { queuesOf } from '#sync/queue.ts'
import type { SpentRecord } from '#sync/spending-keys.ts'
import { spentIn } from '#sync/spending.ts'
import { virtualClock, type VirtualClock } from '../support/clock.ts'
import { aHandCarrier, type Answer, type HandCarrier } from '../support/hand-carrier.ts'
import { anIdentity } from '../support/nodes.ts'
import { noise } from '../support/noise.ts'
import { aSync, found, say, type SyncNode } from '../support/sync.ts'
import { aTerms, type TermsChoice } from '../support/terms.ts'

const office: PeerId = 'post:office'
const DAY_MS = 86_400_000
/** More than the directory and the keys take. */
const ENOUGH_BYTES = 20_000

test('what the budget does not allow waits for the next window, and says so', async (t) => {
  const rig = await aRig(t, { budget: { bytesMax: ENOUGH_BYTES } })
  for (let count = 0; count < 12; count += 1) await say(rig.alpha, noise(count, 3_000))
  const last = await say(rig.alpha, noise(99, 3_000))
  rig.carrier.begin(office)
  await rig.clock.advance(60_000)
  const first = rig.bytes()

  t.ok(first <= 0.8 * ENOUGH_BYTES, `${first} bytes`)
  t.equal((await rig.spent()).bytes, first, 'what was sent is booked, and no more')
  const nextDay = DAY_MS * (1 + Math.floor(rig.clock.now() / DAY_MS))
  t.match(await queuesOf(rig.alpha.context, last, rig.alpha.links()), [
    { unknown: 'no budget until', linkAt: nextDay, estimateMs: undefined },
  ])
  await say(rig.alpha, 'Medevac', 'flash')
  await rig.clock.advance(60_000)
  t.ok(rig.bytes() > first, 'flash has a part for itself')

  await rig.clock.advance(nextDay - rig.clock.now() + 3_600_000)

  t.ok(rig.bytes() > first + 10_000, 'the rest follows the next day')
  t.ok((await rig.spent()).bytes <= 0.8 * ENOUGH_BYTES)
})

test('what is booked is on the disk before the parcel leaves, also for one that an earlier contact left', async (t) => {
  const rig = await aRig(t, { budget: { bytesMax: 1_000_000 } }, () => undefined)
  rig.carrier.begin(office)
  await rig.clock.advance(0)
  t.ok(rig.bytes() > 0)
  t.equal((await rig.spent()).bytes, rig.bytes())
  const parcels = rig.carrier.sent.length
  rig.carrier.end(office)
  rig.carrier.begin(office)
  await rig.clock.advance(0)

  t.equal(rig.carrier.sent.length, 2 * parcels, 'they go again')
  t.equal((await rig.spent()).bytes, rig.bytes(), 'and are booked again')
})

test('what an earlier contact left goes as it is: nothing is cut beside it that does not go', async (t) => {
  const rig = await aRig(t, { budget: { bytesMax: 1_000_000 } }, () => undefined)
  rig.carrier.begin(office)
  await rig.clock.advance(0)
  for (const text of ['Medevac', 'Two litters', 'Smoke is out']) {
    await say(rig.alpha, text, 'flash')
    await rig.clock.advance(1_000)
  }
  rig.carrier.end(office)
  const left = await rig.numbered()
  await say(rig.alpha, 'Three litters', 'flash')
  rig.carrier.begin(office)
  await rig.clock.advance(1_000)

  t.ok(left > 3)
  t.equal(await rig.numbered(), left + 1, 'one for what is new')
  t.equal(rig.carrier.sent.length, 2 * left + 1, 'all are sent')
})

test('nothing goes while the link is closed', async (t) => {
  const opens = { fromMinute: 18 * 60, toMinute: 19 * 60 }
  const rig = await aRig(t, { profile: { opens } })
  rig.clock.setWall(DAY_MS * 20_000 + 12 * 3_600_000)
  const message = await say(rig.alpha, 'tonight')
  rig.carrier.begin(office)
  await rig.clock.advance(5 * 3_600_000)
  t.equal(rig.carrier.sent.length, 0)
  t.match(await queuesOf(rig.alpha.context, message, rig.alpha.links()), [
    { unknown: 'link closed until', linkAt: DAY_MS * 20_000 + 18 * 3_600_000 },
  ])

  await rig.clock.advance(2 * 3_600_000)

  t.ok(rig.carrier.sent.length > 0)
})

test('what comes in is booked while the contact lasts, though nothing is sent', async (t) => {
  let comeBytes = 0
  const rig: Rig = await aRig(t, {}, () => 'departed', { usedBytes: () => rig.bytes() + comeBytes })
  rig.carrier.begin(office)
  await rig.clock.advance(60_000)
  const before = (await rig.spent()).bytes
  const parcels = rig.carrier.sent.length
  comeBytes = 300_000
  rig.alpha.context.ring()
  await rig.clock.advance(60_000)

  t.equal(rig.carrier.sent.length, parcels, 'nothing went')
  t.equal((await rig.spent()).bytes, before + comeBytes)
})

interface Rig {
  readonly alpha: SyncNode
  readonly clock: VirtualClock
  readonly carrier: HandCarrier
  readonly bytes: () => number
  readonly spent: () => Promise<SpentRecord>
  /** How many parcels are on the disk and not answered for. */
  readonly numbered: () => Promise<number>
}

async function aRig(
  t: Test,
  choice: TermsChoice,
  answer: Answer = () => 'departed',
  counting: Pick<Carrier, 'usedBytes'> = {},
): Promise<Rig> {
  const clock = virtualClock()
  const terms = aTerms(choice)
  const carrier = { ...aHandCarrier(answer, { name: 'thin' }), terms, ...counting }
  const alpha = await aSync('alpha', {
    clock,
    carriers: [carrier],
    knows: [anIdentity('bravo', 2)],
  })
  t.teardown(() => alpha[Symbol.asyncDispose]())
  await found(alpha)
  const { context } = alpha
  return {
    alpha,
    clock,
    carrier,
    bytes: () => carrier.sent.reduce((sum, { parcel }) => sum + parcel.bytes.length, 0),
    numbered: async () => (await context.replica.read.list(range.parcels(office))).length,
    spent: async () =>
      (await spentIn(context.replica.read, context, { name: 'thin', terms })).spent,
  }
}
