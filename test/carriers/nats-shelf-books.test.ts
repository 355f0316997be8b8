import fc from 'fast-check'
import { test } from 'tap'
import { bytesFromText } from '#base/bytes.ts'
import {
  bytesFromReadings,
  openShelfBooks,
  readingsFromBytes,
  type ShelfBooks,
} from '#carriers/nats-shelf-books.ts'
import type { Store } from '#ports/store.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import { collectingLog } from '../support/log.ts'
import { holds } from '../support/property.ts'

const KEY = 'carrier/nats/files/a'
const options = { name: 'hub', keyPrefix: 'carrier/nats/', workspace: 'a' }
const piece = (text: string): Uint8Array => bytesFromText(text)

test('of a thousand files at once none is read twice, and those asked for last are kept', async (t) => {
  const store = openMemoryStore()
  const books = await open(store)
  for (let at = 0; at < 64; at += 1) books.reading(`file${at}`).seq = at + 1
  t.equal(books.reading('file0').seq, 1)
  books.reading('file64').seq = 65
  await books.save()
  t.equal(books.reading('file1').seq, 2, 'as long as the node runs')

  const again = await open(store)
  const kept = [0, 2, 63, 64, 1].map((at) => again.reading(`file${at}`).seq)
  t.strictSame(kept, [1, 3, 64, 65, 0], 'the one asked for longest ago is gone')
})

test('our own pieces are known again, the last of them', async (t) => {
  const books = await open()
  for (let at = 0; at < 600; at += 1) books.sending(piece(`piece ${at}`))
  t.strictSame(
    ['piece 599', 'piece 100', 'piece 0', 'another'].map((text) => books.hasSent(piece(text))),
    [true, true, false, false],
  )
})

test('a place that cannot be read is said, and means that all is fetched again', async (t) => {
  const store = openMemoryStore()
  await store.write([{ key: KEY, value: piece('{"version":1,"files":[["AAAAAA",-1,""]]}') }])
  const log = collectingLog()

  const books = await openShelfBooks(options, { store, log })

  t.match(log.named('nats.place-unreadable'), [{ level: 'warn' }])
  t.equal(books.reading('AAAAAA').seq, 0)
})

test('where nothing was fetched, nothing is written', async (t) => {
  const store = openMemoryStore()
  const books = await open(store)
  books.reading('AAAAAA')
  await books.save()
  t.equal(await store.get(KEY), undefined)
})

test('whatever stands on the disk is read or refused, never thrown', async (t) => {
  const reading = fc.tuple(fc.string(), fc.integer({ min: 1 }), fc.string())
  holds(
    t,
    fc.property(fc.array(reading, { maxLength: 64 }), (readings) => {
      const read = readingsFromBytes(bytesFromReadings(readings))
      return JSON.stringify(read) === JSON.stringify(readings)
    }),
  )
  holds(
    t,
    fc.property(fc.oneof(fc.json(), fc.string()), (text) => void readingsFromBytes(piece(text))),
  )
  for (const text of ['', '[]', '{}', '{"version":1}', '{"version":2,"files":[]}', 'null'])
    t.equal(readingsFromBytes(piece(text)), undefined, text)
})

function open(store: Store = openMemoryStore()): Promise<ShelfBooks> {
  return openShelfBooks(options, { store, log: collectingLog() })
}
