/** Locking, unlocking and wiping with real processes: what a finder of the kit gets, and what its people do. */
import { readdir, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { t as suite, test } from 'tap'
import { must } from '#base/assert.ts'
import { keyOf } from '#compose/opening.ts'
import { keysOf } from '#compose/unlocking.ts'
import { folderOf } from '../support/folder.ts'
import {
  eventually,
  found,
  freePort,
  holdfast,
  holdfastJson,
  initNode,
  look,
  startNode,
} from './processes.ts'

suite.setTimeout(180_000)

test('a node locked by a passphrase says nothing until it is unlocked, and can be locked again', async (t) => {
  const folder = folderOf(t)
  const alpha = join(folder, 'alpha')
  const port = await freePort()
  const [right, wrong] = [join(folder, 'right'), join(folder, 'wrong')]
  await writeFile(right, 'seven green boats\n')
  await writeFile(wrong, 'seven blue boats\n')
  await initNode(alpha, { name: 'alpha', role: 'kit', port })
  const set = await holdfastJson(
    'passphrase',
    'set',
    '--new-passphrase-file',
    right,
    '--data',
    alpha,
  )
  t.strictSame(set, { ways: ['passphrase'] })
  await t.rejects(stat(join(alpha, 'keys', 'store')), { code: 'ENOENT' }, 'the key file is gone')

  const node = await startNode(t, '--data', alpha)
  t.match(node.started, { event: 'locked', name: 'alpha', url: `http://127.0.0.1:${port}` })
  const url = String(node.started['url'])
  const page = await (await fetch(url)).text()
  t.match(page, 'alpha is locked')
  t.equal((await fetch(`${url}/api/v4/users/me`)).status, 503)
  t.match(await holdfast('status', '--data', alpha), { code: 1, error: /^LOCKED: / })

  const refused = await holdfast('unlock', '--passphrase-file', wrong, '--data', alpha)
  t.match(refused, { code: 4, error: /^NOT_ALLOWED: found another passphrase/ })
  await holdfastJson('unlock', '--passphrase-file', right, '--data', alpha)
  const status = await eventually(async () => {
    const { code, out } = await look('status', '--json', '--data', alpha)
    return code === 0 ? (JSON.parse(out) as unknown) : undefined
  })
  t.match(status, { node: { name: 'alpha' } })
  await holdfastJson('post', 'town-square', 'Behind the lock', '--data', alpha)

  await holdfastJson('lock', '--data', alpha)
  await eventually(async () => {
    const { error } = await look('status', '--data', alpha)
    return error.startsWith('LOCKED') ? true : undefined
  })
  const form = await fetch(`${url}/api/holdfast/v1/unlock`, {
    method: 'POST',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ passphrase: 'seven green boats' }),
  })
  t.equal(form.status, 200, 'a phone with nothing but a browser')
  t.ok(
    await eventually(async () => {
      const answer = await look('read', '--json', '--data', alpha)
      return answer.code === 0 && answer.out.includes('Behind the lock') ? true : undefined
    }),
  )
  const { out } = await holdfast('audit', 'list', '--data', alpha)
  const told = out.split('\n').filter((line) => / store (?:un)?locked /.test(line))
  t.strictSame(
    told.map((line) =>
      /store .*$/
        .exec(line)?.[0]
        .replace(/ +/g, ' ')
        .replace(/by \S+/, 'by ID'),
    ),
    [
      'store unlocked refused wrong password',
      'store unlocked done passphrase',
      'store locked done by ID',
      'store unlocked done passphrase',
    ],
  )
  await node.end('SIGTERM')

  await holdfastJson('passphrase', 'remove', '--passphrase-file', right, '--data', alpha)
  const open = await startNode(t, '--data', alpha)
  t.match(open.started, { event: 'started' }, 'the new key file opens it')
  t.ok(await found(alpha, 'Behind the lock'))
})

