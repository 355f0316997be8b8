/** A kit that has nothing but a modem, and headquarters behind the gateway. */
import { setTimeout as sleep } from 'node:timers/promises'
import { test, type Test } from 'tap'
import type { EdgeNode } from '#app/node.ts'
import type { Channel, Person } from '#app/types.ts'
import type { PostId } from '#base/ids.ts'
import { must } from '#base/assert.ts'
import type { SbdCarrier, SbdOptions } from '#carriers/sbd.ts'
import { openMemoryNetwork } from '#carriers/memory.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import type { Carrier } from '#ports/carrier.ts'
import { quickClock } from '../../scripts/link/quick-clock.ts'
import { aNode, anAdministrator, anIdentity, until } from '../support/nodes.ts'
import { aHubCarrier, aKitCarrier, freeMessages, IMEI, SPEED } from '../support/sbd.ts'
import { aLittleIridium } from '../support/sbd-gateway.ts'
import type { EmulatedModem } from '../support/sbd-modem.ts'

interface Story {
  readonly kit: EdgeNode
  readonly hub: EdgeNode
  readonly kitCarrier: SbdCarrier
  readonly hubCarrier: SbdCarrier
  readonly modem: EmulatedModem
  /** Of the kit, and of headquarters. */
  readonly operator: Person
  readonly reader: Person
  readonly square: Channel
  /** They meet again, or part. */
  readonly meet: () => void
  readonly part: () => void
}

/** They met at home and know each other; now the kit is away. */
async function aStory(t: Test, more: Partial<SbdOptions> = {}): Promise<Story> {
  const [a, b] = [anIdentity('alpha', 1, 'hub'), anIdentity('bravo', 2)]
  const [hubId, kitId] = [a.certificate.node, b.certificate.node]
  const clock = quickClock(SPEED)
  const iridium = await aLittleIridium()
  const modem = await iridium.addModem(IMEI)
  modem.setSight(false)
  iridium.setDown(true)
  const network = openMemoryNetwork({ clock })
  const stores = { hub: openMemoryStore(), kit: openMemoryStore() }
  const tariff = { ...freeMessages, stepBytes: 10, leastBytes: 10, emptyBytes: 10 }
  const choice = {
    clock,
    options: { tariff, receiptDelayMs: 2_000, repeatAfterMs: 3_600_000, ...more },
  }
  const hubCarrier = await aHubCarrier(iridium, [{ imei: IMEI, peer: kitId }], {
    ...choice,
    store: stores.hub,
  })
  const kitCarrier = await aKitCarrier(modem, hubId, { ...choice, store: stores.kit })
  const open = (name: string, carriers: readonly Carrier[], store = openMemoryStore()) =>
    aNode(name, { role: name === 'alpha' ? 'hub' : 'kit', knows: [a, b], carriers, clock, store })
  const hub = await open('alpha', [network.open(hubId), hubCarrier], stores.hub)
  const kit = await open('bravo', [network.open(kitId), kitCarrier], stores.kit)
  const reader = await anAdministrator(hub, 'amira')
  const operator = await anAdministrator(kit, 'bo')
  const square = must((await kit.channelsOf(operator.id))[0], 'the first channel')
  t.teardown(async () => {
    await kit[Symbol.asyncDispose]()
    await hub[Symbol.asyncDispose]()
    await kitCarrier[Symbol.asyncDispose]()
    await hubCarrier[Symbol.asyncDispose]()
    await iridium[Symbol.asyncDispose]()
  })
  await until([kit, hub], async () => {
    const lacking = [...(await kit.status()).links, ...(await hub.status()).links]
    return lacking.every(({ queued }) => Object.values(queued).every((count) => count === 0))
  })
  await sleep(1_000)
  network.cut(hubId, kitId)
  iridium.setDown(false)
  modem.setSight(true)
  await sleep(1_000)
  const meet = (): void => network.heal(hubId, kitId)
  const part = (): void => network.cut(hubId, kitId)
  return { kit, hub, kitCarrier, hubCarrier, modem, operator, reader, square, meet, part }
}

const FLASH = 'Two wounded at the ford, need a helicopter'
const TEXTS = [
  'Bridge at the mill is down, use the ford',
  'Need 40 blankets at the school',
  'Water truck arrived, queue is long',
  'Two families moved to tent 14',
  'Road to the clinic is open again',
  'Generator fixed, light until midnight',
  'Rain expected tonight, cover the stores',
  'Medic team is back at base',
  'Baby born at 0415, both well',
  'Fuel for 2 days left',
]

