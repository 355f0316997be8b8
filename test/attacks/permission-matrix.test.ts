/**
 * Every address and every live event, times everybody who may ask: made of the route table and of the events of the node, so
 * that nothing new goes unlooked at. Nobody learns of what they may not read, by no answer, count, list or error.
 */
import { Readable } from 'node:stream'
import { test, type Test } from 'tap'
import type { Unsent } from '#app/kept-types.ts'
import type { EdgeNode, NodeEvent } from '#app/node.ts'
import type { Person } from '#app/types.ts'
import { must } from '#base/assert.ts'
import { bytesFromText } from '#base/bytes.ts'
import { idFromBytes, type ChannelId, type PostId, type UserId } from '#base/ids.ts'
import { openMemoryNetwork } from '#carriers/memory.ts'
import { newChannelId } from '#model/channel-id.ts'
import type { Carrier } from '#ports/carrier.ts'
import { createPeople } from '#server/people.ts'
import type { Door } from '#server/door.ts'
import { allRoutes } from '#server/routes.ts'
import type { Identity } from '#trust/identity.ts'
import { virtualClock } from '../support/clock.ts'
import { aLanDoor, fetched, type Answer, type LanDoor } from '../support/lan-door.ts'
import { aSocket, type LiveClient } from '../support/live-client.ts'
import { aNode, anAdministrator, anIdentity, seedOf, until } from '../support/nodes.ts'
import { aPreviewer } from '../support/previews.ts'
import { ROWS, type MatrixIds, type Row } from '../support/permission-rows.ts'

const PIXEL = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGD4DwABBAEAwS2OUAAAAABJRU5ErkJggg==',
  'base64',
)
const SECRET = 'nine line follows'
const NAME = 'medevac-secret'

/**
 * Bo made the private channel and administers it, dana is in it. Amira administers the workspace and is not in it, nor is
 * chen. Eva is a guest in another channel. Farid, a guest from a partner, ivan, a member from that partner, and gus, who has no
 * clearance, are in it, but what it is marked with keeps them out; petra is of the partner to whom it may be released. Hana has
 * signed out, ines may sign in no more, and the node where vera was enrolled, who is in it and cleared, is revoked: they still
 * have their tokens.
 */
type Who = keyof Scene['people'] | 'nobody'
const READERS: readonly Who[] = ['bo', 'dana', 'petra']
const GUESTS: readonly Who[] = ['eva', 'farid']
const OUTSIDE: readonly Who[] = ['amira', 'chen', 'eva', 'farid', 'ivan', 'gus']
const NO_SESSION: readonly Who[] = ['hana', 'ines', 'vera', 'nobody']
const NAMES = ['dana', 'eva', 'farid', 'gus', 'hana', 'ines', 'ivan', 'petra'] as const

interface Scene {
  readonly door: LanDoor
  readonly people: Readonly<
    Record<'amira' | 'bo' | 'chen' | 'vera' | (typeof NAMES)[number], Person>
  >
  readonly channel: ChannelId
  readonly post: PostId
  readonly ids: MatrixIds
  /** Ids that nothing has, of the same form. */
  readonly none: MatrixIds
  readonly ask: (who: Who, method: string, path: string, body?: unknown) => Promise<Answer>
  readonly tokens: Readonly<Record<string, string>>
  /** Revokes vera's node. */
  readonly lose: () => Promise<void>
}

const ROUTES = new Set(
  allRoutes({
    workspace: { id: 'w', name: 'Relief' },
    people: createPeople(),
    options: { tls: undefined },
  } as unknown as Door).map(({ method, url }) => `${method} ${url}`),
)

test('every route has a row, and every row a route', async (t) => {
  t.strictSame(
    Object.keys(ROWS).filter((name) => !ROUTES.has(name)),
    [],
    'rows without a route',
  )
  t.strictSame(
    [...ROUTES].filter((name) => !(name in ROWS)),
    [],
    'routes without a row in test/support/permission-rows.ts',
  )
})

