/** Items of entries: what is no list has none, and a list that claims to be huge costs nothing. */
import { encode } from '@msgpack/msgpack'
import { test } from 'tap'
import { bytesFromId, type PostId } from '#base/ids.ts'
import { decodeFields, idField, textField } from '#model/fields.ts'

test('what is no list has no items', async (t) => {
  for (const value of [5, 'text', { a: 1 }, null])
    t.strictSame(decodeFields(encode(value)), [], JSON.stringify(value))
  t.strictSame(decodeFields(new Uint8Array(0)), [])
  t.strictSame(decodeFields(encode([1, 'two'])), [1, 'two'])
})

test('a list that claims to have four billion items has none', async (t) => {
  t.strictSame(decodeFields(Uint8Array.of(0xdd, 0xff, 0xff, 0xff, 0xff)), [])
})

test('an item is a text up to its limit, or an id of 16 bytes, or nothing', async (t) => {
  t.equal(textField('four', 4), 'four')
  t.equal(textField('fours', 4), undefined)
  t.equal(textField(4, 4), undefined)
  const id = idField<PostId>(new Uint8Array(16).fill(3))
  t.strictSame(id && [...bytesFromId(id)], Array(16).fill(3))
  t.equal(idField(new Uint8Array(15)), undefined)
})
