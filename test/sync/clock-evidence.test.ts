/** How far other clocks are from ours, by what their nodes signed. */
import { test } from 'tap'
import { nodePrefix } from '#base/ids.ts'
import { channelDocument, DIRECTORY, segmentDocument } from '#model/document-id.ts'
import { clocksHeard } from '#sync/clock-evidence.ts'
import { writeHere } from '#sync/author.ts'
import { virtualClock } from '../support/clock.ts'
import { anIdentity } from '../support/nodes.ts'
import {
  amiraOf,
  arrive,
  aSync,
  envelopeOf,
  found,
  ops,
  routine,
  say,
  type SyncNode,
} from '../support/sync.ts'

const NOON = 1_800_000_000_000
const MINUTE = 60_000
const DAY = 86_400_000
const flash = segmentDocument(ops, 'flash', 0)

test('what comes in shows that its node is at least so far ahead, the closest of a day', async (t) => {
  const clock = virtualClock(NOON)
  await using alpha = await aSync('alpha', { knows: [anIdentity('bravo', 2)], clock })
  await using bravo = await aSync('bravo', {
    knows: [anIdentity('alpha', 1)],
    clock: virtualClock(NOON),
  })
  await share(alpha, bravo)
  await say(bravo, 'one')
  clock.setWall(NOON + 90 * MINUTE)
  await arrive(alpha, await envelopeOf(bravo, routine))
  t.match(heard(alpha, bravo), { least: { aheadMs: -90 * MINUTE } })

  await say(bravo, 'two', 'flash')
  clock.setWall(NOON + MINUTE)
  await arrive(alpha, await envelopeOf(bravo, flash))
  t.match(heard(alpha, bravo), { least: { aheadMs: -MINUTE } })
  t.equal(heard(alpha, bravo)?.most, undefined)

  clock.setWall(NOON + 2 * DAY)
  t.strictSame(heard(alpha, bravo), {}, 'nobody knows after a day')
  clock.setWall(NOON - DAY)
  t.strictSame(heard(alpha, bravo), {}, 'nor when the clock was set back')
})

test('an answer shows that its node is at most so far ahead of the clock that it answers', async (t) => {
  const clock = virtualClock(NOON + 20 * DAY)
  await using alpha = await aSync('alpha', { knows: [anIdentity('bravo', 2)], clock })
  await using bravo = await aSync('bravo', {
    knows: [anIdentity('alpha', 1)],
    clock: virtualClock(NOON),
  })
  await share(alpha, bravo)
  const root = await say(alpha, 'where are you')
  await arrive(bravo, await envelopeOf(alpha, routine))
  const content = { kind: 'post' as const, body: 'here', root: root.id }
  const entry = { author: amiraOf(bravo.id), claimedAt: NOON + MINUTE, content }
  const { context } = bravo
  await context.replica.commit((tx) => writeHere(tx, context, { document: flash, entry }))
  clock.setWall(NOON + 21 * DAY)
  await arrive(alpha, await envelopeOf(bravo, flash))

  t.match(heard(alpha, bravo), { most: { aheadMs: MINUTE - 20 * DAY, at: NOON + 21 * DAY } })
})

/** Alpha founds the workspace; bravo has its directory. */
async function share(alpha: SyncNode, bravo: SyncNode): Promise<void> {
  await found(alpha)
  for (const document of [DIRECTORY, channelDocument(ops)])
    await arrive(bravo, await envelopeOf(alpha, document))
}

function heard({ context }: SyncNode, other: SyncNode) {
  return clocksHeard(context).get(nodePrefix(other.id))
}
