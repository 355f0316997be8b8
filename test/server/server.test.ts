/** The door as the official Mattermost client sees it: its own package talks to a listening server. */
import { Client4, WebSocketClient } from '@mattermost/client'
import type { WebSocketMessage } from '@mattermost/client'
import type { Post } from '@mattermost/types/posts'
import { test, type Test } from 'tap'
import { must } from '#base/assert.ts'
import type { ChannelId, PostId } from '#base/ids.ts'
import { DELIVERY_GATHER_MS } from '#server/limits.ts'
import { openServer } from '#server/server.ts'
import { aLanDoor, type LanDoor, type Name, passwordOf } from '../support/lan-door.ts'
import { seededRandom } from '../support/random.ts'

/** The client's socket of one person, and waiting for events. */
interface Listener {
  readonly messages: readonly WebSocketMessage[]
  readonly next: (
    event: string,
    fits?: (message: WebSocketMessage) => boolean,
  ) => Promise<WebSocketMessage>
  readonly sockets: readonly WebSocket[]
  readonly missed: () => number
  readonly client: WebSocketClient
}

async function listen(t: Test, door: LanDoor, client: Client4): Promise<Listener> {
  t.capture(console, 'log')
  const sockets: WebSocket[] = []
  const messages: WebSocketMessage[] = []
  const waiting = new Set<(message: WebSocketMessage) => void>()
  let missed = 0
  const socket = new WebSocketClient({
    minWebSocketRetryTime: 1,
    reconnectJitterRange: 1,
    newWebSocketFn: (url) => {
      const opened = new WebSocket(url)
      sockets.push(opened)
      return opened
    },
  })
  socket.addMessageListener((message) => {
    messages.push(message)
    for (const look of waiting) look(message)
  })
  socket.addMissedMessageListener(() => {
    missed += 1
  })
  t.teardown(() => socket.close())
  const next = (
    event: string,
    fits: (message: WebSocketMessage) => boolean = () => true,
  ): Promise<WebSocketMessage> => {
    const isIt = (message: WebSocketMessage): boolean => nameOf(message) === event && fits(message)
    const past = messages.find(isIt)
    if (past !== undefined) return Promise.resolve(past)
    return new Promise((resolve) => {
      waiting.add((message) => {
        if (isIt(message)) resolve(message)
      })
    })
  }
  socket.initialize(client.getWebSocketUrl(), client.getToken())
  await next('hello')
  return { messages, next, sockets, missed: () => missed, client: socket }
}

function nameOf(message: WebSocketMessage): string {
  return message.event
}

function postIn(message: WebSocketMessage): Post {
  return JSON.parse(String(Reflect.get(message.data as object, 'post'))) as Post
}

function isPost(body: string): (message: WebSocketMessage) => boolean {
  return (message) => postIn(message).message === body
}

function draft(channel: string, message: string, pending: string): Post {
  return { channel_id: channel, message, pending_post_id: pending, props: {} } as Post
}

async function townSquare(client: Client4): Promise<string> {
  const [team] = await client.getMyTeams()
  return (await client.getChannelByName(must(team, 'there is a team').id, 'town-square')).id
}

/** Passes when the request fails with this status. */
async function refused(t: Test, status: number, request: Promise<unknown>): Promise<void> {
  const [outcome] = await Promise.allSettled([request])
  t.match(outcome, { status: 'rejected', reason: { status_code: status } })
}

test('a person signs in and finds themselves, the workspace, its channels and its people', async (t) => {
  const door = await aLanDoor(t)
  const client = await door.client('bo')
  const me = await client.getMe()
  const [team] = await client.getMyTeams()
  const teamId = must(team, 'there is a team').id

  t.match(me, { id: door.people.bo.id, username: 'bo', roles: 'system_user' })
  t.match(team, { display_name: 'Relief', name: 'relief' })
  t.match(await client.getMyTeamMembers(), [
    { team_id: teamId, user_id: me.id, roles: 'team_user' },
  ])
  t.match(await client.getMyChannels(teamId), [{ name: 'town-square', type: 'O', delete_at: 0 }])
  t.match(await client.getMyChannelMembers(teamId), [{ user_id: me.id, roles: 'channel_user' }])
  t.match(await client.getAllChannelsMembers(me.id, -1), [{ user_id: me.id }])
  t.match(await client.getAllTeamsChannels(), [{ name: 'town-square' }])
  t.match(
    (await client.getProfilesInTeam(teamId)).map(({ username }) => username),
    ['amira', 'bo', 'chen'],
  )
  t.strictSame(await client.getProfilesInTeam(teamId, 1), [])
})

