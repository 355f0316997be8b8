import { test } from 'tap'
import { createHeights, heldRow, offsetsOf, rowAt, windowOf } from '#web/core/virtual.ts'

test('only rows in sight are drawn, and some beyond', async (t) => {
  const keys = Array.from({ length: 10_000 }, (_, index) => `k${index}`)
  const offsets = offsetsOf(keys, createHeights(50))

  t.equal(offsets.at(-1), 500_000)
  t.strictSame(windowOf(offsets, { top: 250_000, height: 500, spare: 100 }), {
    first: 4_998,
    end: 5_013,
  })
  t.strictSame(windowOf(offsets, { top: 0, height: 500, spare: 100 }), { first: 0, end: 13 })
  t.match(windowOf(offsets, { top: 499_500, height: 500, spare: 100 }), { end: 10_000 })
})

test('a measured height moves what is below it', async (t) => {
  const heights = createHeights(50)
  t.ok(heights.set('b', 80))
  t.notOk(heights.set('b', 80.2))
  const offsets = offsetsOf(['a', 'b', 'c'], heights)

  t.strictSame([...offsets], [0, 50, 130.2, 180.2])
  t.strictSame([rowAt(offsets, 49), rowAt(offsets, 50), rowAt(offsets, 9_999)], [0, 1, 2])
})

test('an empty list draws nothing', async (t) => {
  const offsets = offsetsOf([], createHeights(50))

  t.strictSame(windowOf(offsets, { top: 0, height: 500, spare: 100 }), { first: 0, end: 0 })
})

/** The rows between a heading and a line. */
const isHeld = (index: number): boolean => index === 1 || index === 2

test('a message is kept where it is, and not the heading above it', async (t) => {
  const offsets = offsetsOf(['day', 'a', 'b', 'line'], createHeights(50))

  t.strictSame(heldRow(offsets, 0, isHeld), { index: 1, below: -50 })
  t.strictSame(heldRow(offsets, 110, isHeld), { index: 2, below: 10 })
  t.strictSame(heldRow(offsets, 160, isHeld), { index: 3, below: 10 }, 'no message is below it')
  t.match(heldRow(offsetsOf([], createHeights(50)), 0, isHeld), { index: 0 })
})
