/** With a provider that answers as the test says; `test/bridges/openid.test.ts` asks a real one. */
import { test, type Test } from 'tap'
import { EdgeError } from '#base/errors.ts'
import type { OpenIdProvider, OutsidePerson, ProviderQuestion } from '#ports/people-source.ts'
import { CEREMONY_MS } from '#server/limits.ts'
import { aLanDoor, type LanDoor } from '../support/lan-door.ts'

const dana: OutsidePerson = {
  source: 'openid',
  subject: 'issuer dana',
  username: 'dana',
  displayName: 'Dana',
}

interface Scene {
  readonly door: LanDoor
  readonly asked: readonly ProviderQuestion[]
  readonly read: readonly ProviderQuestion[]
}

async function aScene(t: Test, isReachable = true): Promise<Scene> {
  const [asked, read]: ProviderQuestion[][] = [[], []]
  const openId: OpenIdProvider = {
    ask: async (question) => {
      if (!isReachable) throw new EdgeError('CARRIER_UNREACHABLE', {})
      asked?.push(question)
      return `https://provider.example/auth?state=${question.state}`
    },
    read: async (_, question) => {
      read?.push(question)
      return dana
    },
  }
  const options = { offlineSignInMs: 1_000_000 }
  const door = await aLanDoor(t, { openId, options })
  return { door, asked: asked ?? [], read: read ?? [] }
}

function get({ door }: Scene, path: string, cookie = ''): Promise<Response> {
  return fetch(door.url + path, { redirect: 'manual', headers: { cookie } })
}

async function begun(
  scene: Scene,
  path = '/oauth/openid/login',
): Promise<readonly [string, string]> {
  const response = await get(scene, path)
  const cookie = response.headers.getSetCookie()[0]?.split(';')[0] ?? ''
  const location = new URL(response.headers.get('location') ?? '')
  return [cookie, location.searchParams.get('state') ?? '']
}

test('who comes back from the provider has a session, and the browser is sent on', async (t) => {
  const scene = await aScene(t)
  const [cookie, state] = await begun(scene)

  const done = await get(scene, `/oauth/openid/complete?code=c&state=${state}`, cookie)

  t.equal(done.status, 302)
  t.equal(done.headers.get('location'), '/')
  const token = done.headers.get('token') ?? ''
  t.match(await scene.door.node.sessionOf(token), { by: 'openid' })
  t.match(done.headers.getSetCookie().join(), /MMAUTHTOKEN=.*MMUSERID=.*MMCSRF=/)
  t.strictSame(scene.read, scene.asked, 'the same question, which nobody kept')
  t.match(await scene.door.node.personByName('dana'), { displayName: 'Dana' })
})

test('nobody finishes in one browser what began in another, twice, late or not at all', async (t) => {
  const scene = await aScene(t)
  const [mine, state] = await begun(scene)
  const [theirs, theirState] = await begun(scene)
  const complete = async (query: string, cookie: string): Promise<number> =>
    (await get(scene, `/oauth/openid/complete?code=c&${query}`, cookie)).status

  t.equal(await complete(`state=${state}`, ''), 401, 'a link that was sent to somebody')
  t.equal(await complete(`state=${state}`, theirs), 401)
  t.equal(await complete(`state=${theirState}`, mine), 401)
  t.equal(await complete('', mine), 401)
  t.equal(await complete('state=', 'HFOPENID='), 401)
  t.equal(await complete('state=made-up', 'HFOPENID=made-up'), 401)
  t.strictSame(scene.read, [])
  t.equal(await complete(`state=${state}`, mine), 302)
  t.equal(await complete(`state=${state}`, mine), 401, 'again')
  await scene.door.clock.advance(CEREMONY_MS)
  t.equal(await complete(`state=${theirState}`, theirs), 401, 'late')
  t.equal(scene.read.length, 1)
})

test('a token goes to the apps of Mattermost and to nobody else', async (t) => {
  const scene = await aScene(t)
  for (const to of [
    '',
    'https://evil.example/callback',
    'mmauth://callback@evil.example',
    'mmauth://evil',
    'javascript:alert(1)',
  ]) {
    const query = new URLSearchParams({ redirect_to: to }).toString()
    t.equal((await get(scene, `/oauth/openid/mobile_login?${query}`)).status, 400, to)
  }
  const app = '/oauth/openid/mobile_login?redirect_to=mmauth%3A%2F%2Fcallback'
  const [cookie, state] = await begun(scene, app)
  const done = await get(scene, `/oauth/openid/complete?code=c&state=${state}`, cookie)

  const to = new URL(done.headers.get('location') ?? '')
  t.equal(to.href.split('?')[0], 'mmauth://callback')
  t.match(await scene.door.node.sessionOf(to.searchParams.get('MMAUTHTOKEN') ?? ''), {
    by: 'openid',
  })
})

test('a provider out of reach is told as such, and clients hear whether there is one', async (t) => {
  const scene = await aScene(t, false)
  t.equal((await get(scene, '/oauth/openid/login')).status, 503)
  const config = await get(scene, '/api/v4/config/client?format=old')
  t.match(await config.json(), { EnableSignUpWithOpenId: 'true' })
  const without = await aLanDoor(t)
  t.equal((await fetch(`${without.url}/oauth/openid/login`)).status, 404)
})
