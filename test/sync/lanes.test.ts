/** Flash overtakes: from the moment it is written until it is on another node's disk, whatever stands in between. */
import { test, type Test } from 'tap'
import { must } from '#base/assert.ts'
import { IN_FLIGHT_MAX } from '#base/limits.ts'
import { openMemoryNetwork } from '#carriers/memory.ts'
import type { Lane } from '#model/precedence.ts'
import { segmentDocument } from '#model/document-id.ts'
import { virtualClock } from '../support/clock.ts'
import { aKit } from '../support/couriers.ts'
import { aFaultyStore } from '../support/faulty-store.ts'
import { aFolder } from '../support/folders.ts'
import { anIdentity } from '../support/nodes.ts'
import {
  arrive,
  aSync,
  bodies,
  envelopeOf,
  found,
  ops,
  say,
  type SyncNode,
} from '../support/sync.ts'

const [alphaIdentity, bravoIdentity] = [anIdentity('alpha', 1), anIdentity('bravo', 2)]
const flashSegment = segmentDocument(ops, 'flash', 0)
const routineSegment = segmentDocument(ops, 'routine', 0)

test('a flash post made while much routine is on its way goes with what leaves next', async (t) => {
  const { alpha, bravo, network, clock } = await aPair(t, 50)
  network.cut(alpha.id, bravo.id)
  const count = 6 * IN_FLIGHT_MAX
  for (let at = 0; at < count; at += 1) await say(alpha, `${at} ${'x'.repeat(15_000)}`)
  network.heal(alpha.id, bravo.id)
  await clock.advance(75)
  t.ok(orderOf(bravo).length < count / 2)

  await say(alpha, 'now', 'flash')
  await clock.advance(101)

  const posted = orderOf(bravo)
  t.ok(posted.includes('now'), 'it has come')
  t.ok(posted.length < count, 'and the others have not')
})

test('a flash parcel that comes to a long queue is taken next', async (t) => {
  const store = aFaultyStore()
  const { alpha, bravo, clock } = await aPair(t, 0, store)
  const before = orderOf(bravo).length
  store.hold()
  const big = 'x'.repeat(12_000)
  for (let at = 0; at < IN_FLIGHT_MAX - 2; at += 1) {
    await say(alpha, `${at} ${big}`)
    await clock.advance(0)
  }
  await say(alpha, 'now', 'flash')
  await clock.advance(0)

  store.release()
  await clock.advance(1_000)

  const posted = orderOf(bravo).slice(before)
  t.equal(posted.length, IN_FLIGHT_MAX - 1)
  const place = posted.indexOf('now')
  t.ok(place >= 0 && place <= 1, `${place} were taken before it`)
})

test('what waits for earlier routine messages does not hold up flash', async (t) => {
  const { alpha, bravo } = await strangers(t)
  await sayMany(alpha, 300)
  const late = await envelopeOf(alpha, routineSegment, { [alpha.actor]: 299 })
  t.match((await arrive(bravo, late)).outcome, { kind: 'waiting' })
  await say(alpha, 'now', 'flash')

  const { outcome } = await arrive(bravo, await envelopeOf(alpha, flashSegment))

  t.match(outcome, { kind: 'applied' })
  t.strictSame(await bodies(bravo), ['now'])
})

test('many that are parked do not hold up flash from somebody who is known', async (t) => {
  const { alpha, bravo } = await strangers(t)
  const charlie = await aSync('charlie', { knows: [alphaIdentity] })
  t.teardown(charlie[Symbol.asyncDispose])
  for (let at = 0; at < 200; at += 1) {
    await say(charlie, `message ${at}`)
    const parked = await envelopeOf(charlie, routineSegment, { [charlie.actor]: at })
    t.match((await arrive(bravo, parked)).outcome, { kind: 'parked' })
  }
  await say(alpha, 'now', 'flash')

  t.match((await arrive(bravo, await envelopeOf(alpha, flashSegment))).outcome, { kind: 'applied' })
})

test('a stick gives flash first', async (t) => {
  const hub = anIdentity('alpha', 1, 'hub')
  const [alpha, bravo] = [
    await aKit(t, 'alpha', { role: 'hub', knows: [bravoIdentity] }),
    await aKit(t, 'bravo', { knows: [hub] }),
  ]
  const stick = await aFolder(t)
  const [square] = await alpha.node.channelsOf(alpha.operator.id)
  const channel = must(square, 'the first channel').id
  const post = (body: string, lane: Lane) =>
    alpha.node.post(alpha.operator.id, { channel, body, lane })
  for (let at = 0; at < 300; at += 1) await post(`${at} ${'x'.repeat(1_000)}`, 'routine')
  await post('now', 'flash')
  await alpha.exportTo(stick)
  const posted: string[] = []
  bravo.node.subscribe((event) => {
    if (event.kind === 'posted') posted.push(event.message.body)
  })

  await bravo.importFrom(stick)

  t.equal(posted.length, 301)
  t.equal(posted[0], 'now')
})

/** Two nodes with a line between them that takes its time. */
async function aPair(t: Test, delayMs: number, store = aFaultyStore()) {
  const clock = virtualClock()
  const network = openMemoryNetwork({ clock, delayMs })
  const knows = [alphaIdentity, bravoIdentity]
  const carrierOf = (identity: typeof alphaIdentity) => network.open(identity.certificate.node)
  const alpha = await aSync('alpha', { clock, carriers: [carrierOf(alphaIdentity)], knows })
  t.teardown(alpha[Symbol.asyncDispose])
  await found(alpha)
  const bravo = await aSync('bravo', { clock, store, carriers: [carrierOf(bravoIdentity)], knows })
  t.teardown(bravo[Symbol.asyncDispose])
  await clock.advance(10_000)
  return { alpha, bravo, network, clock }
}

/** Two nodes without a line; bravo knows alpha and the channel. */
async function strangers(t: Test): Promise<{ alpha: SyncNode; bravo: SyncNode }> {
  const { alpha, bravo, network } = await aPair(t, 0)
  network.cut(alpha.id, bravo.id)
  return { alpha, bravo }
}

async function sayMany(node: SyncNode, count: number): Promise<void> {
  for (let at = 0; at < count; at += 1) await say(node, `message ${at} ${'x'.repeat(200)}`)
}

/** The messages in the order in which they came. */
function orderOf({ events }: SyncNode): readonly string[] {
  return events.flatMap((event) => (event.kind === 'posted' ? [event.message.body] : []))
}
