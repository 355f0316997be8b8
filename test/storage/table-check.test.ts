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

test('whatever a damaged block or index holds, looking at it ends well', async (t) => {
  const random = seededRandom(9)
  const offsets = new Set<number>()
  const number = (below: number): number => (random.bytes(1)[0] ?? 0) % below
  for (let each = 0; each < 20_000; each += 1) {
    const data = random.bytes(number(40))
    // Of a block by Snappy: a length, and what comes next.
    if (data.length > 0) data[0] = number(60)
    const isSnappy = each % 3 > 0
    const [key, handle] = [Buffer.from('abcdefghi'), [0, data.length]]
    const good = [0, key.length, handle.length, ...key, ...handle, 0, 0, 0, 0, 1, 0, 0, 0]
    const index = each % 5 === 0 ? random.bytes(number(30)) : Uint8Array.from(good)
    const table = aRawTable(data, { isSnappy, index })

    for (const { offset } of damagedBlocks(table)) offsets.add(offset)
  }
  t.ok(offsets.size > 1, 'blocks and indexes')
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

/** A table of one block, whose checksum is wrong, and an index whose checksum is right. */
function aRawTable(
  data: Uint8Array,
  { isSnappy, index }: { readonly isSnappy: boolean; readonly index: Uint8Array },
): Uint8Array {
  const typed = Buffer.from([...index, 0])
  const sum = Buffer.alloc(4)
  sum.writeUInt32LE((((crc32c(typed) >>> 15) | (crc32c(typed) << 17)) + 0xa282ead8) >>> 0)
  const footer = Buffer.alloc(48)
  footer.set([0, data.length, data.length + 5, index.length])
  footer.writeBigUInt64LE(0xdb4775248b80fb57n, 40)
  return Buffer.concat([data, Buffer.from([isSnappy ? 1 : 0, 1, 2, 3, 4]), typed, sum, footer])
}

function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff
  for (const byte of bytes) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit += 1) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  }
  return (crc ^ 0xffffffff) >>> 0
}