const LONG = { timeout: 300_000 }

test(
  'nobody gets past what their role, membership and clearance give, by no route',
  LONG,
  async (t) => {
    const scene = await aScene(t)
    const wrong: string[] = []
    for (const [name, row] of Object.entries(ROWS)) {
      if (row.kind === 'open') continue
      wrong.push(...(await withoutSession(scene, name, row)))
      if (row.kind === 'admin') wrong.push(...(await administrators(scene, name, row)))
      if (row.kind === 'own') wrong.push(...(await othersOwn(scene, name, row)))
      if (row.kind === 'channel') wrong.push(...(await hidden(scene, name, row)))
      if (row.kind === 'person') wrong.push(...(await unseen(scene, name, row)))
      wrong.push(...(await leaks(scene, name, row)))
    }
    t.strictSame(wrong, [])
    t.strictSame(await stateOf(scene), { bodies: [SECRET], members: 7 }, 'and nothing has changed')

    const shut: string[] = []
    for (const [name, row] of Object.entries(ROWS)) {
      if (row.kind !== 'channel' || !name.startsWith('GET')) continue
      for (const who of READERS) {
        const { status } = await request(scene, { who, name, row, ids: scene.ids })
        const isMissing = row.isRefused === true || name.includes('/members/:user') // chen is not in it
        if (status !== 200 && !isMissing) shut.push(`${who} ${name} ${status}`)
      }
    }
    t.strictSame(shut, [], 'and who may, may')
  },
)

test('a guest is told of nobody beyond their channels, and counts say no more', async (t) => {
  const { ask, people, ids } = await aScene(t)
  const [eva, bo, farid] = [people.eva.id, people.bo.id, people.farid.id]
  const known = (await ask('eva', 'GET', '/api/v4/users/known')).json as string[]
  t.strictSame(known.toSorted(), [eva, bo, farid].toSorted())
  const total = (await ask('eva', 'GET', '/api/v4/users/stats')).json
  t.strictSame(total, { total_users_count: 3 })
  const direct = await ask('eva', 'POST', '/api/v4/channels/direct', [eva, people.chen.id])
  const stranger = await ask('eva', 'POST', '/api/v4/channels/direct', [eva, idOf('nobody')])
  t.equal(direct.status, 404)
  t.strictSame(plain(direct, { user: people.chen.id }, { user: idOf('nobody') }), plain(stranger))
  t.equal((await ask('eva', 'POST', '/api/v4/channels/direct', [eva, bo])).status, 201)
  for (const type of ['O', 'P']) {
    const draft = { type, name: `by-eva-${type.toLowerCase()}`, display_name: 'x' }
    t.equal((await ask('eva', 'POST', '/api/v4/channels', draft)).status, 403)
  }
  t.strictSame((await ask('eva', 'GET', `/api/v4/teams/${ids.team}/channels`)).json, [])
  const square = (await ask('bo', 'GET', `/api/v4/teams/${ids.team}/channels/name/town-square`))
    .json as { readonly id: string }
  t.equal((await ask('eva', 'GET', `/api/v4/channels/${square.id}`)).status, 404)
  const joining = await ask('eva', 'POST', `/api/v4/channels/${square.id}/members`, {
    user_id: eva,
  })
  t.equal(joining.status, 404)
  t.match((await ask('eva', 'GET', '/api/v4/users/me')).json, { roles: 'system_guest' })
})

