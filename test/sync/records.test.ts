import { test } from 'tap'
import { pack, unpack, type OutboxRecord } from '#sync/records.ts'

test('a record comes back as it was packed, without what was undefined', async (t) => {
  const bytes = Uint8Array.of(1, 2, 3)

  t.strictSame(unpack(pack({ bytes, from: undefined, clock: { a: 1 } })), {
    bytes,
    clock: { a: 1 },
  })
})

test('times and counts beyond 32 bits come back exactly', async (t) => {
  const record: OutboxRecord = { since: 2_840_140_800_123, notBefore: 0 }

  t.strictSame(unpack<OutboxRecord>(pack(record)), record)
})

test('nothing there is nothing read', async (t) => {
  t.equal(unpack(undefined), undefined)
})
