import { chmodSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'tap'
import { loadKeyFile, readKeyFile } from '#storage/key-file.ts'
import { codeOfFailure } from '../contracts/store.ts'
import { seededRandom } from '../support/random.ts'

test('the first start makes a key that only its owner may read, the next one finds it', async (t) => {
  const folder = t.testdir()
  const file = join(folder, 'keys', 'store')

  const made = await loadKeyFile(file, seededRandom(1))
  const found = await loadKeyFile(file, seededRandom(2))

  t.equal(made.length, 32)
  t.strictSame(found, made)
  t.equal(statSync(file).mode & 0o777, 0o600)
  t.strictSame(readdirSync(join(folder, 'keys')), ['store'], 'no draft is left')
})

test('starts at the same time agree on one key', async (t) => {
  const file = join(t.testdir(), 'store')

  const keys = await Promise.all([1, 2, 3, 4].map((seed) => loadKeyFile(file, seededRandom(seed))))

  t.equal(new Set(keys.map(String)).size, 1)
  t.strictSame(new Uint8Array(readFileSync(file)), keys[0])
})

test('a key file of a wrong length is refused and left as it is', async (t) => {
  const file = join(t.testdir({ store: 'too short' }), 'store')
  chmodSync(file, 0o600)

  await t.rejects(loadKeyFile(file, seededRandom(1)), {
    code: 'CONFIG_INVALID',
    facts: { what: 'bytes', found: 9, wanted: 32 },
  })
  t.equal(readFileSync(file, 'utf8'), 'too short')
})

test('a key file that everybody may read is refused', async (t) => {
  const file = join(t.testdir(), 'store')
  await loadKeyFile(file, seededRandom(1))
  chmodSync(file, 0o644)

  await t.rejects(loadKeyFile(file, seededRandom(1)), {
    code: 'CONFIG_INVALID',
    facts: { what: 'mode', found: '644', wanted: '600' },
  })
})

test('a key file that cannot be made is an error of the store', async (t) => {
  const folder = t.testdir()
  writeFileSync(join(folder, 'file'), '')

  t.equal(
    await codeOfFailure(loadKeyFile(join(folder, 'file', 'store'), seededRandom(1))),
    'STORE_BROKEN',
  )
})

test('a key file that is not there is no error: the stick may not be in', async (t) => {
  const file = join(t.testdir(), 'store')

  t.equal(await readKeyFile(file), undefined)

  const made = await loadKeyFile(file, seededRandom(1))
  t.strictSame(await readKeyFile(file), made)
})
