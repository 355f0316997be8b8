import { test } from 'tap'
import { termsOf } from '#compose/terms.ts'
import { must } from '#base/assert.ts'
import { Config } from '#config/schema.ts'
import { openSbd } from '#compose/carriers.ts'
import { realLog, realRandom } from '#ports/real.ts'
import type { PeerId } from '#ports/carrier.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { quickClock } from '../../scripts/link/quick-clock.ts'
import { accept, handOver, hear, parcel, textOf } from '../support/carrier-side.ts'
import { anIdentity } from '../support/nodes.ts'
import { IMEI, SPEED } from '../support/sbd.ts'
import { aLittleIridium } from '../support/sbd-gateway.ts'

test(
  'a modem and a gateway as they stand in configs find each other',
  { timeout: 60_000 },
  async (t) => {
    const iridium = await aLittleIridium()
    const modem = await iridium.addModem(IMEI)
    const [hub, kit] = [anIdentity('hub', 1, 'hub'), anIdentity('kit', 2)].map(
      ({ certificate }) => certificate.node,
    )
    const modems = [{ imei: IMEI, node: kit }]
    const send = `127.0.0.1:${iridium.port}`
    const listen = `127.0.0.1:${await freePort()}`
    const there = await open({ gateway: { listen, send, allowFrom: ['127.0.0.1'], modems } })
    const here = await open({ modem: { address: `127.0.0.1:${modem.port}`, hub } })
    iridium.setHeadquarters(there.opened.port ?? 0)
    await here.side.nextContact(true)
    const handed = handOver(here.side, hub as PeerId, parcel('hello'))
    void handed.catch(() => undefined)
    const arrival = await there.side.nextArrival()
    await accept(there.side, arrival)

    t.equal(textOf(arrival), 'hello')
    t.match(here.opened, {
      name: 'sbd',
      lanes: ['flash', 'immediate', 'priority'],
      isMetered: true,
    })
    for (const one of [here, there]) await one.opened[Symbol.asyncDispose]()
    await iridium[Symbol.asyncDispose]()
  },
)

test('an sbd carrier is one of the two ends, with one modem at it', async (t) => {
  const id = anIdentity('hub', 1).certificate.node
  const modem = { device: '/dev/ttyUSB0', hub: id }
  const gateway = {
    listen: '0.0.0.0:10801',
    send: 'gateway.example:10800',
    modems: [{ imei: IMEI, node: id }],
  }

  t.equal(refused({ modem }), undefined)
  t.equal(refused({ gateway }), undefined)
  t.equal(refused({}), 'modem or gateway, one of the two')
  t.equal(refused({ modem, gateway }), 'modem or gateway, one of the two')
  t.equal(refused({ modem: { hub: id } }), 'device or address, one of the two')
  t.equal(refused({ modem }, { gateway }), 'one sbd carrier; put all modems into its gateway')
  const twice = { ...gateway, modems: [...gateway.modems, ...gateway.modems] }
  t.equal(refused({ gateway: twice }), 'each imei once')
})

/** The carrier of a config with this end. */
async function open(end: object) {
  const [config] = Config.parse({ carriers: [{ kind: 'sbd', gatherMs: 0, ...end }] }).carriers
  const clock = quickClock(SPEED)
  const store = openMemoryStore()
  const ports = { clock, store, random: realRandom(), log: realLog({ clock, level: 'error' }) }
  const terms = must(config && (await termsOf(config, undefined)), 'it has a link')
  if (config?.kind !== 'sbd') throw new Error('it is an sbd carrier')
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- it takes no other part of a node
  const opened = await openSbd(config, ports as unknown as Parameters<typeof openSbd>[1], terms)
  return { opened, side: hear(opened, store) }
}

/** The first thing that is wrong with such carriers. */
function refused(...carriers: readonly object[]): string | undefined {
  const parsed = Config.safeParse({ carriers: carriers.map((one) => ({ kind: 'sbd', ...one })) })
  return parsed.error?.issues[0]?.message
}

async function freePort(): Promise<number> {
  const { createServer } = await import('node:net')
  return new Promise((resolve) => {
    const server = createServer().listen(0, '127.0.0.1', () => {
      const address = server.address()
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0))
    })
  })
}
