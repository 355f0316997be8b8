import { test } from 'tap'
import type { ChannelId, PostId } from '#base/ids.ts'
import { CLOCK_TOLERANCE_MS } from '#base/limits.ts'
import { aLanDoor, type LanDoor, type Name } from '../../support/lan-door.ts'

interface List {
  readonly order: readonly string[]
  readonly posts: Readonly<Record<string, { readonly message: string; readonly delete_at: number }>>
  readonly prev_post_id: string
  readonly next_post_id: string
}

async function square(door: LanDoor): Promise<ChannelId> {
  return (await door.node.channelByName(door.people.bo.id, 'town-square')).id
}

async function listOf(door: LanDoor, name: Name, path: string): Promise<List> {
  const { status, json } = await door.ask(name, 'GET', path)
  if (status !== 200) throw new Error(`${path}: ${status}`)
  return json as List
}

/** Messages `0` to `count` - 1 of bo, oldest first. */
async function write(door: LanDoor, channel: ChannelId, count: number): Promise<readonly PostId[]> {
  const ids: PostId[] = []
  for (let number = 0; number < count; number += 1) {
    ids.push((await door.node.post(door.people.bo.id, { channel, body: String(number) })).id)
  }
  return ids
}

function bodies(list: List): readonly string[] {
  return list.order.map((id) => list.posts[id]?.message ?? 'missing')
}

test('opening a channel shows the first unread message amid its neighbours', async (t) => {
  const door = await aLanDoor(t)
  const channel = await square(door)
  await write(door, channel, 10)
  await door.node.viewChannel(door.people.chen.id, channel)
  await write(door, channel, 7)
  const path = `/api/v4/users/me/channels/${channel}/posts/unread`
  const around = await listOf(door, 'chen', `${path}?limit_before=2&limit_after=3`)

  t.strictSame(bodies(around), ['3', '2', '1', '0', '9', '8'])
  t.equal((await door.node.message(door.people.bo.id, around.next_post_id as PostId)).body, '4')
  t.equal((await door.node.message(door.people.bo.id, around.prev_post_id as PostId)).body, '7')
})

test('opening a channel with few unread messages shows them all, and some before', async (t) => {
  const door = await aLanDoor(t)
  const channel = await square(door)
  await write(door, channel, 5)
  await door.node.viewChannel(door.people.chen.id, channel)
  await write(door, channel, 2)
  const path = `/api/v4/users/me/channels/${channel}/posts/unread?limit_before=3&limit_after=30`
  const list = await listOf(door, 'chen', path)

  t.strictSame(bodies(list), ['1', '0', '4', '3', '2'])
  t.equal(list.next_post_id, '')
})

test('opening a channel where all is read, or nothing is, or nothing was written', async (t) => {
  const door = await aLanDoor(t)
  const channel = await square(door)
  const path = `/api/v4/users/me/channels/${channel}/posts/unread`
  t.strictSame((await listOf(door, 'chen', path)).order, [])
  await write(door, channel, 4)
  t.strictSame(bodies(await listOf(door, 'chen', `${path}?limit_after=1`)), ['1', '0'])
  await door.node.viewChannel(door.people.chen.id, channel)
  t.strictSame(bodies(await listOf(door, 'chen', path)), ['3', '2', '1', '0'])
  const others = `/api/v4/users/${door.people.bo.id}/channels/${channel}/posts/unread`
  t.equal((await door.ask('chen', 'GET', others)).status, 403)
})

test('deleted messages leave no holes in pages, and no pages short', async (t) => {
  const door = await aLanDoor(t)
  const channel = await square(door)
  const ids = await write(door, channel, 8)
  for (const number of [6, 4, 3]) {
    await door.node.deletePost(door.people.bo.id, ids[number] as PostId)
  }
  const list = await listOf(door, 'chen', `/api/v4/channels/${channel}/posts?per_page=3`)
  const rest = await listOf(
    door,
    'chen',
    `/api/v4/channels/${channel}/posts?before=${list.order[2]}`,
  )

  t.strictSame(bodies(list), ['7', '5', '2'])
  t.strictSame(bodies(rest), ['1', '0'])
})

test('"since" reaches back as far as clocks may be wrong, and no further', async (t) => {
  const door = await aLanDoor(t)
  const channel = await square(door)
  await write(door, channel, 1)
  await door.clock.advance(2 * CLOCK_TOLERANCE_MS)
  const path = `/api/v4/channels/${channel}/posts?since=`
  const now = door.clock.now()

  t.strictSame((await listOf(door, 'chen', path + now)).order, [])
  t.strictSame(bodies(await listOf(door, 'chen', path + (now - CLOCK_TOLERANCE_MS))), ['0'])
  t.strictSame(bodies(await listOf(door, 'chen', `${path}1`)), ['0'])
})

test('replies bring the root of their thread along, outside the order', async (t) => {
  const door = await aLanDoor(t)
  const channel = await square(door)
  const [root] = await write(door, channel, 3)
  await door.node.post(door.people.chen.id, { channel, body: 'reply', root: root as PostId })
  const list = await listOf(door, 'bo', `/api/v4/channels/${channel}/posts?per_page=1`)

  t.strictSame(bodies(list), ['reply'])
  t.equal(list.posts[root as PostId]?.message, '0')
})

test('a thread without its deleted replies', async (t) => {
  const door = await aLanDoor(t)
  const channel = await square(door)
  const [root] = await write(door, channel, 1)
  const reply = (body: string) =>
    door.node.post(door.people.chen.id, { channel, body, root: root as PostId })
  const gone = await reply('gone')
  await reply('stays')
  await door.node.deletePost(door.people.chen.id, gone.id)

  t.strictSame(bodies(await listOf(door, 'bo', `/api/v4/posts/${root}/thread`)), ['stays', '0'])
})

test('messages by ids: those that are here, stand, and may be read', async (t) => {
  const door = await aLanDoor(t)
  const [first, second] = await write(door, await square(door), 2)
  await door.node.deletePost(door.people.bo.id, second as PostId)
  const secret = await door.node.createChannel(door.people.amira.id, {
    kind: 'private',
    name: 'secret',
    displayName: 'Secret',
  })
  const hidden = await door.node.post(door.people.amira.id, { channel: secret.id, body: 'hidden' })
  const ids = [first, second, hidden.id, 'ybndrfg8ejkmcpqxot1uwisza3']
  const { json } = await door.ask('bo', 'POST', '/api/v4/posts/ids', ids)

  t.match(json, [{ id: first, message: '0' }])
  t.equal((json as unknown[]).length, 1)
})

test('what is not there is not pinned', async (t) => {
  const door = await aLanDoor(t)
  const list = await listOf(door, 'bo', `/api/v4/channels/${await square(door)}/pinned`)

  t.strictSame(list.order, [])
})
