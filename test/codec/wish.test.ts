import { strict as assert } from 'node:assert'
import fc from 'fast-check'
import { test } from 'tap'
import { areWishes, decodeWishes, encodeWishes, wantedOf, type Wish } from '#codec/wish.ts'
import { holds } from '../support/property.ts'

const WISH: Wish = {
  name: '0123456789abcdef',
  bytes: 1_000_000,
  isAsked: true,
  hops: 3,
  through: [3, 200],
  pieceBytes: 540,
  spans: [
    [0, 540],
    [1_080, 1_000_000],
  ],
}

test('wishes come back as they were, and are told from other notes', async (t) => {
  const none = {
    ...WISH,
    name: 'fedcba9876543210',
    isAsked: false,
    hops: 0,
    through: [],
    spans: [],
  }
  const said = { number: 300, wishes: [WISH, none] }
  const body = encodeWishes(said)
  t.ok(areWishes(body))
  t.strictSame(decodeWishes(body), said)
  t.equal(encodeWishes({ number: 1, wishes: [{ ...WISH, hops: 0, through: [] }] }).length, 26)
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
    t.equal(decodeWishes(noteOf({ ...WISH, spans })), undefined)
  t.equal(
    decodeWishes(noteOf({ ...WISH, through: Array.from({ length: 16 }, () => 1) })),
    undefined,
  )
  t.equal(decodeWishes(noteOf({ ...WISH, hops: 16 })), undefined)
  const short = { ...WISH, hops: 1, through: [3, 200] }
  t.equal(decodeWishes(noteOf(short)), undefined, 'who passes it on would name too many')
  const body = noteOf(WISH)
  for (let length = 1; length < body.length; length += 1)
    t.equal(decodeWishes(body.subarray(0, length)), undefined)
  t.equal(decodeWishes(Uint8Array.of(...body, 0)), undefined)
})

test('whatever the bytes are, nothing is thrown, and what is read is written the same', async (t) => {
  holds(
    t,
    fc.property(fc.uint8Array({ maxLength: 60 }), (rest) => {
      const body = Uint8Array.of(5, 1, 1, ...rest)
      const said = decodeWishes(body)
      if (said !== undefined) assert.ok(encodeWishes(said).length <= body.length)
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

function noteOf(wish: Wish): Uint8Array {
  return encodeWishes({ number: 7, wishes: [wish] })
}
