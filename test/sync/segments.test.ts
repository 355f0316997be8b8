import { test } from 'tap'
import { SEGMENT_ENTRIES_MAX, SEGMENT_PERIOD_MS } from '#base/limits.ts'
import { SEGMENT_NUMBER_MAX, segmentDocument } from '#model/document-id.ts'
import type { Lane } from '#model/precedence.ts'
import { noteSegment, segmentFor } from '#sync/segments.ts'
import { virtualClock } from '../support/clock.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { aSync, found, ops, say, type SyncNode } from '../support/sync.ts'

test('the entry after a full segment goes to the next one', async (t) => {
  await using alpha = await aSync('alpha')
  await found(alpha)

  const posted = await Promise.all(
    Array.from({ length: SEGMENT_ENTRIES_MAX + 1 }, (_, index) => say(alpha, `message ${index}`)),
  )

  t.equal(posted[SEGMENT_ENTRIES_MAX - 1]?.document, segment(0))
  t.match(posted[SEGMENT_ENTRIES_MAX], { document: segment(1), seq: 1 })
  t.equal(await newest(alpha, 'flash'), segment(0, 'flash'))
})

test('a segment is followed by another when its period is over, but not while it is empty', async (t) => {
  const clock = virtualClock()
  await using alpha = await aSync('alpha', { clock })
  await found(alpha)

  t.equal(await newest(alpha), segment(0))
  await clock.advance(SEGMENT_PERIOD_MS + 1)
  t.equal((await say(alpha, 'one')).document, segment(0))
  await clock.advance(SEGMENT_PERIOD_MS - 10)
  t.equal((await say(alpha, 'two')).document, segment(1))
  await clock.advance(SEGMENT_PERIOD_MS + 1)
  t.equal((await say(alpha, 'three')).document, segment(2))
})

test('somebody who announces the last segment there is does not stop the lane', async (t) => {
  await using alpha = await aSync('alpha')
  await found(alpha)
  const last = segment(SEGMENT_NUMBER_MAX)
  await alpha.context.replica.commit((tx) => noteSegment(tx, last, alpha.context.now()))

  const posted = await Promise.all(
    Array.from({ length: SEGMENT_ENTRIES_MAX + 1 }, (_, index) => say(alpha, `message ${index}`)),
  )

  t.equal(posted[0]?.document, last)
  t.equal(posted.at(-1)?.document, last)
})

test('a clock that is set back opens no segment', async (t) => {
  const clock = virtualClock()
  const store = openMemoryStore()
  {
    await using alpha = await aSync('alpha', { clock, store })
    await found(alpha)
    await say(alpha, 'one')
  }
  clock.setWall(0)
  await using alpha = await aSync('alpha', { clock, store })

  t.equal((await say(alpha, 'two')).document, segment(0))
})

test('a segment that others opened is the newest here too, and a latecomer to an old one changes nothing', async (t) => {
  await using alpha = await aSync('alpha')
  await found(alpha)
  const note = (number: number): Promise<void> =>
    alpha.context.replica.commit((tx) => noteSegment(tx, segment(number), alpha.context.now()))

  await note(3)
  t.equal(await newest(alpha), segment(3))
  await note(1)
  t.equal(await newest(alpha), segment(3))
})

function segment(number: number, lane: Lane = 'routine') {
  return segmentDocument(ops, lane, number)
}

function newest({ context }: SyncNode, lane: Lane = 'routine') {
  return context.replica.commit((tx) => segmentFor(tx, { channel: ops, lane }, context.now()))
}
