import { test } from 'tap'
import { LOGIN_PAIR } from '#server/limits.ts'
import { aLanDoor, fetched, passwordOf, type LanDoor } from '../../support/lan-door.ts'
import { aLiveClient, aSocket } from '../../support/live-client.ts'

interface Shown {
  readonly id: string
  readonly user_id: string
}

async function signedIn(door: LanDoor, name: string): Promise<string> {
  const body = JSON.stringify({ login_id: name, password: passwordOf(name) })
  const { headers } = await fetched(`${door.url}/api/v4/users/login`, { method: 'POST', body })
  return headers.get('token') ?? ''
}

function as(door: LanDoor, token: string, method: string, path: string, body?: object) {
  return fetched(`${door.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(body && { body: JSON.stringify(body) }),
  })
}

async function sessionsOf(door: LanDoor, token: string): Promise<readonly Shown[]> {
  return (await as(door, token, 'GET', '/api/v4/users/me/sessions')).json as Shown[]
}

test('sessions are listed without their tokens, and one that is ended is over at once, its socket too', async (t) => {
  const door = await aLanDoor(t)
  const [phone, laptop] = [await signedIn(door, 'bo'), await signedIn(door, 'bo')]
  const socket = await aSocket(door, { headers: { authorization: `Bearer ${phone}` } })
  await socket.event('hello')
  const sessions = await sessionsOf(door, laptop)
  t.equal(sessions.length, 2)
  t.notOk(JSON.stringify(sessions).includes(phone))
  const { id } = (await door.node.sessionOf(phone)) ?? { id: '' }
  t.equal((await as(door, phone, 'GET', '/api/v4/users/me')).status, 200, 'it is remembered')

  const ended = await as(door, laptop, 'POST', '/api/v4/users/me/sessions/revoke', {
    session_id: id,
  })

  t.strictSame(ended.json, { status: 'OK' })
  t.equal((await as(door, phone, 'GET', '/api/v4/users/me')).status, 401)
  t.equal(await socket.closed, 1008)
  t.strictSame(
    (await sessionsOf(door, laptop)).map((one) => one.id),
    sessions.map((one) => one.id).filter((one) => one !== id),
  )
})

test('nobody lists or ends the sessions of another, whatever ids they know; who administers may', async (t) => {
  const door = await aLanDoor(t)
  const [bo, chen, amira] = [
    await signedIn(door, 'bo'),
    await signedIn(door, 'chen'),
    await signedIn(door, 'amira'),
  ]
  const path = `/api/v4/users/${door.people.bo.id}/sessions`
  const [mine] = await sessionsOf(door, bo)

  t.equal((await as(door, chen, 'GET', path)).status, 403)
  t.equal((await as(door, chen, 'POST', `${path}/revoke/all`)).status, 403)
  t.equal((await as(door, chen, 'POST', '/api/v4/users/sessions/revoke/all')).status, 403)
  const steal = { session_id: mine?.id }
  t.equal((await as(door, chen, 'POST', `${path}/revoke`, steal)).status, 403)
  const through = await as(door, chen, 'POST', '/api/v4/users/me/sessions/revoke', steal)
  t.equal(through.status, 404, 'under their own name it is not there')
  t.equal((await as(door, bo, 'GET', '/api/v4/users/me')).status, 200)

  t.equal((await as(door, amira, 'POST', `${path}/revoke/all`)).status, 200)
  t.equal((await as(door, bo, 'GET', '/api/v4/users/me')).status, 401)
  t.equal((await as(door, chen, 'GET', '/api/v4/users/me')).status, 200)
  t.equal((await as(door, amira, 'POST', '/api/v4/users/sessions/revoke/all')).status, 200)
  t.equal((await as(door, chen, 'GET', '/api/v4/users/me')).status, 401)
})

test('who is deactivated is out at once, with the socket, and is shown so', async (t) => {
  const door = await aLanDoor(t)
  const bo = await signedIn(door, 'bo')
  const socket = await aSocket(door, { headers: { authorization: `Bearer ${bo}` } })
  await socket.event('hello')
  const path = `/api/v4/users/${door.people.bo.id}`

  t.equal((await door.ask('chen', 'PUT', `${path}/active`, { active: false })).status, 403)
  t.equal((await door.ask('amira', 'PUT', `${path}/active`, { active: false })).status, 200)

  t.equal(await socket.closed, 1008)
  t.equal((await as(door, bo, 'GET', '/api/v4/users/me')).status, 401)
  const shown = (await door.ask('chen', 'GET', path)).json as { delete_at: number }
  t.ok(shown.delete_at > 0)
  t.equal(await signedIn(door, 'bo'), '')
  t.equal((await door.ask('amira', 'PUT', `${path}/active`, { active: true })).status, 200)
  t.not(await signedIn(door, 'bo'), '')
})

test('a session that is open gives no more guesses at the password than the door', async (t) => {
  const door = await aLanDoor(t)
  const bo = await signedIn(door, 'bo')
  const change = (present: string) =>
    as(door, bo, 'PUT', '/api/v4/users/me/password', {
      current_password: present,
      new_password: 'a new password',
    })
  const statuses: number[] = []
  for (let guess = 0; guess < LOGIN_PAIR.burst + 2; guess += 1)
    statuses.push((await change(`guess ${guess}`)).status)

  t.strictSame(statuses.slice(-3), [400, 429, 429])
  await door.clock.advance(LOGIN_PAIR.refillMs)
  t.equal((await change(passwordOf('bo'))).status, 200)
  t.equal((await as(door, bo, 'GET', '/api/v4/users/me')).status, 200, 'this session goes on')
})

test('a device says where its notifications go, in so many words', async (t) => {
  const door = await aLanDoor(t)
  const bo = await signedIn(door, 'bo')
  const attach = (device: unknown) =>
    as(door, bo, 'PUT', '/api/v4/users/sessions/device', { device_id: device })

  t.equal((await attach('android_rn:abc')).status, 200)
  t.match(await sessionsOf(door, bo), [{ device_id: 'android_rn:abc', token: '' }])
  t.equal((await attach('x'.repeat(513))).status, 400)
  t.equal((await attach(5)).status, 400)
})

test('whoever is made an administrator, or is one no more, hears so at once, and so does everybody', async (t) => {
  const door = await aLanDoor(t)
  const { bo, amira } = door.people
  const path = `/api/v4/users/${bo.id}/roles`
  const roles = { roles: 'system_user system_admin' }
  const policy = async (): Promise<number> =>
    (await door.ask('bo', 'GET', '/api/holdfast/v1/policy')).status
  const [his, hers] = [await aLiveClient(door, 'bo'), await aLiveClient(door, 'chen')]
  t.equal((await door.ask('bo', 'PUT', path, roles)).status, 403)
  t.equal(await policy(), 403)

  t.strictSame((await door.ask('amira', 'PUT', path, roles)).json, { status: 'OK' })

  t.match(await his.event('user_role_updated'), { data: { user_id: bo.id, ...roles } })
  t.match(await hers.event('user_updated'), { data: { user: { id: bo.id, ...roles } } })
  await his.closed
  t.equal(await policy(), 200)
  const again = await aLiveClient(door, 'bo')
  const back = { roles: 'system_user' }
  t.equal((await door.ask('bo', 'PUT', path, back)).status, 200)
  t.match(await again.event('user_role_updated'), { data: { user_id: bo.id, ...back } })
  t.equal(await policy(), 403)
  const last = await door.ask('amira', 'PUT', '/api/v4/users/me/roles', back)
  t.match(last, { status: 403, json: { detailed_error: /found=the last administrator/ } })
  t.match((await door.ask('chen', 'GET', `/api/v4/users/${amira.id}`)).json, roles)
})

test('roles that nobody can be given are named, and a token gives none', async (t) => {
  const door = await aLanDoor(t)
  const path = `/api/v4/users/${door.people.bo.id}/roles`
  const wrong = ['', 'system_admin', 'system_user system_guest', 'system_user __proto__', 7]
  for (const roles of wrong)
    t.match(await door.ask('amira', 'PUT', path, { roles }), {
      status: 400,
      json: { detailed_error: /roles/ },
    })
  const { id } = door.people.amira
  const { token } = await door.node.makeAccessToken(id, id, 'a script')
  const answer = await as(door, token, 'PUT', path, { roles: 'system_user system_admin' })
  t.match(answer, { status: 403, json: { detailed_error: /found=an access token/ } })
})

test('who administers says that somebody is who they say', async (t) => {
  const door = await aLanDoor(t)
  const path = `/api/holdfast/v1/people/${door.people.bo.id}/vouch`

  t.equal((await door.ask('chen', 'POST', path)).status, 403)
  t.match(await door.ask('amira', 'POST', path), {
    status: 200,
    json: { username: 'bo', props: {} },
  })
})

test('the official client manages sessions, the password, tokens and bots', async (t) => {
  const door = await aLanDoor(t)
  const { bo, amira } = door.people
  const [client, admin] = [await door.client('bo'), await door.client('amira')]
  const [mine] = await client.getSessions('me')
  t.match(mine, { user_id: bo.id, token: '', props: { holdfast_by: 'password' } })
  await client.updateUserPassword(bo.id, passwordOf('bo'), 'a new password')
  const token = await client.createUserAccessToken(bo.id, 'a script')
  t.match(await client.getUserAccessTokensForUser(bo.id), [{ id: token.id, is_active: true }])
  await client.revokeUserAccessToken(token.id)
  const bot = await admin.createBot({ username: 'alarms', display_name: 'Alarms', description: '' })
  t.match(await admin.getBots(), [{ user_id: bot.user_id, owner_id: amira.id }])
  await admin.disableBot(bot.user_id)
  await admin.updateUserActive(bo.id, false)

  await t.rejects(client.getMe(), { message: /Sign in again/ })
})
