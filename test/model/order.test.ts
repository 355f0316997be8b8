/** The two orders: messages by time, what replaces something by cause. */
import { test } from 'tap'
import type { Instant } from '#base/ids.ts'
import { COUNTER_MAX } from '#base/limits.ts'
import { encodeEntry, type Draft } from '#model/entry.ts'
import { openLog, postIdOf, type Log, type Logged } from '#model/log.ts'
import { causeKey, orderKey, orderKeyAfter, placeEntry, placesOfKey } from '#model/order.ts'
import { append, takeOver } from '../support/histories.ts'
import { segmentDocument } from '#model/document-id.ts'
import { parseId, type ActorId, type ChannelId } from '#base/ids.ts'
import { must } from '#base/assert.ts'

const channel = must(parseId<ChannelId>('y'.repeat(26)), 'an id')
const alpha = '00000000000000aa00000001' as ActorId
const bravo = '00000000000000bb00000001' as ActorId
const waking = '00000000000000cc00000001' as ActorId
const first = segmentDocument(channel, 'routine', 0)
const second = segmentDocument(channel, 'routine', 1)
const noon = 1_800_000_000_000
const DAY = 86_400_000

test('an edit written after the clock was set back by a day still counts as the later one', async (t) => {
  const [here, there] = [openLog(first), openLog(first)]
  const before = edit(here, noon)
  takeOver(there, here)
  const after = edit(there, noon - 26 * 3_600_000, bravo)

  t.ok(after.entry.placeAt < before.entry.placeAt)
  t.ok(causeKey(first, after) > causeKey(first, before))
})

test('counters go on from the largest in the document, whoever wrote it, and only what replaces has one', async (t) => {
  const log = openLog(first)
  const counters = [
    edit(log, noon),
    edit(log, noon),
    write(log, noon, bravo),
    edit(log, noon, bravo),
    edit(log, noon),
  ].map(({ entry }) => entry.counter)

  t.strictSame(counters, [1, 2, 0, 3, 4])
  t.equal(log.counter(), 4)
})

test('a counter far above all others leads nobody along', async (t) => {
  const log = openLog(first)
  edit(log, noon)
  const hostile = { ...anEdit(noon), placeAt: noon, counter: COUNTER_MAX }
  log.add(log.next(alpha, encodeEntry(hostile, log.context(alpha))))

  t.equal(edit(log, noon, bravo).entry.counter, 2)
  t.equal(edit(log, noon).entry.counter, 3, 'nor who wrote it')
})

test('a counter driven to its end leaves the decision to time, and goes no further', async (t) => {
  const log = openLog(first, { isCut: true })
  const hostile = { ...anEdit(noon), placeAt: noon, counter: COUNTER_MAX * 4 }
  const end = log.add(log.next(alpha, encodeEntry(hostile, log.context(alpha))))
  const later = edit(log, noon + 1_000, bravo)
  const latest = edit(log, noon + 2_000)

  t.strictSame(
    [end, later, latest].map(({ entry }) => entry.counter),
    [COUNTER_MAX, COUNTER_MAX, COUNTER_MAX],
  )
  const keys = [end, later, latest].map((logged) => causeKey(first, logged))
  t.strictSame(keys, keys.toSorted())
})

test('a message stands at its claimed time, or after what its author has seen where that is later', async (t) => {
  const log = openLog(first)
  const at = (claimedAt: Instant, actor: ActorId): Instant =>
    write(log, claimedAt, actor).entry.placeAt

  t.equal(at(noon, alpha), noon)
  t.equal(at(noon - 60_000, bravo), noon + 1)
  t.equal(at(noon + 60_000, alpha), noon + 60_000)
  t.equal(at(noon + 60_999, alpha), noon + 60_001, 'the next of the same second')
})

test('a clock that stands in 2060 does not drag the others there, one in 1970 is led by all it has seen', async (t) => {
  const log = openLog(first)
  const at = (claimedAt: Instant, actor: ActorId): Instant =>
    write(log, claimedAt, actor).entry.placeAt

  at(noon, alpha)
  const in2060 = at(2_850_000_000_000, bravo)
  t.equal(in2060, 2_850_000_000_000)
  t.equal(at(noon + 60_000, alpha), noon + 60_000)
  t.equal(at(7_000, waking), in2060 + 1)
})

test('what was seen elsewhere counts like what stands in the document, unless it is not believed', async (t) => {
  const log = openLog(first)
  const placed = (claimedAt: Instant, seenAt: Instant): Instant =>
    placeEntry(log, aPost(claimedAt), { actor: alpha, seen: { placeAt: seenAt } }).placeAt

  t.equal(placed(noon, noon + 5_000), noon + 5_001)
  t.equal(placed(noon, noon + DAY), noon + DAY + 1)
  t.equal(placed(noon, noon + DAY + 1), noon)
  t.equal(placed(7_000, noon), noon + 1)
})

test('where the clock agrees an entry has no item for its place', async (t) => {
  const log = openLog(first)
  const size = (claimedAt: Instant, actor = alpha): number =>
    write(log, claimedAt, actor).value.length

  size(noon)
  const plain = size(noon + 10_000)
  t.equal(size(noon + 10_000), plain, 'nor the next one of the same second')
  t.ok(size(noon + 9_000, bravo) > plain)
})

test('a place is read out of its key, and a key after it sorts behind all of that moment', async (t) => {
  const logged = write(openLog(first), noon)
  const place = orderKey(first, logged)

  t.strictSame(placesOfKey(place), { at: noon, placeAt: noon })
  t.ok(orderKeyAfter(noon) > place)
  t.ok(orderKeyAfter(noon - 1) < place)
})

test('an entry of a later segment counts over one of an earlier segment', async (t) => {
  const older = openLog(first)
  edit(older, noon)
  const inOld = edit(older, noon + 1)
  const inNew = edit(openLog(second), noon)

  t.ok(causeKey(second, inNew) > causeKey(first, inOld))
})

test('entries of one moment stand in one order everywhere, by their ids', async (t) => {
  const one = write(openLog(first), noon)
  const other = write(openLog(first), noon, bravo)
  const isFirstSmaller = postIdOf(first, alpha, 1) < postIdOf(first, bravo, 1)

  t.equal(causeKey(first, one) < causeKey(first, other), isFirstSmaller)
  t.equal(orderKey(first, one) < orderKey(first, other), isFirstSmaller)
})

function write(log: Log, claimedAt: Instant, actor = alpha): Logged {
  return append(log, actor, aPost(claimedAt))
}

function edit(log: Log, claimedAt: Instant, actor = alpha): Logged {
  return append(log, actor, anEdit(claimedAt))
}

function aPost(claimedAt: Instant): Draft {
  const content = { kind: 'post' as const, body: 'water', root: undefined }
  return { author: undefined, claimedAt, content }
}

function anEdit(claimedAt: Instant): Draft {
  const content = { kind: 'edit' as const, target: postIdOf(first, alpha, 1), body: 'more water' }
  return { author: undefined, claimedAt, content }
}
