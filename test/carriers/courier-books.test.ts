import { test } from 'tap'
import { isSettled, openBooks, peerOf, withSettled } from '#carriers/courier-books.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { seededRandom } from '../support/random.ts'

const nothing = { size: 10, upTo: 0, beyond: [], isDone: false }

test('envelopes are settled in any order, and those without a gap are one number', async (t) => {
  const one = withSettled(nothing, 2)
  const two = withSettled(one, 0)
  const three = withSettled(two, 1)

  t.match(one, { upTo: 0, beyond: [2] })
  t.match(two, { upTo: 1, beyond: [2] })
  t.match(three, { upTo: 3, beyond: [] })
  t.strictSame(
    [0, 1, 2, 3].map((index) => isSettled(two, index)),
    [true, false, true, false],
  )
})

test('of the sticks all of whose files are there, it is the one of which most is known', async (t) => {
  const store = openMemoryStore()
  const books = openBooks({ store, random: seededRandom(1) }, 'c/')
  const note = async (stick: string, files: readonly string[]): Promise<void> => {
    await books.use(stick)
    await store.write(files.map((file) => books.write(stick, file, nothing)))
  }
  await note('small', ['one'])
  await note('large', ['one', 'two'])
  await note('gone', ['one', 'two', 'three'])

  t.equal((await books.recognise(sizes('one', 'two', 'other'))).stick, 'large')
  t.equal((await books.recognise(sizes('one', 'other'))).stick, 'small')
  t.match((await books.recognise(sizes('two'))).stick, /^[0-9a-f]{16}$/, 'a new one')
  t.not((await books.recognise(new Map([['one', 9]]))).stick, 'small', 'a file has become shorter')
})

test('a row that cannot be read says that nothing is taken', async (t) => {
  const store = openMemoryStore()
  const books = openBooks({ store, random: seededRandom(1) }, 'c/')
  await books.use('stick')
  const { key } = books.write('stick', 'one', nothing)
  await store.write([{ key, value: Buffer.from('{') }])

  const { files } = await books.recognise(new Map([['one', 10]]))

  t.match(files.get('one'), { upTo: 0, isDone: false })
  t.equal(peerOf('stick'), 'post:stick')
})

function sizes(...files: readonly string[]): ReadonlyMap<string, number> {
  return new Map(files.map((file) => [file, 10]))
}
