/** Roles, moderation, guests and channel administrators, as Mattermost's console changes them. */
import { test } from 'tap'
import { aLanDoor, type LanDoor } from '../../support/lan-door.ts'

interface Json {
  readonly permissions: readonly string[]
  readonly id: string
}

async function role(door: LanDoor, name: string): Promise<Json> {
  return (await door.ask('bo', 'GET', `/api/v4/roles/name/${name}`)).json as Json
}

test('a role is given other permissions, by its name or by its id, and the node keeps to it', async (t) => {
  const door = await aLanDoor(t)
  const before = await role(door, 'team_user')
  const permissions = before.permissions.filter((one) => one !== 'create_public_channel')
  t.equal(
    (await door.ask('bo', 'PUT', '/api/v4/roles/team_user/patch', { permissions })).status,
    403,
  )
  const patched = await door.ask('amira', 'PUT', `/api/v4/roles/${before.id}/patch`, {
    permissions,
  })

  t.equal(patched.status, 200)
  t.notOk((await role(door, 'team_user')).permissions.includes('create_public_channel'))
  const draft = { type: 'O', name: 'mine', display_name: 'Mine' }
  t.equal((await door.ask('bo', 'POST', '/api/v4/channels', draft)).status, 403)
  t.equal((await door.ask('bo', 'POST', '/api/v4/channels', { ...draft, type: 'P' })).status, 201)
  for (const [name, status] of [
    ['system_admin', 403],
    ['nobody', 404],
    ['__proto__', 404],
  ] as const)
    t.equal(
      (await door.ask('amira', 'PUT', `/api/v4/roles/${name}/patch`, { permissions: [] })).status,
      status,
      name,
    )
})

test('a channel takes permissions from its members, and their role there says so', async (t) => {
  const door = await aLanDoor(t)
  const { bo, amira } = door.people
  const { id } = await door.node.createChannel(amira.id, {
    kind: 'public',
    name: 'news',
    displayName: 'News',
    members: [bo.id],
  })
  const base = `/api/v4/channels/${id}`
  const patch = [{ name: 'create_post', roles: { members: false, guests: false } }]
  t.equal((await door.ask('bo', 'PUT', `${base}/moderations/patch`, patch)).status, 403)
  const patched = await door.ask('amira', 'PUT', `${base}/moderations/patch`, patch)

  const shut = { value: false, enabled: true }
  t.match(patched.json, [{ name: 'create_post', roles: { members: shut, guests: shut } }])
  t.strictSame((await door.ask('bo', 'GET', `${base}/moderations`)).json, patched.json)
  const post = { channel_id: id, message: 'x' }
  t.equal((await door.ask('bo', 'POST', '/api/v4/posts', post)).status, 403)
  t.equal((await door.ask('amira', 'POST', '/api/v4/posts', post)).status, 201)
  const member = await door.ask('bo', 'GET', `${base}/members/me`)
  t.match(member.json, { roles: `channel_user_${id}`, scheme_user: true })
  t.notOk((await role(door, `channel_user_${id}`)).permissions.includes('create_post'))
  t.ok((await role(door, 'channel_user')).permissions.includes('create_post'))

  const require = { attribute: 'environment.link', in: ['machine'] }
  const rule = { actions: ['read channel'], require }
  await door.node.changePolicy(amira.id, { about: 'rule', name: 'here', rule })
  const shown = (await role(door, `channel_user_${id}`)).permissions
  t.notOk(shown.includes('create_post'), 'a rule that asks for the link they come by is kept')

  const back = [{ name: 'create_post', roles: { members: true, guests: true } }]
  await door.ask('amira', 'PUT', `${base}/moderations/patch`, back)
  t.equal((await door.ask('bo', 'POST', '/api/v4/posts', post)).status, 201)
  t.match((await door.ask('bo', 'GET', `${base}/members/me`)).json, { roles: 'channel_user' })
})

