/** Whose words about our lists count: not those of who had named a number before we ever sent it. */
import { test } from 'tap'
import { actorOf, type NodeId } from '#base/ids.ts'
import type { Note } from '#codec/note.ts'
import { canMean, noteDoubted, noteSent, sentOf, withoutUnsent } from '#sync/sent.ts'
import { aFleet } from '../support/fleet.ts'
import { anIdentity, seedOf } from '../support/nodes.ts'
import { arrive, aSync, found, noteOf, routine, type SyncNode } from '../support/sync.ts'

const bravo = anIdentity('bravo', 2).certificate.node
const charlie = anIdentity('charlie', 3).certificate.node

test('what is sent is noted once, and never goes back', async (t) => {
  await using alpha = await aSync('alpha')

  await send(alpha, 3)
  await send(alpha, 2)

  t.equal(await sentOf(alpha.context.replica.read, routine, alpha.actor), 3)
})

test('who named more than was sent means something else by what is sent afterwards, and others do not', async (t) => {
  await using alpha = await aSync('alpha')
  await send(alpha, 2)
  await doubt(alpha, charlie)
  await send(alpha, 3)
  await doubt(alpha, bravo)
  await send(alpha, 5)

  t.strictSame(await meant(alpha, charlie), [true, true, false, false, false])
  t.strictSame(await meant(alpha, bravo), [true, true, true, false, false])
})

test('in our next life every word counts again', async (t) => {
  await using alpha = await aSync('alpha')
  const next = actorOf(alpha.id, seedOf('next life').subarray(0, 4))
  await doubt(alpha, charlie)
  await send(alpha, 1)

  const { read } = alpha.context.replica
  t.equal(await canMean(read, charlie, { document: routine, actor: next, seq: 1 }), true)
  await alpha.context.replica.commit((tx) => noteSent(tx, routine, { actor: next, seq: 1 }))
  t.equal(await canMean(read, charlie, { document: routine, actor: next, seq: 1 }), true)
})

test('who names more than was sent may mean something else by all that left since it spoke last', async (t) => {
  const fleet = await aFleet(t, ['alpha', 'charlie', 'hub'])
  const alpha = fleet.node('alpha')
  await found(fleet.node('hub'))
  await fleet.settle()
  const signs = async (seq: number): Promise<void> => {
    const items = [{ document: routine, clock: { [alpha.actor]: seq }, read: {} }]
    const note = await noteOf(fleet.node('charlie'), { kind: 'receipt', isWhole: false, items })
    await arrive(alpha, note, { from: charlie })
  }
  await send(alpha, 1)
  await signs(1)
  await send(alpha, 3)
  t.strictSame(await meant(alpha, charlie), [true, true, true, true, true])

  await signs(4)

  t.strictSame(await meant(alpha, charlie), [true, false, false, false, false])
})

test('a receipt names of our own list what has left, and nothing more', async (t) => {
  await using alpha = await aSync('alpha')
  const clock = { [alpha.actor]: 5, [actorOf(bravo, seedOf('its life').subarray(0, 4))]: 7 }
  const receipt = {
    kind: 'receipt',
    isWhole: false,
    items: [{ document: routine, clock, read: {} }],
  }
  const told = async () => {
    const { items } = await alpha.context.replica.commit((tx) =>
      withoutUnsent(tx, alpha.actor, receipt as Note),
    )
    return items.map((item) => item.clock)
  }
  const { [alpha.actor]: _, ...others } = clock

  t.strictSame(await told(), [others])
  await send(alpha, 3)
  t.strictSame(await told(), [{ ...others, [alpha.actor]: 3 }])
  await send(alpha, 5)
  t.strictSame(await told(), [clock])
})

function send({ context, actor }: SyncNode, seq: number): Promise<void> {
  return context.replica.commit((tx) => noteSent(tx, routine, { actor, seq }))
}

function doubt({ context, actor }: SyncNode, node: NodeId): Promise<void> {
  return context.replica.commit((tx) => noteDoubted(tx, actor, node))
}

/** Whether a node can mean each of the first five changes of this node. */
function meant({ context, actor }: SyncNode, node: NodeId): Promise<readonly boolean[]> {
  const { read } = context.replica
  return Promise.all(
    [1, 2, 3, 4, 5].map((seq) => canMean(read, node, { document: routine, actor, seq })),
  )
}
