/** Letting nodes in from the command line: digits, files, the root in a safe, in an organisation with FIPS algorithms. */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { t as suite, test } from 'tap'
import { isThere } from '#config/files.ts'
import { readTlsFolder } from '#config/tls-folder.ts'
import { folderOf } from '../support/folder.ts'
import {
  eventually,
  found,
  freePort,
  holdfast,
  holdfastAsked,
  holdfastJson,
  startNode,
} from './processes.ts'

suite.setTimeout(180_000)

type Words = Readonly<Record<string, string>>

test('two nodes with FIPS algorithms join by digits, and talk over the LAN', async (t) => {
  const folder = folderOf(t)
  const [alpha, bravo] = [join(folder, 'alpha'), join(folder, 'bravo')]
  await founded(alpha)
  await startNode(t, '--data', alpha)
  const { code, at } = (await holdfastJson('invite', '--compare', '--data', alpha)) as Words
  const here = ['--name', 'bravo', '--host', '127.0.0.1', '--port', String(await freePort())]
  let shown: readonly Words[] = []
  const answer = async (): Promise<string> => {
    shown = (await holdfastJson('invite', '--waiting', '--data', alpha)) as readonly Words[]
    await holdfastJson('invite', '--confirm', `${shown[0]?.['digits']}`, '--data', alpha)
    return 'yes'
  }

  const words = ['join', `${at}`, `${code}`, ...here, '--data', bravo]
  const joined = await holdfastAsked({ question: 'yes or no', answer }, ...words)

  t.equal(joined.code, 0, joined.error)
  const digits = `${shown[0]?.['digits']}`
  t.match(joined.error, `Digits: ${digits.slice(0, 3)} ${digits.slice(3)}`)
  t.match(JSON.parse(await readFile(join(bravo, 'organisation.json'), 'utf8')), { suite: 2 })
  await startNode(t, '--data', bravo)
  await holdfastJson('post', 'town-square', 'By the book', '--data', bravo)
  t.match(await eventually(() => found(alpha, 'By the book')), { author: 'admin-bravo' })
  t.match(await holdfastJson('nodes', '--data', alpha), [
    { name: 'alpha', role: 'hub', administers: true, validity: 'valid' },
    { name: 'bravo', role: 'kit', administers: false, validity: 'valid' },
  ])
})

test('nobody gets in when the person at the new node says that the digits differ', async (t) => {
  const folder = folderOf(t)
  const alpha = join(folder, 'alpha')
  await founded(alpha)
  await startNode(t, '--data', alpha)
  const { code, at } = (await holdfastJson('invite', '--compare', '--data', alpha)) as Words
  const bravo = ['--name', 'bravo', '--data', join(folder, 'bravo')]

  const joined = await holdfastAsked(
    { question: 'yes or no', answer: sayNo },
    'join',
    `${at}`,
    `${code}`,
    ...bravo,
  )

  t.match(joined, { code: 4, error: /JOIN_REFUSED.*nobody said are the same/s })
  t.notOk(await isThere(join(folder, 'bravo', 'organisation.json')))
})

