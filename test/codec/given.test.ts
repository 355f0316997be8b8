import { strict as assert } from 'node:assert'
import fc from 'fast-check'
import { test } from 'tap'
import { decodeGiven, encodeGiven, isGiven, type Given } from '#codec/given.ts'
import { areWishes } from '#codec/wish.ts'
import { holds } from '../support/property.ts'

const GIVEN: Given = {
  name: '0123456789abcdef',
  spans: [
    [0, 540],
    [1_080, 1_000_000],
  ],
}

test('what lies on a shelf comes back as it was said, and is told from other notes', async (t) => {
  const other = { name: 'fedcba9876543210', spans: [[7, 8]] } as const
  const body = encodeGiven([GIVEN, other])
  t.ok(isGiven(body))
  t.notOk(areWishes(body))
  t.strictSame(decodeGiven(body), [GIVEN, other])
  t.equal(encodeGiven([other]).length, 13)
})

test('what is cut off, goes on, or lies beyond any file is refused', async (t) => {
  const body = encodeGiven([GIVEN])
  for (let length = 1; length < body.length; length += 1)
    t.equal(decodeGiven(body.subarray(0, length)), undefined)
  t.equal(decodeGiven(Uint8Array.of(...body, 0)), undefined)
  t.equal(decodeGiven(encodeGiven([{ ...GIVEN, spans: [[0, 104_857_601]] }])), undefined)
  t.equal(decodeGiven(encodeGiven([{ ...GIVEN, spans: [[5, 5]] }])), undefined)
  t.equal(decodeGiven(encodeGiven(Array.from({ length: 65 }, () => GIVEN))), undefined)
})

test('whatever the bytes are, nothing is thrown, and what is read is written the same', async (t) => {
  holds(
    t,
    fc.property(fc.uint8Array({ maxLength: 60 }), (rest) => {
      const body = Uint8Array.of(6, 1, ...rest)
      const said = decodeGiven(body)
      if (said !== undefined) assert.ok(encodeGiven(said).length <= body.length)
    }),
    1_000,
  )
})
