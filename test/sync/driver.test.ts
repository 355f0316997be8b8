import { test, type Test } from 'tap'
import { openMemoryNetwork } from '#carriers/memory.ts'
import type { Carrier } from '#ports/carrier.ts'
import type { Store, Write } from '#ports/store.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { virtualClock, type VirtualClock } from '../support/clock.ts'
import { aFaultyStore } from '../support/faulty-store.ts'
import { aHandCarrier } from '../support/hand-carrier.ts'
import { collectingLog } from '../support/log.ts'
import { anIdentity } from '../support/nodes.ts'
import { aSync, bodies, found, say, type SyncNode } from '../support/sync.ts'

const alphaIdentity = anIdentity('alpha', 1)
const bravoIdentity = anIdentity('bravo', 2)
const DAY_MS = 86_400_000

test('two nodes in contact have the same after a moment, both ways', async (t) => {
  const { alpha, bravo, clock } = await aPair(t)
  await say(alpha, 'from alpha')
  await clock.advance(0)
  await say(bravo, 'from bravo')
  await clock.advance(0)

  t.strictSame(await bodies(alpha), ['from alpha', 'from bravo'])
  t.strictSame(await bodies(bravo), ['from alpha', 'from bravo'])
})

test('when there is nothing to say, nothing is sent', async (t) => {
  const { alpha, bravo, clock, sends } = await aPair(t)
  await say(alpha, 'one')
  await say(bravo, 'two')
  await clock.advance(60_000)
  const before = sends()

  await clock.advance(7 * DAY_MS)

  t.equal(sends(), before)
})

test('a contact that ends in the middle is gone on with in the next, without doubles', async (t) => {
  const pair = await aPair(t, { delayMs: 100 })
  const { alpha, bravo, clock, cut, heal } = pair
  cut()
  for (let count = 0; count < 40; count += 1) await say(alpha, `${count} ${'x'.repeat(5_000)}`)
  heal()
  for (let round = 0; round < 12; round += 1) {
    await clock.advance(150)
    cut()
    await clock.advance(10)
    heal()
  }
  await clock.advance(DAY_MS)

  const numbers = (await bodies(bravo)).map((body) => Number(body.split(' ')[0]))
  t.strictSame(
    numbers,
    Array.from({ length: 40 }, (_, index) => index),
  )
  const posted = bravo.events.filter(({ kind }) => kind === 'posted')
  t.equal(posted.length, 40, 'each was told once')
})

test('a full disk is waited out with what arrives, and nothing is lost', async (t) => {
  const disk = aFaultyStore()
  const { alpha, bravo, clock } = await aPair(t, { bravoStore: disk })
  disk.setFault('full')
  await say(alpha, 'one')
  await clock.advance(30_000)
  t.strictSame(await bodies(bravo), [])

  disk.setFault('none')
  await clock.advance(2_000)

  t.strictSame(await bodies(bravo), ['one'])
})

test('links say who is in contact', async (t) => {
  const { alpha, bravo, clock, cut } = await aPair(t)
  t.match(alpha.links(), [{ carrier: 'memory', peer: bravo.id, isUp: true }])
  t.ok(alpha.events.some(({ kind }) => kind === 'links'))

  await clock.advance(5_000)
  cut()
  await clock.advance(0)

  t.match(alpha.links(), [{ isUp: false, since: clock.now() }])
  t.ok((alpha.links()[0]?.sentBytes ?? 0) > 0)
  t.ok((alpha.links()[0]?.receivedBytes ?? 0) > 0)
})

test('an arrival on which the program fails is refused, and the next one is taken', async (t) => {
  const clock = virtualClock()
  const log = collectingLog()
  const carrier = aHandCarrier()
  await using alpha = await aSync('alpha', { clock, log, carriers: [carrier] })
  await found(alpha)
  const broken = undefined as unknown as Write

  t.equal(
    await carrier.arrive({ bytes: Uint8Array.of(1), from: 'post:office', bookmark: [broken] }),
    'refused',
  )
  t.equal(log.named('envelope.failed').length, 1)
  t.equal(await carrier.arrive({ bytes: Uint8Array.of(1), from: 'post:office' }), 'refused')
  t.equal(log.named('envelope.refused').length, 1)
})

