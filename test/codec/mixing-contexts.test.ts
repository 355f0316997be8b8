/** Contexts go by bytes, and by letters where these have several bytes. */
import { test } from 'tap'
import { bytesFromText } from '#base/bytes.ts'
import { noContexts, setContexts, type Contexts } from '#codec/mixing-contexts.ts'
import { atTheStart, moveOn } from '#codec/mixing-place.ts'

/** The contexts behind these bytes. */
function behind(...bytes: readonly number[]): Contexts {
  const [place, contexts] = [atTheStart(), noContexts()]
  for (const [at, byte] of bytes.entries()) {
    moveOn(place, byte)
    const back = (count: number): number => bytes[at - count] ?? 0
    const four = byte | (back(1) << 8) | (back(2) << 16) | (back(3) << 24)
    setContexts(contexts, place, { four, fifth: back(4) })
  }
  return structuredClone(contexts)
}

const behindText = (text: string): Contexts => behind(0xd9, ...bytesFromText(text))

/** Which of the contexts with histories are the same. */
function same(one: Contexts, other: Contexts): readonly number[] {
  return [...one.histories.keys()].filter((at) => one.histories[at] === other.histories[at])
}

test('behind ASCII a context is the last bytes, however many it takes', async (t) => {
  t.strictSame(same(behindText('a road'), behindText('one road')), [0, 1, 2, 3])
  t.strictSame(same(behindText('a road'), behindText('a read')), [0, 1, 4])
})

test('in a script of three bytes a letter a context is the last letters', async (t) => {
  t.strictSame(same(behindText('ក ខគ'), behindText('ងឃ ខគ')), [0, 1, 2, 3, 4])
  t.strictSame(same(behindText('ខគ'), behindText('ងគ')), [0, 1])
  t.not(behindText('កខគ').runs[1], behindText('ងខគ').runs[1], 'the third letter counts there')
  t.equal(behindText('ញកខគ').runs[1], behindText('ចកខគ').runs[1])
})

test('a word without an end goes by its last letters', async (t) => {
  t.not(behindText('ញខគឃ').histories[3], behindText('ចខគឃ').histories[3])
  t.equal(behindText('ញកខគឃ').histories[3], behindText('ចកខគឃ').histories[3])
})

test('outside texts it is the item, and no letter', async (t) => {
  t.strictSame(same(behind(0x94, 1, 2, 3), behind(0x94, 1, 9, 3)), [0, 3, 4])
  t.strictSame(same(behind(0xe1, 0x9e, 0x80), behind(0xe2, 0x9e, 0x80)), [0, 1, 4])
})
