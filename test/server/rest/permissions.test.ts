import { test } from 'tap'
import type { RolePicture } from '#app/policy-types.ts'
import type { ChannelId } from '#base/ids.ts'
import { permissionsFrom, roleFrom, rolesFrom } from '#server/rest/permissions.ts'
import { PERMISSIONS, permissionsOf, ROLES, type Role } from '#trust/roles.ts'

const channel = 'ybndrfg8ejkmcpqxot1uwisza4' as ChannelId
const NAMES = ['system', 'team', 'channel'].flatMap((level) =>
  ['user', 'guest', 'admin'].map((who) => `${level}_${who}`),
)

/** The roles as they are by themselves; where `of` is a channel, its members may not post. */
function roles(of?: ChannelId): readonly RolePicture[] {
  return (Object.keys(ROLES) as Role[]).map((role) => {
    const own = permissionsOf(role, () => undefined)
    const isTaken = (one: string): boolean =>
      of === channel && role === 'channel member' && one === 'post'
    const left = PERMISSIONS.filter((one) => own.includes(one) && !isTaken(one))
    return { role, permissions: left, isChanged: false }
  })
}

function permissions(name: string): readonly string[] {
  const json = roleFrom(name, roles)?.json as
    { readonly permissions: readonly string[] } | undefined
  return json?.permissions ?? []
}

test('the permissions without which the composer is missing are there', async (t) => {
  for (const name of ['channel_user', 'channel_guest'])
    for (const permission of [
      'create_post',
      'read_channel',
      'upload_file',
      'add_reaction',
      'use_channel_mentions',
    ])
      t.ok(permissions(name).includes(permission), permission)
})

test('whoever has a higher role may do all the lower one may', async (t) => {
  for (const scope of ['system', 'team', 'channel']) {
    const higher = new Set([...permissions(`${scope}_admin`), ...permissions('system_admin')])
    for (const permission of permissions(`${scope}_user`)) t.ok(higher.has(permission), permission)
  }
})

test('a guest neither lists, joins, makes channels nor adds anybody', async (t) => {
  const all = ['system_guest', 'team_guest', 'channel_guest'].flatMap(permissions)
  for (const permission of [
    'view_members',
    'list_team_channels',
    'join_public_channels',
    'read_public_channel',
    'create_public_channel',
    'create_private_channel',
    'manage_public_channel_members',
  ])
    t.notOk(all.includes(permission), permission)
})

test('a role is found by its name, and nothing else is', async (t) => {
  t.match(roleFrom('team_user', roles)?.json, { name: 'team_user', id: /^[a-z0-9]{26}$/ })
  for (const name of ['nobody', '__proto__', 'constructor', 'toString', '', 'team_user_x'])
    t.equal(roleFrom(name, roles), undefined, name)
  const ids = NAMES.map((name) => Reflect.get(roleFrom(name, roles)?.json ?? {}, 'id'))
  t.equal(new Set(ids).size, ids.length)
  t.equal(rolesFrom(roles()).length, NAMES.length)
})

test('what a channel leaves of a role has the channel behind its name', async (t) => {
  t.ok(permissions(`channel_user_${'y'.repeat(26)}`).includes('create_post'))
  t.notOk(permissions(`channel_user_${channel}`).includes('create_post'))
  t.ok(permissions(`channel_user_${channel}`).includes('read_channel'))
  t.equal(roleFrom(`channel_admin_${channel}`, roles), undefined)
})

test('names that a client sets become what a role may, and what it does not show stays', async (t) => {
  const set = permissionsFrom('channel_user', ['create_post', 'read_channel', 'sudo'], roles())

  t.strictSame(set, {
    role: 'channel member',
    permissions: ['read channel', 'post', 'pin message'],
  })
  t.equal(permissionsFrom('__proto__', [], roles()), undefined)
  const admin = permissionsFrom('system_user', [], roles())
  t.ok(admin?.permissions.includes('join channel'), 'which is shown with another role')
  t.notOk(admin?.permissions.includes('list people'))
})
