import { test } from 'tap'
import { aLanDoor } from '../../support/lan-door.ts'
import { aLiveClient } from '../../support/live-client.ts'

test('whoever is connected is online, until they choose otherwise', async (t) => {
  const door = await aLanDoor(t)
  const bo = door.people.bo.id
  t.match((await door.ask('bo', 'GET', '/api/v4/users/me/status')).json, { status: 'offline' })
  const client = await aLiveClient(door, 'bo')
  await client.event('status_change')
  const chosen = await door.ask('bo', 'PUT', `/api/v4/users/${bo}/status`, {
    user_id: bo,
    status: 'dnd',
  })

  t.match(chosen.json, { user_id: bo, status: 'dnd', manual: true })
  const told = await client.when(({ data }) => data?.status === 'dnd')
  t.match(told.data, { user_id: bo })
  t.match((await door.ask('chen', 'POST', '/api/v4/users/status/ids', [bo])).json, [
    { user_id: bo, status: 'dnd' },
  ])
})

test('nobody chooses for another, and only known words count', async (t) => {
  const door = await aLanDoor(t)
  const other = `/api/v4/users/${door.people.chen.id}/status`

  t.equal((await door.ask('bo', 'PUT', other, { status: 'away' })).status, 403)
  const wrong = await door.ask('bo', 'PUT', '/api/v4/users/me/status', { status: 'asleep' })
  t.match(wrong.json, {
    message: /^status: found text of 6 characters, wanted one of online, away/,
  })
})
