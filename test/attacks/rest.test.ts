/** Attacks from the LAN: a person without the right, a page of another site, a guesser, a request that is no request. */
import { test } from 'tap'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { Door } from '#server/door.ts'
import { createPeople } from '#server/people.ts'
import { allRoutes } from '#server/routes.ts'
import type { ChannelId } from '#base/ids.ts'
import { aLanDoor, fetched, type LanDoor } from '../support/lan-door.ts'
import { isNamed, type NAMED } from '../support/adversary.ts'
import { aSocket } from '../support/live-client.ts'

const SECRET = 'nine line follows'
const NAME = 'medevac-secret'

test('with all ids of a private channel, who is not in it reads and changes nothing, on any route', async (t) => {
  const { door, channel, post } = await aPrivateChannel(t)
  const { amira, bo, chen } = door.people
  const before = await state(door, channel)
  const workspace = String(
    (((await door.ask('chen', 'GET', '/api/v4/users/me/teams')).json ?? []) as { id: string }[])[0]
      ?.id,
  )
  const ids: Readonly<Record<string, string>> = {
    channel,
    post,
    team: workspace,
    user: chen.id,
    other: bo.id,
    name: NAME,
    emoji: 'eyes',
    root: post,
  }
  const leaks: string[] = []
  for (const { method, url, access } of routes()) {
    if (access === 'open' || /logout|lock|revoke|wipe/.test(url)) continue
    for (const user of [chen.id, bo.id, amira.id, 'me']) {
      const path = url.replace(/:([a-z]+)/g, (_, name: string) =>
        name === 'user' ? user : (ids[name] ?? channel),
      )
      for (const body of method === 'GET'
        ? [undefined]
        : bodies({ channel, post, chen: chen.id, bo: bo.id })) {
        const { status, text } = await door.ask('chen', method, path, body)
        if (text.includes(SECRET) || (text.includes(NAME) && !path.includes(NAME)))
          leaks.push(`${method} ${path} ${status}`)
      }
    }
  }

  t.strictSame(leaks, [])
  t.strictSame(await unnamedAt(door, 'outsider'), [])
  t.strictSame(await state(door, channel), before)
})

test('a person who is no administrator makes nobody one, enrols, invites, revokes and wipes nobody', async (t) => {
  let locked = 0
  const onLock = (): void => void (locked += 1)
  const door = await aLanDoor(t, { onLock })
  const { chen, amira } = door.people
  for (const [method, path, body] of [
    ['PUT', `/api/v4/users/${chen.id}/roles`, { roles: 'system_admin system_user' }],
    [
      'PUT',
      `/api/v4/users/${chen.id}`,
      { id: chen.id, roles: 'system_admin', isAdministrator: true },
    ],
    ['PUT', `/api/v4/users/${amira.id}/patch`, { username: 'chen' }],
    ['PUT', `/api/v4/users/${amira.id}/password`, { new_password: 'taken over now' }],
    ['POST', '/api/v4/users', { username: 'mallory', password: 'mallory-password', email: 'm@x' }],
    ['POST', '/api/holdfast/v1/nodes/invite', {}],
    ['POST', '/api/holdfast/v1/invitations', {}],
    ['POST', '/api/holdfast/v1/wipe', {}],
    ['POST', '/api/holdfast/v1/lock', {}],
  ] as const) {
    const { status } = await door.ask('chen', method, path, body)
    t.ok(status >= 400 && status < 500, `${method} ${path}: ${status}`)
  }
  const { json } = await door.ask('chen', 'GET', '/api/v4/users/me')
  t.notMatch(json, { roles: /system_admin/ })
  t.equal(locked, 0)
  t.strictSame(await unnamedAt(door, 'noAdministrator'), [])
})

test('a page of another site changes nothing with the cookie of who visits it', async (t) => {
  const door = await aLanDoor(t)
  const { token } = await door.node.openSession('bo')
  const square = await door.node.channelByName(door.people.bo.id, 'town-square')
  const body = JSON.stringify({ channel_id: square.id, message: 'forged by a page' })
  for (const origin of ['https://evil.example', 'null', undefined]) {
    const headers: Record<string, string> = { cookie: `MMAUTHTOKEN=${token}` }
    if (origin !== undefined) headers['origin'] = origin
    const posted = await fetched(`${door.url}/api/v4/posts`, { method: 'POST', headers, body })
    t.equal(posted.status, 401)
    t.equal(posted.headers.get('access-control-allow-origin'), null)
    t.equal(posted.headers.get('access-control-allow-credentials'), null)
  }
  const foreign = await aSocket(door, {
    headers: { cookie: `MMAUTHTOKEN=${token}`, origin: 'https://evil.example' },
  })
  await door.ask('bo', 'POST', '/api/v4/posts', { channel_id: square.id, message: 'mine' })

  t.strictSame(foreign.events('hello'), [])
  t.strictSame(foreign.events('posted'), [])
  t.strictSame(await unnamedAt(door, 'foreignPage'), [])
  const page = await door.node.page(door.people.bo.id, square.id, { limit: 10 })
  t.notOk(page.messages.some((one) => one.body === 'forged by a page'))
})

test('a token in the address is no session, and no answer repeats a token', async (t) => {
  const door = await aLanDoor(t)
  const { token } = await door.node.openSession('bo')
  for (const name of ['token', 'access_token', 'session', 'MMAUTHTOKEN']) {
    const { status, text } = await fetched(`${door.url}/api/v4/users/me?${name}=${token}`)
    t.equal(status, 401)
    t.notOk(text.includes(token))
  }
})

