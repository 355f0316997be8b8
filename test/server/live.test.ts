import { test } from 'tap'
import type { ChannelId } from '#base/ids.ts'
import {
  LIVE_DEAD_MS,
  LIVE_INTRODUCTION_MS,
  LIVE_KEEP_MS,
  LIVE_PING_MS,
  LIVE_REPLAY_MAX,
  LIVE_SWEEP_MS,
  OFFLINE_AFTER_MS,
  SESSION_CACHE_MS,
} from '#server/limits.ts'
import { aLanDoor, type LanDoor } from '../support/lan-door.ts'
import { aLiveClient, aSocket, inner, type LiveClient } from '../support/live-client.ts'

async function townSquare(door: LanDoor): Promise<ChannelId> {
  return (await door.node.channelByName(door.people.amira.id, 'town-square')).id
}

/** What a client shows to get its stream back: as if it had seen every frame so far. */
function resumption(client: LiveClient, hello: LiveClient = client): string {
  const id = String(hello.events('hello')[0]?.data?.connection_id)
  const seen = client.frames.filter(({ event }) => event !== undefined).at(-1)?.seq ?? -1
  return `?connection_id=${id}&sequence_number=${seen + 1}`
}

async function gone(door: LanDoor, client: LiveClient): Promise<void> {
  client.socket.close()
  await client.closed
  await door.ask('amira', 'GET', '/api/v4/system/ping')
}

test('the first frame is hello with number 0, by header, by cookie and by challenge', async (t) => {
  const door = await aLanDoor(t)
  const { token } = await door.node.openSession('bo')
  const byHeader = await aSocket(door, { headers: { authorization: `Bearer ${token}` } })
  const byCookie = await aSocket(door, {
    headers: { cookie: `MMAUTHTOKEN=${token}`, origin: door.url },
  })
  const byChallenge = await aSocket(door)
  t.match(await byChallenge.ask('authentication_challenge', { token }), { status: 'OK' })

  for (const client of [byHeader, byCookie, byChallenge]) {
    const hello = await client.event('hello')
    t.match(hello, {
      seq: 0,
      data: {
        connection_id: /^[a-z0-9]{26}$/,
        server_version: '10.11.0.10.11.0.holdfast.false',
        server_hostname: 'alpha',
      },
      broadcast: { user_id: door.people.bo.id },
    })
  }
})

test('a cookie that another site made the browser send opens no stream', async (t) => {
  const door = await aLanDoor(t)
  const { token } = await door.node.openSession('bo')
  const client = await aSocket(door, {
    headers: { cookie: `MMAUTHTOKEN=${token}`, origin: 'http://evil.example' },
  })

  t.match(await client.ask('ping'), { status: 'FAIL', error: { status_code: 401 } })
  t.strictSame(client.events('hello'), [])
})

test('a wrong token is refused and ends the connection', async (t) => {
  const door = await aLanDoor(t)
  const client = await aSocket(door)
  const answer = await client.ask('authentication_challenge', { token: 'wrong' })

  t.match(answer, { status: 'FAIL', error: { status_code: 401 } })
  t.equal(await client.closed, 1008)
})

test('who does not say who they are in time is sent away', async (t) => {
  const door = await aLanDoor(t)
  const client = await aSocket(door)
  await door.clock.advance(LIVE_INTRODUCTION_MS + LIVE_SWEEP_MS)

  t.equal(await client.closed, 1008)
})

test('a message reaches the members of its channel, and nobody else', async (t) => {
  const door = await aLanDoor(t)
  const { amira, bo } = door.people
  const secret = await door.node.createChannel(amira.id, {
    kind: 'private',
    name: 'secret',
    displayName: 'Secret',
    members: [bo.id],
  })
  const [member, other] = [await aLiveClient(door, 'bo'), await aLiveClient(door, 'chen')]
  await door.node.post(amira.id, { channel: secret.id, body: 'only @bo may know' })
  await door.node.post(amira.id, { channel: await townSquare(door), body: 'for all' })
  await other.event('posted')
  await member.when(
    (frame) => frame.event === 'posted' && inner(frame, 'post').message === 'for all',
  )

  const [first] = member.events('posted')
  t.match(first, {
    data: {
      channel_display_name: 'Secret',
      channel_name: 'secret',
      channel_type: 'P',
      sender_name: '@amira',
      mentions: JSON.stringify([bo.id]),
    },
    broadcast: { channel_id: secret.id },
  })
  t.match(first === undefined ? {} : inner(first, 'post'), {
    message: 'only @bo may know',
    props: {},
  })
  t.equal(other.events('posted').length, 1)
  t.notMatch(JSON.stringify(other.frames), /only @bo/)
})

