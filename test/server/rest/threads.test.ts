/** Collapsed threads, what is unread, and saying so. */
import { test, type Test } from 'tap'
import { aLanDoor, type LanDoor, type Name } from '../../support/lan-door.ts'

interface Post {
  readonly id: string
}

test('whoever begins a thread, replies in it or is named there follows it', async (t) => {
  const { door, say, threads } = await aScene(t)
  const root = await say('bo', 'who has the keys?')
  await say('amira', 'ask @chen', root.id)

  t.match(await threads('bo'), {
    total: 1,
    total_unread_threads: 1,
    threads: [{ unread_replies: 1 }],
  })
  t.match(await threads('amira'), { total: 1, total_unread_threads: 0 })
  t.match(await threads('chen'), {
    total_unread_mentions: 1,
    threads: [{ id: root.id, is_following: true }],
  })
  const listed = await door.ask(
    'bo',
    'GET',
    `/api/v4/channels/${await square(door)}/posts?collapsedThreads=true`,
  )
  const { order, posts } = listed.json as { order: string[]; posts: Record<string, object> }
  t.strictSame(order, [root.id])
  t.match(posts[root.id], {
    reply_count: 1,
    is_following: true,
    participants: [{ id: door.people.bo.id }, { id: door.people.amira.id }],
  })
})

test('a thread is read to a time, unread again from a message, and left', async (t) => {
  const { door, say, threads, base } = await aScene(t)
  const root = await say('bo', 'status?')
  await say('amira', 'one', root.id)
  await door.clock.advance(5_000)
  const second = await say('amira', 'two', root.id)
  const put = async (path: string, method = 'PUT'): Promise<void> => {
    t.equal((await door.ask('bo', method, `${base}/${root.id}${path}`)).status, 200, path)
  }

  await put(`/read/${door.clock.now()}`)
  t.match(await threads('bo'), { total_unread_threads: 0 })
  await put(`/set_unread/${second.id}`, 'POST')
  t.match(await threads('bo'), { threads: [{ unread_replies: 1 }] })
  await put('/following', 'DELETE')
  t.match(await threads('bo'), { total: 0 })
  await put('/following')
  t.match(await threads('bo'), { total: 1 })
  t.equal((await door.ask('bo', 'PUT', `${base}/read`)).status, 200)
  t.match(await threads('bo'), { total_unread_threads: 0 })
})

test('nobody looks into another’s threads, nor into one of a channel they are not in', async (t) => {
  const { door, say, base } = await aScene(t)
  const { id: channel } = await door.node.createChannel(door.people.amira.id, {
    kind: 'private',
    name: 'medics',
    displayName: 'Medics',
  })
  const hidden = await say('amira', 'quiet', undefined, channel)

  t.equal((await door.ask('bo', 'GET', `${base}/${hidden.id}`)).status, 404)
  t.equal((await door.ask('bo', 'PUT', `${base}/${hidden.id}/following`)).status, 404)
  t.equal((await door.ask('bo', 'GET', base.replace('me', door.people.amira.id))).status, 403)
})

test('a channel is unread again from a message on', async (t) => {
  const { door, say } = await aScene(t)
  await say('amira', 'one')
  const second = await say('amira', 'two')
  await say('amira', 'three')
  const channel = await square(door)
  await door.ask('bo', 'POST', '/api/v4/channels/members/me/view', { channel_id: channel })
  const answer = await door.ask('bo', 'POST', `/api/v4/users/me/posts/${second.id}/set_unread`, {})

  t.match(answer.json, { channel_id: channel, msg_count: 1, msg_count_root: 1 })
  const unread = await door.ask('bo', 'GET', `/api/v4/users/me/channels/${channel}/unread`)
  t.match(unread.json, { msg_count: 2 })
})

test('one’s own message is read by its author; in a direct channel every other is a mention', async (t) => {
  const { door, say } = await aScene(t)
  const { id: direct } = await door.node.directChannel(door.people.bo.id, door.people.amira.id)
  await say('bo', 'hello', undefined, direct)
  await say('bo', 'again', undefined, direct)

  t.match(await door.node.membership(direct, door.people.amira.id), { mentionCount: 2 })
  t.match(await door.node.membership(direct, door.people.bo.id), { mentionCount: 0, seenCount: 2 })
})

interface Scene {
  readonly door: LanDoor
  /** Where bo's threads are. */
  readonly base: string
  readonly say: (name: Name, message: string, root?: string, channel?: string) => Promise<Post>
  readonly threads: (name: Name) => Promise<object>
}

async function aScene(t: Test): Promise<Scene> {
  const door = await aLanDoor(t)
  const { organisation } = await door.node.status()
  const base = `/api/v4/users/me/teams/${organisation}/threads`
  return {
    door,
    base,
    say: async (name, message, root = '', channel) => {
      const channelId = channel ?? (await square(door))
      const body = { channel_id: channelId, message, root_id: root }
      const answer = await door.ask(name, 'POST', '/api/v4/posts', body)
      await door.clock.advance(1)
      return answer.json as Post
    },
    threads: async (name) => (await door.ask(name, 'GET', `${base}?extended=true`)).json as object,
  }
}

async function square(door: LanDoor): Promise<string> {
  return (await door.node.channelByName(door.people.amira.id, 'town-square')).id
}
