import { connect } from 'node:net'
import { test } from 'tap'
import { REQUEST_BYTES_MAX } from '#base/limits.ts'
import { versionIdOf } from '#server/http.ts'
import { csrfTokenOf } from '#server/session.ts'
import { aLanDoor, fetched, passwordOf } from '../support/lan-door.ts'

test('the version id has the form and the version that all clients take', async (t) => {
  t.equal(versionIdOf({ version: '10.11.0' }), '10.11.0.10.11.0.holdfast.false')
})

test('every answer is exactly application/json and names version and request', async (t) => {
  const door = await aLanDoor(t)
  const answers = [
    await door.ask(undefined, 'GET', '/api/v4/system/ping'),
    await door.ask('bo', 'GET', '/api/v4/users/me'),
    await door.ask(undefined, 'GET', '/api/v4/users/me'),
    await door.ask('bo', 'GET', '/api/v4/nothing/here'),
    await door.ask('bo', 'PATCH', '/api/v4/users/me'),
    await door.ask('bo', 'POST', '/api/v4/posts', { message: 5 }),
    await door.ask('bo', 'GET', '/api/v4/users/%ff'),
  ]

  t.strictSame(
    answers.map(({ status }) => status),
    [200, 200, 401, 404, 404, 400, 400],
  )
  for (const { headers } of answers) {
    t.equal(headers.get('content-type'), 'application/json')
    t.equal(headers.get('x-version-id'), '10.11.0.10.11.0.holdfast.false')
    t.equal(headers.get('x-content-type-options'), 'nosniff')
    t.match(headers.get('x-request-id'), /^[a-z0-9]{26}$/)
  }
  t.equal(new Set(answers.map(({ headers }) => headers.get('x-request-id'))).size, answers.length)
})

test('an error has the five fields, and the id of its request', async (t) => {
  const door = await aLanDoor(t)
  const { json, headers } = await door.ask('bo', 'GET', '/api/v4/nothing/here')

  t.match(json, {
    id: 'holdfast.not_found.app_error',
    message: String,
    detailed_error: 'what=address, method=GET',
    request_id: headers.get('x-request-id') ?? '',
    status_code: 404,
  })
})

test('addresses may end in a slash', async (t) => {
  const door = await aLanDoor(t)

  t.equal((await door.ask('bo', 'GET', '/api/v4/users/me/')).status, 200)
})

test('a body that is no JSON is refused with the place of the mistake', async (t) => {
  const door = await aLanDoor(t)
  const { token } = await door.node.openSession('bo')
  const headers = { authorization: `Bearer ${token}` }
  const answer = await fetched(`${door.url}/api/v4/posts`, {
    method: 'POST',
    headers,
    body: '{"channel_id":\n nope}',
  })

  t.equal(answer.status, 400)
  t.match(answer.json, { message: /^body: found a mistake at line 2, column 3, wanted JSON/ })
})

test('any content type, or none, is read as JSON, as Mattermost does', async (t) => {
  const door = await aLanDoor(t)
  const body = JSON.stringify({ login_id: 'bo', password: passwordOf('bo') })
  const url = `${door.url}/api/v4/users/login`
  for (const type of ['text/plain', 'application/x-www-form-urlencoded', 'application/json']) {
    const init = { method: 'POST', body, headers: { 'content-type': type } }
    t.equal((await fetched(url, init)).status, 200, type)
  }
  const withoutType = { method: 'POST', body: new TextEncoder().encode(body) }
  t.equal((await fetched(url, withoutType)).status, 200)
})

test('a body that is too large is refused, announced or not', async (t) => {
  const door = await aLanDoor(t)
  const body = JSON.stringify({ login_id: 'x'.repeat(REQUEST_BYTES_MAX), password: 'y' })
  const answer = await fetched(`${door.url}/api/v4/users/login`, { method: 'POST', body })
  t.equal(answer.status, 413)
  t.match(answer.json, { id: 'holdfast.too_large.app_error' })

  const chunked = await raw(door.url, [
    'POST /api/v4/users/login HTTP/1.1\r\nHost: here\r\nTransfer-Encoding: chunked\r\n\r\n',
    ...Array.from({ length: 20 }, () => `10000\r\n${'x'.repeat(65_536)}\r\n`),
  ])
  t.match(chunked, /^HTTP\/1.1 413 /)
})

test('strangers are refused before their body is read', async (t) => {
  const door = await aLanDoor(t)
  const answer = await raw(door.url, [
    'POST /api/v4/posts HTTP/1.1\r\nHost: here\r\nContent-Length: 900000\r\nConnection: close\r\n\r\n{',
  ])

  t.match(answer, /^HTTP\/1.1 401 /)
})

test('a cookie session reads freely and changes things only with the CSRF token', async (t) => {
  const door = await aLanDoor(t)
  const login = await fetched(`${door.url}/api/v4/users/login`, {
    method: 'POST',
    body: JSON.stringify({ login_id: 'bo', password: passwordOf('bo') }),
  })
  const token = login.headers.get('token') ?? ''
  const cookies = login.headers.getSetCookie().map((cookie) => cookie.split(';')[0])
  const cookie = cookies.join('; ')
  t.strictSame(cookies, [
    `MMAUTHTOKEN=${token}`,
    `MMUSERID=${door.people.bo.id}`,
    `MMCSRF=${csrfTokenOf(token)}`,
  ])

  const ask = (method: string, path: string, headers: Readonly<Record<string, string>> = {}) =>
    fetched(door.url + path, {
      method,
      headers: { cookie, ...headers },
      body: method === 'GET' ? null : '[]',
    })
  t.equal((await ask('GET', '/api/v4/users/me')).status, 200)
  const refused = await ask('POST', '/api/v4/users/ids')
  t.equal(refused.status, 401)
  t.match(refused.json, { message: /X-CSRF-Token/ })
  t.equal((await ask('POST', '/api/v4/users/ids', { 'X-CSRF-Token': 'wrong' })).status, 401)
  t.equal((await ask('POST', '/api/v4/users/logout')).status, 401)
  const right = { 'X-CSRF-Token': csrfTokenOf(token) }
  t.equal((await ask('POST', '/api/v4/users/ids', right)).status, 200)
  t.equal((await ask('POST', '/api/v4/users/logout', right)).status, 200)
  t.equal((await ask('GET', '/api/v4/users/me')).status, 401)
})

test('when the node is wrong it answers without telling anything, and is logged', async (t) => {
  const door = await aLanDoor(t, {
    change: (node) => ({
      ...node,
      preferences: () => Promise.reject(new TypeError('the secret is 42')),
    }),
  })
  const answer = await door.ask('bo', 'GET', '/api/v4/users/me/preferences')

  t.equal(answer.status, 500)
  t.notMatch(answer.text, /secret|TypeError/)
  t.match(door.log.named('request.failed'), [
    { level: 'error', facts: { error: 'TypeError', status: 500 } },
  ])
})

/** Sends `parts` as they are and gives back all that is answered. */
async function raw(url: string, parts: readonly string[]): Promise<string> {
  const socket = connect(Number(new URL(url).port), '127.0.0.1')
  socket.on('error', () => undefined)
  for (const part of parts) socket.write(part)
  const answer = new Promise<string>((resolve) => {
    let all = ''
    socket.on('data', (data: Buffer) => {
      all += data.toString()
      if (all.includes('\r\n\r\n')) resolve(all)
    })
    socket.once('close', () => resolve(all))
  })
  const all = await answer
  socket.destroy()
  return all
}
