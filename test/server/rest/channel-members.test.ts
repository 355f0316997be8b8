import { test } from 'tap'
import type { ChannelId } from '#base/ids.ts'
import { aLanDoor, type LanDoor } from '../../support/lan-door.ts'

async function secret(door: LanDoor): Promise<ChannelId> {
  const draft = { kind: 'private', name: 'secret', displayName: 'Secret' } as const
  return (await door.node.createChannel(door.people.amira.id, draft)).id
}

test('my memberships are complete on page -1, and end', async (t) => {
  const door = await aLanDoor(t)
  const { organisation: team } = await door.node.status()
  const bo = door.people.bo.id
  for (const [path, count] of [
    [`/api/v4/users/${bo}/channel_members?page=-1`, 1],
    ['/api/v4/users/me/channel_members?page=0&per_page=60', 1],
    ['/api/v4/users/me/channel_members?page=1&per_page=60', 0],
    [`/api/v4/users/me/teams/${team}/channels/members`, 1],
  ] as const) {
    const { json } = await door.ask('bo', 'GET', path)
    t.equal((json as unknown[]).length, count, path)
  }
  const others = `/api/v4/users/${door.people.chen.id}/channel_members?page=-1`
  t.equal((await door.ask('bo', 'GET', others)).status, 403)
})

test('members are listed, looked up and picked out by id', async (t) => {
  const door = await aLanDoor(t)
  const { amira, bo, chen } = door.people
  const id = await secret(door)
  await door.node.addMember(amira.id, id, bo.id)
  const base = `/api/v4/channels/${id}/members`

  t.equal(((await door.ask('bo', 'GET', base)).json as unknown[]).length, 2)
  t.strictSame((await door.ask('bo', 'GET', `${base}?page=1`)).json, [])
  t.match((await door.ask('bo', 'GET', `${base}/me`)).json, {
    user_id: bo.id,
    roles: 'channel_user',
  })
  t.match((await door.ask('bo', 'GET', `${base}/${amira.id}`)).json, {
    roles: 'channel_user channel_admin',
  })
  t.equal((await door.ask('bo', 'GET', `${base}/${chen.id}`)).status, 404)
  t.match((await door.ask('bo', 'POST', `${base}/ids`, [amira.id, chen.id])).json, [
    { user_id: amira.id },
  ])
  t.equal((await door.ask('chen', 'GET', base)).status, 404)
})

test('members bring in others, one or several; strangers do not let themselves in', async (t) => {
  const door = await aLanDoor(t)
  const { bo, chen } = door.people
  const id = await secret(door)
  const base = `/api/v4/channels/${id}/members`

  t.equal((await door.ask('bo', 'POST', base, { user_id: bo.id })).status, 404)
  const one = await door.ask('amira', 'POST', base, { user_id: bo.id })
  t.equal(one.status, 201)
  t.match(one.json, { user_id: bo.id, channel_id: id })
  const several = await door.ask('amira', 'POST', base, { user_ids: [chen.id] })
  t.match(several.json, [{ user_id: chen.id }])
  t.equal((await door.ask('amira', 'POST', base, {})).status, 400)
  t.equal((await door.ask('amira', 'POST', base, { user_id: 'x' })).status, 400)
})

test('an open channel is joined by oneself, and left', async (t) => {
  const door = await aLanDoor(t)
  const { id } = await door.node.createChannel(door.people.amira.id, {
    kind: 'public',
    name: 'open',
    displayName: 'Open',
  })
  const base = `/api/v4/channels/${id}/members`

  t.equal((await door.ask('bo', 'POST', base, { user_id: door.people.bo.id })).status, 201)
  t.equal((await door.ask('chen', 'DELETE', `${base}/${door.people.bo.id}`)).status, 403)
  t.equal((await door.ask('bo', 'DELETE', `${base}/me`)).status, 200)
  t.equal(await door.node.membership(id, door.people.bo.id), undefined)
})

test('unread counts are for oneself and for members', async (t) => {
  const door = await aLanDoor(t)
  const id = await secret(door)
  const others = `/api/v4/users/${door.people.amira.id}/channels/${id}/unread`

  t.equal((await door.ask('bo', 'GET', others)).status, 403)
  t.equal((await door.ask('bo', 'GET', `/api/v4/users/me/channels/${id}/unread`)).status, 404)
  t.match((await door.ask('amira', 'GET', others)).json, { channel_id: id, msg_count: 0 })
})