test('somebody becomes a guest and a member again, and keeps their other attributes', async (t) => {
  const door = await aLanDoor(t)
  const { bo, amira } = door.people
  const attributes = { mission: 'sandbag' }
  await door.node.changePolicy(amira.id, { about: 'person', person: bo.id, attributes })
  t.equal((await door.ask('chen', 'POST', `/api/v4/users/${bo.id}/demote`)).status, 403)

  t.equal((await door.ask('amira', 'POST', `/api/v4/users/${bo.id}/demote`)).status, 200)
  t.match((await door.ask('bo', 'GET', '/api/v4/users/me')).json, { roles: 'system_guest' })
  const team = ((await door.ask('bo', 'GET', '/api/v4/users/me/teams')).json as Json[])[0]?.id
  const self = `/api/v4/teams/${team}/members/${bo.id}`
  t.match((await door.ask('bo', 'GET', self)).json, { roles: 'team_guest', scheme_guest: true })
  t.match((await door.node.policy(amira.id)).people, [
    { attributes: { mission: 'sandbag', role: 'guest' } },
  ])

  t.equal((await door.ask('amira', 'POST', `/api/v4/users/${bo.id}/promote`)).status, 200)
  t.match((await door.ask('bo', 'GET', '/api/v4/users/me')).json, { roles: 'system_user' })
  t.match((await door.node.policy(amira.id)).people, [{ attributes }])
})

test('a channel gets another administrator from one it has', async (t) => {
  const door = await aLanDoor(t)
  const { bo, chen } = door.people
  const { id } = await door.node.createChannel(bo.id, {
    kind: 'private',
    name: 'closed',
    displayName: 'Closed',
    members: [chen.id],
  })
  const member = `/api/v4/channels/${id}/members/${chen.id}`
  const own = { scheme_admin: true }
  t.equal((await door.ask('chen', 'PUT', `${member}/schemeRoles`, own)).status, 403)
  t.equal((await door.ask('bo', 'PUT', `${member}/schemeRoles`, own)).status, 200)
  t.match((await door.ask('chen', 'GET', member)).json, { scheme_admin: true })
  const roles = { roles: 'channel_user' }
  t.equal((await door.ask('bo', 'PUT', `${member}/roles`, roles)).status, 200)
  t.match((await door.ask('chen', 'GET', member)).json, { scheme_admin: false })
})

test('somebody of a partner is a guest until it is said that they are a member', async (t) => {
  const door = await aLanDoor(t)
  const { bo } = door.people
  const put = async (attributes: object): Promise<number> =>
    (await door.ask('amira', 'PUT', `/api/holdfast/v1/policy/people/${bo.id}`, attributes)).status
  const roles = async (): Promise<unknown> =>
    Reflect.get(Object((await door.ask('bo', 'GET', '/api/v4/users/me')).json), 'roles')
  const channels = async (): Promise<number> =>
    ((await door.ask('bo', 'GET', '/api/v4/users/me/channels')).json as object[]).length
  t.equal(await channels(), 1)

  t.equal(await put({ organisation: 'redcross' }), 200)
  t.equal(await roles(), 'system_guest')
  t.equal(await channels(), 0, 'nobody has put them into a channel')
  const draft = { type: 'P', name: 'mine', display_name: 'mine' }
  t.equal((await door.ask('bo', 'POST', '/api/v4/channels', draft)).status, 403)

  t.equal((await door.ask('amira', 'POST', `/api/v4/users/${bo.id}/promote`)).status, 200)
  t.equal(await roles(), 'system_user')
  t.match((await door.node.policy(door.people.amira.id)).people, [
    { attributes: { organisation: 'redcross', role: 'member' } },
  ])
  t.equal((await door.ask('amira', 'POST', `/api/v4/users/${bo.id}/demote`)).status, 200)
  t.equal(await roles(), 'system_guest')
  t.equal(await put({ organisation: 'redcross', role: 'member' }), 200)
  t.equal(await roles(), 'system_user')
  t.equal(await put({ role: 'administrator' }), 400)
})
