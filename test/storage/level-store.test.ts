import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test, type Test } from 'tap'
import { must } from '#base/assert.ts'
import type { Store } from '#ports/store.ts'
import { openLevelStore, type LevelStore } from '#storage/level-store.ts'
import { sealingKey } from '#storage/seal.ts'
import { sealStore } from '#storage/sealed-store.ts'
import { codeOfFailure, put, remove, storeContract, text } from '../contracts/store.ts'
import { collectingLog, type CollectingLog } from '../support/log.ts'
import { seededRandom } from '../support/random.ts'

const PROGRAM = join(import.meta.dirname, '../support/store-program.ts')
const ALL = { from: '', to: '\u{10ffff}'.repeat(9) }

function open(folder: string, log: CollectingLog = collectingLog()): Promise<LevelStore> {
  return openLevelStore({ folder, log })
}

/** A closed store with `entries` entries, about half of them in tables. */
async function aFolder(t: Test, entries = 4000): Promise<string> {
  const folder = join(t.testdir(), 'store')
  await using store = await open(folder)
  const write = (from: number, to: number): Promise<void> =>
    store.write(
      Array.from({ length: to - from }, (_, at) => put(keyOf(from + at), valueOf(from + at))),
    )
  await write(0, entries / 2)
  await store.compact(ALL)
  await write(entries / 2, entries)
  return folder
}

function keyOf(number: number): string {
  return `doc/${String(number).padStart(6, '0')}`
}

function valueOf(number: number): string {
  return Buffer.from(seededRandom(number).bytes(100)).toString('hex')
}

function filesOf(folder: string, pattern: RegExp): readonly string[] {
  return readdirSync(folder)
    .filter((name) => pattern.test(name))
    .map((name) => join(folder, name))
}

test('a level store keeps the contract of stores', (t) =>
  storeContract(t, (sub) => open(join(sub.testdir(), 'new', 'store'))))

test('what was acknowledged is there after closing and opening again', async (t) => {
  const folder = await aFolder(t)

  await using store = await open(folder)

  t.equal(store.wasRepaired, false)
  t.equal((await store.list(ALL)).length, 4000)
  t.equal(await text(store, keyOf(3999)), valueOf(3999))
})

test('a folder that another store uses is refused, and free once that is closed', async (t) => {
  const folder = join(t.testdir(), 'store')
  const first = await open(folder)

  t.equal(await codeOfFailure(open(folder)), 'DATA_FOLDER_IN_USE')
  await first.write([put('doc/a', 'still works')])
  await first[Symbol.asyncDispose]()
  await using second = await open(folder)
  t.equal(await text(second, 'doc/a'), 'still works')
})

test('a folder that cannot be made is an error of the store', async (t) => {
  const folder = t.testdir({ file: '' })

  t.equal(await codeOfFailure(open(join(folder, 'file', 'store'))), 'STORE_BROKEN')
})

