/** What is foretold of a link that is billed, and what it costs then. */
import { test, type Test } from 'tap'
import type { EdgeNode } from '#app/node.ts'
import type { PeerId } from '#ports/carrier.ts'
import { aChannelDraft } from '../support/app.ts'
import { virtualClock } from '../support/clock.ts'
import { aHandCarrier } from '../support/hand-carrier.ts'
import { anAdministrator, anIdentity, aNode, aPerson } from '../support/nodes.ts'
import { noise } from '../support/noise.ts'
import { aTerms, type TermsChoice } from '../support/terms.ts'

const office: PeerId = 'post:office'
const lines = Array.from({ length: 40 }, (_, at) => `Convoy ${at} has passed kilometre ${at * 7}`)

test('what is foretold leaves, byte for byte, in that order and for that money', async (t) => {
  const rig = await aRig(t, {})
  await rig.meet()
  for (const line of lines) await rig.say(line)
  await rig.say('Medevac', 'flash')
  const before = rig.bytes()

  const [plan] = await rig.node.plan(rig.amira)
  t.equal(rig.bytes(), before, 'nothing left')
  await rig.meet()

  t.equal(plan?.price.bytes, rig.bytes() - before)
  t.equal(plan?.price.money, (rig.bytes() - before) / 1_000_000)
  t.equal(plan?.clears[0]?.lane, 'flash')
  t.strictSame(Object.values(plan?.waits ?? {}), [0, 0, 0, 0])
  const [cost] = await rig.node.costs(rig.amira)
  t.equal(cost?.bytes, rig.bytes(), 'the ledger has all of it')
  t.strictSame(
    (await rig.node.plan(rig.amira, { carrier: 'thin' })).map(({ clears }) => clears.length),
    [0],
  )
  t.strictSame(await rig.node.plan(rig.amira, { carrier: 'other' }), [])
})

test('a window of given start and length takes what fits into it, and no more', async (t) => {
  const rig = await aRig(t, {})
  await rig.meet()
  for (const [at, line] of lines.entries()) await rig.say(`${line} ${noise(at, 900)}`)
  const [whole] = await rig.node.plan(rig.amira)
  const inWindow = async (atMinute: number | undefined, minutes: number) => {
    const [plan] = await rig.node.plan(rig.amira, { window: { atMinute, minutes } })
    const waits = plan?.waits.routine ?? -1
    return { seconds: plan?.seconds ?? Infinity, waits, opensAt: plan?.opensAt ?? 0 }
  }
  const [short, long, ample] = [
    await inWindow(undefined, 0.1),
    await inWindow(undefined, 0.4),
    await inWindow(undefined, 60),
  ]

  t.ok(short.seconds <= 6 && short.waits > 0, `${short.seconds} s`)
  t.ok(long.seconds <= 24 && long.seconds > short.seconds && long.waits < short.waits)
  t.match(ample, { seconds: whole?.seconds, waits: 0 })
  const tonight = await inWindow(23 * 60, 60)
  t.ok(tonight.opensAt >= rig.clock.now())
  t.equal(tonight.opensAt % 86_400_000, 23 * 3_600_000)
  t.equal(tonight.waits, 0)
})

test('what the budget does not allow is foretold to wait, until an administrator grants more', async (t) => {
  const rig = await aRig(t, { budget: { bytesMax: 15_000 } })
  await rig.meet()
  for (const [at, line] of lines.entries()) await rig.say(`${line} ${noise(at, 900)}`)

  const [plan] = await rig.node.plan(rig.amira)
  t.ok((plan?.waits.routine ?? 0) > 0)
  t.ok((plan?.until ?? 0) > rig.clock.now())
  t.ok((plan?.price.bytes ?? Infinity) <= (plan?.budget?.left.bytes ?? 0))
  await t.rejects(rig.node.raiseBudget(rig.bo, 'thin', { bytes: 1, reason: 'mine' }), {
    code: 'NOT_ALLOWED',
  })
  await t.rejects(rig.node.raiseBudget(rig.amira, 'fat', { bytes: 1, reason: 'x' }), {
    code: 'NOT_FOUND',
  })
  await rig.node.raiseBudget(rig.amira, 'thin', { bytes: 100_000, reason: 'Evacuation' })

  const [now] = await rig.node.plan(rig.amira)
  t.equal(now?.waits.routine, 0)
  t.equal(now?.until, undefined)
})

test('a draft is previewed on every way, and nothing of it is kept', async (t) => {
  const rig = await aRig(t, { budget: { bytesMax: 8_000 } })
  await rig.meet()
  const channel = await rig.channel()

  const small = await rig.node.preview(rig.amira, { channel, body: 'The road is open' })
  const large = await rig.node.preview(rig.amira, { channel, body: noise(1, 12_000) })

  t.match(small, [
    { carrier: 'thin', peer: 'office', fits: true, currency: 'EUR', at: rig.clock.now() },
  ])
  const bytes = small[0]?.price?.bytes ?? 0
  t.ok(bytes > 50 && bytes < 400, `${bytes} bytes`)
  t.match(large, [{ fits: false }])
  const { messages } = await rig.node.page(rig.amira, channel, { limit: 10 })
  t.equal(messages.length, 0)
  const before = rig.bytes()
  await rig.say('The road is open')
  await rig.meet()
  const real = rig.bytes() - before
  t.ok(Math.abs(real - bytes) <= 0.1 * real, `${bytes} foretold, ${real} real`)
})

async function aRig(t: Test, choice: TermsChoice) {
  const clock = virtualClock()
  const hand = { ...aHandCarrier(() => 'departed', { name: 'thin' }), terms: aTerms(choice) }
  const node: EdgeNode & AsyncDisposable = await aNode('alpha', {
    clock,
    role: 'hub',
    carriers: [hand],
    knows: [anIdentity('bravo', 2)],
  })
  t.teardown(() => node[Symbol.asyncDispose]())
  const amira = await anAdministrator(node, 'amira')
  const bo = await node.enrolPerson(amira.id, aPerson('bo'))
  const channel = await node.createChannel(amira.id, aChannelDraft('ops'))
  return {
    node,
    clock,
    amira: amira.id,
    bo: bo.id,
    channel: async () => channel.id,
    say: (body: string, lane: 'flash' | 'routine' = 'routine') =>
      node.post(amira.id, { channel: channel.id, body, lane }),
    bytes: () => hand.sent.reduce((sum, { parcel }) => sum + parcel.bytes.length, 0),
    meet: async () => {
      hand.begin(office)
      await clock.advance(4_000_000)
      hand.end(office)
      await clock.advance(0)
    },
  }
}
