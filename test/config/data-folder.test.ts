/** The folder that holds a node: whole or refused, and closed to others. */
import { chmod, mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'tap'
import {
  createDataFolder,
  openModes,
  readDataFolder,
  readSealed,
  type PublicContents,
} from '#config/data-folder.ts'
import { layoutOf, stateOfFolder } from '#config/layout.ts'

const CONFIG = '{ "name": "alpha" }\n'
const SEALED = {
  vault: Buffer.from('a vault'),
  secrets: Buffer.from('sealed secrets'),
  keyFile: Buffer.alloc(32, 7),
}

test('what was put into a new folder is read from it', async (t) => {
  const path = join(t.testdir(), 'deep', 'alpha')

  await createDataFolder(path, contents(), { sealed: SEALED, config: CONFIG })

  t.strictSame(await readDataFolder(path), contents())
  t.equal(await readFile(layoutOf(path).config, 'utf8'), CONFIG)
  const { vault, secrets } = SEALED
  t.strictSame(await readSealed(path), { vault, secrets })
  t.strictSame(await readFile(layoutOf(path).keyFile), SEALED.keyFile)
  t.strictSame(await stateOfFolder(path), { kind: 'complete' })
})

test('only the owner reads the keys', async (t) => {
  const path = join(t.testdir(), 'alpha')
  await createDataFolder(path, contents(), { sealed: SEALED, config: CONFIG })

  const modes = await Promise.all(
    ['keys', 'keys/store.vault', 'keys/secrets', 'keys/store'].map(
      async (name) => (await stat(join(path, name))).mode & 0o777,
    ),
  )

  t.strictSame(modes, [0o700, 0o600, 0o600, 0o600])
  t.strictSame(await openModes(path), [])
})

test('a key that others can read is named with its mode', async (t) => {
  const path = join(t.testdir(), 'alpha')
  await createDataFolder(path, contents(), { sealed: SEALED, config: CONFIG })
  const key = join(path, 'keys', 'secrets')

  await chmod(key, 0o644)
  await chmod(join(path, 'keys'), 0o750)

  t.strictSame(await openModes(path), [
    { path: join(path, 'keys'), found: '750', wanted: '700' },
    { path: key, found: '644', wanted: '600' },
  ])
})

test('a node that joined has the certificate of the node that let it in', async (t) => {
  const path = join(t.testdir(), 'bravo')
  const joined = { ...contents(), issuer: Buffer.from([4, 5]) }

  await createDataFolder(path, joined, { sealed: SEALED, config: CONFIG })

  t.strictSame(await readDataFolder(path), joined)
})

test('a key file that lies elsewhere is not made in the folder, and not missed', async (t) => {
  const path = join(t.testdir(), 'alpha')
  await createDataFolder(path, contents(), {
    sealed: { ...SEALED, keyFile: undefined },
    config: CONFIG,
  })

  await t.rejects(stat(layoutOf(path).keyFile), { code: 'ENOENT' })
  t.strictSame(await stateOfFolder(path), { kind: 'complete' })
})

test('a wiped folder is neither read nor made again', async (t) => {
  const path = t.testdir({ 'wiped.json': '{}' })

  t.strictSame(await stateOfFolder(path), { kind: 'wiped' })
  await t.rejects(readDataFolder(path), { code: 'WIPED' })
  const making = createDataFolder(path, contents(), { sealed: SEALED, config: CONFIG })
  await t.rejects(making, { code: 'WIPED' })
})

test('a config file that the operator put there first stays', async (t) => {
  const path = t.testdir({ 'config.json': '{ "role": "hub" }' })
  t.strictSame(await stateOfFolder(path), { kind: 'absent' })

  await createDataFolder(path, contents(), { sealed: SEALED, config: CONFIG })

  t.equal(await readFile(layoutOf(path).config, 'utf8'), '{ "role": "hub" }')
})

test('a folder with a node in it is not made again', async (t) => {
  const path = join(t.testdir(), 'alpha')
  await createDataFolder(path, contents(), { sealed: SEALED, config: CONFIG })

  await t.rejects(createDataFolder(path, contents(9), { sealed: SEALED, config: CONFIG }), {
    code: 'ALREADY_EXISTS',
  })
  t.strictSame(await readDataFolder(path), contents())
})

test('a folder without a node says how to make one', async (t) => {
  await t.rejects(readDataFolder(join(t.testdir(), 'nowhere')), {
    code: 'CONFIG_MISSING',
    facts: { found: 'no node in it', do: /holdfast init/ },
  })
})

test('whichever file is missing, the folder is half-made and neither read nor overwritten', async (t) => {
  const needed = ['organisation.json', 'certificate', 'keys/store.vault', 'keys/secrets']
  for (const name of needed) {
    const path = join(t.testdir(), 'alpha')
    await createDataFolder(path, contents(), { sealed: SEALED, config: CONFIG })
    await rm(join(path, name))

    const expected = { code: 'STORE_BROKEN', facts: { found: `a half-made node without ${name}` } }
    await t.rejects(readDataFolder(path), expected)
    await t.rejects(
      createDataFolder(path, contents(), { sealed: SEALED, config: CONFIG }),
      expected,
    )
  }
})

test('a store or a folder of keys without the rest is half-made', async (t) => {
  for (const name of ['store', 'keys']) {
    const path = join(t.testdir(), 'alpha')
    await mkdir(join(path, name), { recursive: true })

    t.match(await stateOfFolder(path), { kind: 'half-made' }, name)
  }
})

test('of two processes that make the same folder at once, one is refused', async (t) => {
  const path = join(t.testdir(), 'alpha')

  const outcomes = await Promise.allSettled([
    createDataFolder(path, contents(1), { sealed: SEALED, config: CONFIG }),
    createDataFolder(path, contents(2), { sealed: SEALED, config: CONFIG }),
  ])

  t.strictSame(outcomes.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'])
  const winner = outcomes[0].status === 'fulfilled' ? 1 : 2
  t.strictSame(await readDataFolder(path), contents(winner))
})

test('a damaged file is named', async (t) => {
  const damages: readonly (readonly [string, string])[] = [
    ['certificate', ''],
    ['certificate', 'gg\n'],
    ['organisation.json', '{"format": 1}'],
    ['organisation.json', '{"format": 2}'],
    ['organisation.json', 'not JSON'],
  ]
  for (const [name, text] of damages) {
    const path = join(t.testdir(), 'alpha')
    await createDataFolder(path, contents(), { sealed: SEALED, config: CONFIG })
    await writeFile(join(path, name), text)

    await t.rejects(readDataFolder(path), {
      code: 'STORE_BROKEN',
      facts: { file: join(path, name) },
    })
  }
})

function contents(first = 1): PublicContents {
  return {
    organisation: {
      name: 'Relief',
      code: 'rx',
      suite: 1 as const,
      rootKey: Buffer.alloc(32, first),
    },
    certificate: Buffer.from([1, 2, 3]),
    issuer: undefined,
  }
}
