/** Entries come back byte for byte, whatever is in them, and are the shorter the more their reader can work out. */
import assert from 'node:assert/strict'
import { encode } from '@msgpack/msgpack'
import fc from 'fast-check'
import { test } from 'tap'
import { byteReader, byteWriter, hexFromBytes, MalformedBytes } from '#base/bytes.ts'
import { personIdBytes } from '#base/ids.ts'
import { ENTRY_BYTES_MAX } from '#base/limits.ts'
import { readEntry, writeEntry, type LongIds, type ShortIds } from '#codec/short-entry.ts'
import { seedOf } from '../support/organisation.ts'
import { holds } from '../support/property.ts'

const home = seedOf('home').subarray(0, 8)
const known = seedOf('a message').subarray(0, 16)
const short: ShortIds = {
  home,
  refer: (id) =>
    Buffer.compare(id, known) === 0
      ? (writer) => {
          writer.uint(3)
          writer.uint(500)
        }
      : undefined,
}
const long: LongIds = {
  home,
  referred: (actor, reader) => {
    if (actor !== 3 || reader.uint() !== 500) throw new MalformedBytes('another message')
    return known
  },
}

function written(value: Uint8Array): Uint8Array {
  const writer = byteWriter()
  writeEntry(writer, value, short)
  return writer.bytes()
}

function read(bytes: Uint8Array): Uint8Array {
  return readEntry(byteReader(bytes), long)
}

/** Bytes more than the entry has. */
function lengthOf(...items: readonly unknown[]): number {
  const value = encode(items)
  return written(value).length - value.length
}

function isGivenBack(value: Uint8Array): boolean {
  const reader = byteReader(Uint8Array.from([...written(value), 7, 7, 7]))
  return hexFromBytes(readEntry(reader, long)) === hexFromBytes(value) && reader.left() === 3
}

const item = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 300 }),
  fc.integer(),
  fc.double(),
  fc.boolean(),
  fc.constant(null),
  fc.uint8Array({ maxLength: 40 }),
  fc.constant(known),
  fc.constant(Buffer.concat([home, seedOf('person').subarray(0, 8)])),
  fc.uint8Array({ minLength: 3, maxLength: 3 }).map((number) => personIdBytes(home, number)),
  fc.dictionary(fc.string({ maxLength: 5 }), fc.nat()),
  fc.array(fc.nat(), { maxLength: 20 }),
)

test('entries of all shapes come back, and say themselves where they end', async (t) => {
  holds(
    t,
    fc.property(fc.array(item, { maxLength: 20 }), (items) => isGivenBack(encode(items))),
    500,
  )
})

test('what is no list, or no MessagePack in its usual form, comes back too', async (t) => {
  holds(t, fc.property(fc.uint8Array({ minLength: 1, maxLength: 90 }), isGivenBack), 500)
  for (const [why, bytes] of Object.entries({
    'a text with a longer head than it needs': [0x91, 0xd9, 1, 0x61],
    'a text with a zero in it': [0x91, 0xa2, 0x61, 0],
    'a byte that MessagePack never uses': [0x91, 0xc1],
    'something behind it': [0x91, 1, 2],
    'cut short': [0x92, 1],
    'an id, and no list': [0xc4, 16, ...known],
    'a list that claims to be endless': [0xdd, 255, 255, 255, 255],
    'a long list': [0xdc, 0, 2, 1, 2],
    'extensions of all lengths': [0x93, 0xd4, 5, 1, 0xc7, 2, 5, 1, 2, 0xd8, ...new Uint8Array(17)],
  }))
    t.ok(isGivenBack(Uint8Array.from(bytes)), why)
  for (const length of [31, 32, 255, 256, 65_535, 65_536])
    t.ok(isGivenBack(encode(['x'.repeat(length)])), `${length} letters`)
})

test('a text costs a byte less than with its length, a message and a person far less than their ids', async (t) => {
  const text = 'The bridge is out, we go round by the quarry and need one hour.'
  t.equal(lengthOf(text), 0)
  t.equal(lengthOf(known), 4 - 18)
  t.equal(lengthOf(Buffer.concat([home, known.subarray(8)])), -8)
  t.equal(lengthOf(personIdBytes(home, Uint8Array.of(1, 2, 3))), 5 - 18)
  t.equal(lengthOf(personIdBytes(seedOf('elsewhere').subarray(0, 8), Uint8Array.of(1, 2, 3))), 0)
  t.equal(lengthOf(seedOf('another').subarray(0, 16)), 0)
})

test('what is longer than an entry may be, or ends early, is malformed', async (t) => {
  const raw = byteWriter()
  raw.byte(0xc1)
  raw.block(new Uint8Array(ENTRY_BYTES_MAX + 1))
  const text = Buffer.from([0x91, 0xd9, ...Buffer.alloc(ENTRY_BYTES_MAX + 1, 'x'), 0])
  const ids = Buffer.from([
    0xdd,
    0,
    0,
    0x20,
    0,
    ...Buffer.alloc(4 * 8_192, '\xc1\x03\xf4\x03', 'latin1'),
  ])
  for (const bytes of [raw.bytes(), text, ids, Uint8Array.of(0xc1, 0)])
    t.throws(() => read(bytes), { name: 'MalformedBytes' })
  const good = written(encode([0, 1, 'text', known, { a: 'b' }]))
  for (let length = 0; length < good.length; length += 1)
    t.throws(() => read(good.subarray(0, length)), { name: 'MalformedBytes' })
  holds(
    t,
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      try {
        const value = read(bytes)
        assert.ok(value.length > 0 && value.length <= ENTRY_BYTES_MAX)
      } catch (error) {
        assert.ok(error instanceof MalformedBytes)
      }
    }),
    1_000,
  )
})
