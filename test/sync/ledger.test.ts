import { test } from 'tap'
import { RELAY_DELAY_MS } from '#base/limits.ts'
import { actorOf, type NodeId } from '#base/ids.ts'
import type { Clock } from '#model/log.ts'
import type { PeerId } from '#ports/carrier.ts'
import { key } from '#sync/keys.ts'
import { coveredByAll, hasOf, noteHas, offerToPeers, receiptOf, setHas } from '#sync/ledger.ts'
import { noteWord } from '#sync/words.ts'
import { unpack, type OutboxRecord } from '#sync/records.ts'
import type { Tx } from '#sync/replica.ts'
import { anIdentity } from '../support/nodes.ts'
import { aSync, found, routine, say, type SyncNode } from '../support/sync.ts'

const identities = [anIdentity('bravo', 2), anIdentity('charlie', 3)] as const
const [bravo, charlie] = identities.map(({ certificate }) => certificate.node) as [NodeId, NodeId]
const office: PeerId = 'post:office'
const aReceipt = {
  actor: actorOf(bravo, Uint8Array.of(1, 2, 3, 4)),
  body: Uint8Array.of(1),
  signature: Uint8Array.of(2),
}

test('what is written here is offered to every peer at once', async (t) => {
  const alpha = await aWriter(bravo, office)

  await say(alpha, 'one')

  for (const peer of [bravo, office])
    t.match(await offer(alpha, peer), { since: alpha.context.now(), notBefore: 0 })
})

test('what came from a peer is not offered back to it, and to a post office only after a while', async (t) => {
  const alpha = await aWriter(bravo, charlie, office)
  await commit(alpha, (tx) => offerToPeers(tx, alpha.context, { document: routine, from: bravo }))

  t.equal(await offer(alpha, bravo), undefined)
  t.match(await offer(alpha, charlie), { notBefore: 0 })
  t.match(await offer(alpha, office), { notBefore: alpha.context.now() + RELAY_DELAY_MS })
  await say(alpha, 'our own')
  t.match(await offer(alpha, office), { notBefore: 0 })
})

test('an offer goes away when the peer has all, and not before', async (t) => {
  const alpha = await aWriter(bravo)
  await say(alpha, 'one')
  await say(alpha, 'two')

  await commit(alpha, (tx) => noteHas(tx, bravo, has({ [alpha.actor]: 1 })))
  t.ok(await offer(alpha, bravo))
  await commit(alpha, (tx) => noteHas(tx, bravo, has({ [alpha.actor]: 2 })))
  t.equal(await offer(alpha, bravo), undefined)
  await commit(alpha, (tx) => noteHas(tx, bravo, has({ [alpha.actor]: 1 })))
  t.strictSame(await hasOf(alpha.context.replica.read, bravo, routine), { [alpha.actor]: 2 })
})

test('a peer that has less than we thought is offered it again', async (t) => {
  const alpha = await aWriter(bravo)
  await say(alpha, 'one')
  await commit(alpha, (tx) => noteHas(tx, bravo, has({ [alpha.actor]: 1 })))

  await commit(alpha, (tx) => setHas(tx, alpha.context, { peer: bravo, ...has({}) }))

  t.ok(await offer(alpha, bravo))
})

test("a node's word grows and never shrinks", async (t) => {
  const alpha = await aWriter()
  const word = (clock: Clock, read: Clock, isReceipt = true) =>
    commit(alpha, (tx) =>
      noteWord(tx, alpha.context, {
        node: bravo,
        document: routine,
        clock,
        read,
        receipt: isReceipt ? aReceipt : undefined,
      }),
    )

  t.equal(await word({ a: 3 }, { a: 1 }), true)
  t.equal(await word({ a: 2, b: 1 }, {}), true)
  t.equal(await word({ a: 1 }, { a: 1 }), false)

  t.match(await receiptOf(alpha.context.replica.read, bravo, routine), {
    clock: { a: 3, b: 1 },
    read: { a: 1 },
  })
})

test('what was known by another way is news once a receipt tells it', async (t) => {
  const alpha = await aWriter()
  const word = (isReceipt: boolean) =>
    commit(alpha, (tx) =>
      noteWord(tx, alpha.context, {
        node: bravo,
        document: routine,
        clock: { a: 3 },
        read: {},
        receipt: isReceipt ? aReceipt : undefined,
      }),
    )

  t.equal(await word(false), false)
  t.equal(await word(true), true)
  t.equal(await word(true), false)
})

test('only what every node has said to have is covered', async (t) => {
  const alpha = await aWriter()
  const word = (node: NodeId, clock: Clock) =>
    commit(alpha, (tx) =>
      noteWord(tx, alpha.context, {
        node,
        document: routine,
        clock,
        read: {},
        receipt: aReceipt,
      }),
    )
  await word(bravo, { a: 3, b: 2 })
  await word(charlie, { a: 1, c: 5 })
  const { read } = alpha.context.replica

  t.strictSame(await coveredByAll(read, [bravo, charlie], routine), { a: 1 })
  t.strictSame(await coveredByAll(read, [bravo, 'delta' as NodeId], routine), {})
  t.strictSame(await coveredByAll(read, [], routine), {})
})

async function aWriter(...peers: readonly PeerId[]): Promise<SyncNode> {
  const alpha = await aSync('alpha', { knows: identities })
  await found(alpha)
  for (const peer of peers) alpha.context.peers.add(peer)
  return alpha
}

function has(clock: Clock) {
  return { document: routine, clock }
}

function commit<T>({ context }: SyncNode, work: (tx: Tx) => Promise<T>): Promise<T> {
  return context.replica.commit(work)
}

async function offer({ context }: SyncNode, peer: PeerId): Promise<OutboxRecord | undefined> {
  const place = key.outbox(peer, 'routine', routine)
  return unpack<OutboxRecord>(await context.replica.read.get(place))
}
