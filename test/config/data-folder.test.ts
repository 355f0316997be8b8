/** The folder that holds a node: whole or refused, and closed to others. */
import { chmod, cp, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test, type Test } from 'tap'
import {
  createDataFolder,
  layoutOf,
  openModes,
  readDataFolder,
  readLife,
  stateOfFolder,
  writeLife,
  type FolderContents,
} from '#config/data-folder.ts'

const CONFIG = '{ "name": "alpha" }\n'

test('what was put into a new folder is read from it', async (t) => {
  const path = join(t.testdir(), 'deep', 'alpha')

  await createDataFolder(path, contents(), CONFIG)

  t.strictSame(await readDataFolder(path), contents())
  t.equal(await readFile(layoutOf(path).config, 'utf8'), CONFIG)
  t.strictSame(await stateOfFolder(path), { kind: 'complete' })
})

test('only the owner reads the keys', async (t) => {
  const path = join(t.testdir(), 'alpha')
  await createDataFolder(path, contents(), CONFIG)
  await mkdir(join(path, 'store'))
  await writeLife(path, Uint8Array.of(1, 2, 3, 4))

  const modes = await Promise.all(
    ['keys', 'keys/signing', 'keys/root', 'keys/life'].map(
      async (name) => (await stat(join(path, name))).mode & 0o777,
    ),
  )

  t.strictSame(modes, [0o700, 0o600, 0o600, 0o600])
  t.strictSame(await openModes(path), [])
})

test('a key that others can read is named with its mode', async (t) => {
  const path = join(t.testdir(), 'alpha')
  await createDataFolder(path, contents(), CONFIG)
  const key = join(path, 'keys', 'signing')

  await chmod(key, 0o644)
  await chmod(join(path, 'keys'), 0o750)

  t.strictSame(await openModes(path), [
    { path: join(path, 'keys'), found: '750', wanted: '700' },
    { path: key, found: '644', wanted: '600' },
  ])
})

test('a node that joined has no root key, but the certificate of the node that let it in', async (t) => {
  const path = join(t.testdir(), 'bravo')
  const { keys, ...rest } = contents()

  const joined = { ...rest, issuer: Buffer.from([4, 5]), keys: { ...keys, root: undefined } }
  await createDataFolder(path, joined, CONFIG)

  t.strictSame(await readDataFolder(path), joined)
})

test('a config file that the operator put there first stays', async (t) => {
  const path = t.testdir({ 'config.json': '{ "role": "hub" }' })
  t.strictSame(await stateOfFolder(path), { kind: 'absent' })

  await createDataFolder(path, contents(), CONFIG)

  t.equal(await readFile(layoutOf(path).config, 'utf8'), '{ "role": "hub" }')
})

test('a folder with a node in it is not made again', async (t) => {
  const path = join(t.testdir(), 'alpha')
  await createDataFolder(path, contents(), CONFIG)

  await t.rejects(createDataFolder(path, contents(9), CONFIG), { code: 'ALREADY_EXISTS' })
  t.strictSame(await readDataFolder(path), contents())
})

test('a folder without a node says how to make one', async (t) => {
  await t.rejects(readDataFolder(join(t.testdir(), 'nowhere')), {
    code: 'CONFIG_MISSING',
    facts: { found: 'no node in it', do: /holdfast init/ },
  })
})

test('whichever file is missing, the folder is half-made and neither read nor overwritten', async (t) => {
  const needed = ['organisation.json', 'certificate', 'keys/signing', 'keys/organisation']
  for (const name of [...needed, 'keys/organisation']) {
    const path = join(t.testdir(), 'alpha')
    await createDataFolder(path, contents(), CONFIG)
    await rm(join(path, name))

    const expected = { code: 'STORE_BROKEN', facts: { found: `a half-made node without ${name}` } }
    await t.rejects(readDataFolder(path), expected)
    await t.rejects(createDataFolder(path, contents(), CONFIG), expected)
  }
})

