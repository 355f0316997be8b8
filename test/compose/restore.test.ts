import { readdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { Encrypter, generateIdentity, identityToRecipient } from 'age-encryption'
import { packTar, type TarEntry } from 'modern-tar'
import { test } from 'tap'
import { restoreBackup } from '#compose/restore.ts'
import { codeOfFailure } from '../contracts/store.ts'
import { collectingLog } from '../support/log.ts'

const NOTE = { format: 1, node: 'a', name: 'alpha', takenAt: 0 }

function file(name: string, body: string): TarEntry {
  return { header: { name, size: Buffer.byteLength(body), type: 'file' }, body }
}

test('nothing in a backup that somebody else has made leads out of the folder', async (t) => {
  const place = t.testdir()
  const identity = await generateIdentity()
  const sealed = async (name: string, ...entries: readonly TarEntry[]): Promise<string> => {
    const encrypter = new Encrypter()
    encrypter.addRecipient(await identityToRecipient(identity))
    const path = join(place, name)
    await writeFile(path, await encrypter.encrypt(await packTar(entries)))
    return path
  }
  const note = file('backup.json', JSON.stringify(NOTE))
  const hostile: readonly (readonly TarEntry[])[] = [
    [],
    [file('folder/config.json', '{}')],
    [file('backup.json', '{}')],
    [file('backup.json', JSON.stringify({ ...NOTE, format: 3 }))],
    [note, file('folder/../../out', 'x')],
    [note, file('../out', 'x')],
    [note, file('/tmp/out', 'x')],
    [note, file('folder/store/000001.log', 'x')],
    [note, { header: { name: 'folder/link', size: 0, type: 'symlink', linkname: '/etc/passwd' } }],
    [note, file('folder/config.json', '{}'), file('folder/config.json', '[]')],
    [note, file('folder/config.json', '{}')],
    [note, file('store/1', 'no image')],
  ]

  const log = collectingLog()
  for (const [at, entries] of hostile.entries()) {
    const path = await sealed(`backup-${at}`, ...entries)
    const restoring = { file: path, dataFolder: join(place, 'new'), key: { identity }, log }
    t.match(await codeOfFailure(restoreBackup(restoring)), /INPUT_INVALID|STORE_BROKEN/, String(at))
  }

  const left = (await readdir(place)).filter((name) => !name.startsWith('backup-'))
  t.strictSame(left, [])
})