test('a kit that is away costs nothing while nobody writes', { timeout: 60_000 }, async (t) => {
  const { modem, kitCarrier, hubCarrier } = await aStory(t)

  t.strictSame(modem.flown, [])
  t.equal(kitCarrier.account().billedBytes, 0)
  t.equal(hubCarrier.account().billedBytes, 0)
})

test(
  'a flash message is one message up, and one down says that it is stored',
  { timeout: 60_000 },
  async (t) => {
    const { kit, hub, modem, operator, reader, square, kitCarrier, hubCarrier } = await aStory(t)

    const post = await kit.post(operator.id, { channel: square.id, body: FLASH, lane: 'flash' })
    await stored(kit, operator, post.id)
    await sleep(1_000)

    const { messages } = await hub.page(reader.id, square.id, { limit: 10 })
    t.match(messages, [{ body: FLASH, lane: 'flash' }])
    const sizes = modem.flown.map(({ sent, received }) => [
      sent?.length ?? 0,
      received?.length ?? 0,
    ])
    const [[up = 0, none] = [], [nothing, down = 0] = []] = sizes
    t.equal(sizes.length, 2)
    t.strictSame([none, nothing], [0, 0])
    t.ok(up > 0 && up <= 150, `${up} bytes up`)
    t.ok(down > 0 && down <= 140, `${down} bytes down`)
    const billed = [up, down].reduce((sum, bytes) => sum + Math.ceil(bytes / 10) * 10, 0)
    t.match(kitCarrier.account(), { sessions: 2, failures: 0, sentBytes: up, receivedBytes: down })
    t.equal(kitCarrier.account().billedBytes, billed)
    t.match(hubCarrier.account(), { sentBytes: down, receivedBytes: up, billedBytes: billed })
  },
)

test(
  'ten short posts that wait together share one message of 340 bytes',
  { timeout: 60_000 },
  async (t) => {
    const { kit, modem, operator, square } = await aStory(t)
    modem.setSight(false)
    await sleep(500)
    const posts: PostId[] = []
    for (const body of TEXTS)
      posts.push((await kit.post(operator.id, { channel: square.id, body })).id)
    modem.setSight(true)
    for (const post of posts) await stored(kit, operator, post)

    const sent = modem.flown.map((one) => one.sent?.length ?? 0).filter((size) => size > 0)
    t.equal(sent.length, 1)
    t.ok((sent[0] ?? 341) <= 340, `${sent[0]} bytes`)
  },
)

test('what may not go by satellite waits for another way', { timeout: 60_000 }, async (t) => {
  const { kit, modem, operator, square, meet } = await aStory(t, { lanes: ['flash'] })
  const routine = await kit.post(operator.id, { channel: square.id, body: 'No hurry' })
  await sleep(1_000)
  t.strictSame(modem.flown, [])
  const flash = await kit.post(operator.id, { channel: square.id, body: FLASH, lane: 'flash' })
  await stored(kit, operator, flash.id)
  t.equal(modem.flown.filter(({ sent }) => sent !== undefined).length, 1)
  meet()
  await stored(kit, operator, routine.id)

  t.equal(modem.flown.filter(({ sent }) => sent !== undefined).length, 1)
})

test(
  'while they meet nothing goes by satellite, and what is left when they part does',
  { timeout: 60_000 },
  async (t) => {
    const { kit, modem, operator, square, meet, part } = await aStory(t)
    meet()
    await sleep(500)
    const near = await kit.post(operator.id, { channel: square.id, body: 'Here', lane: 'flash' })
    await stored(kit, operator, near.id)
    t.strictSame(modem.flown, [])
    part()
    const far = await kit.post(operator.id, { channel: square.id, body: 'There', lane: 'flash' })
    await stored(kit, operator, far.id)

    t.ok(modem.flown.length > 0)
  },
)

/** Resolves once headquarters' receipt is here. */
async function stored(kit: EdgeNode, { id }: Person, post: PostId): Promise<void> {
  await until([kit], async () =>
    (await kit.delivery(id, post)).deliveries.some(({ word }) => word === 'stored'),
  )
}