test('a guest hears of no node and no link, and gives nobody a way in', async (t) => {
  const { ask, door, people } = await aScene(t)
  const [room] = (await ask('eva', 'GET', '/api/v4/users/me/channels')).json as { id: string }[]
  const channel_id = must(room, 'eva is in a room').id as ChannelId
  for (const command of ['/gaps', '/link', '/budget'])
    t.match((await ask('eva', 'POST', '/api/v4/commands/execute', { command, channel_id })).json, {
      text: 'Links and other nodes are told of to members of the workspace only.',
    })
  t.match((await ask('eva', 'GET', '/api/v4/emoji')).json, [{ name: 'kit_ok', creator_id: '' }])
  t.equal((await ask('eva', 'POST', '/api/v4/hooks/incoming', { channel_id })).status, 403)

  const made = await ask('bo', 'POST', '/api/v4/hooks/incoming', { channel_id })
  const { id } = made.json as { readonly id: string }
  const post = async (): Promise<number> => {
    const body = JSON.stringify({ text: 'x' })
    const headers = { 'content-type': 'application/json' }
    return (await fetched(`${door.url}/hooks/${id}`, { method: 'POST', headers, body })).status
  }
  t.equal(await post(), 200)
  const attributes = { role: 'guest', clearance: 'secret' }
  await door.node.changePolicy(people.amira.id, {
    about: 'person',
    person: people.bo.id,
    attributes,
  })
  t.equal(await post(), 403, 'nor does who has become one')
})

test('the name of a channel that one may not read is as free as any other', async (t) => {
  const { ask } = await aScene(t)
  const draft = { type: 'P', name: NAME, display_name: 'mine' }
  t.equal((await ask('chen', 'POST', '/api/v4/channels', draft)).status, 201)
  const again = await ask('bo', 'POST', '/api/v4/channels', draft)
  t.match(again.json, { id: /already_exists/ })
})

test('what happens is told to those who may hear of it, and to nobody else', async (t) => {
  const scene = await aScene(t)
  const { door, tokens } = scene
  const sockets = new Map<Who, LiveClient>()
  for (const who of [...READERS, ...OUTSIDE]) {
    const socket = await aSocket(door, { headers: { authorization: `Bearer ${tokens[who]}` } })
    await socket.event('hello')
    sockets.set(who, socket)
  }
  const strangers: LiveClient[] = []
  for (const who of NO_SESSION) {
    const headers = who === 'nobody' ? {} : { authorization: `Bearer ${tokens[who]}` }
    strangers.push(await aSocket(door, { headers }))
  }
  for (const socket of sockets.values()) await socket.ask('ping') // who came is told before
  const events = await eventsOf(scene)
  for (const [kind, { event, hears }] of Object.entries(events)) {
    const before = new Map([...sockets].map(([who, { frames }]) => [who, frames.length]))
    door.tell(event)
    for (const [who, socket] of sockets) {
      await socket.ask('ping')
      const told = socket.frames.slice(before.get(who)).filter((frame) => frame.event !== undefined)
      t.equal(told.length > 0, hears.includes(who), `${kind} ${who}`)
    }
  }
  t.strictSame(
    strangers.flatMap(({ frames }) => frames.flatMap(({ event }) => event ?? [])),
    [],
    'who has no session hears nothing',
  )
})

test('who loses a channel by a label, an attribute or a rule hears no more, and nothing is replayed', async (t) => {
  const scene = await aScene(t)
  const { door, tokens, people, channel } = scene
  const { node } = door
  const secret = {
    about: 'person',
    person: people.dana.id,
    attributes: { clearance: 'secret' },
  } as const
  const rule = { actions: ['read channel'], require: { attribute: 'subject.mission', in: ['x'] } }
  const losing = [
    { about: 'person', person: people.dana.id, attributes: {} },
    { about: 'rule', name: 'mission', rule },
  ] as const
  const message = await node.message(people.bo.id, scene.post)
  for (const part of losing) {
    const headers = { authorization: `Bearer ${tokens['dana']}` }
    const socket = await aSocket(door, { headers })
    const hello = await socket.event('hello')
    await node.changePolicy(people.amira.id, part)
    await socket.closed
    const query = `?connection_id=${String(hello.data?.['connection_id'])}&sequence_number=1`
    const again = await aSocket(door, { headers, query })
    t.equal((await again.event('hello')).seq, 0, 'a stream of its own')
    door.tell({ kind: 'deleted', message })
    await again.ask('ping')
    t.strictSame(again.events('post_deleted'), [])
    t.equal((await scene.ask('dana', 'GET', `/api/v4/channels/${channel}`)).status, 404)
    await node.changePolicy(people.amira.id, { about: 'rule', name: 'mission', rule: undefined })
    await node.changePolicy(people.amira.id, secret)
    await again.closed
    t.equal((await scene.ask('dana', 'GET', `/api/v4/channels/${channel}`)).status, 200)
  }
})

