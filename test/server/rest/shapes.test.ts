import { test } from 'tap'
import type { UserId } from '#base/ids.ts'
import {
  ownUserFrom,
  preferenceFrom,
  statusFrom,
  teamFrom,
  teamMemberFrom,
  teamNameOf,
  teamUnreadFrom,
  userFrom,
} from '#server/rest/shapes.ts'
import { aPerson, relief } from '../../support/messages.ts'

const workspace = { id: relief, name: 'Relief' }

test('a person has the fields without which clients do not start, and no secrets', async (t) => {
  const user = userFrom(aPerson('bo', { displayName: 'Bo Berg' }))

  t.match(user, {
    id: 'bo',
    username: 'bo',
    roles: 'system_user',
    first_name: 'Bo Berg',
    delete_at: 0,
  })
  t.notOk('notify_props' in user)
  t.ok('notify_props' in ownUserFrom(aPerson('bo'), false))
})

test('administrators carry their roles everywhere', async (t) => {
  const amira = aPerson('amira', { isAdministrator: true })

  t.match(userFrom(amira), { roles: 'system_user system_admin' })
  t.match(teamMemberFrom(workspace, amira), { roles: 'team_user team_admin', scheme_admin: true })
  t.match(teamMemberFrom(workspace, aPerson('bo')), { roles: 'team_user', team_id: relief })
})

test('the workspace is the team, by the id of the organisation', async (t) => {
  t.match(teamFrom(workspace), { id: relief, display_name: 'Relief', name: 'relief', delete_at: 0 })
})

test('any name of a workspace makes an address that clients can route', async (t) => {
  for (const [name, expected] of [
    ['Relief', 'relief'],
    ['Médecins Nord-Est', 'medecins-nord-est'],
    ['  --  ', 'team'],
    ['救援', 'team'],
    ['4th Team', 'team-4th-team'],
    ['Admin', 'team-admin'],
    ['Login', 'team-login'],
    ['x', 'team-x'],
  ] as const) {
    t.equal(teamNameOf(name), expected)
  }
  t.match(teamNameOf('a'.repeat(200)), /^a{48}$/)
})

test('statuses, settings and counts have the names of Mattermost', async (t) => {
  const bo = 'bo' as UserId

  t.match(statusFrom({ person: bo, status: 'away', isManual: true, lastActiveAt: 5 }), {
    user_id: 'bo',
    status: 'away',
    manual: true,
    last_activity_at: 5,
  })
  t.strictSame(preferenceFrom(bo, { category: 'a', name: 'b', value: 'c' }), {
    user_id: 'bo',
    category: 'a',
    name: 'b',
    value: 'c',
  })
  t.match(
    teamUnreadFrom(workspace, {
      messages: 3,
      roots: 2,
      mentions: 1,
      rootMentions: 1,
      threads: 2,
      threadMentions: 1,
      urgentThreadMentions: 0,
    }),
    {
      team_id: relief,
      msg_count: 3,
      msg_count_root: 2,
      mention_count: 1,
    },
  )
})
