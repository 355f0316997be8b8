/** The whole carrier against a real server: the contract of all carriers, and its own face. */
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { test } from 'tap'
import { carrierContract, type CarrierRig } from '../contracts/carrier.ts'
import { shelfContract } from '../contracts/shelf.ts'
import { parcel } from '../support/carrier-side.ts'
import { hub, openNatsNode, type NatsNode } from '../support/nats-node.ts'
import { startNatsServer, withoutNatsServer } from '../support/nats-server.ts'
import { startRelay } from '../support/relay.ts'

const never = new AbortController().signal
const real = { skip: withoutNatsServer, timeout: 20_000 }

if (withoutNatsServer === false) {
  carrierContract('nats', openPair)
  shelfContract('nats', openPair)
}

test(
  'nats: it has the name people know, and sends to its own post office only',
  real,
  async (t) => {
    await using server = await startNatsServer()
    await using alpha = await openNatsNode(server.url, { receiptDelayMs: 30_000 })
    await alpha.nextContact(true)

    t.equal(alpha.carrier.name, 'hub')
    t.equal(alpha.carrier.receiptDelayMs, 30_000)
    await t.rejects(alpha.carrier.send('post:other', parcel('astray'), never), {
      code: 'CARRIER_UNREACHABLE',
    })
    t.equal(await alpha.carrier.send(hub, parcel('home'), never), 'departed')
  },
)

test('nats: a wrong address stops the node before anything is sent', async (t) => {
  await t.rejects(openNatsNode('nats://127.0.0.1:1', { workspace: 'far too long' }), {
    name: 'AssertionFailure',
  })
})

test(
  'nats: wrong password: no contact; the right one later, without a restart',
  real,
  async (t) => {
    await using server = await startNatsServer({
      config: 'authorization { user: "kit1", password: "correct horse", timeout: 60 }',
    })
    const passwordFile = path.join(server.folder, 'password')
    await writeFile(passwordFile, 'battery staple')
    await using alpha = await openNatsNode(server.url, { user: 'kit1', passwordFile })
    const failed = await alpha.log.when('nats.dial-failed')
    await writeFile(passwordFile, 'correct horse')

    t.match(failed, { level: 'warn', facts: { reason: /authorization/i } })
    t.equal((await alpha.nextContact(true)).isUp, true)
  },
)

async function openPair(): Promise<CarrierRig> {
  const server = await startNatsServer()
  const relay = await startRelay(server.port)
  const url = `nats://127.0.0.1:${relay.port}`
  const alpha = await openNatsNode(url, { nodeNumber: 1 })
  const openBravo = (store?: NatsNode['store']): Promise<NatsNode> =>
    openNatsNode(url, { nodeNumber: 2, provision: false }, store)
  await alpha.log.when('nats.stream-made')
  let bravo = await openBravo()
  return {
    alpha,
    bravo,
    toBravo: hub,
    cut: async () => relay.cut(),
    heal: async () => relay.heal(),
    reopenBravo: async () => {
      await bravo.carrier[Symbol.asyncDispose]()
      bravo = await openBravo(bravo.store)
      return bravo
    },
    [Symbol.asyncDispose]: async () => {
      await alpha.carrier[Symbol.asyncDispose]()
      await bravo.carrier[Symbol.asyncDispose]()
      await relay[Symbol.asyncDispose]()
      await server[Symbol.asyncDispose]()
    },
  }
}
