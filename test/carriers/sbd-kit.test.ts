/** What may go wrong between a modem and the gateway. */
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'tap'
import type { PeerId } from '#ports/carrier.ts'
import { accept, handOver, parcel, textOf } from '../support/carrier-side.ts'
import { anOutpost } from '../support/outpost.ts'

const toHub = 'hub' as PeerId
const toKit = 'kit' as PeerId

test(
  'whatever sessions end with, they are tried again until one goes well',
  { timeout: 60_000 },
  async (t) => {
    const away = await anOutpost(t)
    away.modem.failWith(10, 18, 35)
    const handed = handOver(away.kit, toHub, parcel('at last'))
    const arrival = await away.hub.nextArrival()
    await accept(away.hub, arrival)
    await handed

    t.equal(textOf(arrival), 'at last')
    const statuses = away.modem.flown.map(({ status }) => status).filter((status) => status > 4)
    t.strictSame(statuses.slice(0, 3), [10, 18, 35])
    t.ok(away.kitCarrier.account().failures >= 3)
  },
)

test(
  'rings that bring nothing are followed ever more rarely, and what is urgent goes at once',
  { timeout: 60_000 },
  async (t) => {
    const away = await anOutpost(t)
    away.modem.setSessionMs(1)
    const before = away.modem.flown.length
    for (let each = 0; each < 150; each += 1) {
      away.modem.ring()
      await sleep(4)
    }
    const sessions = away.modem.flown.length - before

    t.ok(sessions > 0, 'a ring is believed')
    t.ok(sessions < 10, `${sessions} sessions for nothing`)
    const handed = handOver(away.kit, toHub, parcel('at once', { lane: 'flash' }))
    const arrival = await away.hub.nextArrival()
    await accept(away.hub, arrival)
    t.equal(textOf(arrival), 'at once')
    const back = handOver(away.hub, toKit, parcel('heard'))
    await accept(away.kit, await away.kit.nextArrival())
    await Promise.all([handed, back])
  },
)

test('an antenna that is broken is somebody’s business', { timeout: 60_000 }, async (t) => {
  const away = await anOutpost(t)
  away.modem.failWith(33)
  void handOver(away.kit, toHub, parcel('waits'))
  const { facts } = await away.log.when('sbd.fault')
  await away.kit.nextContact(false)

  t.match(facts, { status: 33 })
})

test(
  'what the gateway has though the modem says no is taken once',
  { timeout: 60_000 },
  async (t) => {
    const away = await anOutpost(t)
    away.modem.loseAnswers(2)
    const handed = handOver(away.kit, toHub, parcel('once'))
    await accept(away.hub, await away.hub.nextArrival())
    await handed
    const next = handOver(away.kit, toHub, parcel('next', { number: 1 }))
    await accept(away.hub, await away.hub.nextArrival())
    await next

    t.strictSame(away.hub.arrivals.map(textOf), ['once', 'next'])
  },
)

test('a message that the gateway delivers twice is taken once', { timeout: 60_000 }, async (t) => {
  const away = await anOutpost(t)
  away.iridium.deliver(3)
  for (const [number, text] of ['one', 'two'].entries()) {
    const handed = handOver(away.kit, toHub, parcel(text, { number }))
    await accept(away.hub, await away.hub.nextArrival())
    await handed
  }

  t.strictSame(away.hub.arrivals.map(textOf), ['one', 'two'])
  t.ok(away.iridium.confirmed() >= 6)
})

test(
  'power lost between the message and its session loses and doubles nothing',
  { timeout: 60_000 },
  async (t) => {
    const away = await anOutpost(t)
    const { reached, go } = away.modem.holdSession()
    const handed = handOver(away.kit, toHub, parcel('through the dark'))
    await reached
    away.modem.cutPower()
    go()
    const arrival = await away.hub.nextArrival()
    await accept(away.hub, arrival)
    await handed

    t.strictSame(away.hub.arrivals.map(textOf), ['through the dark'])
  },
)

test(
  'what lay in the modem when the kit lost its power is read before anything else',
  { timeout: 60_000 },
  async (t) => {
    const away = await anOutpost(t)
    const { reached, go } = away.modem.holdSession()
    const handed = handOver(away.hub, toKit, parcel('for you'))
    await reached
    const store = away.kit.store
    const gone = away.kitCarrier[Symbol.asyncDispose]()
    go() // the session goes well, and nobody is there to read
    await gone
    while (away.modem.flown.at(-1)?.received === undefined) await sleep(5)
    const sessions = away.modem.flown.length
    const again = await away.openKit(store)
    const arrival = await again.nextArrival()

    t.equal(textOf(arrival), 'for you')
    t.equal(away.modem.flown.length, sessions, 'no session was needed')
    await accept(again, arrival)
    const answer = handOver(again, toHub, parcel('thanks'))
    await accept(away.hub, await away.hub.nextArrival())
    await Promise.all([handed, answer])
  },
)
