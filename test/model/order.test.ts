/** The two orders: messages by time, what replaces something by cause. */
import { test } from 'tap'
import type { Instant } from '#base/ids.ts'
import { encodeEntry } from '#model/entry.ts'
import { openLog, postIdOf, type Log, type Logged } from '#model/log.ts'
import { causeKey, orderKey } from '#model/order.ts'
import { segmentDocument } from '#model/document-id.ts'
import { parseId, type ActorId, type ChannelId } from '#base/ids.ts'
import { must } from '#base/assert.ts'

const channel = must(parseId<ChannelId>('y'.repeat(26)), 'an id')
const alpha = '00000000000000aa00000001' as ActorId
const first = segmentDocument(channel, 'routine', 0)
const second = segmentDocument(channel, 'routine', 1)
const noon = 1_800_000_000_000

test('an entry written after the clock was set back by a day still counts as the later one', async (t) => {
  const log = openLog(first)
  const before = write(log, noon)
  const after = write(log, noon - 26 * 3_600_000)

  t.ok(causeKey(first, after) > causeKey(first, before))
  t.ok(orderKey(first, after) < orderKey(first, before), 'while messages stand by time')
})

test('an entry of a later segment counts over one of an earlier segment', async (t) => {
  const older = openLog(first)
  write(older, noon)
  const inOld = write(older, noon + 1)
  const inNew = write(openLog(second), noon)

  t.ok(causeKey(second, inNew) > causeKey(first, inOld))
})

test('entries of one moment stand in one order everywhere, by their ids', async (t) => {
  const bravo = '00000000000000bb00000001' as ActorId
  const one = write(openLog(first), noon)
  const other = write(openLog(first), noon, bravo)
  const isFirstSmaller = postIdOf(first, alpha, 1) < postIdOf(first, bravo, 1)

  t.equal(causeKey(first, one) < causeKey(first, other), isFirstSmaller)
  t.equal(orderKey(first, one) < orderKey(first, other), isFirstSmaller)
})

function write(log: Log, claimedAt: Instant, actor = alpha): Logged {
  const content = { kind: 'post' as const, body: 'water', root: undefined }
  const value = encodeEntry({ author: undefined, claimedAt, content }, log.context(actor))
  return log.add(log.next(actor, value))
}
