import { test } from 'tap'
import { roleFrom, ROLES } from '#server/rest/permissions.ts'

test('the permissions without which the composer is missing are there', async (t) => {
  for (const permission of [
    'create_post',
    'read_channel',
    'upload_file',
    'add_reaction',
    'use_channel_mentions',
  ]) {
    t.ok(ROLES.channel_user?.includes(permission), permission)
  }
})

test('whoever has a higher role may do all the lower one may', async (t) => {
  for (const scope of ['system', 'team', 'channel']) {
    const higher = new Set(ROLES[`${scope}_admin`])
    for (const permission of ROLES[`${scope}_user`] ?? []) t.ok(higher.has(permission), permission)
  }
})

test('a role is found by its name, and nothing else is', async (t) => {
  t.match(roleFrom('team_user'), { name: 'team_user', id: /^[a-z0-9]{26}$/ })
  for (const name of ['nobody', '__proto__', 'constructor', 'toString', '']) {
    t.equal(roleFrom(name), undefined, name)
  }
  const ids = Object.keys(ROLES).map((name) => Reflect.get(roleFrom(name) ?? {}, 'id'))
  t.equal(new Set(ids).size, ids.length)
})
