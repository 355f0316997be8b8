import { test } from 'tap'
import { codeOf } from '#base/errors.ts'
import type { NodeId } from '#base/ids.ts'
import type { Arrival, Carrier, Parcel } from '#ports/carrier.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import type { Identity } from '#trust/identity.ts'
import { constantTrace } from '../../scripts/link/trace.ts'
import { carrierContract, type CarrierRig } from '../contracts/carrier.ts'
import { hear, parcel, textOf } from '../support/carrier-side.ts'
import { anOrganisation } from '../support/organisation.ts'
import { aNetworkWorld } from './a-network.ts'
import { keepRunning } from './keep-running.ts'
import { openLan, type Party } from './lan.ts'
import { beginLife } from './timeline.ts'

const relief = anOrganisation()
const alpha = relief.node('alpha', { number: 1 })
const bravo = relief.node('bravo', { number: 2 })
const [alphaId, bravoId] = [alpha.certificate.node, bravo.certificate.node]
const NEVER = new AbortController().signal

carrierContract('simulated lan', () => openPair())

test('a contact shows the certificate of the peer', async (t) => {
  await using rig = await openPair()

  const contact = await rig.alpha.nextContact(true)

  t.strictSame(contact.certificate, bravo.certificateBytes)
})

test('custody is answered only when the peer has accepted', async (t) => {
  await using rig = await openPair()
  await rig.alpha.nextContact(true)
  let isAnswered = false
  const handed = rig.alpha.carrier
    .send(bravoId, parcel('kept'), NEVER)
    .then(() => (isAnswered = true))
  const arrival = await rig.bravo.nextArrival()
  const before = isAnswered

  arrival.acceptCustody()
  await handed

  t.equal(before, false)
  t.equal(isAnswered, true)
})

test('what a peer refuses is an error for its sender', async (t) => {
  await using rig = await openPair()
  await rig.bravo.nextContact(true)
  const handed = rig.bravo.carrier.send(alphaId, parcel('forged'), NEVER)
  const arrival = await rig.alpha.nextArrival()

  arrival.refuse()

  await t.rejects(handed, { code: 'INPUT_INVALID' })
})

test('a node without power hears nothing, and its peer notices later', async (t) => {
  const world = aNetworkWorld()
  const running = keepRunning(world.timeline)
  t.teardown(() => running[Symbol.asyncDispose]())
  const lan = openLan(world)
  const life = beginLife()
  const here = hear(lan.open(partyOf(alpha), beginLife()), openMemoryStore())
  const there = hear(lan.open(partyOf(bravo), life), openMemoryStore())
  lan.plug(alphaId, bravoId)
  await here.nextContact(true)
  await there.nextContact(true)
  const handed = here.carrier.send(bravoId, parcel('lost'), NEVER)

  life.end()
  lan.lost(bravoId)

  await t.rejects(handed, { code: 'CARRIER_UNREACHABLE' })
  await here.nextContact(false)
  t.strictSame(there.arrivals, [])
})

test('who is revoked gets no contact', async (t) => {
  const world = aNetworkWorld()
  const running = keepRunning(world.timeline)
  t.teardown(() => running[Symbol.asyncDispose]())
  const lan = openLan(world)
  lan.open(partyOf(alpha, bravoId), beginLife())
  const there = hear(lan.open(partyOf(bravo), beginLife()), openMemoryStore())

  lan.plug(alphaId, bravoId)
  await new Promise<void>((resolve) => void world.timeline.after(60_000, resolve))

  t.strictSame(there.contacts, [])
  t.ok((world.marks.counts()['lan.refused'] ?? 0) > 0)
})

test('strays are overtaken and duplicates come twice', async (t) => {
  const faults = { duplicates: () => 0.5, strays: () => 0.3 }
  await using rig = await openPair(aNetworkWorld({ faults }))
  await rig.alpha.nextContact(true)
  const parcels = Array.from({ length: 30 }, (_, number) => parcel(String(number), { number }))
  const sendAll = (outgoing: readonly Parcel[]): void => {
    for (const one of outgoing) void rig.alpha.carrier.send(bravoId, one, NEVER).catch(() => {})
  }

  sendAll(parcels)
  const seen: Arrival[] = []
  while (new Set(seen.map(textOf)).size < parcels.length || seen.length < parcels.length + 5)
    seen.push(await rig.bravo.nextArrival())

  const texts = seen.map(textOf)
  t.ok(texts.length > new Set(texts).size, 'some came twice')
  t.notSame(
    [...new Set(texts)],
    parcels.map((_, index) => String(index)),
    'not in their order',
  )
})

