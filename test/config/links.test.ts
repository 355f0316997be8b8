import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'tap'
import { readLink } from '#config/links.ts'
import { loadConfig } from '#config/load.ts'

const FOLDER = join(import.meta.dirname, '..', '..', 'edge-config')

test('every profile that comes with the program holds, and README.md tells of it', async (t) => {
  const readme = await readFile(join(FOLDER, 'README.md'), 'utf8')
  const names = globSync('*.json', { cwd: join(FOLDER, 'links') }).map((name) => name.slice(0, -5))
  t.ok(names.length >= 9)

  for (const name of names) {
    const profile = await readLink(undefined, name)
    t.ok(profile.upBps > 0, name)
    t.match(readme, `| \`${name}\``, name)
  }
})

test("an operator's own profile goes before one of the program, and what is wrong with it is said", async (t) => {
  const own = await readFile(join(FOLDER, 'links', 'lte.json'), 'utf8')
  const links = {
    'lte.json': own.replace('"upBps": 5000000', '"upBps": 64000'),
    'hf.json': own.replace('"flat"', '"bytes"').replace('"about"', '"About"'),
    'night.json': own.replace(
      '"currency"',
      '"opens": { "from": "22:15", "to": "05:00" },\n"currency"',
    ),
  }
  const folder = t.testdir({
    links,
    'config.json': '{"linkFolder":"links","carriers":[{"kind":"lan","link":"hf"}]}',
  })
  const file = join(folder, 'config.json')

  t.equal((await readLink(join(folder, 'links'), 'lte')).upBps, 64_000)
  t.match((await readLink(join(folder, 'links'), 'night')).opens, {
    fromMinute: 1_335,
    toMinute: 300,
  })
  t.equal((await readLink(join(folder, 'links'), 'sbd')).tariff.shape, 'messages')
  await t.rejects(readLink(join(folder, 'links'), 'none'), { code: 'CONFIG_INVALID' })
  await t.rejects(loadConfig({ file, environment: {}, overrides: {} }), {
    code: 'CONFIG_INVALID',
    facts: { problems: /about: wanted/ },
  })
})
