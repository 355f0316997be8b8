import { test } from 'tap'
import type { PeerId } from '#ports/carrier.ts'
import { key } from '#sync/keys.ts'
import { countFor, forgetPeer, hasSomethingFor } from '#sync/peers.ts'
import { pack } from '#sync/records.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { aHandCarrier } from '../support/hand-carrier.ts'
import { virtualClock } from '../support/clock.ts'
import { anIdentity } from '../support/nodes.ts'
import { aSync, found, routine, say, type SyncNode } from '../support/sync.ts'

const STICK: PeerId = 'post:stick'

test('a new peer gets everything; one that has all gets nothing until there is more', async (t) => {
  const { node, carrier, clock } = await aPair()
  const { context } = node
  const { read } = context.replica
  const isNew = await hasSomethingFor(read, context, STICK)
  carrier.begin(STICK)
  await clock.advance(1_000)
  carrier.end(STICK)
  await clock.advance(1_000)
  const afterAll = [
    await hasSomethingFor(read, context, STICK),
    await countFor(read, context, STICK),
  ]
  await say(node, 'one')
  const afterMore = [
    await hasSomethingFor(read, context, STICK),
    await countFor(read, context, STICK),
  ]
  await node[Symbol.asyncDispose]()

  t.ok(isNew)
  t.strictSame(afterAll, [false, 0])
  t.strictSame(afterMore, [true, 1])
})

test('of a peer that is let go nothing is left, and it is new when it comes again', async (t) => {
  const { node, carrier, clock, store } = await aPair()
  const { context } = node
  await say(node, 'one')
  carrier.begin(STICK)
  await clock.advance(1_000)
  carrier.end(STICK)
  await say(node, 'two')
  await store.write([
    { key: key.asked(STICK, routine, { actor: node.actor, by: node.id }), value: pack(1) },
  ])
  await context.replica.commit((tx) => forgetPeer(tx, context, STICK))
  const rows = await store.list({ from: '', to: '~' })

  t.strictSame(
    rows.map(([place]) => place).filter((place) => place.includes(STICK)),
    [],
  )
  t.notOk(context.peers.has(STICK))
  t.ok(await hasSomethingFor(context.replica.read, context, STICK))
  await node[Symbol.asyncDispose]()
})

async function aPair(): Promise<{
  readonly node: SyncNode
  readonly carrier: ReturnType<typeof aHandCarrier>
  readonly clock: ReturnType<typeof virtualClock>
  readonly store: ReturnType<typeof openMemoryStore>
}> {
  const [clock, store] = [virtualClock(), openMemoryStore()]
  const carrier = aHandCarrier(() => 'departed')
  const knows = [anIdentity('bravo', 2)]
  const node = await aSync('alpha', { carriers: [carrier], clock, store, knows })
  await found(node)
  return { node, carrier, clock, store }
}
