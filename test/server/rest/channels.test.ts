import { test } from 'tap'
import { aLanDoor } from '../../support/lan-door.ts'

test('a channel is made, found, and listed to those who may see it', async (t) => {
  const door = await aLanDoor(t)
  const { organisation: team } = await door.node.status()
  const make = (type: string, name: string) =>
    door.ask('bo', 'POST', '/api/v4/channels', { team_id: team, type, name, display_name: name })
  const open = await make('O', 'open')
  const closed = await make('P', 'closed')
  t.equal(open.status, 201)
  t.match(open.json, { type: 'O', name: 'open', team_id: team, creator_id: door.people.bo.id })

  const id = String(Reflect.get(Object(closed.json), 'id'))
  const names = async (path: string) => {
    const { json } = await door.ask('chen', 'GET', path)
    return (json as { name: string }[]).map(({ name }) => name)
  }
  t.strictSame(await names(`/api/v4/teams/${team}/channels`), ['town-square', 'open'])
  t.strictSame(await names(`/api/v4/teams/${team}/channels?page=1`), [])
  t.strictSame(await names('/api/v4/users/me/channels'), ['town-square'])
  t.strictSame(await names(`/api/v4/teams/${team}/channels/autocomplete?name=OP`), ['open'])
  t.equal((await door.ask('chen', 'GET', `/api/v4/channels/${id}`)).status, 404)
  t.equal((await door.ask('bo', 'GET', `/api/v4/channels/${id}`)).status, 200)
  const byName = `/api/v4/teams/${team}/channels/name/closed`
  t.match((await door.ask('bo', 'GET', byName)).json, { id })
  t.equal((await door.ask('chen', 'GET', byName)).status, 404)
  t.match((await door.ask('bo', 'GET', '/api/v4/teams/name/relief/channels/name/closed')).json, {
    id,
  })
  t.equal((await make('O', 'open')).status, 400)
})

test('a shapeless channel is refused by field', async (t) => {
  const door = await aLanDoor(t)
  const good = { type: 'O', name: 'ops', display_name: 'Ops' }
  for (const [body, field] of [
    [{ ...good, type: 'D' }, 'type'],
    [{ ...good, name: 'x'.repeat(65) }, 'name'],
    [{ ...good, name: 'Not Allowed!' }, 'name'],
    [{ ...good, display_name: '' }, 'display_name'],
    [{ ...good, purpose: 'x'.repeat(251) }, 'purpose'],
  ] as const) {
    const { status, json } = await door.ask('bo', 'POST', '/api/v4/channels', body)
    t.equal(status, 400)
    t.match(json, { message: new RegExp(`^${field}: `) })
  }
})

test('nobody opens a direct channel of two others', async (t) => {
  const door = await aLanDoor(t)
  const { amira, bo, chen } = door.people

  t.equal(
    (await door.ask('bo', 'POST', '/api/v4/channels/direct', [amira.id, chen.id])).status,
    403,
  )
  t.equal((await door.ask('bo', 'POST', '/api/v4/channels/direct', [bo.id])).status, 400)
  const self = await door.ask('bo', 'POST', '/api/v4/channels/direct', [bo.id, bo.id])
  t.match(self.json, { name: `${bo.id}__${bo.id}` })
  const nobody = [bo.id, 'ybndrfg8ejkmcpqxot1uwisza3']
  t.equal((await door.ask('bo', 'POST', '/api/v4/channels/direct', nobody)).status, 404)
})

test('the side bar holds every channel once, favorites first', async (t) => {
  const door = await aLanDoor(t)
  const { organisation: team } = await door.node.status()
  const { bo, chen } = door.people
  const square = await door.node.channelByName(bo.id, 'town-square')
  const direct = await door.node.directChannel(bo.id, chen.id)
  const path = `/api/v4/users/me/teams/${team}/channels/categories`
  t.match((await door.ask('bo', 'GET', path)).json, {
    categories: [
      { type: 'favorites', channel_ids: [] },
      { type: 'channels', channel_ids: [square.id] },
      { type: 'direct_messages', channel_ids: [direct.id] },
    ],
  })
  const favorite = { category: 'favorite_channel', name: direct.id, value: 'true' }
  await door.node.setPreferences(bo.id, [favorite])

  t.match((await door.ask('bo', 'GET', path)).json, {
    categories: [{ channel_ids: [direct.id] }, { channel_ids: [square.id] }, { channel_ids: [] }],
  })
})

test('seeing a channel, or several, makes them read', async (t) => {
  const door = await aLanDoor(t)
  const { bo, chen } = door.people
  const { id } = await door.node.channelByName(bo.id, 'town-square')
  const unread = async () =>
    (await door.ask('chen', 'GET', `/api/v4/users/me/channels/${id}/unread`)).json
  for (const [path, body] of [
    ['/api/v4/channels/members/me/view', { channel_id: id, prev_channel_id: '' }],
    [`/api/v4/channels/members/${chen.id}/view`, { channel_id: '', prev_channel_id: id }],
    ['/api/v4/channels/members/me/mark_read', [id]],
  ] as const) {
    await door.node.post(bo.id, { channel: id, body: 'hello @chen' })
    t.match(await unread(), { msg_count: 1, mention_count: 1 })
    const answer = await door.ask('chen', 'POST', path, body)
    t.match(answer.json, { status: 'OK', last_viewed_at_times: { [id]: door.clock.now() } })
    t.match(await unread(), { msg_count: 0, mention_count: 0 })
  }
  t.equal(
    (await door.ask('bo', 'POST', `/api/v4/channels/members/${chen.id}/view`, {})).status,
    403,
  )
})

test('a channel says how many it has', async (t) => {
  const door = await aLanDoor(t)
  const { id } = await door.node.channelByName(door.people.bo.id, 'town-square')

  t.match((await door.ask('bo', 'GET', `/api/v4/channels/${id}/stats`)).json, { member_count: 3 })
})