test('the client learns version, settings and roles before it shows anything', async (t) => {
  const door = await aLanDoor(t)
  const stranger = new Client4()
  stranger.setUrl(door.url)
  const limited = await stranger.getClientConfig()
  t.equal(stranger.getServerVersion(), '10.11.0.10.11.0.holdfast.false')
  t.match(limited, { EnableSignInWithUsername: 'true', Version: '10.11.0', SiteName: 'Relief' })
  t.equal(limited.MaxPostSize, undefined)

  const client = await door.client('bo')
  t.match(await client.getClientConfig(), {
    MaxPostSize: '16383',
    EnableFileAttachments: 'true',
  })
  t.match(await client.getClientLicenseOld(), { IsLicensed: 'false' })
  const roles = await client.getRolesByNames(['system_user', 'team_user', 'channel_user', 'nobody'])
  t.strictSame(
    roles.map(({ name }) => name),
    ['system_user', 'team_user', 'channel_user'],
  )
})

test('a message reaches the other at once, with its pending id for the author', async (t) => {
  const door = await aLanDoor(t)
  const [bo, chen] = [await door.client('bo'), await door.client('chen')]
  const [boHears, chenHears] = [await listen(t, door, bo), await listen(t, door, chen)]
  const channel = await townSquare(bo)
  const created = await bo.createPost(draft(channel, 'hello @chen', 'bo:1'))

  const heard = await chenHears.next('posted')
  t.match(postIn(heard), { id: created.id, message: 'hello @chen', user_id: door.people.bo.id })
  t.match(heard.data, { sender_name: '@bo', mentions: JSON.stringify([door.people.chen.id]) })
  t.equal(postIn(await boHears.next('posted')).pending_post_id, 'bo:1')
})

test('a resent message is the same message, for ever', async (t) => {
  const door = await aLanDoor(t)
  const client = await door.client('bo')
  const channel = await townSquare(client)
  const first = await client.createPost(draft(channel, 'once', 'bo:1'))
  await door.clock.advance(2 * 3_600_000)
  const again = await client.createPost(draft(channel, 'once', 'bo:1'))

  t.equal(again.id, first.id)
  t.equal(again.create_at, first.create_at)
  t.equal((await client.getPosts(channel)).order.length, 1)
})

test('history is paged to its end, both ways', async (t) => {
  const door = await aLanDoor(t)
  const client = await door.client('bo')
  const channel = await townSquare(client)
  const ids: string[] = []
  for (let number = 0; number < 7; number += 1) {
    ids.unshift((await client.createPost(draft(channel, `m${number}`, `bo:${number}`))).id)
  }
  const first = await client.getPosts(channel, 0, 3)
  const second = await client.getPostsBefore(channel, must(first.order[2], 'three'), 0, 3)
  const back = await client.getPostsAfter(channel, must(ids[6], 'seven'), 0, 3)

  t.strictSame(first.order, ids.slice(0, 3))
  t.equal(first.prev_post_id, ids[3])
  t.equal(first.next_post_id, '')
  t.strictSame(second.order, ids.slice(3, 6))
  t.equal(second.next_post_id, ids[2])
  t.strictSame(back.order, ids.slice(3, 6))
  t.strictSame((await client.getPosts(channel, 2, 3)).order, ids.slice(6))
  t.strictSame((await client.getPosts(channel, 3, 3)).order, [])
})

test('"since" tells what changed, also to a client whose clock is wrong', async (t) => {
  const door = await aLanDoor(t)
  const client = await door.client('bo')
  const channel = await townSquare(client)
  const old = await client.createPost(draft(channel, 'old', 'bo:1'))
  await door.clock.advance(3_600_000)
  const edited = await client.createPost(draft(channel, 'first words', 'bo:2'))
  const deleted = await client.createPost(draft(channel, 'a mistake', 'bo:3'))
  await client.patchPost({ id: edited.id, message: 'better words' })
  await client.deletePost(deleted.id)

  for (const since of [door.clock.now(), door.clock.now() + 10 * 365 * 24 * 3_600_000]) {
    const list = await client.getPostsSince(channel, since)
    t.strictSame(new Set(list.order), new Set([edited.id, deleted.id]))
    t.match(list.posts[edited.id], { message: 'better words' })
    t.ok(must(list.posts[deleted.id], 'listed').delete_at > 0)
    t.equal(list.posts[deleted.id]?.message, '')
    t.equal(list.prev_post_id, old.id)
  }
})

