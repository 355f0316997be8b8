import { test } from 'tap'
import type { NodeId } from '#base/ids.ts'
import { openMemoryNetwork } from '#carriers/memory.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { carrierContract, type CarrierRig } from '../contracts/carrier.ts'
import { hear, parcel, textOf } from '../support/carrier-side.ts'
import { realClock } from '#ports/real.ts'

const alphaId = 'alpha' as NodeId
const bravoId = 'bravo' as NodeId
const charlieId = 'charlie' as NodeId

carrierContract('memory', openPair)

test('memory: an envelope reaches the node it is for and no other', async (t) => {
  const network = openMemoryNetwork({ clock: realClock() })
  await using alpha = network.open(alphaId)
  const bravo = hear(network.open(bravoId), openMemoryStore())
  const charlie = hear(network.open(charlieId), openMemoryStore())

  const handed = alpha.send(charlieId, parcel('for charlie'), new AbortController().signal)
  const arrival = await charlie.nextArrival()
  arrival.acceptCustody()

  t.equal(await handed, 'custody')
  t.equal(arrival.peer, alphaId)
  t.equal(textOf(arrival), 'for charlie')
  t.strictSame(bravo.arrivals, [])
})

test('memory: a cut ends what is under way', async (t) => {
  const network = openMemoryNetwork({ clock: realClock(), delayMs: 60_000 })
  await using alpha = network.open(alphaId)
  await using bravo = network.open(bravoId)

  const handed = alpha.send(bravoId, parcel('slow'), new AbortController().signal)
  t.equal(bravo.name, 'memory')
  network.cut(alphaId, bravoId)

  await t.rejects(handed, { code: 'CARRIER_UNREACHABLE' })
})

async function openPair(): Promise<CarrierRig> {
  const network = openMemoryNetwork({ clock: realClock() })
  const alpha = hear(network.open(alphaId), openMemoryStore())
  let bravo = hear(network.open(bravoId), openMemoryStore())
  return {
    alpha,
    bravo,
    toBravo: bravoId,
    cut: async () => network.cut(alphaId, bravoId),
    heal: async () => network.heal(alphaId, bravoId),
    reopenBravo: async () => {
      await bravo.carrier[Symbol.asyncDispose]()
      bravo = hear(network.open(bravoId), bravo.store)
      return bravo
    },
    [Symbol.asyncDispose]: async () => {
      await alpha.carrier[Symbol.asyncDispose]()
      await bravo.carrier[Symbol.asyncDispose]()
    },
  }
}
