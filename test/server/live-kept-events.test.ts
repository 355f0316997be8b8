/** Events about what a node keeps for its people: each comes by its name, and what clients parse is a string. */
import { test } from 'tap'
import { aLanDoor } from '../support/lan-door.ts'
import { aLiveClient, inner } from '../support/live-client.ts'

test('threads, drafts, messages for later, categories and roles: a second change is told, too', async (t) => {
  const door = await aLanDoor(t)
  const { node, people, clock } = door
  const { id: channel } = await node.channelByName(people.bo.id, 'town-square')
  const { organisation: team } = await node.status()
  const live = await aLiveClient(door, 'bo')
  const ask = async (method: string, path: string, body?: unknown) => {
    const { status, json } = await door.ask('bo', method, path, body)
    t.ok(status < 300, `${method} ${path} ${status}`)
    return Object(json) as Readonly<Record<string, unknown>>
  }
  const root = String(
    (await ask('POST', '/api/v4/posts', { channel_id: channel, message: 'x' }))['id'],
  )
  const thread = `/api/v4/users/me/teams/${team}/threads/${root}/following`
  await ask('PUT', thread)
  t.match((await live.event('thread_follow_changed')).data, { thread_id: root, state: true })
  await ask('DELETE', thread)
  await live.when(({ event, data }) => event === 'thread_follow_changed' && data?.state === false)

  for (const message of ['one', 'two']) {
    await clock.advance(1)
    await ask('POST', '/api/v4/drafts', { channel_id: channel, message })
  }
  const draft = await live.when(
    (frame) => frame.event === 'draft_updated' && inner(frame, 'draft')['message'] === 'two',
  )
  t.match(inner(draft, 'draft'), { channel_id: channel, user_id: people.bo.id })

  const later = { channel_id: channel, message: 'later', scheduled_at: clock.now() + 3_600_000 }
  const { id } = await ask('POST', '/api/v4/posts/schedule', later)
  await ask('PUT', `/api/v4/posts/schedule/${String(id)}`, { ...later, message: 'better' })
  const moved = await live.event('scheduled_post_updated')
  t.match(inner(moved, 'scheduledPost'), { id, message: 'better' })

  const categories = `/api/v4/users/me/teams/${team}/channels/categories`
  const order = Object.values(await ask('GET', `${categories}/order`)).toReversed()
  await ask('PUT', `${categories}/order`, order)
  t.match((await live.event('sidebar_category_order_updated')).data, { order })

  const room = await node.createChannel(people.bo.id, {
    kind: 'public',
    name: 'room',
    displayName: 'Room',
    members: [people.chen.id],
  })
  const roles = `/api/v4/channels/${room.id}/members/${people.chen.id}/roles`
  const chen = await aLiveClient(door, 'chen')
  await ask('PUT', roles, { roles: 'channel_user channel_admin' })
  const changed = await chen.event('channel_member_updated')
  t.match(inner(changed, 'channelMember'), { channel_id: room.id, scheme_admin: true })
})