test('a message is edited, reacted to and deleted, and the other sees each', async (t) => {
  const door = await aLanDoor(t)
  const [bo, chen] = [await door.client('bo'), await door.client('chen')]
  const hears = await listen(t, door, chen)
  const channel = await townSquare(bo)
  const { id } = await bo.createPost(draft(channel, 'one', 'bo:1'))
  const edited = await bo.patchPost({ id, message: 'two' })
  await chen.addReaction(door.people.chen.id, id, 'thumbsup')
  const shown = await bo.getPost(id)
  await chen.removeReaction(door.people.chen.id, id, 'thumbsup')
  await bo.deletePost(id)

  t.ok(edited.edit_at > 0)
  t.equal(postIn(await hears.next('post_edited')).message, 'two')
  t.match(shown.metadata.reactions, [{ user_id: door.people.chen.id, emoji_name: 'thumbsup' }])
  const added = await hears.next('reaction_added')
  t.match(JSON.parse(String(Reflect.get(added.data as object, 'reaction'))), { post_id: id })
  await hears.next('reaction_removed')
  t.equal(postIn(await hears.next('post_deleted')).id, id)
  await refused(t, 404, bo.getPost(id))
  t.strictSame((await bo.getPosts(channel)).order, [])
})

test('a thread holds its root and replies, oldest last in the order', async (t) => {
  const door = await aLanDoor(t)
  const client = await door.client('bo')
  const channel = await townSquare(client)
  const root = await client.createPost(draft(channel, 'root', 'bo:1'))
  const reply = await client.createPost({ ...draft(channel, 'reply', 'bo:2'), root_id: root.id })
  await client.createPost(draft(channel, 'else', 'bo:3'))
  const thread = await client.getPostThread(reply.id)

  t.strictSame(thread.order, [reply.id, root.id])
  t.equal(thread.posts[root.id]?.reply_count, 1)
  const page = await client.getPostsAfter(channel, root.id, 0, 1)
  t.strictSame(page.order, [reply.id])
  t.ok(root.id in page.posts, 'the root comes along with its reply')
})

test('two people talk alone, and the other is told of the channel', async (t) => {
  const door = await aLanDoor(t)
  const [bo, chen] = [await door.client('bo'), await door.client('chen')]
  const hears = await listen(t, door, chen)
  const pair = [door.people.bo.id, door.people.chen.id]
  const channel = await bo.createDirectChannel(pair)
  const again = await chen.createDirectChannel(pair.toReversed())
  await bo.createPost(draft(channel.id, 'psst', 'bo:1'))

  t.equal(again.id, channel.id)
  t.match(channel, { type: 'D', team_id: '', name: pair.toSorted().join('__') })
  t.match((await hears.next('direct_added')).data, { teammate_id: door.people.chen.id })
  t.match((await hears.next('posted')).data, {
    channel_type: 'D',
    channel_display_name: '@bo',
    mentions: JSON.stringify([door.people.chen.id]),
  })
  const amira = await door.client('amira')
  await refused(t, 404, amira.getPosts(channel.id))
})

test('a group of three is the same group when it is asked for again', async (t) => {
  const door = await aLanDoor(t)
  const [bo, chen] = [await door.client('bo'), await door.client('chen')]
  const ids = Object.values(door.people).map(({ id }) => id)
  const group = await bo.createGroupChannel(ids)
  const again = await chen.createGroupChannel(ids.toReversed())

  t.equal(again.id, group.id)
  t.match(group, { type: 'G', display_name: 'amira, bo, chen' })
})

test('settings are kept, told to the own other sessions, and taken away', async (t) => {
  const door = await aLanDoor(t)
  const client = await door.client('bo')
  const hears = await listen(t, door, client)
  const me = door.people.bo.id
  const preference = { user_id: me, category: 'theme', name: '', value: '{"type":"dark"}' }
  await client.savePreferences(me, [preference])
  t.strictSame(await client.getMyPreferences(), [preference])
  const told = await hears.next('preferences_changed')
  t.match(JSON.parse(String(Reflect.get(told.data as object, 'preferences'))), [preference])
  await client.deletePreferences(me, [preference])

  t.strictSame(await client.getMyPreferences(), [])
  await hears.next('preferences_deleted')
})

