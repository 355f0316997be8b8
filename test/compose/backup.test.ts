import { createHash } from 'node:crypto'
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { generateIdentity, identityToRecipient } from 'age-encryption'
import { test, type Test } from 'tap'
import { openStoppedStore, writeBackup, type BackupKey } from '#compose/backup.ts'
import { identityIn, restoreBackup, type RestoreKey } from '#compose/restore.ts'
import { openLevelStore } from '#storage/level-store.ts'
import { codeOfFailure, put } from '../contracts/store.ts'
import { collectingLog } from '../support/log.ts'
import { seededRandom } from '../support/random.ts'

const log = collectingLog()
const ABOUT = { node: 'a1b2', name: 'alpha', takenAt: 1_700_000_000_000 }

/** The files of a node that is stopped, with two megabytes in its store, and a pair of keys for its backup. */
async function aNodeFolder(t: Test) {
  const place = t.testdir()
  const folder = join(place, 'alpha')
  for (const name of ['keys', 'blobs', 'tls']) await mkdir(join(folder, name), { recursive: true })
  const files = {
    'organisation.json': '{}',
    certificate: 'ab',
    'keys/store.vault': 'vault',
    'keys/secrets': 'secrets',
    'keys/life': 'life',
    'keys/operator.token': 'of this run',
    'run.json': 'of this run',
    'tls/kit.crt': 'certificate',
    'blobs/0a': Buffer.from(seededRandom(1).bytes(300_000)).toString('hex'),
    'blobs/.new-1': 'unfinished',
  }
  for (const [name, content] of Object.entries(files))
    await writeFile(join(folder, name), content, { mode: name.startsWith('keys/') ? 0o600 : 0o644 })
  await using store = await openLevelStore({ folder: join(folder, 'store'), log })
  for (let at = 0; at < 20; at += 1)
    await store.write([
      put(`doc/${at}`, Buffer.from(seededRandom(at).bytes(50_000)).toString('hex')),
    ])
  const identity = await generateIdentity()
  const recipient = await identityToRecipient(identity)
  return { place, folder, file: join(place, 'alpha.age'), identity, recipient }
}

async function take(folder: string, file: string, key: BackupKey) {
  await using store = await openStoppedStore(folder, log)
  return await writeBackup(file, { dataFolder: folder, image: store.image, about: ABOUT }, key)
}

async function putBack(file: string, dataFolder: string, key: RestoreKey) {
  return await restoreBackup({ file, dataFolder, key, log })
}

async function* nothing(): AsyncGenerator<Uint8Array> {}

async function hashes(folder: string): Promise<Readonly<Record<string, string>>> {
  await using store = await openLevelStore({ folder: join(folder, 'store'), log })
  const found: Record<string, string> = {}
  for await (const page of store.pages())
    for (const [key, value] of page) found[key] = createHash('sha256').update(value).digest('hex')
  return found
}

test('a backup puts back everything but what belongs to one run', async (t) => {
  const { place, folder, file, identity, recipient } = await aNodeFolder(t)
  const other = join(place, 'new', 'alpha')
  await mkdir(join(place, 'new'))

  const report = await take(folder, file, { recipient })
  const note = await putBack(file, other, { identity })

  t.equal(report.bytes, (await stat(file)).size)
  t.equal((await stat(file)).mode & 0o777, 0o600)
  t.equal(report.blobs, 1)
  t.match(note, ABOUT)
  t.strictSame(await hashes(other), await hashes(folder))
  for (const name of ['keys/life', 'keys/secrets', 'blobs/0a', 'tls/kit.crt', 'certificate'])
    t.strictSame(await readFile(join(other, name)), await readFile(join(folder, name)), name)
  t.equal((await stat(join(other, 'keys', 'secrets'))).mode & 0o777, 0o600)
  t.equal((await stat(join(other, 'keys'))).mode & 0o777, 0o700)
  const names = await readdir(other, { recursive: true })
  t.notOk(names.some((name) => /run\.json|operator\.token|\.new-1/.test(name)))
  t.strictSame(await readdir(join(place, 'new')), ['alpha'])
})

test('what is wrong with a backup or its place leaves nothing behind', async (t) => {
  const { place, folder, file, identity, recipient } = await aNodeFolder(t)
  await take(folder, file, { recipient })
  const bytes = await readFile(file)
  const flipped = Buffer.from(bytes)
  flipped[900_000] = (flipped[900_000] ?? 0) ^ 1
  await writeFile(join(place, 'cut'), bytes.subarray(0, 800_000))
  await writeFile(join(place, 'flipped'), flipped)
  await writeFile(join(place, 'text'), 'hello')
  const other = join(place, 'other')

  const another = await generateIdentity()
  for (const [name, key] of [
    ['alpha.age', { identity: another }],
    ['alpha.age', { passphrase: 'not this one' }],
    ['alpha.age', { identity: 'no key' }],
    ['cut', { identity }],
    ['flipped', { identity }],
    ['text', { identity }],
    ['nowhere', { identity }],
  ] as const)
    t.equal(await codeOfFailure(putBack(join(place, name), other, key)), 'INPUT_INVALID', name)
  t.equal(await codeOfFailure(putBack(file, folder, { identity })), 'ALREADY_EXISTS')
  t.equal(await codeOfFailure(take(folder, file, { recipient })), 'INPUT_INVALID')
  t.equal(
    await codeOfFailure(take(folder, join(place, 'b'), { recipient: 'age1' })),
    'INPUT_INVALID',
  )

  t.notOk((await readdir(place)).some((name) => /other|restoring|part/.test(name)))
  t.strictSame(await readFile(file), bytes)
})

test('a store that did not come whole makes no backup', async (t) => {
  const { place, folder, file, recipient } = await aNodeFolder(t)

  const source = { dataFolder: folder, image: nothing(), about: ABOUT }
  t.equal(await codeOfFailure(writeBackup(file, source, { recipient })), 'STORE_BROKEN')

  t.strictSame(await readdir(place), ['alpha'])
})

test('a key is read from a file as age-keygen writes it', async (t) => {
  const file = join(t.testdir(), 'key.txt')
  await writeFile(file, '# created: today\n# public key: age1abc\nAGE-SECRET-KEY-1ABC\n')

  t.equal(await identityIn(file), 'AGE-SECRET-KEY-1ABC')
})