test('a link that is silent one way is given up by both sides, and no contact begins until it speaks again', async (t) => {
  const world = aNetworkWorld()
  const running = keepRunning(world.timeline)
  t.teardown(() => running[Symbol.asyncDispose]())
  const lan = openLan(world)
  const here = hear(lan.open(partyOf(alpha), beginLife()), openMemoryStore())
  const there = hear(lan.open(partyOf(bravo), beginLife()), openMemoryStore())
  lan.plug(alphaId, bravoId)
  await here.nextContact(true)
  await there.nextContact(true)

  lan.mute(bravoId, alphaId)
  const handed = here.carrier.send(bravoId, parcel('heard'), NEVER)
  const arrival = await there.nextArrival()
  arrival.acceptCustody()

  await t.rejects(handed, { code: 'CARRIER_UNREACHABLE' }, 'the answer did not come')
  await here.nextContact(false)
  await there.nextContact(false)
  const heard = here.contacts.length
  await new Promise<void>((resolve) => void world.timeline.after(600_000, resolve))
  t.equal(here.contacts.length, heard, 'nobody meets whom he cannot hear')
  lan.unmute(bravoId, alphaId)
  t.ok(await here.nextContact(true))
})

test('a slow peer looks later at what has come, and its custody comes later still', async (t) => {
  const world = aNetworkWorld({ faults: { lagMs: () => 120_000 } })
  const running = keepRunning(world.timeline)
  t.teardown(() => running[Symbol.asyncDispose]())
  const lan = openLan(world)
  const here = hear(lan.open(partyOf(alpha), beginLife()), openMemoryStore())
  const there = hear(lan.open(partyOf(bravo), beginLife()), openMemoryStore())
  lan.plug(alphaId, bravoId)
  await here.nextContact(true)
  const sentAt = world.timeline.now()

  const handed = here.carrier.send(bravoId, parcel('patience'), NEVER)
  const arrival = await there.nextArrival()
  arrival.acceptCustody()
  await handed

  t.ok(world.timeline.now() - sentAt >= 120_000)
})

test('on a thin line a parcel takes as long as its bytes do', async (t) => {
  const { up: trace } = constantTrace({ rateBps: 800, rttMs: 2_000, loss: 0 })
  const world = aNetworkWorld({ faults: { lineOf: () => ({ trace, isCalm: () => false }) } })
  await using rig = await openPair(world)
  await rig.alpha.nextContact(true)
  const sentAt = world.timeline.now()

  void rig.alpha.carrier.send(bravoId, parcel('x'.repeat(3_000)), NEVER).catch(() => {})
  await rig.bravo.nextArrival()

  t.equal(world.timeline.now() - sentAt, 31_000)
})

async function openPair(world = aNetworkWorld()): Promise<CarrierRig> {
  const running = keepRunning(world.timeline)
  const lan = openLan(world)
  const here = hear(takingRefusals(lan.open(partyOf(alpha), beginLife())), openMemoryStore())
  let there = hear(lan.open(partyOf(bravo), beginLife()), openMemoryStore())
  lan.plug(alphaId, bravoId)
  return {
    alpha: here,
    bravo: there,
    toBravo: bravoId,
    cut: async () => lan.unplug(alphaId, bravoId),
    heal: async () => lan.plug(alphaId, bravoId),
    reopenBravo: async () => {
      // Answers are under way for a second.
      await new Promise<void>((resolve) => void world.timeline.after(2_000, resolve))
      await there.carrier[Symbol.asyncDispose]()
      there = hear(lan.open(partyOf(bravo), beginLife()), there.store)
      return there
    },
    [Symbol.asyncDispose]: async () => {
      await here.carrier[Symbol.asyncDispose]()
      await there.carrier[Symbol.asyncDispose]()
      await running[Symbol.asyncDispose]()
    },
  }
}

/** Somebody who believes everybody, unless told otherwise. */
function partyOf(identity: Identity, refused?: NodeId): Party {
  return { identity, roster: { revokedSince: (node) => (node === refused ? 0 : undefined) } }
}

/** A refusal tells the sender that the peer has looked: here that ends the matter. */
function takingRefusals(carrier: Carrier): Carrier {
  return {
    ...carrier,
    send: async (peer, outgoing, signal) => {
      try {
        return await carrier.send(peer, outgoing, signal)
      } catch (error) {
        if (codeOf(error) === 'INPUT_INVALID') return 'departed'
        throw error
      }
    },
  }
}