test('a store or a folder of keys without the rest is half-made', async (t) => {
  for (const name of ['store', 'keys']) {
    const path = join(t.testdir(), 'alpha')
    await mkdir(join(path, name), { recursive: true })

    t.match(await stateOfFolder(path), { kind: 'half-made' }, name)
  }
})

test('a store without its key is half-made', async (t) => {
  const path = join(t.testdir(), 'alpha')
  await createDataFolder(path, contents(), CONFIG)
  t.strictSame(await stateOfFolder(path), { kind: 'complete' })

  await mkdir(join(path, 'store'))
  t.strictSame(await stateOfFolder(path), { kind: 'half-made', missing: ['keys/store'] })

  await writeFile(join(path, 'keys', 'store'), Buffer.alloc(32), { mode: 0o600 })
  t.strictSame(await stateOfFolder(path), { kind: 'complete' })
})

test('of two processes that make the same folder at once, one is refused', async (t) => {
  const path = join(t.testdir(), 'alpha')

  const outcomes = await Promise.allSettled([
    createDataFolder(path, contents(1), CONFIG),
    createDataFolder(path, contents(2), CONFIG),
  ])

  t.strictSame(outcomes.map(({ status }) => status).toSorted(), ['fulfilled', 'rejected'])
  const winner = outcomes[0].status === 'fulfilled' ? 1 : 2
  t.strictSame(await readDataFolder(path), contents(winner))
})

test('a damaged file is named', async (t) => {
  const damages: readonly (readonly [string, string])[] = [
    ['keys/signing', 'abcd\n'],
    ['keys/organisation', `${'g'.repeat(64)}\n`],
    ['certificate', ''],
    ['organisation.json', '{"format": 2}'],
    ['organisation.json', 'not JSON'],
  ]
  for (const [name, text] of damages) {
    const path = join(t.testdir(), 'alpha')
    await createDataFolder(path, contents(), CONFIG)
    await writeFile(join(path, name), text)

    await t.rejects(readDataFolder(path), {
      code: 'STORE_BROKEN',
      facts: { file: join(path, name) },
    })
  }
})

test('a life is absent until it is written', async (t) => {
  const path = await aNodeWithStore(t)
  t.equal(await readLife(path), undefined)

  await writeLife(path, Uint8Array.of(1, 2, 3, 4))

  t.strictSame(await readLife(path), Buffer.from([1, 2, 3, 4]))
})

test('a copy of a folder is not the life it is a copy of, a moved folder is', async (t) => {
  const path = await aNodeWithStore(t)
  await writeLife(path, Uint8Array.of(1, 2, 3, 4))

  await cp(path, `${path}-copy`, { recursive: true })
  await rename(path, `${path}-moved`)

  t.equal(await readLife(`${path}-copy`), undefined)
  t.strictSame(await readLife(`${path}-moved`), Buffer.from([1, 2, 3, 4]))
})

test('a damaged life is no reason to begin a new one in silence', async (t) => {
  const path = await aNodeWithStore(t)

  await writeFile(join(path, 'keys', 'life'), '0102')

  await t.rejects(readLife(path), {
    code: 'STORE_BROKEN',
    facts: { file: join(path, 'keys', 'life') },
  })
})

async function aNodeWithStore(t: Test): Promise<string> {
  const path = join(t.testdir(), 'alpha')
  await createDataFolder(path, contents(), CONFIG)
  await mkdir(join(path, 'store'))
  return path
}

function contents(first = 1): FolderContents {
  const bytes = (value: number): Uint8Array => Buffer.alloc(32, first + value)
  return {
    organisation: { name: 'Relief', code: 'rx', suite: 1, rootKey: bytes(0) },
    certificate: Buffer.from([1, 2, 3]),
    issuer: undefined,
    keys: {
      signing: bytes(1),
      organisation: bytes(4),
      root: bytes(5),
    },
  }
}
