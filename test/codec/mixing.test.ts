/** The mixing coder gives back what went in, bit for bit on every machine, and takes nothing else for it. */
import fc from 'fast-check'
import { test } from 'tap'
import { must } from '#base/assert.ts'
import { bytesFromText, hexFromBytes } from '#base/bytes.ts'
import { MIXED_BYTES_EACH, MIXED_BYTES_FREE, MIXED_BYTES_MAX } from '#base/limits.ts'
import { openMixing } from '#codec/mixing.ts'
import { seededRandom } from '../support/random.ts'
import { holds } from '../support/property.ts'

const TEXT =
  'The bridge is out. We need water, food and a doctor at the school. Немає світла і води. '
const coder = openMixing(bytesFromText(TEXT.repeat(3)), [])

test('whatever bytes go in come out again', async (t) => {
  const anyText = fc.string({ unit: 'grapheme', maxLength: 200 }).map(bytesFromText)
  const anyBytes = fc.uint8Array({ maxLength: 300 })
  holds(
    t,
    fc.property(fc.oneof(anyText, anyBytes), (plain) => {
      const bytes = must(coder.encode(plain), 'it is short enough')
      return hexFromBytes(must(coder.decode(bytes), 'it is whole')) === hexFromBytes(plain)
    }),
  )
})

/** What a code of so many bytes may hold. */
function most(bytes: number): number {
  return MIXED_BYTES_FREE + MIXED_BYTES_EACH * bytes
}

function size(plain: Uint8Array): number {
  return must(coder.encode(plain), 'short').length
}

test('what is like the text gets small, and noise hardly larger', async (t) => {
  const like = bytesFromText('We need a doctor and water at the bridge')
  const noise = seededRandom(1).bytes(1_000)

  t.ok(size(like) * 2 < like.length, String(size(like)))
  t.ok(size(noise) < noise.length * 1.1, String(size(noise)))
  t.ok(size(new Uint8Array(0)) < 6)
  t.ok(size(new Uint8Array(MIXED_BYTES_FREE)) < 20)
})

test('what was coded before changes nothing: each stands alone', async (t) => {
  const plain = bytesFromText('No water at the school')
  const first = must(coder.encode(plain), 'short')
  for (const other of ['Немає води', 'No water at the school', '']) {
    const bytes = must(coder.encode(bytesFromText(other)), 'short')
    coder.decode(bytes)
    coder.decode(bytes.subarray(0, -1))
  }
  t.strictSame(coder.encode(plain), first)
  t.strictSame(openMixing(bytesFromText(TEXT.repeat(3)), []).encode(plain), first)
})

test('the bits are the same on every machine', async (t) => {
  const plain = bytesFromText('Bridge out, 40 people, need food. Їжа?')
  t.equal(
    hexFromBytes(must(coder.encode(plain), 'short')),
    'abf4abdeff8fa191b2cbe719eaece1ead2694c3406ec237678a7',
  )
})

test('more than its limit is left to others', async (t) => {
  t.equal(coder.encode(new Uint8Array(MIXED_BYTES_MAX + 1)), undefined)
  t.ok(coder.encode(seededRandom(2).bytes(MIXED_BYTES_MAX)))
  // A body of ENDs that never is at its end.
  t.equal(coder.decode(new Uint8Array(40).fill(255)), undefined)
})

test('a few bytes do not make others work for long', async (t) => {
  t.equal(coder.encode(bytesFromText('water '.repeat(300))), undefined, 'left to others')
  const long = new Uint8Array(most(6) + 40)
  t.equal(coder.encode(long), undefined)
  holds(
    t,
    fc.property(fc.uint8Array({ maxLength: 12 }), (bytes) => {
      const plain = coder.decode(bytes)
      return plain === undefined || plain.length <= most(bytes.length)
    }),
  )
})

test('bytes that are no such text give undefined or another text, and never throw', async (t) => {
  const whole = must(coder.encode(bytesFromText('We need water at the bridge')), 'short')
  t.equal(coder.decode(new Uint8Array([...whole, 0, 0, 0, 0, 0])), undefined, 'too long')
  holds(
    t,
    fc.property(fc.uint8Array({ maxLength: 60 }), (bytes) => {
      const plain = coder.decode(bytes)
      return plain === undefined || plain.length <= MIXED_BYTES_MAX
    }),
  )
})