test('who was enrolled on a node that is revoked is out at once, and is as nobody from then on', async (t) => {
  const scene = await aScene(t, { isKept: true })
  const { door, tokens, people, channel, post, ids, ask } = scene
  const headers = { authorization: `Bearer ${tokens['vera']}` }
  t.equal((await ask('vera', 'GET', `/api/v4/posts/${post}`)).status, 200, 'she could read it')
  const socket = await aSocket(door, { headers })
  const hello = await socket.event('hello')
  await scene.lose()

  t.equal(await socket.closed, 1008)
  const query = `?connection_id=${String(hello.data?.['connection_id'])}&sequence_number=1`
  const again = await aSocket(door, { headers, query })
  await door.node.post(people.bo.id, { channel, body: 'after' })
  const challenged = await again.ask('authentication_challenge', { token: tokens['vera'] })
  t.match(challenged.error, { status_code: 401 })
  t.strictSame(again.events('posted'), [])
  const paths = [
    `/api/v4/posts/${post}`,
    `/api/v4/channels/${channel}/stats`,
    `/api/v4/files/${ids.file}/thumbnail`,
    '/api/v4/users/autocomplete?name=d',
    `/api/v4/teams/${ids.team}/channels/autocomplete?name=med`,
    '/api/v4/users/stats',
  ]
  for (const path of paths) {
    const hers = await ask('vera', 'GET', path)
    const unknown = await fetched(door.url + path, {
      headers: { authorization: `Bearer ${idOf('no token')}` },
    })
    t.strictSame(plain(hers), plain(unknown), path)
  }
  const login = { login_id: 'vera', password: 'vera-password' }
  const nobody = { login_id: 'nobody', password: 'vera-password' }
  t.strictSame(
    plain(await ask('nobody', 'POST', '/api/v4/users/login', login)),
    plain(await ask('nobody', 'POST', '/api/v4/users/login', nobody)),
  )
  await t.rejects(door.node.openSession('vera'), { code: 'NOT_SIGNED_IN' })
})

interface Asking {
  readonly who: Who
  readonly name: string
  readonly row: Row
  readonly ids: MatrixIds
  /** Whose own things the path is about; whoever asks unless given. */
  readonly user?: string
}

function request(scene: Scene, asking: Asking): Promise<Answer> {
  const { who, name, row, ids } = asking
  const [method = '', url = ''] = name.split(' ')
  const isOwn = row.kind !== 'person' && !/\/members\/:user|\/policy\/people/.test(name)
  const named: Readonly<Record<string, string>> = {
    ...ids,
    user: asking.user ?? (isOwn ? 'me' : ids.user),
    name: url.includes('/teams/name') ? 'relief' : ids.name,
    teamname: 'relief',
    channel: url.includes('/channels/name/') ? ids.name : ids.channel,
    category: 'a',
    emoji: name.includes('/emoji/') ? ids.file : 'eyes',
    role: 'channel_user',
    rule: 'a-rule',
    bot: ids.user,
    owner: ids.user,
    token: ids.post,
    thread: ids.post,
    scheduled: ids.post,
    upload: ids.file,
    time: '1',
    credential: 'x',
  }
  const path = url.replace(/:([a-z]+)/g, (_, part: string) => named[part] ?? '')
  return scene.ask(who, method, path + (row.query?.(ids) ?? ''), row.body?.(ids))
}

async function withoutSession(scene: Scene, name: string, row: Row): Promise<string[]> {
  const wrong: string[] = []
  for (const who of NO_SESSION) {
    const answer = await request(scene, { who, name, row, ids: scene.ids })
    if (answer.status !== 401 || !isError(answer)) wrong.push(`${who} ${name} ${answer.status}`)
  }
  return wrong
}

