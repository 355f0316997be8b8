import { test, type Test } from 'tap'
import { once } from 'node:events'
import { request, type IncomingMessage } from 'node:http'
import { CEREMONY_MS, FRESH_MS } from '#server/limits.ts'
import { anAuthenticator, type Authenticator, type Flaw } from '../../support/authenticator.ts'
import { aLanDoor, fetched, passwordOf, type Answer, type LanDoor } from '../../support/lan-door.ts'

const SITE = 'https://alpha.example'
const PATH = '/api/holdfast/v1/passkeys'

interface Scene {
  readonly door: LanDoor
  readonly device: Authenticator
  readonly token: string
  readonly ask: (path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answer>
}

async function aScene(t: Test): Promise<Scene> {
  const door = await aLanDoor(t, { siteUrl: SITE })
  const body = { login_id: 'bo', password: passwordOf('bo') }
  const ask: Scene['ask'] = (path, content = {}, headers = {}) =>
    fetched(door.url + path, {
      method: 'POST',
      body: JSON.stringify(content),
      headers: { origin: SITE, ...headers },
    })
  const { headers } = await ask('/api/v4/users/login', body)
  const token = headers.get('token') ?? ''
  return { door, device: anAuthenticator(SITE, 'phone of bo'), token, ask }
}

async function added(scene: Scene, flaw: Flaw = {}, name = 'a phone'): Promise<Answer> {
  const headers = { authorization: `Bearer ${scene.token}` }
  const options = (await scene.ask(`${PATH}/options`, {}, headers)).json as object
  return scene.ask(PATH, { name, response: scene.device.create(options, flaw) }, headers)
}

async function asked({ ask }: Scene): Promise<object> {
  return (await ask(`${PATH}/login/options`)).json as object
}

async function shown(scene: Scene, flaw: Flaw = {}): Promise<Answer> {
  return scene.ask(`${PATH}/login`, { response: scene.device.get(await asked(scene), flaw) })
}

test('a passkey is added, opens a session with cookies, is listed and taken away', async (t) => {
  const scene = await aScene(t)
  const { door, token } = scene
  t.equal((await added(scene)).status, 201)

  const { status, json, headers } = await shown(scene)

  t.equal(status, 200)
  t.match(json, { username: 'bo' })
  t.match(headers.getSetCookie(), [/^MMAUTHTOKEN=.*Secure/, /^MMUSERID=/, /^MMCSRF=/])
  t.match(await door.node.sessionOf(headers.get('token') ?? ''), { by: 'passkey' })
  const list = await fetched(`${door.url}${PATH}`, {
    headers: { authorization: `Bearer ${token}` },
  })
  t.strictSame(list.json, [
    {
      id: scene.device.id,
      name: 'a phone',
      host: 'alpha.example',
      create_at: door.clock.now(),
      last_used_at: door.clock.now(),
    },
  ])
  const gone = await fetched(`${door.url}${PATH}/${scene.device.id}`, {
    method: 'DELETE',
    headers: { authorization: `Bearer ${token}` },
  })
  t.equal(gone.status, 200)
  t.equal((await shown(scene)).status, 401)
})

test('what was signed for another page, name, person or question opens nothing', async (t) => {
  const scene = await aScene(t)
  await added(scene)
  const foreign = (await asked(scene)) as { readonly challenge: string }
  const flaws: Readonly<Record<string, Flaw>> = {
    'another page': { origin: 'https://evil.example' },
    'plain HTTP': { origin: 'http://alpha.example' },
    'another port': { origin: `${SITE}:9999` },
    'another name': { host: 'evil.example' },
    'the name above': { host: 'example' },
    'nobody there': { isUnverified: true },
    'a question of our own': { challenge: Buffer.alloc(40).toString('base64url') },
    'a question altered': { challenge: `A${foreign.challenge.slice(1)}` },
    'another deed': { type: 'webauthn.create' },
    'another person': { userHandle: Buffer.alloc(16).toString('base64url') },
  }

  for (const [what, flaw] of Object.entries(flaws)) {
    const { status, text } = await shown(scene, flaw)
    t.equal(status, 401, what)
    t.notMatch(text, /challenge|origin|rp ?id/i, 'and does not say why')
  }
  t.equal((await shown(scene)).status, 200)
})

test('an answer counts once, within its time, and for what was asked', async (t) => {
  const scene = await aScene(t)
  await added(scene)
  const response = scene.device.get(await asked(scene))
  const statuses = await Promise.all(
    [1, 2].map(async () => (await scene.ask(`${PATH}/login`, { response })).status),
  )
  t.strictSame(
    statuses.toSorted((a, b) => a - b),
    [200, 401],
  )
  const late = scene.device.get(await asked(scene))
  await scene.door.clock.advance(CEREMONY_MS)
  t.equal((await scene.ask(`${PATH}/login`, { response: late })).status, 401)

  const headers = { authorization: `Bearer ${scene.token}` }
  const toSignIn = await asked(scene)
  const other = anAuthenticator(SITE, 'another phone')
  const crossed = other.create({ ...toSignIn, rp: { id: 'alpha.example' } })
  t.equal((await scene.ask(PATH, { name: 'x', response: crossed }, headers)).status, 401)
})

test('a copy of a device is noticed by its counter', async (t) => {
  const scene = await aScene(t)
  await added(scene, { counter: 5 })

  t.equal((await shown(scene, { counter: 9 })).status, 200)
  for (const counter of [9, 6, 0]) t.equal((await shown(scene, { counter })).status, 401)
})

test('a passkey is made only for a name of this node, over TLS, from its own page', async (t) => {
  const scene = await aScene(t)
  const headers = { authorization: `Bearer ${scene.token}` }
  for (const origin of [
    'https://evil.example',
    'http://alpha.example',
    `${SITE}:444`,
    scene.door.url,
    'null',
    '',
  ]) {
    t.equal((await scene.ask(`${PATH}/options`, {}, { ...headers, origin })).status, 403, origin)
    t.equal((await scene.ask(`${PATH}/login/options`, {}, { origin })).status, 403, origin)
  }
})

test('the name of the kit itself is one, on its own port and no other', async (t) => {
  const door = await aLanDoor(t, { names: ['alpha.local'] })
  const { port } = new URL(door.url)
  const options = (origin: string, host: string) =>
    fetchedAt(door, { origin, host, path: `${PATH}/login/options` })

  t.equal(await options(`https://alpha.local:${port}`, `alpha.local:${port}`), 200)
  t.equal(await options('https://alpha.local', 'alpha.local'), 200)
  t.equal(await options('https://alpha.local:9999', 'alpha.local:9999'), 403)
  t.equal(await options(`https://holdfast.local:${port}`, `holdfast.local:${port}`), 403)
  t.equal(await options(`https://127.0.0.1:${port}`, `127.0.0.1:${port}`), 403)
})

test('who finds a phone that is open adds nothing to it, nor does a token', async (t) => {
  const scene = await aScene(t)
  const made = await scene.door.node.makeAccessToken(
    scene.door.people.bo.id,
    scene.door.people.bo.id,
    'x',
  )
  const byToken = { authorization: `Bearer ${made.token}` }
  t.equal((await scene.ask(`${PATH}/options`, {}, byToken)).status, 403)
  await scene.door.clock.advance(FRESH_MS)

  t.equal((await added(scene)).status, 403)
})

test('what is no answer is refused as such', async (t) => {
  const scene = await aScene(t)
  for (const response of [{}, 5, { ...scene.device.get({ challenge: 'x' }), id: 'ä' }])
    t.equal((await scene.ask(`${PATH}/login`, { response })).status, 400)
  const stranger = scene.device.get({ ...(await asked(scene)) })
  t.equal((await scene.ask(`${PATH}/login`, { response: stranger })).status, 401)
})

/** `fetch` sets the host by itself. */
async function fetchedAt(
  door: LanDoor,
  { origin, host, path }: { readonly origin: string; readonly host: string; readonly path: string },
): Promise<number> {
  const { port } = new URL(door.url)
  const asking = request({
    host: '127.0.0.1',
    port,
    path,
    method: 'POST',
    headers: { origin, host },
  })
  asking.end('{}')
  const [answer] = (await once(asking, 'response')) as [IncomingMessage]
  answer.resume()
  return answer.statusCode ?? 0
}
