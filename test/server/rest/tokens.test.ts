import { test } from 'tap'
import { aLanDoor, fetched, type LanDoor } from '../../support/lan-door.ts'

interface Made {
  readonly id: string
  readonly token: string
}

async function made(door: LanDoor, name: 'amira' | 'bo', user = 'me'): Promise<Made> {
  const draft = { description: `of ${name}` }
  return (await door.ask(name, 'POST', `/api/v4/users/${user}/tokens`, draft)).json as Made
}

function byToken(door: LanDoor, token: string, method: string, path: string, body?: object) {
  return fetched(`${door.url}${path}`, {
    method,
    headers: { authorization: `Bearer ${token}` },
    ...(body && { body: JSON.stringify(body) }),
  })
}

test('a token is shown once, works as its person, sleeps, wakes and goes', async (t) => {
  const door = await aLanDoor(t)
  const { id, token } = await made(door, 'bo')
  t.match((await byToken(door, token, 'GET', '/api/v4/users/me')).json, { username: 'bo' })
  const list = await door.ask('bo', 'GET', '/api/v4/users/me/tokens')
  t.strictSame(list.json, [
    { id, user_id: door.people.bo.id, description: 'of bo', is_active: true },
  ])
  for (const [verb, status] of [
    ['disable', 401],
    ['enable', 200],
    ['revoke', 401],
  ] as const) {
    const done = await door.ask('bo', 'POST', `/api/v4/users/tokens/${verb}`, { token_id: id })
    t.equal(done.status, 200)
    t.equal((await byToken(door, token, 'GET', '/api/v4/users/me')).status, status, verb)
  }
  t.equal((await door.ask('bo', 'GET', `/api/v4/users/tokens/${id}`)).status, 404)
})

test('what lets somebody in cannot be changed with a token: who copies one gets nothing that lasts', async (t) => {
  const door = await aLanDoor(t)
  const { id, token } = await made(door, 'amira')
  const { id: bo } = door.people.bo
  for (const [method, path, body] of [
    ['POST', '/api/v4/users/me/tokens', { description: 'another' }],
    ['GET', '/api/v4/users/me/tokens', undefined],
    ['GET', `/api/v4/users/tokens/${id}`, undefined],
    ['POST', '/api/v4/users/tokens/search', { term: 'bo' }],
    ['POST', '/api/v4/users/tokens/enable', { token_id: id }],
    ['PUT', '/api/v4/users/me/password', { current_password: 'x', new_password: 'yyyyyyyyy' }],
    ['PUT', `/api/v4/users/${bo}/password`, { new_password: 'yyyyyyyyy' }],
    ['PUT', `/api/v4/users/${bo}/active`, { active: false }],
    ['DELETE', `/api/v4/users/${bo}`, undefined],
    ['POST', '/api/v4/users/me/mfa/generate', undefined],
    ['PUT', `/api/v4/users/${bo}/mfa`, { activate: false }],
    ['POST', '/api/v4/users/sessions/revoke/all', undefined],
    ['POST', '/api/v4/bots', { username: 'mine' }],
    ['POST', `/api/holdfast/v1/people/${bo}/vouch`, undefined],
  ] as const) {
    const { status, json } = await byToken(door, token, method, path, body)
    t.equal(status, 403, `${method} ${path}`)
    t.match(json, { detailed_error: /an access token/ })
  }
})

test('only who administers looks through everybody', async (t) => {
  const door = await aLanDoor(t)
  const { id } = await made(door, 'bo')

  t.equal((await door.ask('chen', 'GET', '/api/v4/users/tokens')).status, 403)
  t.equal((await door.ask('chen', 'GET', `/api/v4/users/tokens/${id}`)).status, 403)
  t.equal((await door.ask('chen', 'POST', '/api/v4/users/tokens/search', { term: '' })).status, 403)
  t.match((await door.ask('amira', 'GET', '/api/v4/users/tokens')).json, [{ id }])
  const found = await door.ask('amira', 'POST', '/api/v4/users/tokens/search', { term: 'bo' })
  t.match(found.json, [{ id }])
  const none = await door.ask('amira', 'POST', '/api/v4/users/tokens/search', { term: 'chen' })
  t.strictSame(none.json, [])
  t.strictSame((await door.ask('amira', 'GET', '/api/v4/users/tokens?page=1')).json, [])
})
