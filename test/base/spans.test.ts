import { strict as assert } from 'node:assert'
import fc from 'fast-check'
import { test } from 'tap'
import { bytesIn, joinSpans, withoutSpans, type Spans } from '#base/spans.ts'
import { holds } from '../support/property.ts'

const spans = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 40 }), fc.integer({ min: 0, max: 12 })), {
    maxLength: 8,
  })
  .map((all) =>
    joinSpans(
      [],
      all.map(([from, length]) => [from, from + length] as const),
    ),
  )

test('joining and taking away are what sets of numbers do, and what comes out is in order and apart', async (t) => {
  holds(
    t,
    fc.property(spans, spans, (a, b) => {
      const [joined, left] = [joinSpans(a, b), withoutSpans(a, b)]
      assert.deepEqual(numbersIn(joined), numbersIn(a).union(numbersIn(b)))
      assert.deepEqual(numbersIn(left), numbersIn(a).difference(numbersIn(b)))
      for (const result of [joined, left]) {
        assert.equal(bytesIn(result), numbersIn(result).size)
        assert.ok(result.every(([from, to], at) => from < to && from > (result[at - 1]?.[1] ?? -1)))
      }
    }),
    500,
  )
})

function numbersIn(all: Spans): Set<number> {
  const numbers = all.flatMap(([from, to]) =>
    Array.from({ length: to - from }, (_, at) => from + at),
  )
  return new Set(numbers.toSorted((a, b) => a - b))
}
