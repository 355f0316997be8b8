import { test } from 'tap'
import {
  acceptedWith,
  balance,
  booksFrom,
  cursorWith,
  fetched,
  remember,
  settle,
  step,
  unprovenCount,
} from '#carriers/nats-books.ts'
import { NOWHERE } from '#carriers/nats-place.ts'

const bytesOf = (name: string): Uint8Array => Buffer.from(name)

test('a step is over when all that it waits for is held', async (t) => {
  const books = booksFrom(NOWHERE)
  const first = fetched(books, 1, bytesOf('one'))
  step(books, { upTo: 4, entries: [] })

  t.equal(cursorWith(books, undefined), 0)
  t.equal(cursorWith(books, first), 4)
  if (first !== undefined) first.state = 'held'
  settle(books)
  t.equal(books.cursor, 4)
})

test('a number behind us is passed over', async (t) => {
  const books = booksFrom({ ...NOWHERE, cursor: 7 })

  t.equal(fetched(books, 7, bytesOf('old')), undefined)
  t.equal(books.reached, 7)
})

test('our own and what was heard count until their numbers are known', async (t) => {
  const books = booksFrom(NOWHERE)
  const heard = remember(books, bytesOf('heard'), 'queued')
  if (heard !== undefined) books.unproven.add(heard)
  books.ownSeqs = [2]
  t.equal(unprovenCount(books), 2)

  t.equal(balance(books, 2), 'even')
  t.equal(unprovenCount(books), 0)
  t.equal(books.reached, 2)
  t.equal(books.cursor, 0)
})

test('only so many envelopes are remembered, the latest', async (t) => {
  const books = booksFrom(NOWHERE)
  for (let count = 0; count < 2_000; count += 1) remember(books, bytesOf(`${count}`), 'held')

  t.equal(books.recent.size, 512)
  t.equal(acceptedWith(books, undefined).length, 64)
  t.equal(remember(books, bytesOf('1999'), 'queued'), undefined)
  t.ok(remember(books, bytesOf('0'), 'queued'))
})
