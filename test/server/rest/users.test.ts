import { test } from 'tap'
import { LOGIN_PAIR } from '#server/limits.ts'
import { aLanDoor, fetched, passwordOf, type LanDoor } from '../../support/lan-door.ts'

function login(door: LanDoor, body: unknown, headers: Readonly<Record<string, string>> = {}) {
  const init = { method: 'POST', body: JSON.stringify(body), headers }
  return fetched(`${door.url}/api/v4/users/login`, init)
}

test('signing in answers with the person, a token and cookies', async (t) => {
  const door = await aLanDoor(t)
  const { status, json, headers } = await login(door, {
    login_id: ' BO ',
    password: passwordOf('bo'),
  })

  t.equal(status, 200)
  t.match(json, { id: door.people.bo.id, username: 'bo', notify_props: {} })
  t.match(headers.get('token'), /^[a-z0-9]{26}$/)
  t.match(headers.getSetCookie(), [/^MMAUTHTOKEN=.*HttpOnly/, /^MMUSERID=/, /^MMCSRF=/])
})

test('signing in says which field is wrong, and never whether the name exists', async (t) => {
  const door = await aLanDoor(t)
  t.match((await login(door, { login_id: 'bo' })).json, { message: /^password: found nothing/ })
  t.match((await login(door, { login_id: 5, password: 'x' })).json, { message: /^login_id: / })
  const wrong = await login(door, { login_id: 'bo', password: 'wrong' })
  const unknown = await login(door, { login_id: 'nobody', password: 'wrong' })

  t.equal(wrong.status, 401)
  const { request_id: _, ...shown } = wrong.json as Record<string, unknown>
  t.match(unknown.json, shown)
})

test('after too many tries the answer says when to come again', async (t) => {
  const door = await aLanDoor(t)
  for (let turn = 0; turn < LOGIN_PAIR.burst; turn += 1) {
    await login(door, { login_id: 'bo', password: 'wrong' })
  }
  const { status, headers } = await login(door, { login_id: 'bo', password: passwordOf('bo') })

  t.equal(status, 429)
  t.equal(headers.get('retry-after'), String(LOGIN_PAIR.refillMs / 1_000))
  t.equal((await login(door, { login_id: 'chen', password: passwordOf('chen') })).status, 200)
})

test('another site cannot sign a browser in', async (t) => {
  const door = await aLanDoor(t, { siteUrl: 'https://chat.example' })
  const right = { login_id: 'bo', password: passwordOf('bo') }

  t.equal((await login(door, right, { origin: 'http://evil.example' })).status, 403)
  t.equal((await login(door, right, { origin: door.url })).status, 200)
  t.equal((await login(door, right, { origin: 'https://chat.example' })).status, 200)
})

test('signing out works without a session, and takes the cookies away', async (t) => {
  const door = await aLanDoor(t)
  for (const headers of [{}, { authorization: 'Bearer ybndrfg8ejkmcpqxot1uwisza3' }]) {
    const answer = await fetched(`${door.url}/api/v4/users/logout`, { method: 'POST', headers })
    t.equal(answer.status, 200)
    t.equal(answer.headers.get('x-version-id'), '10.11.0.10.11.0.holdfast.false')
    t.match(answer.headers.getSetCookie(), [
      /^MMAUTHTOKEN=; .*Max-Age=0/,
      /^MMUSERID=;/,
      /^MMCSRF=;/,
    ])
  }
})

test('people are found by id, by name and in lists; unknown ones are passed over', async (t) => {
  const door = await aLanDoor(t)
  const { amira, bo, chen } = door.people
  const stranger = 'ybndrfg8ejkmcpqxot1uwisza3'

  t.match((await door.ask('bo', 'GET', `/api/v4/users/${chen.id}`)).json, { username: 'chen' })
  t.match((await door.ask('bo', 'GET', '/api/v4/users/username/CHEN')).json, { id: chen.id })
  t.equal((await door.ask('bo', 'GET', `/api/v4/users/${stranger}`)).status, 404)
  t.equal((await door.ask('bo', 'GET', '/api/v4/users/username/nobody')).status, 404)
  const byIds = await door.ask('bo', 'POST', '/api/v4/users/ids', [amira.id, stranger, bo.id])
  t.match(byIds.json, [{ username: 'amira' }, { username: 'bo' }])
  t.equal((byIds.json as unknown[]).length, 2)
  const byNames = await door.ask('bo', 'POST', '/api/v4/users/usernames', ['chen', 'nobody'])
  t.match(byNames.json, [{ id: chen.id }])
  t.match((await door.ask('bo', 'GET', '/api/v4/users/stats')).json, { total_users_count: 3 })
  t.equal(((await door.ask('bo', 'GET', '/api/v4/users/known')).json as unknown[]).length, 3)
})

test('the members of a channel and those who are not are listed by name, in pages', async (t) => {
  const door = await aLanDoor(t)
  const { amira, bo } = door.people
  const { id } = await door.node.createChannel(amira.id, {
    kind: 'private',
    name: 'two',
    displayName: 'Two',
    members: [bo.id],
  })
  const names = async (query: string) => {
    const { json } = await door.ask('amira', 'GET', `/api/v4/users?${query}`)
    return (json as { username: string }[]).map(({ username }) => username)
  }

  t.strictSame(await names(`in_channel=${id}`), ['amira', 'bo'])
  t.strictSame(await names(`not_in_channel=${id}`), ['chen'])
  t.strictSame(await names('page=0&per_page=2'), ['amira', 'bo'])
  t.strictSame(await names('page=1&per_page=2'), ['chen'])
  t.strictSame(await names('page=2&per_page=2'), [])
  const { organisation } = await door.node.status()
  t.strictSame(await names(`not_in_team=${organisation}`), [])
  t.equal((await door.ask('chen', 'GET', `/api/v4/users?in_channel=${id}`)).status, 404)
})

test('only administrators enrol people, who can then sign in', async (t) => {
  const door = await aLanDoor(t)
  const dana = {
    username: 'Dana',
    password: 'dana-password',
    first_name: 'Dana',
    last_name: 'Diaz',
  }

  t.equal((await door.ask('bo', 'POST', '/api/v4/users', dana)).status, 403)
  const made = await door.ask('amira', 'POST', '/api/v4/users', dana)
  t.equal(made.status, 201)
  t.match(made.json, { username: 'dana', first_name: 'Dana Diaz', roles: 'system_user' })
  t.equal((await login(door, { login_id: 'dana', password: 'dana-password' })).status, 200)
  t.equal((await door.ask('amira', 'POST', '/api/v4/users', dana)).status, 400)
})

test('everybody has a picture', async (t) => {
  const door = await aLanDoor(t)
  for (const path of [
    '/api/v4/users/me/image',
    `/api/v4/users/${door.people.bo.id}/image/default`,
  ]) {
    const { status, headers } = await door.ask('bo', 'GET', path)
    t.equal(status, 200)
    t.equal(headers.get('content-type'), 'image/png')
  }
})
