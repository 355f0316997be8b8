import { test } from 'tap'
import { bytesFromText, textFromBytes } from '#base/bytes.ts'
import { openShelfBooks, type ShelfBooks } from '#carriers/nats-shelf-books.ts'
import { openPage } from '#carriers/nats-shelf-page.ts'
import type { Store } from '#ports/store.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { collectingLog } from '../support/log.ts'

const KEY = 'carrier/nats/files/a'
const options = { name: 'hub', keyPrefix: 'carrier/nats/', workspace: 'a' }
const piece = (text: string): Uint8Array => bytesFromText(text)

test('the place follows what the node has settled, in order, and survives the disk', async (t) => {
  const store = openMemoryStore()
  const books = await open(store)
  const page = openPage(books.reading('AAAAAA'), books.save)
  const [first, second] = [page.take(5, piece('one')), page.take(9, piece('two'))]
  page.pass(11, piece('our own'))

  second()
  t.equal(books.reading('AAAAAA').seq, 0)
  first()
  t.equal(books.reading('AAAAAA').seq, 11)
  t.equal(page.next(), 12)
  await page.settled()

  t.strictSame((await open(store)).reading('AAAAAA'), books.reading('AAAAAA'))
  t.match(textFromBytes((await store.get(KEY)) ?? piece('')), '["AAAAAA",11,')
})

test('a page of before moves nothing once its file is read from its beginning', async (t) => {
  const books = await open()
  const page = openPage(books.reading('AAAAAA'), books.save)
  const settle = page.take(5, piece('one'))
  const other = openPage(books.reading('BBBBBB'), books.save).take(7, piece('two'))
  books.anew('AAAAAA')
  settle()
  t.equal(books.reading('AAAAAA').seq, 0)

  books.forget()
  other()
  t.equal(books.reading('BBBBBB').seq, 0)
})

test('the end of a page counts once all before it is settled, and only when it is further on', async (t) => {
  const books = await open()
  const page = openPage(books.reading('AAAAAA'), books.save)
  const settle = page.take(5, piece('one'))
  for (const seq of [NaN, -1, 4, 5, 1e99]) page.reach(seq)
  t.equal(page.next(), 6)
  page.reach(40)
  t.equal(page.next(), 41)
  t.equal(books.reading('AAAAAA').seq, 0)

  settle()
  t.equal(books.reading('AAAAAA').seq, 40)
  t.strictSame(page.size(), { count: 1, bytes: 3 })
})

test('a page on which nothing came reaches nowhere', async (t) => {
  const books = await open()
  const page = openPage(books.reading('AAAAAA'), books.save)
  page.reach(40)
  t.equal(page.next(), 1)
  await page.settled()
  t.equal(books.reading('AAAAAA').seq, 0)
})

function open(store: Store = openMemoryStore()): Promise<ShelfBooks> {
  return openShelfBooks(options, { store, log: collectingLog() })
}
