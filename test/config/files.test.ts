/** Small files that must never be half there. */
import { link, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'tap'
import {
  destroyFile,
  hasMark,
  isThere,
  makeFolder,
  markOf,
  modeOf,
  readText,
  writeFileWhole,
} from '#config/files.ts'

test('a file is replaced whole, with the mode asked for, and nothing else is left', async (t) => {
  const folder = t.testdir({ key: 'old and longer' })
  const path = join(folder, 'key')

  await writeFileWhole(path, 'new', 0o600)

  t.equal(await readFile(path, 'utf8'), 'new')
  t.equal(await modeOf(path), 0o600)
  t.strictSame(await readdir(folder), ['key'])
})

test('what a cut attempt left behind does not get in the way and keeps no mode of its own', async (t) => {
  const path = join(t.testdir({ 'key.new': 'half' }), 'key')
  await writeFile(`${path}.new`, 'half', { mode: 0o644 })

  await writeFileWhole(path, 'whole', 0o600)

  t.equal(await readText(path), 'whole')
  t.equal(await modeOf(path), 0o600)
})

test('a folder that is there keeps its mode', async (t) => {
  const path = join(t.testdir(), 'keys')
  await makeFolder(path, 0o700)

  await makeFolder(path, 0o750)

  t.equal((await stat(path)).mode & 0o777, 0o700)
})

test('what is not there is undefined, what cannot be read is an error', async (t) => {
  const folder = t.testdir()

  t.equal(await readText(join(folder, 'nothing')), undefined)
  t.equal(await isThere(join(folder, 'nothing')), false)
  await t.rejects(readText(folder), { code: 'EISDIR' })
})

test('a destroyed file was overwritten before its name went, and one that is not there is no error', async (t) => {
  const folder = t.testdir({ key: 'a secret' })
  const path = join(folder, 'key')
  await link(path, `${path}-other-name`) // Shows what became of the bytes.

  await destroyFile(path)
  await destroyFile(path)

  t.notOk(await isThere(path))
  t.equal(await readFile(`${path}-other-name`, 'utf8'), '\0'.repeat('a secret'.length))
})

test('a file can hold the mark by which it is known, and another file has another', async (t) => {
  const path = join(t.testdir(), 'life')

  await writeFileWhole(path, (mark) => mark, 0o600)
  const first = (await readText(path)) ?? ''
  t.equal(await markOf(path), first)
  t.ok(await hasMark(path, first))
  await link(path, `${path}-kept`) // So that its number is not given out again.
  await writeFileWhole(path, (mark) => mark, 0o600)

  t.notOk(await hasMark(path, first))
  t.ok(await hasMark(path, (await readText(path)) ?? ''))
  t.equal(await markOf(`${path}-none`), undefined)
  t.notOk(await hasMark(`${path}-none`, first))
})
