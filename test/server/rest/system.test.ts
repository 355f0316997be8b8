import { test } from 'tap'
import { aLanDoor, fetched } from '../../support/lan-door.ts'

test('ping answers anybody', async (t) => {
  const door = await aLanDoor(t)

  t.match((await door.ask(undefined, 'GET', '/api/v4/system/ping')).json, { status: 'OK' })
})

test('settings and licence answer strangers with little, people with all', async (t) => {
  const door = await aLanDoor(t)
  const path = '/api/v4/config/client?format=old'
  const stranger = await door.ask(undefined, 'GET', path)
  const person = await door.ask('bo', 'GET', path)
  const expired = await fetched(door.url + path, {
    headers: { authorization: 'Bearer ybndrfg8ejkmcpqxot1uwisza3' },
  })

  t.match(stranger.json, { SiteName: 'Relief', Version: '10.11.0' })
  t.notOk('MaxPostSize' in Object(stranger.json))
  t.ok('MaxPostSize' in Object(person.json))
  t.strictSame(expired.json, stranger.json)
  t.strictSame((await door.ask(undefined, 'GET', '/api/v4/license/client?format=old')).json, {
    IsLicensed: 'false',
  })
})

test('roles are answered by name, unknown ones left out', async (t) => {
  const door = await aLanDoor(t)
  const { json } = await door.ask('bo', 'POST', '/api/v4/roles/names', ['channel_user', 'nobody'])

  t.match(json, [{ name: 'channel_user', permissions: /./ }])
  t.equal((json as unknown[]).length, 1)
  t.match((await door.ask('bo', 'GET', '/api/v4/roles/name/team_user')).json, { name: 'team_user' })
  t.equal((await door.ask('bo', 'GET', '/api/v4/roles/name/nobody')).status, 404)
})

test('there is no limit of people or of history', async (t) => {
  const door = await aLanDoor(t)

  t.match((await door.ask('bo', 'GET', '/api/v4/limits/server')).json, {
    activeUserCount: 3,
    maxUsersLimit: 0,
    postHistoryLimit: 0,
  })
})

test('lists of what this node does not have are empty', async (t) => {
  const door = await aLanDoor(t)
  for (const path of ['/api/v4/emoji', '/api/v4/plugins/webapp', '/api/v4/groups']) {
    t.strictSame((await door.ask('bo', 'GET', path)).json, [])
  }
})

test('nothing is deleted by age, and clients that ask hear so', async (t) => {
  const door = await aLanDoor(t)

  t.match((await door.ask('bo', 'GET', '/api/v4/data_retention/policy')).json, {
    message_deletion_enabled: false,
    message_retention_cutoff: 0,
  })
  for (const kind of ['team_policies', 'channel_policies'])
    t.strictSame((await door.ask('bo', 'GET', `/api/v4/users/me/data_retention/${kind}`)).json, {
      policies: [],
      total_count: 0,
    })
})
