/** Lives: the same as long as the folder is where and what it was, a new one after anything else. */
import { cp, mkdir, readFile, rename, rm, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type Test } from 'tap'
import { beginStart, endLife, type Start } from '#config/life.ts'
import { seededRandom } from '../support/random.ts'

const random = seededRandom(11)

test('the first start begins a life, later ones go on with it under fresh salts', async (t) => {
  const path = await aFolder(t)

  const first = await begin(path)
  const second = await begin(path)
  const third = await begin(path)

  t.equal(first.reason, 'first')
  t.strictSame([second.reason, third.reason], ['same', 'same'])
  t.strictSame([second.life, third.life].map(hex), [first.life, first.life].map(hex))
  t.equal(new Set([first, second, third].map(({ salt }) => hex(salt))).size, 3)
})

test('a store that was made anew begins a new life', async (t) => {
  const path = await aFolder(t)
  const first = await begin(path)

  const again = await beginStart(path, { isNewStore: true, bytes: random.bytes })

  t.not(hex(again.life), hex(first.life))
})

test('a copy is not the life it is a copy of, a moved folder is', async (t) => {
  const path = await aFolder(t)
  const first = await begin(path)

  await cp(path, `${path}-copy`, { recursive: true })
  await rename(path, `${path}-moved`)

  const copied = await begin(`${path}-copy`)
  t.equal(copied.reason, 'restored')
  t.not(hex(copied.life), hex(first.life))
  const moved = await begin(`${path}-moved`)
  t.equal(moved.reason, 'same')
  t.equal(hex(moved.life), hex(first.life))
})

test('a backup put back file by file into the very same folders begins a new life', async (t) => {
  const path = await aFolder(t)
  const first = await begin(path)
  const file = join(path, 'keys', 'life')
  const backup = await readFile(file)
  await begin(path)
  await begin(path)

  // As rsync and tar do it: another file under the old name, with the old content and time.
  await writeFile(`${file}.part`, backup)
  await utimes(`${file}.part`, 1, 1)
  await rename(`${file}.part`, file)

  const restored = await begin(path)
  t.equal(restored.reason, 'restored')
  t.not(hex(restored.life), hex(first.life))
})

test('a life that has ended is not gone on with', async (t) => {
  const path = await aFolder(t)
  const first = await begin(path)

  await endLife(path)

  t.not(hex((await begin(path)).life), hex(first.life))
})

test('a life that is gone is begun anew, a damaged one is not, in silence', async (t) => {
  const path = await aFolder(t)
  const file = join(path, 'keys', 'life')
  await begin(path)

  await rm(file)
  t.equal((await begin(path)).reason, 'first')
  await writeFile(file, '0102')
  await t.rejects(begin(path), { code: 'STORE_BROKEN', facts: { file } })
})

async function aFolder(t: Test): Promise<string> {
  const path = join(t.testdir(), 'alpha')
  await mkdir(join(path, 'store'), { recursive: true })
  await mkdir(join(path, 'keys'))
  return path
}

function begin(path: string): Promise<Start> {
  return beginStart(path, { isNewStore: false, bytes: random.bytes })
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex')
}
