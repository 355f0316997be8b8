/** Sessions of a person: which there are, ending them, and where notifications go. Also the password and who may sign in. */
import { z } from 'zod'
import { EdgeError } from '#base/errors.ts'
import type { OpenSession } from '#app/account-types.ts'
import { DEVICE_CHARACTERS_MAX } from '#base/limits.ts'
import { addressKey } from '#server/address.ts'
import type { Door } from '#server/door.ts'
import { bodyOf, idParam, userParam } from '#server/input.ts'
import { route, type Call, type Route } from '#server/route.ts'
import { peopleFor } from '#server/visible.ts'
import type { UserId } from '#base/ids.ts'
import { insistOnPerson } from './personal.ts'
import { OK, userFrom } from './shapes.ts'

const Revocation = z.object({ session_id: z.string().length(26) })
const Device = z.object({ device_id: z.string().min(1).max(DEVICE_CHARACTERS_MAX) })
const NewPassword = z.object({
  current_password: z.string().max(1_024).default(''),
  new_password: z.string().min(1).max(1_024),
})
const Roles = z.object({ roles: z.string().max(256) })
const Active = z.object({ active: z.boolean() })

/** The routes about sessions and what opens them. */
export function sessionRoutes(door: Door): readonly Route[] {
  const { node } = door
  return [
    route('GET', '/api/v4/users/:user/sessions', async (call) => {
      const sessions = await node.sessionsOf(call.subject, userParam(call))
      const roles = rolesOf(door, userParam(call))
      return sessions.map((one) => sessionFrom(one, roles))
    }),
    route('POST', '/api/v4/users/:user/sessions/revoke', async (call) => {
      const { session_id: id } = bodyOf(call, Revocation)
      await node.endSession(call.subject, userParam(call), id)
      return OK
    }),
    route('POST', '/api/v4/users/:user/sessions/revoke/all', async (call) => {
      await node.endSessions(call.subject, userParam(call))
      return OK
    }),
    route('POST', '/api/v4/users/sessions/revoke/all', async (call) => {
      insistOnPerson(call)
      await node.endSessions(call.subject, undefined)
      return OK
    }),
    route('PUT', '/api/v4/users/sessions/device', async (call) => {
      await node.setDevice(call.token, bodyOf(call, Device).device_id)
      return OK
    }),
    route('PUT', '/api/v4/users/:user/password', (call) => changePassword(door, call)),
    route('PUT', '/api/v4/users/:user/active', async (call) => {
      insistOnPerson(call)
      const { active } = bodyOf(call, Active)
      await node.setActive(call.subject, idParam<UserId>(call, 'user'), active)
      return OK
    }),
    route('DELETE', '/api/v4/users/:user', async (call) => {
      insistOnPerson(call)
      await node.setActive(call.subject, idParam<UserId>(call, 'user'), false)
      return OK
    }),
    route('PUT', '/api/v4/users/:user/roles', async (call) => {
      insistOnPerson(call)
      const isAdministrator = isOfAdministrator(bodyOf(call, Roles).roles)
      await node.setAdministrator(call.subject, userParam(call), isAdministrator)
      return OK
    }),
    route('POST', '/api/holdfast/v1/people/:user/vouch', async (call) => {
      insistOnPerson(call)
      return userFrom(await node.vouchFor(call.subject, idParam<UserId>(call, 'user')))
    }),
  ]
}

/** Everybody is a user; guests are made by `demote`, and there are no other roles to give. */
function isOfAdministrator(roles: string): boolean {
  const names = new Set(roles.split(' ').filter((name) => name !== ''))
  const isUser = names.delete('system_user')
  const isAdministrator = names.delete('system_admin')
  if (isUser && names.size === 0) return isAdministrator
  throw new EdgeError('INPUT_INVALID', {
    field: 'roles',
    found: roles,
    wanted: 'system_user, or system_user system_admin',
  })
}

/** Whoever guesses at the present one through a session that is open has no more tries than at the door. */
async function changePassword(door: Door, call: Call): Promise<object> {
  insistOnPerson(call)
  const { current_password: present, new_password: wanted } = bodyOf(call, NewPassword)
  const person = userParam(call)
  const change = { person, present, wanted, except: call.token }
  const account = peopleFor(door, call.subject).byId(person)?.username
  if (account === undefined) throw new EdgeError('NOT_FOUND', { what: 'person' })
  const attempt = { account, address: addressKey(call.request.ip) }
  const work = (): Promise<void> => door.node.changePassword(call.subject, change)
  await (person === call.subject ? door.logins.guarded(attempt, work) : work())
  return OK
}

function rolesOf(door: Door, person: UserId): string {
  return door.people.byId(person)?.isAdministrator === true
    ? 'system_user system_admin'
    : 'system_user'
}

function sessionFrom(session: OpenSession, roles: string): object {
  return {
    id: session.id,
    token: '',
    create_at: session.createdAt,
    expires_at: session.expiresAt,
    last_activity_at: session.usedAt,
    user_id: session.person,
    device_id: session.device ?? '',
    roles,
    is_oauth: false,
    expired_notify: false,
    props: {
      platform: session.client?.platform ?? '',
      os: session.client?.platform ?? '',
      browser: session.client?.browser ?? '',
      isMobile: String(session.device !== undefined),
      holdfast_by: session.by,
    },
    team_members: [],
    local: false,
  }
}
