import { link, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'tap'
import { stateOfFolder } from '#config/layout.ts'
import {
  readJoiningNote,
  removeJoiningNote,
  removeUsedNote,
  writeJoiningNote,
} from '#config/joining-note.ts'

const NOTE = {
  suite: 2,
  name: 'bravo',
  role: 'kit',
  signing: new Uint8Array(32).fill(1),
  answering: new Uint8Array(96).fill(2),
  request: new Uint8Array(300).fill(3),
} as const

test('a note is kept for its owner only, in a folder that still holds no node', async (t) => {
  const folder = join(t.testdir(), 'bravo')

  await writeJoiningNote(folder, NOTE)

  t.same(await readJoiningNote(folder), NOTE)
  t.equal((await stat(join(folder, 'joining.json'))).mode & 0o777, 0o600)
  t.same(await stateOfFolder(folder), { kind: 'absent' })
})

test('a newer request replaces the note, and a note that was used is gone', async (t) => {
  const folder = t.testdir()
  await writeJoiningNote(folder, NOTE)
  await writeJoiningNote(folder, { ...NOTE, name: 'charlie' })
  t.match(await readJoiningNote(folder), { name: 'charlie' })

  await removeJoiningNote(folder)

  await t.rejects(readJoiningNote(folder), { code: 'NOT_FOUND' })
})

test('of a node that is there no key is kept, and its note stays until the answer comes', async (t) => {
  const folder = t.testdir()
  await writeJoiningNote(folder, { ...NOTE, signing: undefined })

  await removeUsedNote(folder)

  t.equal((await readJoiningNote(folder)).signing, undefined)
  t.notMatch(await readFile(join(folder, 'joining.json'), 'utf8'), 'signing')
})

test('a note with the key of a node that was made goes, overwritten', async (t) => {
  const folder = t.testdir()
  await writeJoiningNote(folder, NOTE)
  await link(join(folder, 'joining.json'), join(folder, 'seen'))

  await removeUsedNote(folder)

  await t.rejects(readJoiningNote(folder), { code: 'NOT_FOUND' })
  t.match(await readFile(join(folder, 'seen'), 'latin1'), /^\0+$/)
})

test('a note that is damaged is told so', async (t) => {
  const folder = t.testdir()
  await writeFile(join(folder, 'joining.json'), '{"format":1}')

  await t.rejects(readJoiningNote(folder), { code: 'STORE_BROKEN' })
})
