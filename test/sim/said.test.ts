import { test } from 'tap'
import { bytesFromText } from '#base/bytes.ts'
import type { ChannelId, PostId, UserId } from '#base/ids.ts'
import { markerOf, numbersIn, openBook } from './said.ts'

const FACTS = {
  home: 0,
  author: 'amira' as UserId,
  channel: 'ops' as ChannelId,
  lane: 'routine',
  root: undefined,
  pendingId: '',
  at: 0,
  text: 'Roger',
} as const

test('a marker is found wherever a body lies, and only as a whole', async (t) => {
  const bytes = bytesFromText(`طريق ${markerOf(7)} << 8>> <<9 ${markerOf(12_345)}<<x>>`)

  t.strictSame(numbersIn(bytes), [7, 12_345])
  t.strictSame(numbersIn(new Uint8Array()), [])
})

test('a message has one id for ever, and an id is one message', async (t) => {
  const book = openBook()
  const first = book.write(FACTS)
  const second = book.write(FACTS)

  t.equal(book.saved(first, 'a' as PostId), undefined)
  t.equal(book.saved(first, 'a' as PostId), undefined, 'the same answer again')
  t.match(book.saved(first, 'b' as PostId), /message 0 is a and b/)
  t.match(book.saved(second, 'a' as PostId), /messages 0 and 1 are both a/)
})
