/** `holdfast trust` on folders made by `holdfast init`: what it shows and what it writes. */
import { X509Certificate } from 'node:crypto'
import { readFile, rm, stat } from 'node:fs/promises'
import { join } from 'node:path'
import { createSecureContext } from 'node:tls'
import { test, type Test } from 'tap'
import { runCommandLine } from '#cli/command-line.ts'

test('it shows words, digits and the page, and each file is what it is said to be', async (t) => {
  const data = await founded(t)
  const shown = await answered('trust', '--data', data)
  t.match(shown, { organisation: 'Relief', spoken: /^(?:[a-z]{5}-){7}[a-z]{5}$/ })
  const [url] = Reflect.get(shown, 'urls') as readonly string[]
  t.equal(url, 'http://127.0.0.1:8065/trust')

  const [pem, crt, profile] = ['pem', 'crt', 'mobileconfig'].map((end) => join(data, `x.${end}`))
  await answered('trust', 'export', `${pem}`, '--data', data)
  await answered('trust', 'export', `${crt}`, '--for', 'android', '--data', data)
  await answered('trust', 'export', `${profile}`, '--for', 'apple', '--data', data)

  for (const file of [pem, crt])
    // oxlint-disable-next-line no-await-in-loop -- one after another
    t.match(new X509Certificate(await readFile(`${file}`)), {
      fingerprint256: Reflect.get(shown, 'fingerprint'),
    })
  t.match(await readFile(`${profile}`, 'utf8'), 'com.apple.security.root')
})

test('a device gets a package with a password that is shown once, readable by its owner only', async (t) => {
  const data = await founded(t)
  const file = join(data, 'amira.p12')
  const made = await answered(
    'trust',
    'export',
    file,
    '--for',
    'p12',
    '--device',
    'Amira',
    '--data',
    data,
  )

  const passphrase = String(Reflect.get(made, 'password'))
  t.ok(createSecureContext({ pfx: await readFile(file), passphrase }))
  t.equal((await stat(file)).mode & 0o777, 0o600)
  const profile = join(data, 'amira.mobileconfig')
  await answered('trust', 'export', profile, '--for', 'apple', '--device', 'Amira', '--data', data)
  t.match(await readFile(profile, 'utf8'), 'com.apple.security.pkcs12')
})

test('where the key of the organisation is not, nothing is issued, and the rest still works', async (t) => {
  const data = await founded(t)
  await rm(join(data, 'tls', 'ca.key'))
  const file = join(data, 'x')

  await t.rejects(typed('trust', 'export', file, '--for', 'p12', '--data', data), {
    code: 'NOT_ALLOWED',
  })
  await t.rejects(typed('trust', 'office', file, '--host', '10.0.0.1', '--data', data), {
    code: 'NOT_ALLOWED',
  })
  t.match(await answered('trust', 'export', file, '--data', data), { file, for: 'pem' })
})

test('mistakes are named', async (t) => {
  const data = await founded(t)
  const wrong = { code: 'INPUT_INVALID' }

  await t.rejects(typed('trust', 'export', '--data', data), wrong)
  await t.rejects(typed('trust', 'office', join(data, 'x'), '--data', data), wrong)
  await t.rejects(
    typed('trust', 'office', join(data, 'x'), '--data', data, '--host', 'bank.example.com'),
    { code: 'INPUT_INVALID', facts: { found: 'bank.example.com' } },
  )
})

async function founded(t: Test): Promise<string> {
  const data = join(t.testdir(), 'alpha')
  const here = ['--name', 'alpha', '--host', '127.0.0.1', '--organisation', 'Relief']
  await typed('init', ...here, '--data', data)
  return data
}

async function answered(...words: readonly string[]): Promise<object> {
  return JSON.parse(await typed(...words, '--json')) as object
}

async function typed(...words: readonly string[]): Promise<string> {
  let out = ''
  const terminal = { out: (text: string) => void (out += text), error: () => undefined }
  await runCommandLine(words, { terminal, signal: new AbortController().signal, environment: {} })
  return out
}
