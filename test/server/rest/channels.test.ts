import { test } from 'tap'
import { bytesFromText, hexFromBytes } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
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

test('archived channels are listed to those who may read them, a page at a time', async (t) => {
  const door = await aLanDoor(t)
  const { organisation: team } = await door.node.status()
  const drafts = [
    ['public', 'relay'],
    ['private', 'closed'],
    ['public', 'open'],
  ] as const
  for (const [kind, name] of drafts)
    await door.node.createChannel(door.people.bo.id, { kind, name, displayName: name })
  const names = async (who: 'bo' | 'chen', query = ''): Promise<unknown> => {
    const { json } = await door.ask(who, 'GET', `/api/v4/teams/${team}/channels/deleted${query}`)
    return (json as { name: string; delete_at: number }[]).map(
      (one) => one.delete_at > 0 && one.name,
    )
  }
  t.strictSame(await names('bo'), [])
  const ids: string[] = []
  for (const [, name] of drafts) {
    const { id } = await door.node.channelByName(door.people.bo.id, name)
    ids.push(id)
    t.equal((await door.ask('bo', 'DELETE', `/api/v4/channels/${id}`)).status, 200)
  }

  t.strictSame(await names('bo'), ['closed', 'open', 'relay'])
  t.strictSame(await names('chen'), ['open', 'relay'], 'nothing of what chen may not read')
  t.strictSame(await names('bo', '?page=1&per_page=2'), ['relay'])
  t.strictSame(await names('bo', '?page=2&per_page=2'), [], 'the list ends')
  t.equal((await door.ask('amira', 'POST', `/api/v4/channels/${ids[0]}/restore`)).status, 200)
  t.strictSame(await names('bo'), ['closed', 'open'])
  const elsewhere = `/api/v4/teams/${'x'.repeat(26)}/channels/deleted`
  t.equal((await door.ask('bo', 'GET', elsewhere)).status, 404)
})

test('nobody makes or renames a channel that clients would take for a group of others', async (t) => {
  const door = await aLanDoor(t)
  const { amira, bo, chen } = door.people
  const people = [amira.id, bo.id].toSorted()
  const name = hexFromBytes(sha256(bytesFromText(people.join('\n')))).slice(0, 40)
  const trap = { type: 'P', name, display_name: 'amira, bo' }
  t.match((await door.ask('chen', 'POST', '/api/v4/channels', trap)).json, { status_code: 400 })
  const draft = { ...trap, name: 'plain' }
  const made = (await door.ask('chen', 'POST', '/api/v4/channels', draft)).json
  const path = `/api/v4/channels/${String(Reflect.get(Object(made), 'id'))}/patch`
  t.match((await door.ask('chen', 'PUT', path, { name })).json, { status_code: 400 })

  const group = await door.ask('bo', 'POST', '/api/v4/channels/group', people)
  t.match(group.json, { type: 'G', name })
  const id = String(Reflect.get(Object(group.json), 'id'))
  t.equal((await door.ask('chen', 'GET', `/api/v4/channels/${id}`)).status, 404)
  // Bo takes it for what amira and bo say to each other, and finds it again by who they are.
  const members = `/api/v4/channels/${id}/members`
  t.equal((await door.ask('amira', 'POST', members, { user_id: chen.id })).status, 403)
  t.equal((await door.ask('amira', 'DELETE', `${members}/${bo.id}`)).status, 403)
  t.equal((await door.ask('chen', 'GET', `/api/v4/channels/${id}`)).status, 404)
  t.equal((await door.ask('amira', 'DELETE', `${members}/me`)).status, 200, 'who wants to goes')
})

test('what two make at once is made once', async (t) => {
  const door = await aLanDoor(t)
  const { amira, bo, chen } = door.people
  const all = [amira.id, bo.id, chen.id]
  const group = await Promise.all(
    (['amira', 'bo', 'chen'] as const).map((who) =>
      door.ask(who, 'POST', '/api/v4/channels/group', all),
    ),
  )
  t.strictSame(
    group.map(({ status }) => status),
    [201, 201, 201],
  )
  t.equal(new Set(group.map(({ json }) => Reflect.get(Object(json), 'id'))).size, 1)
  const draft = { type: 'O', name: 'ops', display_name: 'Ops' }
  const open = await Promise.all(
    (['amira', 'bo'] as const).map((who) => door.ask(who, 'POST', '/api/v4/channels', draft)),
  )
  t.strictSame(new Set(open.map(({ status }) => status)), new Set([201, 400]))
})
