/** How far of our own lists was ever put into an envelope, and that a receipt names no more of them. */
import { test } from 'tap'
import { actorOf } from '#base/ids.ts'
import type { Note } from '#codec/note.ts'
import { noteSent, sentOf, withoutUnsent } from '#sync/sent.ts'
import { anIdentity, seedOf } from '../support/nodes.ts'
import { aSync, routine, type SyncNode } from '../support/sync.ts'

const bravo = anIdentity('bravo', 2).certificate.node

test('what is sent is noted once, and never goes back', async (t) => {
  await using alpha = await aSync('alpha')

  await send(alpha, 3)
  await send(alpha, 2)

  t.equal(await sentOf(alpha.context.replica.read, routine, alpha.actor), 3)
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
