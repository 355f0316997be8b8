/** The command line from the first run on: real processes, real disk, real sockets on the loopback. */
import { stat } from 'node:fs/promises'
import { join } from 'node:path'
import { t as suite, test } from 'tap'
import { folderOf } from '../support/folder.ts'
import {
  eventually,
  found,
  freePort,
  holdfast,
  holdfastJson,
  initNode,
  startNode,
  type RunningNode,
} from './processes.ts'

suite.setTimeout(120_000)

test('a kit joins a hub, what is written on one is read on the other, and a kill loses nothing', async (t) => {
  const folder = folderOf(t)
  const [alpha, bravo] = [join(folder, 'alpha'), join(folder, 'bravo')]
  const [hubPort, kitPort] = [await freePort(), await freePort()]
  await initNode(alpha, { name: 'alpha', role: 'hub', port: hubPort })
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
  t.match(posted, { code: 0, out: /^Saved on this kit: [a-z0-9]{26}\n {4}alpha \(HQ\): \w/ })
  const arrived = await eventually(() => found(alpha, 'Water is here'))
  t.match(arrived, { author: 'admin-bravo', lane: 'routine' })
  const stored = await eventually(async () => {
    const message = await found(bravo, 'Water is here')
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
  t.match(await found(bravo, 'Water is here'), { author: 'admin-bravo' }, 'it is still there')
  t.match(await eventually(() => found(bravo, 'Fire')), { author: 'admin', lane: 'flash' })

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

test('a node that is told to stop ends well and takes its word back', async (t) => {
  const alpha = join(folderOf(t), 'alpha')
  await initNode(alpha, { name: 'alpha', role: 'kit', port: await freePort() })
  const node = await startNode(t, '--data', alpha)
  t.equal((await stat(join(alpha, 'keys', 'operator.token'))).mode & 0o777, 0o600)

  const { code } = await node.end('SIGTERM')

  t.equal(code, 0)
  await t.rejects(stat(join(alpha, 'run.json')), { code: 'ENOENT' })
  await t.rejects(stat(join(alpha, 'keys', 'operator.token')), { code: 'ENOENT' })
})

test('the first start makes everything and shows it once', async (t) => {
  const alpha = join(folderOf(t), 'alpha')
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
  const alpha = join(folderOf(t), 'alpha')
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

/** The status of the answer to a sign-in. */
async function signIn({ started }: RunningNode, name: string, password: string): Promise<number> {
  const answer = await fetch(`${String(started['url'])}/api/v4/users/login`, {
    method: 'POST',
    body: JSON.stringify({ login_id: name, password }),
  })
  await answer.body?.cancel()
  return answer.status
}
