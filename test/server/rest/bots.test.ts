import { test } from 'tap'
import { aLanDoor, fetched } from '../../support/lan-door.ts'

test('a bot is made, shown as one, given a token, put to sleep and woken', async (t) => {
  const door = await aLanDoor(t)
  const draft = { username: 'Alarms', display_name: 'Alarms', description: 'from the pumps' }
  t.equal((await door.ask('bo', 'POST', '/api/v4/bots', draft)).status, 403)
  const made = await door.ask('amira', 'POST', '/api/v4/bots', draft)
  t.equal(made.status, 201)
  const { user_id: id } = made.json as { readonly user_id: string }
  t.match(made.json, { username: 'alarms', owner_id: door.people.amira.id, delete_at: 0 })
  t.match((await door.ask('bo', 'GET', `/api/v4/users/${id}`)).json, {
    is_bot: true,
    bot_description: 'from the pumps',
  })
  const { token } = (
    await door.ask('amira', 'POST', `/api/v4/users/${id}/tokens`, { description: 'pumps' })
  ).json as { readonly token: string }
  const me = () =>
    fetched(`${door.url}/api/v4/users/me`, { headers: { authorization: `Bearer ${token}` } })
  t.match((await me()).json, { id })

  t.match((await door.ask('amira', 'POST', `/api/v4/bots/${id}/disable`)).json, { user_id: id })
  t.equal((await me()).status, 401)
  t.strictSame((await door.ask('bo', 'GET', '/api/v4/bots')).json, [])
  t.match((await door.ask('bo', 'GET', '/api/v4/bots?include_deleted=true')).json, [
    { user_id: id },
  ])
  t.equal((await door.ask('amira', 'POST', `/api/v4/bots/${id}/enable`)).status, 200)
  t.equal((await me()).status, 200)
})

test('a bot changes its name and its owner, and a person is no bot', async (t) => {
  const door = await aLanDoor(t)
  const { amira, bo } = door.people
  const made = await door.ask('amira', 'POST', '/api/v4/bots', { username: 'alarms' })
  const { user_id: id } = made.json as { readonly user_id: string }

  const changed = await door.ask('amira', 'PUT', `/api/v4/bots/${id}`, { display_name: 'Pumps' })
  t.match(changed.json, { username: 'alarms', display_name: 'Pumps', description: '' })
  t.equal((await door.ask('bo', 'PUT', `/api/v4/bots/${id}`, { display_name: 'B' })).status, 403)
  t.match((await door.ask('amira', 'POST', `/api/v4/bots/${id}/assign/${bo.id}`)).json, {
    owner_id: bo.id,
  })
  for (const path of [`/api/v4/bots/${amira.id}`, '/api/v4/bots/ybndrfg8ejkmcpqxot1uwisza3'])
    t.equal((await door.ask('amira', 'GET', path)).status, 404)
  t.equal((await door.ask('amira', 'POST', `/api/v4/bots/${bo.id}/disable`)).status, 404)
  t.strictSame((await door.ask('bo', 'GET', '/api/v4/bots?only_orphaned=true')).json, [])
  await door.node.setActive(amira.id, bo.id, false)
  await door.clock.advance(0)
  t.match((await door.ask('amira', 'GET', '/api/v4/bots?only_orphaned=true')).json, [
    { owner_id: bo.id },
  ])
})
