import { strict as assert } from 'node:assert'
import fc from 'fast-check'
import { test } from 'tap'
import { areWishes, decodeWishes, encodeWishes, wantedOf, type Wish } from '#codec/wish.ts'
import { holds } from '../support/property.ts'

const WISH: Wish = {
  name: '0123456789abcdef',
  bytes: 1_000_000,
  isAsked: true,
  hops: 2,
  pieceBytes: 540,
  spans: [
    [0, 540],
    [1_080, 1_000_000],
  ],
}

test('wishes come back as they were, and are told from other notes', async (t) => {
  const wishes = [WISH, { ...WISH, name: 'fedcba9876543210', isAsked: false, hops: 0, spans: [] }]
  const body = encodeWishes(wishes)
  t.ok(areWishes(body))
  t.strictSame(decodeWishes(body), wishes)
  t.equal(encodeWishes([WISH]).length, 25)
})

test('stretches that are empty, touch, or lie beyond the end are refused, as is what follows', async (t) => {
  for (const spans of [
    [[5, 5]],
    [
      [0, 5],
      [5, 9],
    ],
    [[0, 1_000_001]],
  ] as const)
    t.equal(decodeWishes(encodeWishes([{ ...WISH, spans }])), undefined)
  t.equal(decodeWishes(encodeWishes([{ ...WISH, hops: 4 }])), undefined)
  const body = encodeWishes([WISH])
  for (let length = 1; length < body.length; length += 1)
    t.equal(decodeWishes(body.subarray(0, length)), undefined)
  t.equal(decodeWishes(Uint8Array.of(...body, 0)), undefined)
})

test('whatever the bytes are, nothing is thrown, and what is read is written the same', async (t) => {
  holds(
    t,
    fc.property(fc.uint8Array({ maxLength: 60 }), (rest) => {
      const body = Uint8Array.of(5, 1, ...rest)
      const wishes = decodeWishes(body)
      if (wishes !== undefined) assert.ok(encodeWishes(wishes).length <= body.length)
    }),
    1_000,
  )
})

test('wanted is what is not here, the first stretches of it', async (t) => {
  t.strictSame(
    wantedOf(100, [
      [0, 40],
      [60, 100],
    ]),
    [[40, 60]],
  )
  t.strictSame(wantedOf(0, []), [])
  const holes = Array.from({ length: 300 }, (_, at) => [2 * at + 1, 2 * at + 2] as const)
  t.equal(wantedOf(700, holes).length, 256)
})