test('requests that smuggle, split headers or climb out of the folder get an error and nothing else', async (t) => {
  const door = await aLanDoor(t)
  const { port } = new URL(door.url)
  for (const path of [
    '/../../etc/passwd',
    '/trust/../../etc/passwd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '//etc/passwd',
  ]) {
    const answer = await raw(
      Number(port),
      `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
    )
    t.match(answer, /^HTTP\/1\.1 (?:30\d|4\d\d) /, path)
    t.notMatch(answer, /root:/)
  }
  for (const head of [
    'POST /api/v4/users/login HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n',
    'GET /api/v4/users/me HTTP/1.1\r\nHost: x\r\nX: a\rSet-Cookie: b\r\nConnection: close\r\n\r\n',
    `GET / HTTP/1.1\r\nHost: x\r\nA: ${'a'.repeat(100_000)}\r\n\r\n`,
  ])
    t.match(await raw(Number(port), head), /^HTTP\/1\.1 4\d\d /)
  const split = await fetched(`${door.url}/api/v4/users/me%0d%0aSet-Cookie:%20a=b`)
  t.equal(split.headers.get('set-cookie'), null)
  t.strictSame(await unnamedAt(door, 'malformedRequest'), [])
  t.equal((await door.ask('bo', 'GET', '/api/v4/users/me')).status, 200)
})

test('a request that began before its session ended does nothing after that', async (t) => {
  const door = await aLanDoor(t)
  const { node, people } = door
  const square = await node.channelByName(people.bo.id, 'town-square')
  const body = JSON.stringify({ channel_id: square.id, message: 'too late' })
  const head = (token: string): string =>
    `POST /api/v4/posts HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer ${token}\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`
  const ends = [
    (token: string) => node.signOut(token),
    () => node.setActive(people.amira.id, people.bo.id, false),
  ]
  for (const end of ends) {
    const { token } = await node.openSession('bo')
    const socket = connect(Number(new URL(door.url).port), '127.0.0.1')
    socket.write(head(token) + body.slice(0, 5))
    t.equal((await door.ask('chen', 'GET', '/api/v4/users/me')).status, 200, 'it has begun')
    await end(token)
    await door.clock.advance(0)
    const answered = once(socket, 'data')
    socket.write(body.slice(5))
    const [answer] = await answered
    t.match(String(answer), /^HTTP\/1\.1 401 /)
  }
  const { messages } = await node.page(people.amira.id, square.id, { limit: 5 })
  t.strictSame(messages, [])
})

test('whoever guesses passwords has to wait', async (t) => {
  const door = await aLanDoor(t)
  const statuses: number[] = []
  for (let each = 0; each < 30; each += 1) {
    const body = JSON.stringify({ login_id: 'amira', password: `guess ${each}` })
    statuses.push(
      (await fetched(`${door.url}/api/v4/users/login`, { method: 'POST', body })).status,
    )
  }

  t.ok(statuses.includes(429))
  t.strictSame(await unnamedAt(door, 'guess', 'manyGuesses'), [])
  t.ok(statuses.filter((status) => status === 401).length <= 20)
})

/** The attacks that do not stand in the audit under their names. */
async function unnamedAt(
  { node, people }: LanDoor,
  ...attacks: readonly (keyof typeof NAMED)[]
): Promise<readonly string[]> {
  const records = await node.audit(people.amira.id, { limit: 1_000 })
  return attacks.filter((attack) => !isNamed({ records }, attack))
}

function routes() {
  const workspace = { id: 'w', name: 'Relief' }
  const options = { tls: undefined }
  return allRoutes({ workspace, people: createPeople(), options } as unknown as Door)
}

function bodies(
  ids: Readonly<Record<'channel' | 'post' | 'chen' | 'bo', string>>,
): readonly unknown[] {
  const { channel, post, chen, bo } = ids
  return [
    { channel_id: channel, message: 'from outside', root_id: post, user_id: bo, post_id: post },
    {
      user_id: chen,
      channel_id: channel,
      emoji_name: 'eyes',
      post_id: post,
      terms: 'nine',
      message: 'edited',
    },
    { terms: 'nine line', is_or_search: true, channel_id: channel },
    [channel],
    [post],
    [chen],
    [{ user_id: chen, category: 'direct_channel_show', name: channel, value: 'true' }],
  ]
}

async function state({ node, people }: LanDoor, channel: ChannelId): Promise<unknown> {
  const page = await node.page(people.bo.id, channel, { limit: 60 })
  const members = await node.members(people.bo.id, channel)
  return {
    messages: page.messages.map(({ body, reactions, replyCount, author }) => ({
      body,
      reactions,
      replyCount,
      author,
    })),
    members: members.map(({ person }) => person).toSorted(),
  }
}

async function aPrivateChannel(t: Parameters<typeof aLanDoor>[0]) {
  const door = await aLanDoor(t)
  const { bo } = door.people
  const made = await door.node.createChannel(bo.id, {
    kind: 'private',
    name: NAME,
    displayName: NAME,
  })
  const message = await door.node.post(bo.id, { channel: made.id, body: SECRET })
  return { door, channel: made.id, post: message.id }
}

/** What comes back for bytes that no client library would send. */
function raw(port: number, text: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>()
  let answer = ''
  const socket = connect({ port, host: '127.0.0.1' }, () => void socket.write(text))
  socket.on('data', (chunk) => {
    answer += chunk.toString('latin1')
  })
  socket.on('error', () => resolve(answer))
  socket.on('close', () => resolve(answer))
  return promise
}
