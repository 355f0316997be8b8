import { test } from 'tap'
import type { NodeId } from '#base/ids.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { carrierContract, type CarrierRig } from '../contracts/carrier.ts'
import { shelfContract } from '../contracts/shelf.ts'
import { accept, handOver, hear, parcel, textOf } from '../support/carrier-side.ts'
import { aNetworkWorld } from './a-network.ts'
import { keepRunning } from './keep-running.ts'
import { openPost, type Post } from './post-carrier.ts'
import { beginLife } from './timeline.ts'

const alpha = 'alpha' as NodeId
const bravo = 'bravo' as NodeId
const PEER = 'post:sim'

carrierContract('simulated post office', async () => (await openPair()).rig)
shelfContract('simulated post office', async () => (await openPair()).rig)

test('the first contact ever has nothing to forget, one after a power failure has', async (t) => {
  const { rig, post } = await openPair()
  t.teardown(() => rig[Symbol.asyncDispose]())
  const first = await rig.alpha.nextContact(true)

  post.failPower(1_000, 0)
  const second = await rig.alpha.nextContact(true)
  await handOver(rig.alpha, PEER, parcel('report'))
  await rig.cut()
  await rig.alpha.nextContact(false)
  await rig.heal()
  const third = await rig.alpha.nextContact(true)

  t.equal(first.mayHaveForgotten, false)
  t.equal(second.mayHaveForgotten, true)
  t.equal(third.mayHaveForgotten, false, 'it has sent since, so it knows')
})

test('a node that has sent nothing since is told again', async (t) => {
  const { rig, post } = await openPair()
  t.teardown(() => rig[Symbol.asyncDispose]())
  await rig.alpha.nextContact(true)
  post.wipe()
  await rig.alpha.nextContact(true)
  await rig.cut()
  await rig.heal()

  const again = await rig.alpha.nextContact(true)

  t.equal(again.mayHaveForgotten, true)
})

for (const way of ['there', 'back'] as const) {
  test(`a visit that is silent on the way ${way} ends, and none begins until it speaks again`, async (t) => {
    const { rig, post } = await openPair()
    t.teardown(() => rig[Symbol.asyncDispose]())
    await rig.alpha.nextContact(true)
    post.mute(alpha, way)

    const handed = rig.alpha.carrier.send(PEER, parcel('unheard'), new AbortController().signal)

    await t.rejects(handed, { code: 'CARRIER_UNREACHABLE' })
    await rig.alpha.nextContact(false)
    post.unmute(alpha, way)
    await rig.alpha.nextContact(true)

    t.equal(await handOver(rig.alpha, PEER, parcel('unheard')), 'departed')
  })
}

test('what was acknowledged and not yet synced is gone after a power failure', async (t) => {
  const { rig, post } = await openPair()
  t.teardown(() => rig[Symbol.asyncDispose]())
  await rig.alpha.nextContact(true)
  await rig.cut()
  await rig.alpha.nextContact(false)
  post.plug(alpha)
  const handover = await handOver(rig.alpha, PEER, parcel('lost', { number: 0 }))

  post.failPower(1_000, 120_000)
  post.plug(bravo)
  await handOver(rig.alpha, PEER, parcel('kept', { number: 1 }))
  const arrival = await rig.bravo.nextArrival()
  await accept(rig.bravo, arrival)

  t.equal(handover, 'departed')
  t.equal(textOf(arrival), 'kept')
})

test('what is neither accepted nor refused is offered again', async (t) => {
  const { rig } = await openPair()
  t.teardown(() => rig[Symbol.asyncDispose]())
  await rig.alpha.nextContact(true)
  await handOver(rig.alpha, PEER, parcel('report'))

  const texts = [textOf(await rig.bravo.nextArrival()), textOf(await rig.bravo.nextArrival())]

  t.strictSame(texts, ['report', 'report'])
})

test('a planted duplicate comes under another number', async (t) => {
  const { rig } = await openPair(aNetworkWorld({ faults: { renumbers: true } }))
  t.teardown(() => rig[Symbol.asyncDispose]())
  await rig.alpha.nextContact(true)
  await handOver(rig.alpha, PEER, parcel('report'))
  const first = await rig.bravo.nextArrival()
  await accept(rig.bravo, first)
  const second = await rig.bravo.nextArrival()

  t.strictSame([textOf(first), textOf(second)], ['report', 'report'])
})

async function openPair(
  world = aNetworkWorld(),
): Promise<{ readonly rig: CarrierRig; readonly post: Post }> {
  const running = keepRunning(world.timeline)
  const post = openPost(world)
  const open = (node: NodeId, store = openMemoryStore()) =>
    hear(post.open(node, beginLife(), store), store)
  const here = open(alpha)
  let there = open(bravo)
  const plug = (): void => [alpha, bravo].forEach(post.plug)
  plug()
  const rig: CarrierRig = {
    alpha: here,
    bravo: there,
    toBravo: PEER,
    cut: async () => [alpha, bravo].forEach(post.unplug),
    heal: async () => plug(),
    reopenBravo: async () => {
      await there.carrier[Symbol.asyncDispose]()
      there = open(bravo, there.store)
      return there
    },
    [Symbol.asyncDispose]: async () => {
      await here.carrier[Symbol.asyncDispose]()
      await there.carrier[Symbol.asyncDispose]()
      await running[Symbol.asyncDispose]()
    },
  }
  return { rig, post }
}