test('a passphrase that is set on a running node is enough to lock it at once', async (t) => {
  const folder = folderOf(t)
  const alpha = join(folder, 'alpha')
  const passphrase = join(folder, 'passphrase')
  await writeFile(passphrase, 'seven green boats')
  await initNode(alpha, { name: 'alpha', role: 'kit', port: await freePort() })
  await startNode(t, '--data', alpha)
  t.match(await holdfast('lock', '--data', alpha), { code: 4, error: /no passphrase/ })
  await holdfastJson('passphrase', 'set', '--new-passphrase-file', passphrase, '--data', alpha)
  const unlock = ['unlock', '--passphrase-file', passphrase, '--data', alpha]
  t.match(await holdfast(...unlock), { code: 1, error: /found a node that is open/ })

  await holdfastJson('lock', '--data', alpha)

  await eventually(async () => {
    const { error } = await look('status', '--data', alpha)
    return error.startsWith('LOCKED') ? true : undefined
  })
  t.match(await holdfast(...unlock), { code: 0 })
})

test('nothing in a folder that is locked tells a secret of the node', async (t) => {
  const folder = folderOf(t)
  const alpha = join(folder, 'alpha')
  const passphrase = join(folder, 'passphrase')
  await writeFile(passphrase, 'seven green boats')
  await initNode(alpha, { name: 'alpha', role: 'kit', port: await freePort() })
  await holdfastJson('passphrase', 'set', '--new-passphrase-file', passphrase, '--data', alpha)

  const names = await readdir(join(alpha, 'keys'))

  t.strictSame(names.toSorted(), ['life', 'secrets', 'store.vault'])
  const report = await holdfast('doctor', '--json', '--data', alpha)
  t.match(report.out, 'opens by passphrase; the rest cannot be looked at without it')
})

test('no key, no passphrase and no message is in any file or log of a node that ran', async (t) => {
  const folder = folderOf(t)
  const alpha = join(folder, 'alpha')
  const passphrase = join(folder, 'passphrase')
  await writeFile(passphrase, 'seven green boats')
  await initNode(alpha, { name: 'alpha', role: 'kit', port: await freePort() })
  const words = ['--new-passphrase-file', passphrase, '--keep-key-file', '--data', alpha]
  await holdfastJson('passphrase', 'set', ...words)
  const node = await startNode(t, '--data', alpha)
  await holdfastJson('post', 'town-square', 'The bridge is down', '--data', alpha)
  const { out, error } = await node.end('SIGTERM')
  const key = await keyOf(alpha)
  const { signing, organisation, root } = await keysOf(alpha, key)
  const secrets = [key.bytes, signing, organisation, must(root, 'it founded')]
  const texts = ['seven green boats', 'The bridge is down']
  const needles = [...secrets, ...texts.map((text) => Buffer.from(text))].flatMap((bytes) => {
    const plain = Buffer.from(bytes)
    return [plain, Buffer.from(plain.toString('hex')), Buffer.from(plain.toString('base64'))]
  })

  const files = await readdir(alpha, { recursive: true, withFileTypes: true })
  const places = files
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath, file.name))
  t.ok(places.length > 8)
  for (const place of places) {
    const bytes = await readFile(place)
    t.notOk(
      needles.some((needle) => bytes.includes(needle)),
      place,
    )
  }
  for (const needle of needles) t.notOk(Buffer.from(out + error).includes(needle), 'the log')
  t.ok(needles.every((needle) => needle.length >= 16))
})

test('a wiped node is gone for good, also while it runs', async (t) => {
  const alpha = join(folderOf(t), 'alpha')
  await initNode(alpha, { name: 'alpha', role: 'kit', port: await freePort() })
  const node = await startNode(t, '--data', alpha)
  const unsure = await holdfast('wipe', '--data', alpha)
  t.match(unsure, { code: 2, error: /^INPUT_INVALID: / }, 'not without --yes')

  t.match(await holdfastJson('wipe', '--yes', '--data', alpha), {
    state: 'wiped',
    reason: 'command',
  })

  t.equal((await node.end('SIGTERM')).code, 0)
  t.strictSame(await readdir(alpha), ['wiped.json'])
  t.match(await readFile(join(alpha, 'wiped.json'), 'utf8'), '"state":"done"')
  t.match(await holdfast('start', '--data', alpha), { code: 2, error: /^WIPED: / })
})