test('who was removed while away is replayed nothing of what they missed', async (t) => {
  const door = await aLanDoor(t)
  const { amira, bo } = door.people
  const { id } = await door.node.createChannel(amira.id, {
    kind: 'private',
    name: 'ops',
    displayName: 'Ops',
    members: [bo.id],
  })
  const first = await aLiveClient(door, 'bo')
  await gone(door, first)
  await door.node.post(amira.id, { channel: id, body: 'bo must not read this' })
  await door.node.removeMember(amira.id, id, bo.id)

  const second = await aLiveClient(door, 'bo', resumption(first))

  t.match(await second.event('hello'), { seq: 0 })
  await second.ask('ping')
  t.notMatch(JSON.stringify(second.frames), 'must not read')
})

test('who joins hears from then on, who leaves hears no more', async (t) => {
  const door = await aLanDoor(t)
  const { amira, chen } = door.people
  const channel = await door.node.createChannel(amira.id, {
    kind: 'private',
    name: 'ops',
    displayName: 'Ops',
  })
  const client = await aLiveClient(door, 'chen')
  await door.node.post(amira.id, { channel: channel.id, body: 'before' })
  await door.node.addMember(amira.id, channel.id, chen.id)
  await door.node.post(amira.id, { channel: channel.id, body: 'during' })
  await door.node.removeMember(amira.id, channel.id, chen.id)
  await door.node.post(amira.id, { channel: channel.id, body: 'after' })
  await door.node.post(amira.id, { channel: await townSquare(door), body: 'end' })
  await client.when((frame) => frame.event === 'posted' && inner(frame, 'post').message === 'end')

  t.strictSame(
    client.frames.map(({ event }) => event).filter((event) => event !== 'status_change'),
    ['hello', 'user_added', 'posted', 'user_removed', 'posted'],
  )
  t.match(client.events('user_added')[0]?.data, { user_id: chen.id })
  t.match(client.events('user_removed')[0]?.data, { channel_id: channel.id })
})

test('numbers run without a gap, whatever happens', async (t) => {
  const door = await aLanDoor(t)
  const channel = await townSquare(door)
  const client = await aLiveClient(door, 'bo')
  const { id } = await door.node.post(door.people.amira.id, { channel, body: 'one' })
  await door.node.react(door.people.amira.id, id, 'thumbsup')
  await door.node.edit(door.people.amira.id, id, 'two')
  await client.ask('ping')
  await door.node.deletePost(door.people.amira.id, id)
  await client.event('post_deleted')

  const numbers = client.frames.filter(({ event }) => event !== undefined).map(({ seq }) => seq)
  t.strictSame(numbers, [...numbers.keys()])
})

test('a client that returns gets what it missed, in the same stream', async (t) => {
  const door = await aLanDoor(t)
  const channel = await townSquare(door)
  const first = await aLiveClient(door, 'bo')
  await door.node.post(door.people.amira.id, { channel, body: 'seen' })
  await first.event('posted')
  await gone(door, first)
  await door.node.post(door.people.amira.id, { channel, body: 'missed' })
  const second = await aLiveClient(door, 'bo', resumption(first))
  const missed = await second.event('posted')

  t.equal(missed.seq, (first.frames.at(-1)?.seq ?? 0) + 1)
  t.equal(inner(missed, 'post').message, 'missed')
  t.strictSame(second.events('hello'), [])
})

test('a client that missed too much, or comes too late, starts a new stream', async (t) => {
  const door = await aLanDoor(t)
  const channel = await townSquare(door)
  const first = await aLiveClient(door, 'bo')
  await gone(door, first)
  for (let number = 0; number <= LIVE_REPLAY_MAX; number += 1) {
    await door.node.post(door.people.amira.id, { channel, body: `message ${number}` })
  }
  const second = await aLiveClient(door, 'bo', resumption(first))
  const hello = await second.event('hello')
  t.equal(hello.seq, 0)
  t.not(hello.data?.connection_id, first.events('hello')[0]?.data?.connection_id)

  await gone(door, second)
  await door.clock.advance(LIVE_KEEP_MS + 2 * LIVE_SWEEP_MS)
  const third = await aLiveClient(door, 'bo', resumption(second))
  t.equal((await third.event('hello')).seq, 0)
})

