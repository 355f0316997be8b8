import fc from 'fast-check'
import { test } from 'tap'
import { gapsIn, withoutRange, withRange, type Range } from '#carriers/frame-ranges.ts'
import { holds } from '../support/property.ts'

const TOTAL = 40
const range = fc
  .tuple(fc.integer({ min: 0, max: TOTAL }), fc.integer({ min: 0, max: TOTAL }))
  .map(([a, b]) => ({ from: Math.min(a, b), to: Math.max(a, b) }))

test('ranges are sets of bytes, in order and apart', async (t) => {
  holds(
    t,
    fc.property(fc.array(range), fc.array(range), (added, taken) => {
      const all = new Set(added.flatMap(bytesOf))
      for (const byte of taken.flatMap(bytesOf)) all.delete(byte)
      const ranges = taken.reduce(withoutRange, added.reduce(withRange, [] as readonly Range[]))
      const gaps = gapsIn(ranges, TOTAL)
      t.strictSame(
        ranges.flatMap(bytesOf),
        [...all].toSorted((a, b) => a - b),
      )
      t.strictSame(
        gaps.flatMap(bytesOf),
        bytesOf({ from: 0, to: TOTAL }).filter((one) => !all.has(one)),
      )
      return ranges.every(({ from, to }, at) => from < to && from > (ranges[at - 1]?.to ?? -1))
    }),
  )
})

test('of nothing, nothing is missing', async (t) => {
  t.strictSame(gapsIn([], 0), [])
})

function bytesOf({ from, to }: Range): readonly number[] {
  return Array.from({ length: to - from }, (_, at) => from + at)
}
