import { test } from 'tap'
import { LOGIN_CODE } from '#server/limits.ts'
import { codeAt } from '../../support/accounts.ts'
import { aLanDoor, fetched, passwordOf, type LanDoor } from '../../support/lan-door.ts'

function login(door: LanDoor, part: object = {}, headers: Record<string, string> = {}) {
  const body = JSON.stringify({ login_id: 'bo', password: passwordOf('bo'), ...part })
  return fetched(`${door.url}/api/v4/users/login`, { method: 'POST', body, headers })
}

async function withFactor(door: LanDoor): Promise<string> {
  const { id } = door.people.bo
  const { secret } = await door.node.newSecondFactor(id, id)
  await door.node.activateSecondFactor(id, id, codeAt(secret, door.clock.now()))
  await door.clock.advance(30_000)
  return secret
}

test('who has a second factor is asked for digits in the words that clients know', async (t) => {
  const door = await aLanDoor(t)
  const secret = await withFactor(door)

  for (const token of ['', '000000']) {
    const { status, json } = await login(door, { token })
    t.equal(status, 401)
    t.match(json, { id: 'mfa.validate_token.authenticate.app_error' })
  }
  const { status, json } = await login(door, { token: codeAt(secret, door.clock.now()) })
  t.equal(status, 200)
  t.match(json, { mfa_active: true })
  const wrong = await login(door, { password: 'wrong' })
  t.match(wrong.json, { id: 'holdfast.not_signed_in.app_error' })
  const asked = await fetched(`${door.url}/api/v4/users/mfa`, {
    method: 'POST',
    body: '{"login_id":"bo"}',
  })
  t.strictSame(asked.json, { mfa_required: false }, 'a stranger does not hear who has one')
})

test('digits cannot be guessed by who has the password, and nobody else waits for it', async (t) => {
  const door = await aLanDoor(t)
  const secret = await withFactor(door)
  const statuses: number[] = []
  for (let guess = 0; guess < LOGIN_CODE.burst + 5; guess += 1)
    statuses.push((await login(door, { token: `00000${guess}`.slice(-6) })).status)

  t.equal(statuses.filter((status) => status === 429).length, 5)
  await door.clock.advance(30_000)
  const right = codeAt(secret, door.clock.now())
  t.equal((await login(door, { token: right })).status, 429)
  t.equal((await login(door, { login_id: 'chen', password: passwordOf('chen') })).status, 200)
  await door.clock.advance(LOGIN_CODE.refillMs)
  t.equal((await login(door, { token: codeAt(secret, door.clock.now()) })).status, 200)
})

test('what the client says of itself and of its device stands with the session', async (t) => {
  const door = await aLanDoor(t)
  const agent = 'Mattermost Mobile/2.32.0+600 (Android; 15; Pixel 8)'
  const { headers } = await login(door, { device_id: 'android_rn:abc' }, { 'user-agent': agent })

  const { bo } = door.people
  t.match(await door.node.sessionsOf(bo.id, bo.id), [
    { client: { platform: 'Android', browser: 'Mattermost Mobile' }, device: 'android_rn:abc' },
  ])
  t.notMatch(headers.getSetCookie().join(), /Secure/, 'plain HTTP would not bring it back')
})

test('cookies given at an address of https go nowhere else', async (t) => {
  const door = await aLanDoor(t, { siteUrl: 'https://chat.example' })

  const cookies = (await login(door)).headers.getSetCookie()

  t.equal(cookies.length, 3)
  for (const one of cookies) t.match(one, /; SameSite=Lax; Secure/)
})
