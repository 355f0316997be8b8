/** What a dictionary is made of: what was written is read, and what no honest hub writes is no dictionary. */
import assert from 'node:assert/strict'
import fc from 'fast-check'
import { test } from 'tap'
import { byteWriter, bytesFromHex, hexFromBytes } from '#base/bytes.ts'
import type { ActorId } from '#base/ids.ts'
import { DICTIONARY_CHANGES_MAX, DICTIONARY_STRETCHES_MAX } from '#base/limits.ts'
import {
  DICTIONARY_READERS,
  dictionaryFields,
  documentOf,
  type DictionaryContent,
  type Stretch,
} from '#model/dictionary-content.ts'
import { LANES } from '#model/precedence.ts'
import { ops } from '../support/sync.ts'
import { anyBytes, holds } from '../support/property.ts'

const hash = 'ab'.repeat(32)
const actor = '00112233445566778899aabb' as ActorId
const one: Stretch = { lane: 'routine', segment: 3, actor, from: 5, count: 40 }

const anyStretch: fc.Arbitrary<Stretch> = fc
  .record<Stretch>({
    lane: fc.constantFrom(...LANES),
    segment: fc.nat(1_000_000),
    actor: anyBytes(12).map((bytes) => hexFromBytes(bytes) as ActorId),
    from: fc.integer({ min: 1, max: 1_000_000 }),
    count: fc.integer({ min: 1, max: 200 }),
  })
  .map((stretch) => ({ ...stretch }))

test('what a hub names is read again', async (t) => {
  const anyStretches = fc.array(anyStretch, { minLength: 1, maxLength: DICTIONARY_STRETCHES_MAX })
  holds(
    t,
    fc.property(anyStretches, (stretches) => {
      const content: DictionaryContent = { kind: 'dictionary', hash, stretches }
      assert.deepEqual(read(dictionaryFields(content)), content)
    }),
    200,
  )
  t.equal(documentOf(ops, one), `s.${ops}.3.3`)
})

test('a dictionary of thousands of messages is named in a few dozen bytes', async (t) => {
  const [, packed] = fieldsOf([one, { ...one, segment: 4, from: 1, count: 999 }])

  t.equal((packed as Uint8Array).length, 31)
})

test('what names nothing, too much or no place is no dictionary', async (t) => {
  const many = Array.from({ length: DICTIONARY_STRETCHES_MAX + 1 }, () => one)
  const [good, packed] = fieldsOf([one])

  t.ok(read([good, packed]))
  t.equal(read(fieldsOf([])), undefined)
  t.equal(read(fieldsOf(many)), undefined)
  t.equal(read(fieldsOf([{ ...one, count: DICTIONARY_CHANGES_MAX + 1 }])), undefined)
  t.equal(read(fieldsOf([{ ...one, count: 0 }])), undefined)
  t.equal(read(fieldsOf([{ ...one, from: 0 }])), undefined)
  t.equal(read(fieldsOf([{ ...one, from: 2 ** 31 }])), undefined)
  t.equal(read(fieldsOf([{ ...one, segment: 1_000_001 }])), undefined)
  t.equal(read([bytesFromHex('ab'), packed]), undefined)
  t.equal(read([hash, packed]), undefined)
  t.equal(read([good, 'text']), undefined)
  t.equal(read([good, (packed as Uint8Array).subarray(0, -1)]), undefined)
  const long = byteWriter()
  long.raw(Uint8Array.of(0x83, 0x80, 0x00))
  t.equal(read([good, long.bytes()]), undefined, 'a number in more bytes than it needs')
})

test('any bytes are read or refused, and nothing is thrown', async (t) => {
  holds(
    t,
    fc.property(fc.uint8Array({ maxLength: 200 }), (packed) => {
      const found = read([bytesFromHex(hash), packed])
      if (found !== undefined) assert.deepEqual(dictionaryFields(found)[1], new Uint8Array(packed))
    }),
    500,
  )
})

function fieldsOf(stretches: readonly Stretch[]): readonly unknown[] {
  return dictionaryFields({ kind: 'dictionary', hash, stretches })
}

function read(fields: readonly unknown[]): DictionaryContent | undefined {
  return DICTIONARY_READERS[21]?.(fields)
}
