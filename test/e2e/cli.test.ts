/** The command line from the first run to the worst day: real processes, real disk, real sockets on the loopback. */
import { cp, readFile, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { t as suite, test } from 'tap'
import {
  eventually,
  freePort,
  holdfast,
  holdfastJson,
  startNode,
  type RunningNode,
} from './processes.ts'

suite.setTimeout(120_000)

interface Shown {
  readonly author: string
  readonly text: string
  readonly lane: string
  readonly deliveries: readonly { readonly destinationName: string; readonly word: string }[]
}

interface Report {
  readonly ok: boolean
  readonly findings: readonly {
    readonly check: string
    readonly state: string
    readonly text: string
  }[]
}

test('a kit joins a hub, what is written on one is read on the other, and a kill loses nothing', async (t) => {
  const folder = t.testdir()
  const [alpha, bravo] = [join(folder, 'alpha'), join(folder, 'bravo')]
  const [hubPort, kitPort] = [await freePort(), await freePort()]
  await init(alpha, { name: 'alpha', role: 'hub', port: hubPort })
  const hub = await startNode(t, '--data', alpha)
  t.match(hub.started, { node: { name: 'alpha', role: 'hub' }, organisationName: 'Relief' })

  const invitation = await holdfastJson('invite', '--data', alpha)
  const { code, at, url } = invitation as Record<string, string>
  t.equal(at, `127.0.0.1:${hubPort}`)
  const here = ['--name', 'bravo', '--host', '127.0.0.1', '--port', String(kitPort)]
  const joined = await holdfastJson('join', `${at}`, `${code}`, ...here, '--data', bravo)
  t.match(joined, { name: 'bravo', organisation: 'Relief', username: 'admin-bravo' })
  const again = await holdfast('join', `${url}`, '--data', join(folder, 'charlie'))
  t.equal(again.code, 4, 'a code serves once')
  t.match(again.error, /^JOIN_REFUSED: found unknown-code. Ask for a new join code/)

  const kit = await startNode(t, '--data', bravo)
  const posted = await holdfast('post', 'town-square', 'Water', 'is', 'here', '--data', bravo)
  t.match(posted, { code: 0, out: /^Saved on this kit: [a-z0-9]{26}\n$/ })
  const arrived = await eventually(() => find(alpha, 'Water is here'))
  t.match(arrived, { author: 'admin-bravo', lane: 'routine' })
  const stored = await eventually(async () => {
    const message = await find(bravo, 'Water is here')
    return message?.deliveries.some(({ word }) => word === 'stored') === true ? message : undefined
  })
  t.match(stored.deliveries, [{ destinationName: 'alpha', isHub: true, word: 'stored' }])

  t.equal((await kit.end('SIGKILL')).code, null)
  const asked = await holdfast('status', '--data', bravo)
  t.equal(asked.code, 3, 'a node that was killed is not running')
  t.match(
    asked.error,
    /^NODE_NOT_RUNNING: no node runs on data folder .*Start it with `holdfast start`/,
  )
  await holdfastJson('post', 'town-square', 'Fire', '--lane', 'flash', '--data', alpha)
  await startNode(t, '--data', bravo)
  t.match(await find(bravo, 'Water is here'), { author: 'admin-bravo' }, 'it is still there')
  t.match(await eventually(() => find(bravo, 'Fire')), { author: 'admin', lane: 'flash' })

  t.match(await holdfastJson('status', '--data', bravo), {
    url: `http://127.0.0.1:${kitPort}`,
    node: { name: 'bravo', number: 2, role: 'kit', isThisNode: true },
    organisationName: 'Relief',
    nodes: [{ name: 'alpha' }, { name: 'bravo' }],
    messages: 2,
    links: [{ carrier: 'lan', peer: 'alpha', isUp: true }],
  })
  const words = await holdfast('read', '--data', bravo)
  t.match(words.out, /admin-bravo: Water is here\n {4}alpha \(HQ\): stored there\n/)
  t.match((await holdfast('status', '--data', alpha)).out, /lan +bravo +up since/)
})

test('a kit restored from a backup gets back what it wrote since, and writes on', async (t) => {
  const folder = t.testdir()
  const [alpha, bravo] = [join(folder, 'alpha'), join(folder, 'bravo')]
  await init(alpha, { name: 'alpha', role: 'hub', port: await freePort() })
  await startNode(t, '--data', alpha)
  const invitation = await holdfastJson('invite', '--data', alpha)
  const { url } = invitation as Record<string, string>
  const here = ['--name', 'bravo', '--host', '127.0.0.1', '--port', String(await freePort())]
  await holdfastJson('join', `${url}`, ...here, '--data', bravo)
  await (await startNode(t, '--data', bravo)).end('SIGTERM')
  await cp(bravo, `${bravo}-backup`, { recursive: true })
  const before = await startNode(t, '--data', bravo)
  await holdfastJson('post', 'town-square', 'Since the backup', '--data', bravo)
  await eventually(() => find(alpha, 'Since the backup'))
  await before.end('SIGKILL')

  await startNode(t, '--data', `${bravo}-backup`)

  t.ok(await eventually(() => find(`${bravo}-backup`, 'Since the backup')))
  await holdfastJson('post', 'town-square', 'After it', '--data', `${bravo}-backup`)
  t.match(await eventually(() => find(alpha, 'After it')), { author: 'admin-bravo' })
})

test('a node that is told to stop ends well and takes its word back', async (t) => {
  const alpha = join(t.testdir(), 'alpha')
  await init(alpha, { name: 'alpha', role: 'kit', port: await freePort() })
  const node = await startNode(t, '--data', alpha)
  t.equal((await stat(join(alpha, 'keys', 'operator.token'))).mode & 0o777, 0o600)

  const { code } = await node.end('SIGTERM')

  t.equal(code, 0)
  await t.rejects(stat(join(alpha, 'run.json')), { code: 'ENOENT' })
  await t.rejects(stat(join(alpha, 'keys', 'operator.token')), { code: 'ENOENT' })
})

test('the first start makes everything and shows it once', async (t) => {
  const alpha = join(t.testdir(), 'alpha')
  const here = ['--name', 'alpha', '--host', '127.0.0.1', '--port', '0']
  const node = await startNode(t, ...here, '--data', alpha)
  t.match(node.started, {
    event: 'started',
    node: { name: 'alpha', role: 'kit' },
    organisationName: 'Holdfast',
    username: 'admin',
    password: /^[a-z0-9]{4}(?:-[a-z0-9]{4}){3}$/,
    joinCode: /^[a-z0-9]{4}(?:-[a-z0-9]{4}){3}$/,
  })
  const password = String(node.started['password'])
  t.equal(await signIn(node, 'admin', password), 200, 'the password opens a session')
  await node.end('SIGINT')

  const later = await startNode(t, '--data', alpha)

  t.match(later.started, { event: 'started', node: { name: 'alpha' }, username: 'admin' })
  t.notOk('password' in later.started)
  t.notOk('joinCode' in later.started)
})

test('a person who was enrolled signs in, and a name serves once', async (t) => {
  const alpha = join(t.testdir(), 'alpha')
  const here = ['--name', 'alpha', '--host', '127.0.0.1', '--port', '0']
  const node = await startNode(t, ...here, '--data', alpha)

  const amira = await holdfastJson('enrol', 'amira', 'Amira', 'Haddad', '--data', alpha)

  t.match(amira, { username: 'amira', password: String })
  const { password } = amira as { readonly password: string }
  t.equal(await signIn(node, 'amira', password), 200)
  t.equal(await signIn(node, 'amira', 'wrong'), 401)
  t.match(await holdfast('enrol', 'amira', '--data', alpha), {
    code: 1,
    error: /^ALREADY_EXISTS: /,
  })
})

test('what cannot start says why in one line, and ends with its own code', async (t) => {
  const folder = t.testdir()
  const [alpha, bravo] = [join(folder, 'alpha'), join(folder, 'bravo')]
  const port = await freePort()
  await init(alpha, { name: 'alpha', role: 'kit', port })
  await init(bravo, { name: 'bravo', role: 'kit', port })
  await startNode(t, '--data', alpha)

  const twice = await holdfast('start', '--data', alpha, '--port', '0')
  t.match(twice, { code: 1, error: /^DATA_FOLDER_IN_USE: .*Stop the other Holdfast.*\n$/ })
  const taken = await holdfast('start', '--data', bravo)
  t.equal(taken.code, 1)
  t.match(taken.error, new RegExp(`PORT_IN_USE: host 127.0.0.1, port ${port}. Choose another port`))
  const renamed = await holdfast('start', '--data', bravo, '--name', 'charlie')
  t.equal(renamed.code, 2)
  t.match(renamed.error, 'name: found "charlie", wanted "bravo", as this node was made')

  await writeFile(join(bravo, 'config.json'), '{ "listen": { "port": "x", "prot": 1 } }')
  const wrong = await holdfast('start', '--data', bravo)
  t.equal(wrong.code, 2)
  t.match(wrong.error, '\n  listen.port: found "x", wanted a whole number from 0 to 65535')
  t.match(wrong.error, '\n  listen.prot: found an unknown key, wanted one of host, port')

  const remade = await holdfast('init', '--data', alpha)
  t.match(remade, { code: 1, error: /^ALREADY_EXISTS: / })
  const nobody = await holdfast('join', '127.0.0.1:1', 'y'.repeat(16), '--data', folder)
  t.match(nobody, {
    code: 1,
    error: /^CARRIER_UNREACHABLE: address 127.0.0.1:1. Check the address/,
  })
})

test('the doctor finds what is well and what is not', async (t) => {
  const alpha = join(t.testdir(), 'alpha')
  await init(alpha, { name: 'alpha', role: 'kit', port: await freePort() })
  const well = (await holdfastJson('doctor', '--data', alpha)) as Report
  t.match(found(well, 'store'), { state: 'ok', text: /^all \d+ values open$/ })
  t.strictSame(
    [well.ok, found(well, 'port')?.state, found(well, 'clock')?.state],
    [true, 'ok', 'ok'],
  )
  const node = await startNode(t, '--data', alpha)
  const running = await holdfast('doctor', '--data', alpha)
  t.match(running, { code: 0, out: / ok +running +yes, and it answers at http:/ })
  await node.end('SIGTERM')

  const key = await readFile(join(alpha, 'keys', 'store'))
  await writeFile(join(alpha, 'keys', 'store'), Buffer.alloc(32, 7))
  const ill = await holdfast('doctor', '--data', alpha)
  t.equal(ill.code, 1)
  t.match(ill.out, / fail +store +STORE_BROKEN: .*wrong key or damaged value/)
  await writeFile(join(alpha, 'keys', 'store'), key)
  await writeFile(join(alpha, 'config.json'), '{ "carriers": [{ "kind": "smoke" }] }')
  const misled = await holdfast('doctor', '--data', alpha)
  t.equal(misled.code, 1)
  t.match(misled.out, /fail +config +CONFIG_INVALID: [^]*carriers\[0\].kind: found "smoke"/)
})

async function init(
  data: string,
  { name, role, port }: { readonly name: string; readonly role: string; readonly port: number },
): Promise<void> {
  const words = ['--name', name, '--role', role, '--host', '127.0.0.1', '--port', String(port)]
  await holdfastJson('init', ...words, '--organisation', 'Relief', '--data', data)
}

/** The status of the answer to a sign-in. */
async function signIn({ started }: RunningNode, name: string, password: string): Promise<number> {
  const answer = await fetch(`${String(started['url'])}/api/v4/users/login`, {
    method: 'POST',
    body: JSON.stringify({ login_id: name, password }),
  })
  await answer.body?.cancel()
  return answer.status
}

async function find(data: string, text: string): Promise<Shown | undefined> {
  const messages = (await holdfastJson('read', '--data', data)) as readonly Shown[]
  return messages.find((message) => message.text === text)
}

function found(report: Report, check: string): Report['findings'][number] | undefined {
  return report.findings.find((each) => each.check === check)
}
