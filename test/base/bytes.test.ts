import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import {
  byteReader,
  bytesFromHex,
  bytesFromText,
  byteWriter,
  concatBytes,
  equalBytes,
  giveBack,
  hexFromBytes,
  MalformedBytes,
  textFromBytes,
} from '#base/bytes.ts'
import { holds } from '../support/property.ts'

const EDGES = [0, 1, 63, 64, 127, 128, 8_191, 8_192, 2 ** 31, 2 ** 48, 2 ** 53 - 1]

test('what is written is read, in its order', async (t) => {
  const part = fc.oneof(
    fc.record({ kind: fc.constant('byte' as const), value: fc.nat(255) }),
    fc.record({
      kind: fc.constant('uint' as const),
      value: fc.oneof(fc.maxSafeNat(), fc.nat(300)),
    }),
    fc.record({
      kind: fc.constant('int' as const),
      value: fc.oneof(fc.maxSafeInteger(), fc.integer({ min: -300, max: 300 })),
    }),
    fc.record({ kind: fc.constant('block' as const), value: fc.uint8Array({ maxLength: 40 }) }),
  )
  holds(
    t,
    fc.property(fc.array(part), (parts) => {
      const writer = byteWriter()
      for (const one of parts) {
        if (one.kind === 'block') writer.block(one.value)
        else writer[one.kind](one.value)
      }
      const bytes = writer.bytes()

      const reader = byteReader(bytes)
      const read = parts.map(({ kind }) => ({ kind, value: reader[kind]() }))

      assert.deepEqual(
        read,
        parts.map(({ kind, value }) => ({ kind, value })),
      )
      assert.equal(reader.left(), 0)
      assert.equal(reader.at(), bytes.length)
    }),
  )
})

test('numbers up to the largest safe integer, of either sign, are read as they were written', async (t) => {
  for (const value of EDGES) {
    for (const signed of [value, -value - 1, -value].filter(Number.isSafeInteger)) {
      const writer = byteWriter()
      writer.uint(value)
      writer.int(signed)
      const reader = byteReader(writer.bytes())
      t.equal(reader.uint(), value)
      t.equal(reader.int(), signed + 0)
    }
  }
})

test('the numbers of the LEB128 specification have its bytes', async (t) => {
  const writer = byteWriter()
  writer.uint(624_485)
  writer.int(-123_456)

  t.equal(hexFromBytes(writer.bytes()), 'e58e26c0bb78')
})

test('an unsigned number that is longer than needed or too large is malformed', async (t) => {
  for (const wrong of ['8000', 'ff00', 'ffffffffffffff7f', 'ffffffffffffffff01', '80']) {
    t.throws(() => byteReader(bytesFromHex(wrong)).uint(), { name: 'MalformedBytes' }, wrong)
  }
  for (const wrong of ['ffffffffffffff3f', '8080808080808080807f', '80']) {
    t.throws(() => byteReader(bytesFromHex(wrong)).int(), { name: 'MalformedBytes' }, wrong)
  }
})

test('reading beyond the end is malformed, and so is a block longer than what is left', async (t) => {
  const reader = byteReader(Uint8Array.of(5, 1, 2))

  t.throws(() => reader.block(), MalformedBytes)
  t.throws(() => byteReader(new Uint8Array(0)).byte(), MalformedBytes)
  t.throws(() => byteReader(new Uint8Array(3)).raw(4), MalformedBytes)
})

test('what is no whole number is never written', async (t) => {
  for (const wrong of [0.5, Number.NaN, 2 ** 53]) {
    t.throws(() => byteWriter().uint(wrong), { name: 'AssertionFailure' })
    t.throws(() => byteWriter().int(wrong), { name: 'AssertionFailure' })
  }
  t.throws(() => byteWriter().uint(-1), { name: 'AssertionFailure' })
})

test('joined bytes stand in memory of their own', async (t) => {
  const part = Uint8Array.of(1, 2)
  const whole = concatBytes(part, new Uint8Array(0), Uint8Array.of(3))

  part[0] = 9
  t.same(whole, Uint8Array.of(1, 2, 3))
  t.equal(whole.buffer.byteLength, 3)
})

test('bytes that are given back are empty, unless they are a piece of others', async (t) => {
  const own = new Uint8Array(70_000)
  const piece = new Uint8Array(100).subarray(10, 20)

  giveBack(own)
  giveBack(own)
  giveBack(piece)
  t.strictSame([own.length, piece.length], [0, 10])
})

test('bytes are equal when length and content are', async (t) => {
  t.equal(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 2)), true)
  t.equal(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1, 3)), false)
  t.equal(equalBytes(Uint8Array.of(1, 2), Uint8Array.of(1)), false)
})

test('text and hexadecimal digits come back from bytes, also from the middle of a buffer', async (t) => {
  const bytes = bytesFromText('Grüße 🚁')
  const inside = concatBytes(Uint8Array.of(0), bytes).subarray(1)

  t.equal(textFromBytes(inside), 'Grüße 🚁')
  t.same(bytesFromHex(hexFromBytes(inside)), bytes)
  t.equal(textFromBytes(Uint8Array.of(0xff)), '\ufffd')
})
