/** Modems that talk badly, and when a session is not worth its price. */
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'tap'
import type { Lane } from '#model/precedence.ts'
import type { PeerId } from '#ports/carrier.ts'
import { accept, handOver, parcel, textOf } from '../support/carrier-side.ts'
import { anOutpost } from '../support/outpost.ts'

const toHub = 'hub' as PeerId

for (const manner of ['nonsense', 'mute', 'halves'] as const)
  test(`a modem that answers ${manner} for a while`, { timeout: 60_000 }, async (t) => {
    const away = await anOutpost(t)
    away.modem.setManner(manner)
    const handed = handOver(away.kit, toHub, parcel('all the same'))
    await sleep(600)
    away.modem.setManner('plain')
    const arrival = await away.hub.nextArrival()
    await accept(away.hub, arrival)
    await handed

    t.strictSame(away.hub.arrivals.map(textOf), ['all the same'])
  })

test(
  'a modem that is unplugged ends the contact, and begins one when it is there again',
  { timeout: 60_000 },
  async (t) => {
    const away = await anOutpost(t)
    away.modem.unplug()
    await away.kit.nextContact(false)
    await away.kit.nextContact(true)

    t.strictSame(away.modem.flown, [], 'nothing was sent for that')
  },
)

test(
  'nothing is sent, and nothing looked for, while there is no reason',
  { timeout: 60_000 },
  async (t) => {
    const away = await anOutpost(t)
    await sleep(1_000)
    t.strictSame(away.modem.flown, [])
    const looking = await anOutpost(t, { mailboxCheckMs: 20_000 })
    await sleep(1_200)

    const looks = looking.modem.flown.length
    t.ok(looks >= 2 && looks <= 4, `${looks} looks in 48 s`)
    t.equal(looking.kitCarrier.account().billedBytes, looks * 50)
  },
)

test(
  'what is not urgent waits for company; flash does not, and takes it along',
  { timeout: 60_000 },
  async (t) => {
    const away = await anOutpost(t, { gatherMs: 40_000 })
    const send = (text: string, number: number, lane: Lane) =>
      handOver(away.kit, toHub, parcel(text, { number, lane }))
    const one = send('one', 0, 'routine')
    await sleep(200)
    t.strictSame(away.modem.flown, [])
    const two = send('two', 0, 'flash')
    await accept(away.hub, await away.hub.nextArrival())
    await accept(away.hub, await away.hub.nextArrival())
    await Promise.all([one, two])

    t.equal(away.modem.flown.filter(({ sent }) => (sent?.length ?? 0) > 5).length, 1)
    t.strictSame(away.hub.arrivals.map(textOf), ['two', 'one'])
  },
)
