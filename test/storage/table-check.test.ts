/** Tables of LevelDB with damage: which blocks are found, and that LevelDB bears what is left. */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test, type Test } from 'tap'
import { must } from '#base/assert.ts'
import { openLevelStore } from '#storage/level-store.ts'
import { damagedBlocks, markDamagedBlocks } from '#storage/table-check.ts'
import { collectingLog } from '../support/log.ts'
import { seededRandom } from '../support/random.ts'

const ALL = { from: '', to: '\u{10ffff}' }
const COUNT = 2_000

test('in whole tables nothing is found, whether blocks are compressed or not', async (t) => {
  for (const isCompressible of [true, false]) {
    const { table } = await aTable(t, isCompressible)
    t.strictSame(damagedBlocks(readFileSync(table)), [])
  }
})

test('wherever some of a table is zero, it is opened and all but a few blocks are read', async (t) => {
  for (const part of [0.05, 0.3, 0.5, 0.7, 0.9]) {
    const { folder, table } = await aTable(t, false)
    const bytes = readFileSync(table)
    const at = Math.floor(bytes.length * part)
    writeFileSync(table, bytes.fill(0, at, at + 6_000))

    const log = collectingLog()
    await using store = await openLevelStore({ folder, log })
    const left = (await store.list(ALL)).length

    t.ok(left < COUNT, `some of it is gone at ${part}`)
    t.ok(left > COUNT * 0.85, `${left} are left at ${part}`)
    t.equal(log.named('store.repaired').length, 1)
  }
})

test('a block that reads is left alone: of its values one is wrong', async (t) => {
  const { folder, table } = await aTable(t, false)
  const bytes = readFileSync(table)
  const at = bytes.indexOf(must(noise[7], 'there is one')) + 30
  t.ok(at > 30)
  bytes[at] = must(bytes[at], 'inside') ^ 4
  writeFileSync(table, bytes)

  t.equal(await markDamagedBlocks(folder), 0)
  await using store = await openLevelStore({ folder, log: collectingLog() })
  t.equal((await store.list(ALL)).length, COUNT)
})

/** Sealed values are like chance. */
const random = seededRandom(5)
const noise = Array.from({ length: COUNT }, () => random.bytes(100))

async function aTable(t: Test, isCompressible: boolean) {
  const folder = join(t.testdir(), 'store')
  {
    await using store = await openLevelStore({ folder, log: collectingLog() })
    const writes = noise.map((bytes, number) => ({
      key: `k/${String(number).padStart(6, '0')}`,
      value: bytes,
    }))
    await store.write(isCompressible ? writes.map(flat) : writes)
    await store.compact(ALL)
  }
  const name = must(
    readdirSync(folder).find((one) => one.endsWith('.ldb')),
    'there is a table',
  )
  return { folder, table: join(folder, name) }
}

function flat({ key }: { readonly key: string }) {
  return { key, value: new Uint8Array(100) }
}