test("nodes decades apart by their clocks get each other's messages, and nothing hangs", async (t) => {
  for (const [first, second] of [
    [0, 2_840_140_800_000],
    [2_840_140_800_000, 0],
  ] as const) {
    const clocks = { alpha: virtualClock(first), bravo: virtualClock(second) }
    const network = openMemoryNetwork({ clock: virtualClock() })
    const nodes = await openBoth(t, (name) => ({
      clock: clocks[name],
      carrier: network.open(identityOf(name).certificate.node),
      store: openMemoryStore(),
    }))
    await found(nodes.alpha)
    for (const clock of Object.values(clocks)) await clock.advance(1_000)
    await say(nodes.alpha, 'from alpha')
    await say(nodes.bravo, 'from bravo')
    for (const clock of Object.values(clocks)) await clock.advance(1_000)

    t.strictSame((await bodies(nodes.alpha)).toSorted(), ['from alpha', 'from bravo'])
    t.strictSame(await bodies(nodes.alpha), await bodies(nodes.bravo))
  }
})

test('a clock that is corrected while a contact is open holds nothing back', async (t) => {
  const { alpha, bravo, clock } = await aPair(t, { startsAt: 2_840_140_800_000 })
  await say(alpha, 'in 2060')
  await clock.advance(0)

  clock.setWall(1_800_000_000_000)
  await say(alpha, 'in 2027')
  await say(bravo, 'in 2027 as well')
  await clock.advance(60_000)

  t.equal((await bodies(alpha)).length, 3)
  t.strictSame(await bodies(alpha), await bodies(bravo))
})

test('closing ends every contact, and what arrives later is left alone', async (t) => {
  const clock = virtualClock()
  const carrier = aHandCarrier(() => undefined)
  const alpha = await aSync('alpha', { clock, carriers: [carrier] })
  await found(alpha)
  carrier.begin('post:office')
  await clock.advance(0)
  const before = carrier.sent.length

  await alpha[Symbol.asyncDispose]()
  void carrier.arrive({ bytes: Uint8Array.of(1), from: 'post:office' })
  carrier.begin('post:other')
  await clock.advance(DAY_MS)

  t.equal(carrier.sent.length, before)
})

interface Pair {
  readonly alpha: SyncNode
  readonly bravo: SyncNode
  readonly clock: VirtualClock
  readonly cut: () => void
  readonly heal: () => void
  /** How often anybody sent anything so far. */
  readonly sends: () => number
}

interface PairChoice {
  readonly delayMs?: number
  readonly bravoStore?: Store
  readonly startsAt?: number
}

/** Alpha and bravo in contact; alpha has founded the workspace and bravo knows it. */
async function aPair(t: Test, choice: PairChoice = {}): Promise<Pair> {
  const clock = virtualClock(choice.startsAt)
  const network = openMemoryNetwork({ clock, delayMs: choice.delayMs ?? 0 })
  let count = 0
  const counted = (carrier: Carrier): Carrier => ({
    ...carrier,
    send: (peer, parcel, signal) => {
      count += 1
      return carrier.send(peer, parcel, signal)
    },
  })
  const { alpha, bravo } = await openBoth(t, (name) => ({
    clock,
    carrier: counted(network.open(identityOf(name).certificate.node)),
    store: name === 'bravo' && choice.bravoStore ? choice.bravoStore : openMemoryStore(),
  }))
  await found(alpha)
  await clock.advance(5_000)
  return {
    alpha,
    bravo,
    clock,
    cut: () => network.cut(alpha.id, bravo.id),
    heal: () => network.heal(alpha.id, bravo.id),
    sends: () => count,
  }
}

type Name = 'alpha' | 'bravo'

function identityOf(name: Name) {
  return name === 'alpha' ? alphaIdentity : bravoIdentity
}

async function openBoth(
  t: Test,
  ports: (name: Name) => {
    readonly clock: VirtualClock
    readonly carrier: Carrier
    readonly store: Store
  },
): Promise<Record<Name, SyncNode>> {
  const open = async (name: Name): Promise<SyncNode> => {
    const { clock, carrier, store } = ports(name)
    const knows = [alphaIdentity, bravoIdentity]
    const node = await aSync(name, { clock, store, carriers: [carrier], knows })
    t.teardown(async () => {
      await node[Symbol.asyncDispose]()
      await carrier[Symbol.asyncDispose]()
    })
    return node
  }
  return { alpha: await open('alpha'), bravo: await open('bravo') }
}
