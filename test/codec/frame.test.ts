import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { test } from 'tap'
import { bytesFromHex, hexFromBytes } from '#base/bytes.ts'
import {
  checkOf,
  decodeFrame,
  encodeFrame,
  FRAME_NUMBERS,
  FRAME_TAGS,
  headBytes,
  pieceBytes,
  wholeBytes,
  type Frame,
  type FrameItem,
} from '#codec/frame.ts'
import { frameVectors } from '../vectors/make-frames.ts'
import { holds } from '../support/property.ts'

const number = fc.integer({ min: 0, max: FRAME_NUMBERS - 1 })
const bytes = fc.uint8Array({ minLength: 1, maxLength: 200 })
const item: fc.Arbitrary<FrameItem> = fc.oneof(
  fc.record({
    kind: fc.constant('whole' as const),
    number,
    bytes: fc.uint8Array({ maxLength: 200 }),
  }),
  fc.record({
    kind: fc.constant('first' as const),
    number,
    total: fc.integer({ min: 0, max: 60_000 }),
    check: fc.integer({ min: 0, max: 65_535 }),
    bytes,
  }),
  fc.record({
    kind: fc.constant('more' as const),
    number,
    offset: fc.integer({ min: 1, max: 60_000 }),
    bytes,
  }),
)
const gap = fc.tuple(fc.integer({ min: 0, max: 500 }), fc.integer({ min: 1, max: 500 }))
const hole = fc.record({
  number,
  gaps: fc.array(gap, { maxLength: 16 }).map((parts) => {
    let end = 0
    return parts.map(([space, length]) => {
      const from = end + space
      end = from + length
      return { from, length }
    })
  }),
})
const acks = fc.oneof(
  fc.record({
    tag: fc.integer({ min: 0, max: FRAME_TAGS - 1 }),
    isKnown: fc.constant(false as const),
  }),
  fc.record({
    tag: fc.integer({ min: 0, max: FRAME_TAGS - 1 }),
    isKnown: fc.constant(true as const),
    base: number,
    settled: fc
      .uniqueArray(fc.integer({ min: 1, max: 56 }))
      .map((all) => all.toSorted((a, b) => a - b)),
    holes: fc.array(hole, { maxLength: 8 }),
  }),
)
const frame: fc.Arbitrary<Frame> = fc.record({
  tag: fc.integer({ min: 0, max: FRAME_TAGS - 1 }),
  isFresh: fc.boolean(),
  isAnswerWanted: fc.boolean(),
  acks: fc.option(acks, { nil: undefined }),
  items: fc.array(item, { maxLength: 5 }),
})

test('what is written is read', async (t) => {
  holds(
    t,
    fc.property(frame, (one) => {
      t.same(decodeFrame(encodeFrame(one)), one)
      return true
    }),
    300,
  )
})

test('a frame takes what is said of its parts', async (t) => {
  holds(
    t,
    fc.property(frame, (one) => {
      const sizes = one.items.map((each) =>
        each.kind === 'whole'
          ? wholeBytes(each.bytes.length) + each.bytes.length
          : pieceBytes(
              each.kind === 'first' ? 0 : each.offset,
              each.bytes.length,
              each.kind === 'first' ? each.total : 0,
            ) + each.bytes.length,
      )
      const items = sizes.reduce((sum, size) => sum + size, 0)
      const [only] = one.items
      const spared = one.items.length === 1 ? wholeBytes(only?.bytes.length ?? 0) - 1 : 0
      return encodeFrame(one).length === headBytes(one.acks) + items - spared
    }),
  )
})

test('whatever the bytes are, what is read has one spelling', async (t) => {
  holds(
    t,
    fc.property(fc.uint8Array({ maxLength: 60 }), (some) => {
      const read = decodeFrame(some)
      return read === undefined || Buffer.compare(encodeFrame(read), some) === 0
    }),
    5_000,
  )
})

test('what this version does not know is refused', async (t) => {
  const one = encodeFrame({ tag: 5, isFresh: true, isAnswerWanted: false, items: [] })
  one[0] = (one[0] ?? 0) | 0x80

  t.equal(decodeFrame(one), undefined)
  t.equal(decodeFrame(new Uint8Array(0)), undefined)
  t.equal(decodeFrame(Uint8Array.of(0, 0, 3, 9, 1)), undefined, 'bytes that end early')
})

test('the golden frames are written as they were, and say what they said', async (t) => {
  const place = new URL('../vectors/frames.json', import.meta.url)
  const kept = JSON.parse(readFileSync(place, 'utf8')) as ReturnType<typeof frameVectors>

  t.strictSame(frameVectors(), kept)
  const { frames } = kept as { readonly frames: readonly { bytes: string; says: unknown }[] }
  for (const { bytes: hex, says } of frames)
    t.match(
      JSON.parse(JSON.stringify(decodeFrame(Uint8Array.from(bytesFromHex(hex))), plainly)),
      says,
    )
})

test('a check is that of the bytes', async (t) => {
  t.equal(checkOf(Buffer.from('abc')), 0xba78)
})

function plainly(_: string, value: unknown): unknown {
  return value instanceof Uint8Array ? hexFromBytes(value) : value
}