test('five times killed while eight writers write: nothing acknowledged is lost, no batch is torn', async (t) => {
  const folder = join(t.testdir(), 'store')
  const promised: number[] = []
  const random = seededRandom(5)

  for (let round = 0; round < 5; round += 1) {
    const enough = promised.length + 100 + 3 * must(random.bytes(1)[0], 'a byte')
    const child = spawn(process.execPath, [PROGRAM, 'write', folder], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    for await (const line of createInterface({ input: child.stdout })) {
      promised.push(Number(line))
      if (promised.length === enough) child.kill('SIGKILL')
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit')
    t.equal(child.signalCode, 'SIGKILL')

    await using store = await open(folder)
    const [a, b] = [await numbersIn(store, 'a'), await numbersIn(store, 'b')]
    const lost = promised.filter((number) => !a.has(number))
    const torn = a.symmetricDifference(b)
    t.strictSame({ lost, torn: [...torn] }, { lost: [], torn: [] }, `round ${round}`)
  }
})

/** The numbers of the batches found under a prefix, by their keys and their values. */
async function numbersIn(store: Store, prefix: string): Promise<Set<number>> {
  const entries = await store.list({ from: `${prefix}/`, to: `${prefix}0` })
  return new Set(
    entries
      .filter(
        ([key, value]) => Number(key.slice(2)) === Number.parseInt(String(Buffer.from(value)), 10),
      )
      .map(([key]) => Number(key.slice(2))),
  )
}

test('deleted and overwritten values are in no file after compacting their range', async (t) => {
  for (const [bystanders, flushes] of [
    [0, 0],
    [0, 1],
    [20, 0],
    [20, 1],
    [30_000, 0],
    [30_000, 1],
  ] as const) {
    const folder = join(t.testdir(), 'store')
    await using store = await open(folder)
    await writeMarked(store, bystanders, flushes)
    t.ok(marksIn(folder) > 0, 'they are there before')

    await store.compact({ from: 'm/', to: 'm0' })

    t.equal(marksIn(folder), 0, `beside ${bystanders} other entries, ${flushes} in tables before`)
    t.equal((await store.list(ALL)).length, bystanders + 50)
  }
})

const MARK = 'burn after reading'

/** 100 marked values in the middle of others: half then deleted, half overwritten; with `flushes`, 60 are in tables by then. */
async function writeMarked(store: Store, bystanders: number, flushes: number): Promise<void> {
  const numbers = Array.from({ length: 100 }, (_, number) => number)
  const others = Array.from({ length: bystanders }, (_, number) =>
    put(`${'lmn'.charAt(number % 3)}/other/${number}`, valueOf(number)),
  )
  await store.write(others.slice(0, bystanders / 2))
  await store.write(numbers.slice(0, 60).map((number) => put(`m/${number}`, `${number} ${MARK}`)))
  await store.write(others.slice(bystanders / 2))
  if (flushes > 0) await store.compact({ from: 'x', to: 'y' })
  await store.write(numbers.slice(60).map((number) => put(`m/${number}`, `${number} ${MARK}`)))
  await store.write(
    numbers.map((number) =>
      number % 2 === 0 ? remove(`m/${number}`) : put(`m/${number}`, 'gone'),
    ),
  )
}

/** How often the mark stands in the folder's files; compression leaves the first of a block as it is. */
function marksIn(folder: string): number {
  const files = filesOf(folder, /\.(log|ldb)$/)
  return files.filter((file) => readFileSync(file).includes(MARK)).length
}

for (const [damage, doDamage] of Object.entries({
  'an empty CURRENT': (folder: string) => truncateSync(join(folder, 'CURRENT')),
  'a missing CURRENT': (folder: string) => rmSync(join(folder, 'CURRENT')),
  'a cut MANIFEST': (folder: string) =>
    filesOf(folder, /^MANIFEST/).forEach((file) => truncateSync(file, 20)),
  'a missing MANIFEST': (folder: string) =>
    filesOf(folder, /^MANIFEST/).forEach((file) => rmSync(file)),
}))
  test(`${damage} is repaired at the start, nothing is lost, and the start says so`, async (t) => {
    const folder = await aFolder(t)
    const log = collectingLog()
    doDamage(folder)

    await using store = await open(folder, log)

    t.equal(store.wasRepaired, true)
    t.equal((await store.list(ALL)).length, 4000)
    t.equal(log.named('store.repaired').length, 1)
    t.equal(filesOf(folder, /^before-repair-1$/).length, 1, 'the damaged files are kept')

    await store.compact(ALL)
    t.strictSame(filesOf(folder, /^(before-repair.*|lost)$/), [], 'until something is purged')
  })

test('a missing table is repaired to what is left, and the start says so', async (t) => {
  const folder = await aFolder(t)
  rmSync(must(filesOf(folder, /\.ldb$/)[0], 'there is a table'))

  await using store = await open(folder)

  t.equal(store.wasRepaired, true)
  t.ok((await store.list(ALL)).length < 4000)
  t.equal(await text(store, keyOf(3999)), valueOf(3999))
})

for (const [damage, doDamage] of Object.entries({
  'cut short': (table: string) => truncateSync(table, readFileSync(table).length / 2),
  emptied: (table: string) => truncateSync(table, 0),
  'zero in the middle': (table: string) => writeFileSync(table, zeroed(readFileSync(table))),
  'zero at its end': (table: string) => writeFileSync(table, zeroed(readFileSync(table), 0.99)),
}))
  test(`a table that is ${damage} is met while the store is open: what is left is read, and written on`, async (t) => {
    const folder = await aFolder(t)
    const log = collectingLog()
    doDamage(must(filesOf(folder, /\.ldb$/)[0], 'there is a table'))
    await using store = await open(folder, log)
    await store.write([put('since', 'then')])
    const left = await store.list(ALL)

    t.ok(left.length < 4001, `${left.length} are left`)
    t.equal(await text(store, 'since'), 'then')
    t.equal(await text(store, keyOf(3999)), valueOf(3999))
    t.equal(log.named('store.repaired').length, 1)
    await store.compact(ALL)
    t.equal((await store.list(ALL)).length, left.length)
  })

function zeroed(bytes: Buffer, from = 0.3): Buffer {
  const to = Math.min(bytes.length, Math.floor(bytes.length * (from + 0.3)))
  return bytes.fill(0, Math.floor(bytes.length * from), to)
}

test('at most three copies of damaged files are kept', async (t) => {
  const folder = await aFolder(t, 10)

  for (let round = 0; round < 5; round += 1) {
    truncateSync(join(folder, 'CURRENT'))
    await using store = await open(folder)
    t.equal(store.wasRepaired, true)
  }

  t.strictSame(
    filesOf(folder, /^before-repair/).map((path) => path.slice(-1)),
    ['3', '4', '5'],
  )
})

function seal(store: Store): Store {
  return sealStore(store, sealingKey(1, new Uint8Array(32).fill(7)), seededRandom(9))
}

test('a flipped bit in a table of a sealed store is an error and not a wrong value', async (t) => {
  const folder = join(t.testdir(), 'store')
  const numbers = Array.from({ length: 200 }, (_, number) => number)
  {
    await using store = seal(await open(folder))
    await store.write(numbers.map((number) => put(keyOf(number), valueOf(number))))
    await store.compact(ALL)
  }
  const good = readFileSync(must(filesOf(folder, /\.ldb$/)[0], 'there is a table'))

  let errors = 0
  const wrong: string[] = []
  for (let round = 0; round < 40; round += 1) {
    const bad = Buffer.from(good)
    const at = Math.floor((good.length * 0.9 * round) / 40)
    bad[at] = must(bad[at], 'inside') ^ 16
    const copy = `${folder}-${round}`
    cpSync(folder, copy, { recursive: true })
    writeFileSync(must(filesOf(copy, /\.ldb$/)[0], 'there is a table'), bad)
    await using store = seal(await open(copy))
    for (const number of numbers) {
      const value = await text(store, keyOf(number)).catch(() => 'error')
      if (value === 'error') errors += 1
      else if (value !== undefined && value !== valueOf(number)) wrong.push(keyOf(number))
    }
  }

  t.strictSame(wrong, [])
  t.ok(errors > 20, `${errors} of the reads failed aloud`)
})