test('by file, without a network; the root moves to a safe and still gives rights', async (t) => {
  const folder = folderOf(t)
  const [alpha, bravo] = [join(folder, 'alpha'), join(folder, 'bravo')]
  const file = (name: string): string => join(folder, name)
  await writeFile(file('passphrase'), 'correct horse battery staple\n')
  const safe = ['--passphrase-file', file('passphrase')]
  await founded(alpha)

  const named = ['--suite', 'fips', '--name', 'bravo', '--data', bravo]
  const asked = (await holdfastJson('join', '--request', file('request'), ...named)) as Words
  const hub = await startNode(t, '--data', alpha)
  const admit = ['admit', file('request'), '--out', file('answer'), '--data', alpha]
  const unseen = await holdfast(...admit)
  t.match(unseen, { code: 4, error: /NOT_ALLOWED/ }, 'nobody compared')
  const admitted = (await holdfastJson(
    ...admit,
    '--fingerprint',
    `${asked['fingerprint']}`,
  )) as Words
  const take = ['join', '--answer', file('answer'), '--data', bravo, '--fingerprint']
  t.match(await holdfast(...take, 'yyyy-yyyy-yyyy-yyyy-yyyy'), { code: 4 })
  t.match(await holdfastJson(...take, `${admitted['fingerprint']}`), { name: 'bravo' })
  t.notOk(await isThere(join(bravo, 'joining.json')))
  const [there, here] = [await readTlsFolder(alpha), await readTlsFolder(bravo)]
  t.ok(there, 'the organisation has its authority for TLS')
  t.equal(here?.authorityPem, there?.authorityPem, 'and bravo knows it')
  t.match(here?.kitAuthority?.keyPem, /PRIVATE KEY/, 'and has one of its own by it')

  const move = ['root', 'move', file('root'), ...safe, '--data', alpha]
  t.match(await holdfast(...move), { code: 1, error: /DATA_FOLDER_IN_USE/ })
  await hub.end('SIGTERM')
  t.match(await holdfast(...move), { code: 0 })
  t.notOk(await isThere(join(alpha, 'keys', 'root')))
  t.notMatch(await readFile(file('root'), 'utf8'), 'correct horse')
  t.match(await holdfastJson('root', 'show', file('root')), {
    organisation: 'Relief',
    suite: 'fips',
  })

  const again = (await holdfastJson(
    'join',
    '--request',
    file('request2'),
    '--data',
    bravo,
  )) as Words
  const certify = [
    'root',
    'certify',
    file('request2'),
    '--root',
    file('root'),
    '--out',
    file('answer2'),
  ]
  const rights = ['--rights', 'issues', '--fingerprint', `${again['fingerprint']}`]
  await writeFile(file('wrong'), 'another passphrase\n')
  t.match(await holdfast(...certify, ...rights, '--passphrase-file', file('wrong')), { code: 4 })
  const certified = (await holdfastJson(...certify, ...rights, ...safe)) as Words
  await holdfastJson(
    'join',
    '--answer',
    file('answer2'),
    '--data',
    bravo,
    '--fingerprint',
    `${certified['fingerprint']}`,
  )

  await startNode(t, '--data', alpha)
  await startNode(t, '--data', bravo, '--host', '127.0.0.1', '--port', String(await freePort()))
  for (const data of [alpha, bravo])
    t.match(await holdfastJson('invite', '--data', data), { code: /./ })
})

test('a node behind a passphrase moves its root and asks for a certificate, once it is entered', async (t) => {
  const folder = folderOf(t)
  const alpha = join(folder, 'alpha')
  const file = (name: string): string => join(folder, name)
  await writeFile(file('store'), 'seven green boats\n')
  await writeFile(file('root-passphrase'), 'correct horse battery staple\n')
  await founded(alpha)
  const set = ['passphrase', 'set', '--new-passphrase-file', file('store'), '--data', alpha]
  await holdfastJson(...set)
  const move = ['root', 'move', file('root'), '--passphrase-file', file('root-passphrase')]
  const ask = ['join', '--request', file('request'), '--data', alpha]

  const nobody = await holdfast(...move, '--data', alpha)
  const wrong = await holdfastAsked(entering('seven blue boats'), ...move, '--data', alpha)
  const moved = await holdfastAsked(entering('seven green boats'), ...move, '--data', alpha)
  const asked = await holdfastAsked(entering('seven green boats'), ...ask)

  t.match(nobody, { code: 1, error: /LOCKED: .*found nothing that opens its store/ })
  t.match(wrong, { code: 1, error: /LOCKED: .*found another passphrase/ })
  t.match(moved, { code: 0 }, moved.error)
  t.match(asked, { code: 0 }, asked.error)
  const note = JSON.parse(await readFile(join(alpha, 'joining.json'), 'utf8')) as object
  t.notOk('signing' in note, 'the key of a node that is there stays behind the passphrase')
})

/** A person who types this passphrase of the store. */
function entering(answer: string): Parameters<typeof holdfastAsked>[0] {
  return { question: 'Passphrase of the store', answer: async () => answer }
}

async function sayNo(): Promise<string> {
  return 'no'
}

async function founded(data: string): Promise<void> {
  const words = ['--name', 'alpha', '--role', 'hub', '--host', '127.0.0.1']
  const port = ['--port', String(await freePort())]
  await holdfastJson(
    'init',
    ...words,
    ...port,
    '--suite',
    'fips',
    '--organisation',
    'Relief',
    '--data',
    data,
  )
}
