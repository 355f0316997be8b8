/** Likelihoods and their logarithms lead back to each other, and a table goes back to what it was. */
import { test } from 'tap'
import { approach, hash, held, journalled, squashed, stretched } from '#codec/mixing-tables.ts'

test('squashed and stretched undo each other as far as integers can, and never go down', async (t) => {
  let last = 0
  for (let odds = -2_047; odds <= 2_047; odds += 1) {
    const likely = squashed(odds)
    if (likely < last) t.fail(String(odds))
    last = likely
  }
  for (let likely = 64; likely < 4_032; likely += 1)
    if (Math.abs(squashed(stretched(likely << 4)) - likely) > 16) t.fail(String(likely))
  t.equal(squashed(0), 2_047)
  t.equal(held(9_999), 2_047)
  t.equal(held(-9_999), -2_047)
})

test('a likelihood moves towards what came and stays within 16 bits', async (t) => {
  const table = new Uint16Array(1).fill(32_768)
  for (let times = 0; times < 1_000; times += 1) approach(table, 0, { bit: 1, rate: 4 })
  t.ok((table[0] ?? 0) > 65_000)
  for (let times = 0; times < 1_000; times += 1) approach(table, 0, { bit: 0, rate: 4 })
  t.ok((table[0] ?? 0) < 100)
})

test('a table goes back to what it was when it was kept, however often', async (t) => {
  const places = journalled(new Int32Array(4))
  places.set(1, 7)
  places.keep()
  for (const value of [1, 2, 3]) {
    places.set(1, value)
    places.set(1, 9)
    places.set(3, value)
    places.forget()
    t.strictSame([...places.table], [0, 7, 0, 0])
  }
})

test('a hash is the same everywhere', async (t) => {
  t.equal(hash(1, 2), -708782994)
  t.not(hash(2, 1), hash(1, 2))
})
