/** The schema, and everything in `edge-config/` that has to agree with it. `TAP_SNAPSHOT=1` writes what is made from it. */
import { execFile } from 'node:child_process'
import { globSync } from 'node:fs'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { test } from 'tap'
import { loadConfig } from '#config/load.ts'
import { Config } from '#config/schema.ts'
import { schemaText, tables } from './reference.ts'

const FOLDER = join(import.meta.dirname, '..', '..', 'edge-config')
const run = promisify(execFile)

test('edge-config/schema.json is the schema', async (t) => {
  const file = join(FOLDER, 'schema.json')
  const expected = await schemaText()
  if (t.writeSnapshot) await writeFile(file, expected)

  t.equal(await readFile(file, 'utf8'), expected, 'TAP_SNAPSHOT=1 writes it')
})

test('edge-config/README.md lists every key with its meaning, values and default', async (t) => {
  const file = join(FOLDER, 'README.md')
  const between = /(?<=<!-- keys -->\n)[\s\S]*(?=<!-- \/keys -->)/
  const expected = `\n${await tables()}\n`
  const text = await readFile(file, 'utf8')
  if (t.writeSnapshot)
    await writeFile(
      file,
      text.replace(between, () => expected),
    )

  t.equal(between.exec(await readFile(file, 'utf8'))?.[0], expected, 'TAP_SNAPSHOT=1 writes it')
})

test('every sample is a config, and README.md tells what it is for', async (t) => {
  const readme = await readFile(join(FOLDER, 'README.md'), 'utf8')
  const samples = globSync('*.json', { cwd: FOLDER }).filter((name) => name !== 'schema.json')
  t.ok(samples.length >= 5)

  for (const name of samples) {
    const file = join(FOLDER, name)
    const config = await loadConfig({ file, environment: {}, overrides: {} })
    t.match(config.$schema, './schema.json', name)
    t.match(readme, `| \`${name}\``, name)
  }
})

test('what the schema fills in is itself a config', async (t) => {
  const filled = Config.parse({})

  t.strictSame(Config.parse(filled), filled)
})

test('a port, a name and an address are taken up to their limits and not beyond', async (t) => {
  for (const port of [0, 1, 65_535]) t.ok(isTaken({ listen: { port } }), `port ${port}`)
  for (const port of [-1, 65_536, 1.5, '80']) t.notOk(isTaken({ listen: { port } }), `port ${port}`)
  for (const name of ['ab', 'a1-b', 'x'.repeat(32)]) t.ok(isTaken({ name }), name)
  for (const name of ['', 'a', 'Alpha', '-ab', 'ab-', 'a b', 'x'.repeat(33)])
    t.notOk(isTaken({ name }), name)
  for (const address of ['hub:1', '10.0.0.1:65535', '[fd00::1]:8065', 'a.example.org:8065'])
    t.ok(isTaken(dial(address)), address)
  for (const address of ['hub', 'hub:0', 'hub:65536', 'fd00::1:8065', 'http://hub:1', ':1'])
    t.notOk(isTaken(dial(address)), address)
})

test('the systemd unit is one that systemd takes', async (t) => {
  const root = join(FOLDER, '..')
  const text = await readFile(join(FOLDER, 'holdfast.service'), 'utf8')
  const folder = t.testdir({ 'holdfast.service': text.replaceAll('/opt/holdfast', root) })

  const settings = [...text.matchAll(/^([A-Za-z]+)=(.*)$/gm)]
  const lines = text.split('\n').filter((line) => !/^(?:#.*|\[\w+\]|)$/.test(line))
  t.equal(lines.length, settings.length, 'every line is a comment, a section or a setting')
  const value = (key: string): string | undefined => settings.find((found) => found[1] === key)?.[2]
  t.match(
    value('ExecStart'),
    /^\/opt\/holdfast\/scripts\/holdfast start --data \/var\/lib\/holdfast$/,
  )
  t.equal(value('StateDirectory'), 'holdfast')

  const verified = await run('systemd-analyze', ['verify', join(folder, 'holdfast.service')]).catch(
    (error: { readonly code: unknown; readonly stderr?: string }) => error,
  )
  if ('code' in verified && verified.code === 'ENOENT') return
  const complaints = (verified.stderr ?? '').split('\n').filter((line) => line.includes('holdfast'))
  t.strictSame(complaints, [], 'systemd-analyze verify')
})

function isTaken(config: unknown): boolean {
  return Config.safeParse(config).success
}

function dial(address: string): unknown {
  return { carriers: [{ kind: 'lan', dial: [address] }] }
}
