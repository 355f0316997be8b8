/** Pins, saved messages, acknowledgements, wishes for a channel, and what a channel says of itself. */
import { test } from 'tap'
import { aLanDoor } from '../../support/lan-door.ts'

test('a pinned message is found with its channel, until it is taken off', async (t) => {
  const door = await aLanDoor(t)
  const { amira, bo } = door.people
  const { id: channel } = await door.node.channelByName(bo.id, 'town-square')
  const { id } = await door.node.post(amira.id, { channel, body: 'rally point: the mill' })
  const pinned = async (): Promise<unknown> => {
    const { json } = await door.ask('bo', 'GET', `/api/v4/channels/${channel}/pinned`)
    return (json as { order: unknown }).order
  }
  await door.ask('bo', 'POST', `/api/v4/posts/${id}/pin`)

  t.strictSame(await pinned(), [id])
  t.match((await door.ask('bo', 'GET', `/api/v4/posts/${id}`)).json, { is_pinned: true })
  t.match((await door.ask('bo', 'GET', `/api/v4/channels/${channel}/stats`)).json, {
    pinnedpost_count: 1,
  })
  await door.ask('bo', 'POST', `/api/v4/posts/${id}/unpin`)
  t.strictSame(await pinned(), [])
})

test('saved messages are those that clients keep as preferences, and may still be read', async (t) => {
  const door = await aLanDoor(t)
  const { amira, bo } = door.people
  const { id: channel } = await door.node.createChannel(amira.id, {
    kind: 'private',
    name: 'ops',
    displayName: 'Ops',
    members: [bo.id],
  })
  const { id } = await door.node.post(amira.id, { channel, body: 'codes' })
  await door.node.setPreferences(bo.id, [{ category: 'flagged_post', name: id, value: 'true' }])
  const saved = '/api/v4/users/me/posts/flagged'

  t.match((await door.ask('bo', 'GET', saved)).json, { order: [id] })
  t.match((await door.ask('bo', 'GET', `${saved}?page=1`)).json, { order: [] })
  await door.node.removeMember(amira.id, channel, bo.id)
  t.match((await door.ask('bo', 'GET', saved)).json, { order: [] })
})

test('an acknowledgement is asked for, given once, and stands', async (t) => {
  const door = await aLanDoor(t)
  const { bo } = door.people
  const { id: channel } = await door.node.channelByName(bo.id, 'town-square')
  const created = await door.ask('amira', 'POST', '/api/v4/posts', {
    channel_id: channel,
    message: 'leave at 14:00',
    metadata: { priority: { priority: 'important', requested_ack: true } },
  })
  const { id } = created.json as { id: string }
  const ack = `/api/v4/users/me/posts/${id}/ack`
  const first = await door.ask('bo', 'POST', ack)
  await door.clock.advance(60_000)

  t.match(created.json, { metadata: { priority: { priority: 'important', requested_ack: true } } })
  t.match(first.json, { user_id: bo.id, post_id: id })
  t.strictSame((await door.ask('bo', 'POST', ack)).json, first.json)
  t.match((await door.ask('chen', 'GET', `/api/v4/posts/${id}`)).json, {
    metadata: { acknowledgements: [{ user_id: bo.id }] },
  })
  t.equal((await door.ask('bo', 'DELETE', ack)).status, 403)
  t.equal((await door.ask('chen', 'POST', ack.replace('me', bo.id))).status, 403)
})

test('what somebody wants to be told of a channel is kept for them', async (t) => {
  const door = await aLanDoor(t)
  const { bo } = door.people
  const { id: channel } = await door.node.channelByName(bo.id, 'town-square')
  const member = `/api/v4/channels/${channel}/members`
  const wish = { user_id: bo.id, channel_id: channel, mark_unread: 'mention' }

  t.equal((await door.ask('bo', 'PUT', `${member}/${bo.id}/notify_props`, wish)).status, 200)
  t.match((await door.ask('bo', 'GET', `${member}/me`)).json, {
    notify_props: { mark_unread: 'mention', push: 'default' },
  })
  t.match((await door.ask('amira', 'GET', `${member}/${bo.id}`)).json, {
    notify_props: { mark_unread: 'all' },
  })
})

test('members say what their channel is; an archived one is opened again by who administers', async (t) => {
  const door = await aLanDoor(t)
  const { amira, bo } = door.people
  const { id } = await door.node.createChannel(amira.id, {
    kind: 'private',
    name: 'ops',
    displayName: 'Ops',
    members: [bo.id],
  })
  const base = `/api/v4/channels/${id}`
  const patch = { display_name: 'Operations', header: 'the mill, 14:00' }

  t.match((await door.ask('bo', 'PUT', `${base}/patch`, patch)).json, { ...patch, name: 'ops' })
  t.equal((await door.ask('chen', 'PUT', `${base}/patch`, patch)).status, 404)
  t.equal((await door.ask('bo', 'PUT', `${base}/patch`, { name: 'town-square' })).status, 400)
  t.equal((await door.ask('bo', 'DELETE', base)).status, 200)
  t.equal((await door.ask('bo', 'PUT', `${base}/patch`, patch)).status, 403)
  t.equal((await door.ask('bo', 'POST', `${base}/restore`)).status, 403)
  t.match((await door.ask('amira', 'POST', `${base}/restore`)).json, { delete_at: 0 })
  const { id: direct } = await door.node.directChannel(bo.id, amira.id)
  t.equal((await door.ask('bo', 'PUT', `/api/v4/channels/${direct}/patch`, patch)).status, 403)
  t.match(
    (await door.ask('bo', 'PUT', `/api/v4/channels/${direct}/patch`, { header: 'us' })).json,
    { header: 'us' },
  )
})
