import { test } from 'tap'
import { decide, type Action } from '#trust/access.ts'
import {
  isChangeable,
  isRole,
  MODERATED,
  PERMISSIONS,
  permissionsOf,
  ROLES,
  rolesOf,
  type Role,
} from '#trust/roles.ts'

const nothing = (): undefined => undefined
const changed = (): readonly string[] => ['post']
const changedRole = (name: string): readonly string[] | undefined =>
  name === 'channel member' ? ['read channel'] : undefined

test('a guest has the roles of guests alone, whatever else is said of them', async (t) => {
  const all = { isAdministrator: true, isGuest: true, isChannelAdministrator: true }
  t.strictSame(rolesOf(all), ['guest', 'channel guest'])
  t.strictSame(rolesOf({ ...all, isGuest: false }), [
    'member',
    'channel member',
    'channel administrator',
    'administrator',
  ])
})

test('the policy gives a role another list, but not to administrators', async (t) => {
  t.strictSame(permissionsOf('channel member', changed), ['post'])
  t.strictSame(permissionsOf('administrator', changed), PERMISSIONS)
  t.strictSame(permissionsOf('guest', nothing), ROLES.guest)
  t.notOk(isChangeable('administrator'))
  t.notOk(isRole('constructor'))
})

test('what a role lost nobody who has it may do, and what a channel took neither', async (t) => {
  const member = { isAdministrator: false, isMember: true }
  const policy = { levels: () => [], rules: () => [], role: changedRole }
  for (const action of ['post', 'react', 'mention channel', 'manage members'] satisfies Action[]) {
    t.strictSame(decide({ ...member, action, policy }), { ok: false, reason: 'not permitted' })
    const moderation = { members: [...MODERATED], guests: [] }
    t.strictSame(decide({ ...member, action, moderation }), { ok: false, reason: 'moderated' })
    const administrates = { ...member, isChannelAdministrator: true, action, moderation }
    t.strictSame(decide(administrates), { ok: true }, 'the channel is theirs')
  }
  const guests = { members: [], guests: ['post'] }
  const post = { ...member, action: 'post', moderation: guests } as const
  t.strictSame(decide(post), { ok: true })
  t.strictSame(decide({ ...post, isGuest: true }), { ok: false, reason: 'moderated' })
})

test('every permission belongs to some role, and no role has one that there is not', async (t) => {
  for (const role of Object.keys(ROLES) as Role[])
    for (const one of ROLES[role]) t.ok(PERMISSIONS.includes(one), one)
})
