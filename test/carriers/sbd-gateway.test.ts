/** What a gateway may be called with, and what it may say. */
import { once } from 'node:events'
import { connect } from 'node:net'
import { test, type Test } from 'tap'
import { codeOf } from '#base/errors.ts'
import { encodeDirectIp, moConfirmation } from '#carriers/direct-ip.ts'
import type { PeerId } from '#ports/carrier.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { accept, handOver, hear, parcel, textOf } from '../support/carrier-side.ts'
import { collectingLog } from '../support/log.ts'
import { aHubCarrier, aKitCarrier, IMEI } from '../support/sbd.ts'
import { aLittleIridium } from '../support/sbd-gateway.ts'

const toKit = 'kit' as PeerId

test('calls that make no sense end, and the next one is heard', { timeout: 60_000 }, async (t) => {
  const { port, log, hub, openKit } = await headquarters(t)
  const header = Buffer.concat([Buffer.alloc(4), Buffer.from('999999999999999'), Buffer.alloc(9)])
  const stranger = encodeDirectIp([{ kind: 1, bytes: header }])

  t.equal((await call(port, Buffer.from('GET / HTTP/1.1\r\n\r\n'))).length, 0)
  t.equal((await call(port, Uint8Array.of(1, 0xff, 0xff, 1, 2))).length, 0)
  t.strictSame(await call(port, stranger), Buffer.from(moConfirmation(false)))
  const kit = await openKit()
  const handed = handOver(kit, 'hub' as PeerId, parcel('heard'))
  const arrival = await hub.nextArrival()
  await accept(hub, arrival)
  await handed

  t.equal(textOf(arrival), 'heard')
  t.ok(log.named('sbd.stranger').length > 0)
})

test('who calls and says nothing keeps no place from others', { timeout: 20_000 }, async (t) => {
  const { port, hub, openKit } = await headquarters(t)
  const silent = Array.from({ length: 80 }, () => connect({ port, host: '127.0.0.1' }))
  for (const socket of silent) socket.on('error', () => undefined).write(Uint8Array.of(1))
  await Promise.all(silent.slice(64).map((socket) => once(socket, 'ready')))
  const kit = await openKit()

  const handed = handOver(kit, 'hub' as PeerId, parcel('heard'))
  const arrival = await hub.nextArrival()
  await accept(hub, arrival)
  await handed

  t.equal(textOf(arrival), 'heard')
  for (const socket of silent) socket.destroy()
})

test('an address that is not allowed is not heard', { timeout: 60_000 }, async (t) => {
  const { port, log } = await headquarters(t, ['192.0.2.1'])

  t.equal((await call(port, moConfirmation(true))).length, 0)
  t.ok(log.named('sbd.call-refused').length > 0)
})

test('what the gateway refuses stays here until it takes it', { timeout: 60_000 }, async (t) => {
  for (const status of [-5, -7, -9]) {
    const { iridium, hub, log, openKit } = await headquarters(t)
    iridium.refuseWith(status)
    const handed = handOver(hub, toKit, parcel('for you'))
    await log.when('sbd.not-handed')
    iridium.refuseWith(undefined)
    const kit = await openKit()
    const arrival = await kit.nextArrival()
    await accept(kit, arrival)
    const thanks = handOver(kit, 'hub' as PeerId, parcel('thanks'))
    await accept(hub, await hub.nextArrival())
    await Promise.all([handed, thanks])

    t.equal(textOf(arrival), 'for you', `status ${status}`)
  }
})

test('flash goes before what waits at the gateway', { timeout: 60_000 }, async (t) => {
  const { iridium, hub, openKit } = await headquarters(t)
  void handOver(hub, toKit, parcel('routine'))
  while (iridium.waiting(IMEI) < 1) await new Promise(setImmediate)
  void handOver(hub, toKit, parcel('flash', { lane: 'flash' }))
  while (iridium.waiting(IMEI) < 2) await new Promise(setImmediate)
  const kit = await openKit()
  const texts = [textOf(await kit.nextArrival()), textOf(await kit.nextArrival())]

  t.strictSame(texts, ['flash', 'routine'])
})

test('a port that is taken is said at once', { timeout: 60_000 }, async (t) => {
  const { port } = await headquarters(t)
  const iridium = await aLittleIridium()
  const options = {
    end: {
      role: 'gateway' as const,
      listen: { host: '127.0.0.1', port },
      allowFrom: [],
      gateway: { host: '127.0.0.1', port: iridium.port },
      modems: [],
      bytesMax: 270,
      gatherMs: 0,
    },
  }

  t.equal(await aHubCarrier(iridium, [], { options }).then(() => 'open', codeOf), 'PORT_IN_USE')
  await iridium[Symbol.asyncDispose]()
})

async function headquarters(t: Test, allowFrom?: readonly string[]) {
  const iridium = await aLittleIridium()
  const modem = await iridium.addModem(IMEI)
  const log = collectingLog()
  const store = openMemoryStore()
  const carrier = await aHubCarrier(iridium, [{ imei: IMEI, peer: 'kit' }], {
    store,
    log,
    ...(allowFrom && { allowFrom }),
  })
  const closing: AsyncDisposable[] = [carrier]
  t.teardown(async () => {
    for (const one of closing) await one[Symbol.asyncDispose]()
    await iridium[Symbol.asyncDispose]()
  })
  const hub = hear(carrier, store)
  const openKit = async () => {
    const own = openMemoryStore()
    const kit = await aKitCarrier(modem, 'hub', { store: own, mailboxCheckMs: 60_000 })
    closing.push(kit)
    const side = hear(kit, own)
    await side.nextContact(true)
    return side
  }
  return { iridium, hub, log, openKit, port: carrier.port ?? 0 }
}

/** What is said to this, until the call ends. */
function call(port: number, bytes: Uint8Array): Promise<Buffer> {
  return new Promise((resolve) => {
    const said: Buffer[] = []
    const socket = connect({ port, host: '127.0.0.1' })
    socket.on('data', (some: Buffer) => said.push(some))
    socket.on('error', () => undefined)
    socket.on('close', () => resolve(Buffer.concat(said)))
    socket.write(bytes)
  })
}
