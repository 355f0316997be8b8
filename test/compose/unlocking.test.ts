/** The ways into a data folder, on a real disk: what opens it, what does not, and what is on the disk meanwhile. */
import { readFile, rename, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type Test } from 'tap'
import { must } from '#base/assert.ts'
import { createDataFolder, type NodeKeys } from '#config/data-folder.ts'
import { layoutOf } from '#config/layout.ts'
import { Config } from '#config/schema.ts'
import {
  addRelease,
  forget,
  keysOf,
  removePassphrase,
  sealNewFolder,
  setPassphrase,
  unlockAlone,
  unlockBy,
  waysInto,
  type UnlockConfig,
} from '#compose/unlocking.ts'
import { seededRandom } from '../support/random.ts'

const USUAL = Config.parse({}).unlock
const random = seededRandom(21)
const KEYS: NodeKeys = {
  signing: random.bytes(32),
  organisation: random.bytes(32),
  root: undefined,
}

test('a new folder opens by its key file and gives the keys back, whatever the cipher', async (t) => {
  for (const cipher of ['chacha20-poly1305', 'aes-256-gcm'] as const) {
    const unlock = { ...USUAL, cipher }
    const path = await aFolder(t, unlock)
    const key = must(await unlockAlone(path, unlock), 'open')

    const keys = await keysOf(path, key)

    t.equal(Buffer.compare(keys.signing, KEYS.signing), 0)
    t.equal(keys.root, undefined)
    forget(key)
    t.strictSame(key.bytes, new Uint8Array(32), 'and forgets it')
  }
})

test('a key file on a stick opens the folder while the stick is in', async (t) => {
  const stick = join(t.testdir(), 'stick', 'key')
  const unlock = { ...USUAL, keyFile: stick }
  const path = await aFolder(t, unlock, false)
  await t.rejects(stat(layoutOf(path).keyFile), { code: 'ENOENT' }, 'none in the folder')

  t.ok(await unlockAlone(path, unlock))
  await rename(stick, `${stick}-out`)
  t.equal(await unlockAlone(path, unlock), undefined)
  await writeFile(stick, random.bytes(32), { mode: 0o600 })
  await t.rejects(unlockAlone(path, unlock), { code: 'CONFIG_INVALID' }, "another node's stick")
})

test('a passphrase takes the place of the key file, and gives it back', async (t) => {
  const path = await aFolder(t, USUAL)
  const key = must(await unlockAlone(path, USUAL), 'open')
  const wish = { passphrase: 'seven green boats', isKeyFileKept: false, random }

  await setPassphrase(path, key, wish)

  t.strictSame(await waysInto(path), ['passphrase'])
  t.equal(await unlockAlone(path, USUAL), undefined)
  t.equal(await unlockBy(path, 'seven blue boats'), undefined)
  const again = must(await unlockBy(path, 'seven green boats'), 'open')
  t.strictSame(again.bytes, key.bytes, 'the store key is the same')
  const file = `${path}-passphrase`
  await writeFile(file, 'seven green boats\n')
  t.ok(await unlockAlone(path, { ...USUAL, passphraseFile: file }))

  await removePassphrase(path, again, { unlock: USUAL, random })
  t.strictSame(await waysInto(path), ['keyFile'])
  t.ok(await unlockAlone(path, USUAL))
  t.equal(await unlockBy(path, 'seven green boats'), undefined)
})

test('headquarters releases a kit, or withholds it', async (t) => {
  const path = await aFolder(t, USUAL)
  const key = must(await unlockAlone(path, USUAL), 'open')
  const share = await addRelease(path, key, random)
  await rename(layoutOf(path).keyFile, `${path}-gone`)
  const asked: string[] = []
  const release = (bytes: Uint8Array | undefined) => ({
    fetch: async (id: Uint8Array) => {
      asked.push(Buffer.from(id).toString('hex'))
      return bytes
    },
  })

  t.equal(await unlockAlone(path, USUAL, release(undefined)), undefined)
  t.equal(await unlockAlone(path, USUAL, release(random.bytes(32))), undefined)
  const opened = await unlockAlone(path, USUAL, release(share.bytes))

  t.strictSame(opened?.bytes, key.bytes)
  t.strictSame(new Set(asked), new Set([Buffer.from(share.id).toString('hex')]))
})

test('a damaged vault or damaged secrets are named', async (t) => {
  const path = await aFolder(t, USUAL)
  const { secrets, vault } = layoutOf(path)
  const key = must(await unlockAlone(path, USUAL), 'open')
  const bytes = await readFile(secrets)
  bytes[20] = must(bytes[20], 'long enough') ^ 1
  await writeFile(secrets, bytes)
  await writeFile(vault, 'HFV?')

  await t.rejects(keysOf(path, key), { code: 'STORE_BROKEN', facts: { file: secrets } })
  await t.rejects(unlockAlone(path, USUAL), { code: 'STORE_BROKEN', facts: { file: vault } })
})

async function aFolder(t: Test, unlock: UnlockConfig, isFresh = true): Promise<string> {
  const path = join(isFresh ? t.testdir() : t.testdirName, 'alpha')
  const contents = {
    organisation: { name: 'Relief', code: 'rx', suite: 1 as const, rootKey: new Uint8Array(32) },
    certificate: Uint8Array.of(1),
    issuer: undefined,
  }
  const sealed = await sealNewFolder(KEYS, unlock, random)
  await createDataFolder(path, contents, { sealed, config: undefined })
  return path
}
