import { test } from 'tap'
import { pauseAfter } from '#carriers/sbd-retry.ts'
import { seededRandom } from '../support/random.ts'

const random = seededRandom(3)

test('a little at first, a little more, then five minutes', async (t) => {
  const pauses = Array.from({ length: 200 }, (_, at) => pauseAfter(18, 1 + (at % 6), random))
  const longest = (failures: number): number =>
    Math.max(...pauses.filter((_, at) => 1 + (at % 6) === failures).map(({ ms }) => ms))

  t.ok(longest(1) <= 5_000 && longest(2) <= 5_000 && longest(1) > 1_000)
  t.ok(longest(3) <= 30_000 && longest(4) <= 30_000 && longest(3) > 5_000)
  t.equal(longest(5), 300_000)
  t.match(pauseAfter(18, 5, random), { ms: 300_000, isOver: true, isFault: false })
})

test('what a status says of itself is heeded', async (t) => {
  t.match(pauseAfter(36, 1, random), { ms: 180_000, isOver: false })
  t.match(pauseAfter(38, 1, random), { ms: 180_000, isOver: false })
  t.match(pauseAfter(32, 1, random), { isOver: true, isFault: false })
  t.match(pauseAfter(33, 1, random), { ms: 300_000, isOver: true, isFault: true })
  t.match(pauseAfter(undefined, 1, random), { isOver: false, isFault: false })
})
