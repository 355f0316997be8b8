import { test } from 'tap'
import type { PeerId } from '#ports/carrier.ts'
import { key } from '#sync/keys.ts'
import { aFaultyStore } from '../support/faulty-store.ts'
import { channelDocument, DIRECTORY, segmentDocument } from '#model/document-id.ts'
import { virtualClock } from '../support/clock.ts'
import { anIdentity, type NodeChoice } from '../support/nodes.ts'
import {
  arrive,
  aSync,
  bodies,
  envelopeOf,
  found,
  ops,
  routine,
  say,
  shown,
  type SyncNode,
} from '../support/sync.ts'

const office: PeerId = 'post:office'
const flash = segmentDocument(ops, 'flash', 0)
const NOON = 1_800_000_000_000

test('a message, the view of it and its offer to peers are one batch, and told only then', async (t) => {
  const store = aFaultyStore()
  await using alpha = await aSync('alpha', { store, knows: [anIdentity('bravo', 2)] })
  await found(alpha)
  alpha.context.peers.add(office)
  const told = alpha.events.length
  store.hold()
  const before = store.batches.length

  const posting = say(alpha, 'one')
  await new Promise((resolve) => {
    setImmediate(resolve)
  })
  t.equal(alpha.events.length, told)
  store.release()
  const message = await posting

  t.equal(store.batches.length, before + 1)
  const keys = new Set(store.batches.at(-1)?.map((write) => write.key))
  t.ok(keys.has(key.document(routine)))
  t.ok(keys.has(key.loose(routine, 0)))
  t.ok(keys.has(key.message(message.id)))
  t.ok(keys.has(key.order(message.channel, message.order)))
  t.ok(keys.has(key.outbox(office, 'routine', routine)))
  t.match(alpha.events.slice(told), [{ kind: 'posted', isLate: false, message: { body: 'one' } }])
})

test('a kit that woke in 1970 puts its first flash message after the history of its channel', async (t) => {
  const { alpha, bravo } = await twoNodes(
    { clock: virtualClock(NOON) },
    { clock: virtualClock(7_000) },
  )
  for (const body of ['one', 'two']) await say(alpha, body)
  await arrive(bravo, await envelopeOf(alpha, routine))

  await say(bravo, 'help', 'flash')
  await arrive(alpha, await envelopeOf(bravo, flash))
  await say(alpha, 'on the way', 'flash')

  t.strictSame(await bodies(bravo), ['one', 'two', 'help'])
  t.strictSame(await bodies(alpha), ['one', 'two', 'help', 'on the way'])
  const message = (await shown(alpha))[2]
  t.match(message, { claimedAt: 7_000, timeDoubt: 'before this program was written' })
  t.ok((message?.createdAt ?? 0) > NOON, 'shown where it stands')
})

test('a message stands after what its author has seen in another lane, by a clock that runs behind', async (t) => {
  const { alpha, bravo } = await twoNodes(
    { clock: virtualClock(NOON) },
    { clock: virtualClock(NOON - 40_000) },
  )
  await say(alpha, 'where are you', 'flash')
  await arrive(bravo, await envelopeOf(alpha, flash))

  await say(bravo, 'at the ford')

  t.strictSame(await bodies(bravo), ['where are you', 'at the ford'])
  await arrive(alpha, await envelopeOf(bravo, routine))
  t.strictSame(await bodies(alpha), ['where are you', 'at the ford'])
})

test('a message of 2060 holds back nobody, and stands before what was said by who had seen it', async (t) => {
  const { alpha, bravo } = await twoNodes(
    { clock: virtualClock(2_850_000_000_000) },
    { clock: virtualClock(NOON) },
  )
  await using charlie = await aSync('charlie', {
    knows: [anIdentity('alpha', 1), anIdentity('bravo', 2)],
    clock: virtualClock(NOON - 40_000),
  })
  for (const document of [DIRECTORY, channelDocument(ops)])
    await arrive(charlie, await envelopeOf(alpha, document))
  await say(alpha, 'from 2060')
  await say(bravo, 'at noon', 'flash')
  await arrive(charlie, await envelopeOf(bravo, flash))
  await arrive(charlie, await envelopeOf(alpha, routine))

  await say(charlie, 'after noon')

  t.strictSame(await bodies(charlie), ['at noon', 'from 2060', 'after noon'])
})

/** Alpha founded the workspace; bravo has its directory. */
async function twoNodes(
  alphaIs: NodeChoice,
  bravoIs: NodeChoice,
): Promise<{ readonly alpha: SyncNode; readonly bravo: SyncNode }> {
  const alpha = await aSync('alpha', { knows: [anIdentity('bravo', 2)], ...alphaIs })
  const bravo = await aSync('bravo', { knows: [anIdentity('alpha', 1)], ...bravoIs })
  await found(alpha)
  for (const document of [DIRECTORY, channelDocument(ops)])
    await arrive(bravo, await envelopeOf(alpha, document))
  return { alpha, bravo }
}