async function administrators(scene: Scene, name: string, row: Row): Promise<string[]> {
  const wrong: string[] = []
  for (const who of [...READERS, ...OUTSIDE]) {
    if (who === 'amira') continue
    const answer = await request(scene, { who, name, row, ids: scene.ids })
    const isBadInput = answer.status === 400 && row.body === undefined
    if ((answer.status !== 403 && !isBadInput) || !isError(answer))
      wrong.push(`${who} ${name} ${answer.status}`)
  }
  if (row.isFinal === true) return wrong
  const { status } = await request(scene, { who: 'amira', name, row, ids: scene.ids })
  return status === 403 || status >= 500 ? [...wrong, `amira ${name} ${status}`] : wrong
}

async function othersOwn(scene: Scene, name: string, row: Row): Promise<string[]> {
  const wrong: string[] = []
  for (const who of ['amira', 'chen', 'eva'] as const) {
    if (who === 'amira' && row.isForAdministrators === true) continue
    const answer = await request(scene, {
      who,
      name,
      row,
      ids: scene.ids,
      user: scene.people.bo.id,
    })
    if (answer.status !== 403 || !isError(answer)) wrong.push(`${who} ${name} ${answer.status}`)
  }
  const asked = { who: 'eva', name, row } as const
  const there = await request(scene, { ...asked, ids: scene.ids, user: scene.ids.user })
  const nowhere = await request(scene, { ...asked, ids: scene.ids, user: scene.none.user })
  const real = plain(there, scene.ids, scene.none)
  if (JSON.stringify(real) !== JSON.stringify(plain(nowhere)))
    wrong.push(`eva ${name}: ${there.text} / ${nowhere.text}`)
  return wrong
}

/** Who may not read gets, for what is there, what is answered for what is not. */
async function hidden(scene: Scene, name: string, row: Row): Promise<string[]> {
  const wrong: string[] = []
  for (const who of OUTSIDE) {
    if (who === 'amira' && row.isForAdministrators === true) continue
    const there = await request(scene, { who, name, row, ids: scene.ids })
    const none = { ...scene.none, user: scene.ids.user }
    const nowhere = await request(scene, { who, name, row, ids: none })
    const real = plain(there, scene.ids, scene.none)
    if (JSON.stringify(real) !== JSON.stringify(plain(nowhere)))
      wrong.push(
        `${who} ${name}: ${there.status} ${there.text} / ${nowhere.status} ${nowhere.text}`,
      )
  }
  return wrong
}

/** A guest gets, for a person of whom they may not know, what is answered for nobody. */
async function unseen(scene: Scene, name: string, row: Row): Promise<string[]> {
  const there = await request(scene, { who: 'eva', name, row, ids: scene.ids })
  const nowhere = await request(scene, { who: 'eva', name, row, ids: scene.none })
  const real = plain(there, scene.ids, scene.none)
  return JSON.stringify(real) === JSON.stringify(plain(nowhere))
    ? []
    : [`eva ${name}: ${there.status} ${there.text} / ${nowhere.status} ${nowhere.text}`]
}

/** Nothing of the channel in any answer to who may not read it, and to a guest nothing of people they do not know. */
async function leaks(scene: Scene, name: string, row: Row): Promise<string[]> {
  if (row.kind === 'own' && row.isFinal === true) return [] // they would end their own sessions
  const found: string[] = []
  const { channel, post, people } = scene
  for (const who of OUTSIDE) {
    const isAdministrators = who === 'amira' && (row.kind === 'admin' || row.isForAdministrators)
    if (isAdministrators === true) continue
    const { text, status, ...answer } = await request(scene, { who, name, row, ids: scene.none })
    const mine = [SECRET, NAME, channel, post, scene.ids.file, scene.ids.hook]
    const others = GUESTS.includes(who) ? [people.chen.id, people.dana.id, 'dana'] : []
    for (const word of [...mine, ...others])
      if (text.includes(word)) found.push(`${who} ${name} tells ${word}`)
    if (status >= 500) found.push(`${who} ${name} ${status}`)
    if (status >= 400 && !isError({ ...answer, text, status }))
      found.push(`${who} ${name} is no error: ${text}`)
  }
  return found
}

