/** Where we are in a word, a text and an entry follows from the bytes. */
import { test } from 'tap'
import { bytesFromText } from '#base/bytes.ts'
import { atTheStart, isWide, moveOn, type Place } from '#codec/mixing-place.ts'

function after(...bytes: readonly number[]): Place {
  const place = atTheStart()
  for (const byte of bytes) moveOn(place, byte)
  return place
}

const wordOf = (text: string): number => after(...bytesFromText(text)).word

test('a word is its letters, large or small, and ends with anything else', async (t) => {
  t.equal(wordOf('Bridge'), wordOf('a bridge'))
  t.not(wordOf('bridge'), wordOf('bridges'))
  t.equal(wordOf('bridge '), 0)
  const place = after(...bytesFromText('the bridge, '))
  t.equal(place.wordBefore, wordOf('bridge'))
  t.equal(after(...bytesFromText('at 14')).wordBytes, 2)
})

test('a text goes from its mark to the zero, and what stands in it is no list', async (t) => {
  t.equal(after(0x94, 0, 0, 5, 0xd9, 0x41).isText, true)
  t.equal(after(0x94, 0, 0, 5, 0xd9, 0x41, 0).isText, false)
  t.match(after(0x94, 7, 0, 5, 0xd9, 0x97, 0x42), { item: 4, kind: 7 })
})

test('items are counted from the head of a list, whose first is its kind', async (t) => {
  t.match(after(1, 4, 0, 9, 0x97), { item: 0, part: 0 })
  t.match(after(1, 4, 0, 9, 0x97, 3), { item: 1, kind: 3 })
  t.match(after(1, 4, 0, 9, 0x97, 3, 1, 60), { item: 3, kind: 3 })
})

test('an item of several bytes is one item, whatever its bytes are', async (t) => {
  t.match(after(0x94, 0, 1, 0xcd, 0x97), { item: 2, part: 2, kind: 0 })
  t.match(after(0x94, 0, 1, 0xcd, 0x97, 0xd9), { item: 3, part: 0, isText: false })
  t.match(after(0x97, 3, 0xc1, 0, 1, 2, 3, 4, 5, 6, 7), { item: 1, part: 9 })
  t.match(after(0x97, 3, 0xc1, 0, 1, 2, 3, 4, 5, 6, 7, 8), { item: 2, part: 0 })
  t.match(after(0x97, 3, 0xc1, 1, 0x94, 0xd9, 0xc1), { item: 2, part: 0, kind: 3 })
  t.match(after(0x97, 3, 0xc1, 2, 0, 0x83), { item: 1, part: 4 })
  t.match(after(0x97, 3, 0xc1, 2, 0x81, 1, 0x83, 1), { item: 2, part: 0 })
})

test('letters of several bytes are read whole, in texts only', async (t) => {
  const text = after(0x94, 0, 0, 5, 0xd9, ...bytesFromText('aЇ€'), 0xe2)
  t.match(text, { before: 0xe282ac, beforeThat: 0xd087, third: 0x61, letter: 0xe2 })
  t.equal(isWide(text), true)
  t.match(after(0x94, 0, 0, 5, 0xd9, 0x61), { before: 0x61, letter: 0 })
  t.equal(isWide(after(0x94, 0, 0, 5, 0xd9, 0x61)), false)
  t.match(after(0x94, 0xe2, 0x82, 0xac), { before: 0, letter: 0 })
  t.match(after(0xd9, 0x82, 0x83), { before: 0x83, beforeThat: 0x82 }, 'bytes that begin nothing')
})
