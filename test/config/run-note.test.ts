/** The word that a running node leaves for the command line on its machine. */
import { stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type Test } from 'tap'
import { createDataFolder } from '#config/data-folder.ts'
import { localUrl, place, readRunNote, removeRunNote, writeRunNote } from '#config/run-note.ts'

const NOTE = { process: 42, host: '0.0.0.0', port: 8_065 }

test('the word is read with its token, which only the owner reads', async (t) => {
  const path = await aFolder(t)
  t.equal(await readRunNote(path), undefined)

  await writeRunNote(path, NOTE, 'token')

  t.strictSame(await readRunNote(path), { ...NOTE, token: 'token' })
  t.equal((await stat(join(path, 'keys', 'operator.token'))).mode & 0o777, 0o600)
})

test('a word that was taken back is gone, and may be taken back again', async (t) => {
  const path = await aFolder(t)
  await writeRunNote(path, NOTE, 'token')

  await removeRunNote(path)
  await removeRunNote(path)

  t.equal(await readRunNote(path), undefined)
})

test('a torn word counts as none', async (t) => {
  const path = await aFolder(t)
  await writeRunNote(path, NOTE, 'token')

  await writeFile(join(path, 'run.json'), '{"process":')

  t.equal(await readRunNote(path), undefined)
})

test('a node that listens everywhere is reached over the loopback', async (t) => {
  t.equal(localUrl({ host: '0.0.0.0', port: 8_065 }), 'http://127.0.0.1:8065')
  t.equal(localUrl({ host: '::', port: 8_065 }), 'http://[::1]:8065')
  t.equal(localUrl({ host: '10.0.0.5', port: 80 }), 'http://10.0.0.5:80')
  t.equal(place('fd00::1', 80), '[fd00::1]:80')
})

async function aFolder(t: Test): Promise<string> {
  const path = join(t.testdir(), 'alpha')
  const key = Buffer.alloc(32)
  await createDataFolder(
    path,
    {
      organisation: { name: 'Relief', code: 'rx', suite: 1 as const, rootKey: key },
      certificate: key,
      issuer: undefined,
    },
    { sealed: { vault: key, secrets: key, keyFile: key }, config: undefined },
  )
  return path
}