function isError({ json, status }: Answer): boolean {
  const error = Object(json) as Readonly<Record<string, unknown>>
  return (
    ['id', 'message', 'detailed_error', 'request_id'].every(
      (field) => typeof error[field] === 'string',
    ) && error['status_code'] === status
  )
}

/** An answer without what differs from request to request; what is in `ids` reads as in `instead`. */
function plain({ status, text }: Answer, ids: object = {}, instead: object = {}): object {
  const pairs = Object.entries(ids).map(
    ([name, id]) => [String(id), String(Reflect.get(instead, name))] as const,
  )
  const same = pairs.reduce((before, [id, other]) => before.replaceAll(id, other), text)
  const own = /"request_id":"[^"]*"|"id":"[a-z0-9]{26}","name":"(?=channel_user_)/g
  return { status, text: same.replace(own, '') }
}

async function stateOf({ door, people, channel }: Scene): Promise<object> {
  const page = await door.node.page(people.bo.id, channel, { limit: 60 })
  const members = await door.node.members(people.bo.id, channel)
  return { bodies: page.messages.map(({ body }) => body), members: members.length }
}

function idOf(name: string): string {
  return idFromBytes(seedOf(name).subarray(0, 16))
}

async function aScene(t: Test, { isKept = false } = {}): Promise<Scene> {
  const network = openMemoryNetwork({ clock: virtualClock() })
  const [near, far] = [anIdentity('alpha', 1, 'hub'), anIdentity('bravo', 2)]
  const carriers = [network.open(near.certificate.node)]
  const door = await aLanDoor(t, { previewer: aPreviewer(), knows: [far], carriers })
  const { node } = door
  const vera = await somebodyElsewhere({ node, near, carrier: network.open(far.certificate.node) })
  const { amira, bo, chen } = door.people
  const enrol = (username: string): Promise<Person> =>
    node.enrolPerson(amira.id, {
      username,
      displayName: username,
      password: `${username}-password`,
      isAdministrator: false,
    })
  const more = {} as Record<(typeof NAMES)[number], Person>
  for (const name of NAMES) more[name] = await enrol(name)
  const { dana, eva, farid, gus, ivan, petra } = more
  const members = [dana, farid, gus, ivan, petra, vera].map(({ id: person }) => person)
  const draft = { kind: 'private', name: NAME, displayName: NAME, members } as const
  const { id: channel } = await node.createChannel(bo.id, draft)
  const room = { kind: 'private', name: 'room', displayName: 'Room', members: [eva.id, farid.id] }
  await node.createChannel(bo.id, { ...room, kind: 'private' })
  const about = { channel, name: `${NAME}.txt`, type: 'text/plain' }
  const { id: file } = await node.keepFile(bo.id, about, Readable.from([bytesFromText(SECRET)]))
  const { id: post } = await node.post(bo.id, { channel, body: SECRET, files: [file] })
  const { id: hook } = await node.makeHook(bo.id, {
    channel,
    displayName: NAME,
    description: '',
    username: '',
    iconUrl: '',
    isLocked: false,
  })
  const address = { name: NAME, url: 'https://example.org/', emoji: '' }
  const { id: bookmark } = await node.addBookmark(bo.id, channel, address)
  const say = (part: Parameters<typeof node.changePolicy>[1]): Promise<void> =>
    node.changePolicy(amira.id, part)
  const attributes = (person: UserId, all: Readonly<Record<string, string>>): Promise<void> =>
    say({ about: 'person', person, attributes: all })
  // What chen made is for everybody, and that chen made it is not for guests.
  const pixel = { type: 'image/png', source: Readable.from([PIXEL]) }
  await node.addEmoji(chen.id, 'kit_ok', pixel)
  await say({ about: 'levels', levels: ['open', 'restricted', 'secret'] })
  for (const { id } of [bo, dana, vera]) await attributes(id, { clearance: 'secret' })
  await attributes(eva.id, { role: 'guest' })
  await attributes(farid.id, { role: 'guest', clearance: 'secret', organisation: 'redcross' })
  await attributes(ivan.id, { role: 'member', clearance: 'secret', organisation: 'redcross' })
  await attributes(petra.id, { role: 'member', clearance: 'secret', organisation: 'press' })
  await say({
    about: 'label',
    channel,
    label: { classification: 'secret', releasableTo: ['press'] },
  })
  const people = { amira, bo, chen, vera, ...more }
  const tokens: Record<string, string> = {}
  for (const who of Object.keys(people)) tokens[who] = (await node.openSession(who)).token
  await node.signOut(must(tokens['hana'], 'she had one'))
  await node.setActive(amira.id, more.ines.id, false)
  const { organisation: team, node: self } = await node.status()
  const lose = async (): Promise<void> => {
    await door.clock.advance(60_000) // what she wrote before counts on
    await node.revokeNode(amira.id, { node: far.certificate.node })
  }
  if (!isKept) await lose()
  return {
    lose,
    door,
    people,
    channel,
    post,
    tokens,
    ids: { channel, post, file, hook, bookmark, user: chen.id, name: NAME, node: self.id, team },
    none: {
      channel: newChannelId(self.id, 'private', seedOf('no channel').subarray(0, 8)),
      post: idOf('no post'),
      file: idOf('no file'),
      hook: idOf('no hook'),
      bookmark: idOf('no bookmark'),
      user: idOf('nobody'),
      name: 'no-such-name',
      node: self.id,
      team,
    },
    ask: (who, method, path, body) =>
      fetched(door.url + path, {
        method,
        headers: who === 'nobody' ? {} : { authorization: `Bearer ${tokens[who]}` },
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
  }
}

/** Somebody who was enrolled on another node, which was in contact once. */
async function somebodyElsewhere(where: {
  readonly node: EdgeNode
  readonly near: Identity
  readonly carrier: Carrier
}): Promise<Person> {
  const { node, near, carrier } = where
  await using kit = await aNode('bravo', { knows: [near], carriers: [carrier] })
  await anAdministrator(kit, 'vera')
  const found = async (): Promise<boolean> => (await node.personByName('vera')) !== undefined
  await until([node, kit], found)
  return must(await node.personByName('vera'), 'she is known')
}

/** An event of each kind, and who hears of it. A new kind of event has no row here and does not compile. */
async function eventsOf(
  scene: Scene,
): Promise<
  Readonly<Record<NodeEvent['kind'], { readonly event: NodeEvent; readonly hears: readonly Who[] }>>
> {
  const { door, people, channel: id, post } = scene
  const { node } = door
  const [channel, message] = [
    await node.channel(people.bo.id, id),
    await node.message(people.bo.id, post),
  ]
  const reaction = { person: people.bo.id, emoji: 'eyes', at: 1 }
  const all = [...READERS, ...OUTSIDE]
  const members = all.filter((who) => !GUESTS.includes(who))
  const [chen, room] = [people.chen.id, 0]
  const disk = (await node.status()).disk
  const bookmark = must((await node.bookmarks(people.bo.id, id))[0], 'bo has made one')
  const thread = await node.threadOf(people.bo.id, post)
  const before = { replies: 0, mentions: 0 }
  const membership = must(await node.membership(id, people.dana.id), 'she is in it')
  const draft: Unsent = {
    channel: id,
    root: undefined,
    body: 'not yet',
    lane: 'routine',
    asksAcknowledgement: false,
    files: [],
    createdAt: 1,
    updatedAt: 1,
  }
  const scheduled = { ...draft, id: post, at: 1, refusedAt: 0, refusal: '' }
  const much = { quality: 'whole' as const, bytes: 2, have: 1, isHere: false }
  const overdue = { flash: room, immediate: room, priority: room, routine: room }
  return {
    posted: { event: { kind: 'posted', message, channel, isLate: false }, hears: READERS },
    edited: { event: { kind: 'edited', message }, hears: READERS },
    deleted: { event: { kind: 'deleted', message }, hears: READERS },
    'reaction-added': { event: { kind: 'reaction-added', message, reaction }, hears: READERS },
    'reaction-removed': { event: { kind: 'reaction-removed', message, reaction }, hears: READERS },
    'channel-created': { event: { kind: 'channel-created', channel }, hears: ['bo'] },
    'channel-updated': { event: { kind: 'channel-updated', channel }, hears: READERS },
    'bookmarks-changed': {
      event: { kind: 'bookmarks-changed', changes: [{ bookmark, isNew: true, isGone: false }] },
      hears: READERS,
    },
    'member-added': {
      event: { kind: 'member-added', channel, person: people.dana.id },
      hears: READERS,
    },
    'member-changed': {
      event: { kind: 'member-changed', membership, notify: {} },
      hears: ['dana'],
    },
    'person-updated': {
      event: { kind: 'person-updated', person: people.chen, isNew: false },
      hears: members,
    },
    viewed: { event: { kind: 'viewed', person: chen, channel: id, at: 1 }, hears: ['chen'] },
    'preferences-changed': {
      event: { kind: 'preferences-changed', person: chen, preferences: [] },
      hears: ['chen'],
    },
    acknowledged: {
      event: { kind: 'acknowledged', message, person: people.bo.id },
      hears: READERS,
    },
    // Farid may not read there, though they follow a thread in it.
    'thread-changed': {
      event: { kind: 'thread-changed', person: people.farid.id, thread, by: 'reply', before },
      hears: [],
    },
    'threads-read': { event: { kind: 'threads-read', person: chen, at: 1 }, hears: ['chen'] },
    'unread-from': {
      event: { kind: 'unread-from', membership, message: post },
      hears: ['dana'],
    },
    'draft-kept': { event: { kind: 'draft-kept', person: chen, draft }, hears: ['chen'] },
    'draft-dropped': { event: { kind: 'draft-dropped', person: chen, draft }, hears: ['chen'] },
    scheduled: { event: { kind: 'scheduled', person: chen, scheduled }, hears: ['chen'] },
    rescheduled: { event: { kind: 'rescheduled', person: chen, scheduled }, hears: ['chen'] },
    unscheduled: { event: { kind: 'unscheduled', person: chen, scheduled }, hears: ['chen'] },
    'access-changed': {
      event: {
        kind: 'access-changed',
        part: { about: 'moderation', channel: id, moderation: undefined },
      },
      hears: READERS,
    },
    'delivery-changed': { event: { kind: 'delivery-changed', messages: [post] }, hears: [] },
    'file-changed': {
      event: {
        kind: 'file-changed',
        file: { id: idFromBytes(seedOf('file').subarray(0, 16)), channel: id, ...much },
      },
      hears: READERS,
    },
    'links-changed': { event: { kind: 'links-changed' }, hears: [] },
    'refusals-changed': { event: { kind: 'refusals-changed' }, hears: all },
    'room-changed': { event: { kind: 'room-changed', disk }, hears: all },
    'overdue-changed': { event: { kind: 'overdue-changed', overdue, isAlarm: false }, hears: all },
    'node-revoked': { event: { kind: 'node-revoked', node: people.bo.homeNode }, hears: [] },
    'sessions-ended': { event: { kind: 'sessions-ended', sessions: [] }, hears: [] },
    'wipe-ordered': { event: { kind: 'wipe-ordered' }, hears: [] },
    // Last: the one who left hears that they did.
    'member-removed': {
      event: { kind: 'member-removed', channel, person: people.dana.id },
      hears: READERS,
    },
  }
}
