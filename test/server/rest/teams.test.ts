import { test } from 'tap'
import { aLanDoor } from '../../support/lan-door.ts'

test('the workspace is the one team, by id and by name', async (t) => {
  const door = await aLanDoor(t)
  const { organisation: id } = await door.node.status()
  for (const path of [`/api/v4/teams/${id}`, '/api/v4/teams/name/relief']) {
    t.match((await door.ask('bo', 'GET', path)).json, {
      id,
      name: 'relief',
      display_name: 'Relief',
    })
  }
  t.match((await door.ask('bo', 'GET', '/api/v4/teams')).json, [{ id }])
  t.strictSame((await door.ask('bo', 'GET', '/api/v4/teams?page=1')).json, [])
  t.match((await door.ask('bo', 'GET', '/api/v4/users/me/teams')).json, [{ id }])
  t.match((await door.ask('bo', 'GET', '/api/v4/teams/name/relief/exists')).json, { exists: true })
  t.match((await door.ask('bo', 'GET', '/api/v4/teams/name/other/exists')).json, { exists: false })
})

test('another team is not found, anywhere', async (t) => {
  const door = await aLanDoor(t)
  const other = 'ybndrfg8ejkmcpqxot1uwisza3'
  for (const path of [
    `/api/v4/teams/${other}`,
    `/api/v4/teams/${other}/members`,
    `/api/v4/teams/${other}/channels`,
    `/api/v4/users/me/teams/${other}/channels`,
    `/api/v4/users/me/teams/${other}/channels/members`,
    `/api/v4/users/me/teams/${other}/channels/categories`,
    `/api/v4/users/me/teams/${other}/unread`,
    '/api/v4/teams/name/other',
  ]) {
    t.equal((await door.ask('bo', 'GET', path)).status, 404, path)
  }
})

test('everybody is a member', async (t) => {
  const door = await aLanDoor(t)
  const { organisation: id } = await door.node.status()
  const { amira, bo, chen } = door.people
  const base = `/api/v4/teams/${id}`

  t.match((await door.ask('bo', 'GET', `${base}/members`)).json, [
    { user_id: amira.id, scheme_admin: true },
    { user_id: bo.id, scheme_admin: false },
    { user_id: chen.id },
  ])
  t.match((await door.ask('bo', 'GET', `${base}/members/${chen.id}`)).json, { user_id: chen.id })
  t.match((await door.ask('bo', 'POST', `${base}/members/ids`, [bo.id])).json, [{ user_id: bo.id }])
  t.match((await door.ask('bo', 'GET', '/api/v4/users/me/teams/members')).json, [
    { user_id: bo.id },
  ])
  t.match((await door.ask('bo', 'GET', `${base}/stats`)).json, { total_member_count: 3 })
})

test('what is unread is summed up, direct channels apart', async (t) => {
  const door = await aLanDoor(t)
  const { bo, chen } = door.people
  const { organisation: id } = await door.node.status()
  const square = await door.node.channelByName(bo.id, 'town-square')
  const direct = await door.node.directChannel(bo.id, chen.id)
  await door.node.post(bo.id, { channel: square.id, body: 'hello @chen' })
  await door.node.post(bo.id, { channel: direct.id, body: 'psst' })
  const counts = { team_id: id, msg_count: 1, msg_count_root: 1, mention_count: 1 }

  t.match((await door.ask('chen', 'GET', '/api/v4/users/me/teams/unread')).json, [counts])
  t.match((await door.ask('chen', 'GET', `/api/v4/users/me/teams/${id}/unread`)).json, counts)
})