test('a stream cannot be taken by another person', async (t) => {
  const door = await aLanDoor(t)
  const bo = await aLiveClient(door, 'bo')
  await gone(door, bo)
  const channel = await door.node.directChannel(door.people.amira.id, door.people.bo.id)
  await door.node.post(door.people.amira.id, { channel: channel.id, body: 'for bo alone' })
  const thief = await aLiveClient(door, 'chen', resumption(bo))
  await thief.event('hello')
  await thief.ask('ping')

  t.notMatch(JSON.stringify(thief.frames), /for bo alone/)
})

test('typing reaches the other members, not the typist, and only from members', async (t) => {
  const door = await aLanDoor(t)
  const channel = await townSquare(door)
  const [bo, chen] = [await aLiveClient(door, 'bo'), await aLiveClient(door, 'chen')]
  t.match(await bo.ask('user_typing', { channel_id: channel, parent_id: '' }), { status: 'OK' })
  t.match(await chen.event('typing'), {
    data: { user_id: door.people.bo.id, parent_id: '' },
    broadcast: { channel_id: channel },
  })
  t.strictSame(bo.events('typing'), [])

  const secret = await door.node.createChannel(door.people.amira.id, {
    kind: 'private',
    name: 'secret',
    displayName: 'Secret',
  })
  t.match(await bo.ask('user_typing', { channel_id: secret.id, parent_id: '' }), {
    status: 'FAIL',
    error: { status_code: 403 },
  })
})

test('people are online while a socket is open and a little longer', async (t) => {
  const door = await aLanDoor(t)
  const watcher = await aLiveClient(door, 'amira')
  const bo = await aLiveClient(door, 'bo')
  const ofBo = (status: string) =>
    watcher.when(
      ({ event, data }) =>
        event === 'status_change' && data?.user_id === door.people.bo.id && data.status === status,
    )
  await ofBo('online')
  await bo.ask('user_update_active_status', { user_is_active: false, manual: false })
  await ofBo('away')
  await gone(door, bo)
  t.match(await watcher.ask('get_statuses'), { data: { [door.people.bo.id]: 'away' } })
  await door.clock.advance(OFFLINE_AFTER_MS + LIVE_SWEEP_MS)

  await ofBo('offline')
  t.match(await watcher.ask('get_statuses_by_ids', { user_ids: [door.people.bo.id] }), {
    data: { [door.people.bo.id]: 'offline' },
  })
})

test('a silent client is pinged, and dropped when it does not answer', async (t) => {
  const door = await aLanDoor(t)
  const client = await aLiveClient(door, 'bo')
  const pinged = new Promise((resolve) => {
    client.socket.once('ping', resolve)
  })
  await door.clock.advance(LIVE_PING_MS + LIVE_SWEEP_MS)
  await pinged
  await client.ask('ping')
  client.socket.pause()
  await door.clock.advance(LIVE_DEAD_MS + 2 * LIVE_SWEEP_MS)
  client.socket.resume()

  t.equal(await client.closed, 1006)
  t.match(door.log.named('live.dead'), [{ level: 'info' }])
})

test('the end of a session ends its sockets', async (t) => {
  const door = await aLanDoor(t)
  const { token } = await door.node.openSession('bo')
  const headers = { authorization: `Bearer ${token}` }
  const here = await aSocket(door, { headers })
  await here.event('hello')
  const response = await fetch(`${door.url}/api/v4/users/logout`, { method: 'POST', headers })
  t.equal(response.status, 200)
  t.equal(await here.closed, 1008)

  const elsewhere = await door.node.openSession('bo')
  const other = await aSocket(door, { headers: { authorization: `Bearer ${elsewhere.token}` } })
  await other.event('hello')
  await door.node.signOut(elsewhere.token)
  await door.clock.advance(SESSION_CACHE_MS + LIVE_SWEEP_MS)
  t.equal(await other.closed, 1008)
})

test('closing the door says goodbye to everybody', async (t) => {
  const door = await aLanDoor(t)
  const clients = [
    await aLiveClient(door, 'bo'),
    await aLiveClient(door, 'chen'),
    await aSocket(door),
  ]
  await door.close()

  for (const client of clients) t.equal(await client.closed, 1001)
})