test('what is unread is counted, and seeing it makes it read everywhere', async (t) => {
  const door = await aLanDoor(t)
  const [bo, chen] = [await door.client('bo'), await door.client('chen')]
  const hears = await listen(t, door, chen)
  const channel = await townSquare(bo)
  await bo.createPost(draft(channel, 'hello @chen', 'bo:1'))
  await bo.createPost(draft(channel, 'again', 'bo:2'))
  const [team] = await chen.getMyTeamUnreads()
  const before = await chen.getMyChannelMember(channel)

  t.match(team, { msg_count: 2, mention_count: 1 })
  t.match(before, { msg_count: 0, mention_count: 1 })
  await chen.viewMyChannel(channel)
  t.match(await chen.getMyChannelMember(channel), { msg_count: 2, mention_count: 0 })
  t.ok(Reflect.get(Object((await hears.next('multiple_channels_viewed')).data), 'channel_times'))
})

test('a dropped client resumes without a gap and without refetching', async (t) => {
  const door = await aLanDoor(t)
  const client = await door.client('chen')
  const hears = await listen(t, door, client)
  const channel = (await townSquare(client)) as ChannelId
  await door.node.post(door.people.bo.id, { channel, body: 'one' })
  await hears.next('posted', isPost('one'))
  must(hears.sockets[0], 'there is a socket').close()
  await door.node.post(door.people.bo.id, { channel, body: 'two' })
  await hears.next('posted', isPost('two'))
  await door.node.post(door.people.bo.id, { channel, body: 'three' })
  await hears.next('posted', isPost('three'))

  t.equal(hears.sockets.length, 2)
  t.equal(hears.missed(), 0)
  t.equal(hears.messages.filter((message) => nameOf(message) === 'posted').length, 3)
})

test('a client that was away for too much starts anew, and knows it', async (t) => {
  const door = await aLanDoor(t)
  const client = await door.client('chen')
  const hears = await listen(t, door, client)
  const channel = (await townSquare(client)) as ChannelId
  hears.client.close()
  for (let number = 0; number < 200; number += 1) {
    await door.node.post(door.people.bo.id, { channel, body: `m${number}` })
  }
  hears.client.initialize(client.getWebSocketUrl(), client.getToken())
  await hears.next('hello', ({ seq }) => seq === 0 && hears.missed() === 1)
  await door.node.post(door.people.bo.id, { channel, body: 'after' })
  await hears.next('posted', isPost('after'))

  t.equal(hears.missed(), 1)
})

test('stock clients pass over our own event, and their stream goes on', async (t) => {
  const door = await aLanDoor(t)
  const client = await door.client('bo')
  const hears = await listen(t, door, client)
  const channel = await townSquare(client)
  const { id } = await client.createPost(draft(channel, 'urgent', 'bo:1'))
  door.tell({ kind: 'delivery-changed', messages: [id as PostId] })
  await door.clock.advance(DELIVERY_GATHER_MS)
  const ours = await hears.next('holdfast_delivery')
  await client.createPost(draft(channel, 'next', 'bo:2'))
  await hears.next('posted', isPost('next'))

  t.match(ours.data, { post_ids: JSON.stringify([id]) })
  t.equal(hears.sockets.length, 1)
})

test('a wrong password is refused, and says so', async (t) => {
  const door = await aLanDoor(t)
  const client = new Client4()
  client.setUrl(door.url)

  await refused(t, 401, client.login('bo', 'wrong'))
  await refused(t, 401, client.login('nobody', passwordOf('bo')))
})

test('without a session, or in a channel of others, nothing is given', async (t) => {
  const door = await aLanDoor(t)
  const stranger = new Client4()
  stranger.setUrl(door.url)
  const secret = await door.node.createChannel(door.people.amira.id, {
    kind: 'private',
    name: 'secret',
    displayName: 'Secret',
  })
  const bo = await door.client('bo')

  await refused(t, 401, stranger.getMe())
  await refused(t, 404, bo.getChannel(secret.id))
  await refused(t, 404, bo.getPosts(secret.id))
  await refused(t, 404, bo.createPost(draft(secret.id, 'let me in', 'bo:1')))
  await refused(t, 404, bo.getChannelMembers(secret.id))
})

test('after signing out the session is over', async (t) => {
  const door = await aLanDoor(t)
  const client = await door.client('bo')
  await client.logout()

  await refused(t, 401, client.getMe())
})

test('a port that is taken is named, and nothing is left behind', async (t) => {
  const door = await aLanDoor(t)
  const port = Number(new URL(door.url).port)
  const options = { host: '127.0.0.1', port, version: '10.11.0' }
  const { node, clock, log } = door

  await t.rejects(openServer(options, { node, clock, log, random: seededRandom(1) }), {
    code: 'PORT_IN_USE',
    facts: { host: '127.0.0.1', port },
  })
})

test('after the door is closed its port is free', async (t) => {
  const door = await aLanDoor(t)
  await door.client('bo' satisfies Name)
  await door.close()

  await t.rejects(fetch(door.url))
})
