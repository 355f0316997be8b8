/** People: who I am, who others are. */
import { z } from 'zod'
import { EdgeError } from '#base/errors.ts'
import type { ChannelId, UserId } from '#base/ids.ts'
import type { Person } from '#app/types.ts'
import type { Door } from '#server/door.ts'
import { bodyOf, idSchema, optionalIdSchema, queryOf, textParam, userParam } from '#server/input.ts'
import { IDS_PER_REQUEST_MAX } from '#server/limits.ts'
import { route, type Call, type Route } from '#server/route.ts'
import { peopleFor } from '#server/visible.ts'
import { PageQuery, pageOf } from './lists.ts'
import { ownProfileOf } from './profile.ts'
import { userFrom } from './shapes.ts'

const Ids = z.array(idSchema<UserId>()).max(IDS_PER_REQUEST_MAX)
const Usernames = z.array(z.string().max(128)).max(IDS_PER_REQUEST_MAX)
const UsersQuery = PageQuery.extend({
  in_channel: optionalIdSchema<ChannelId>(),
  not_in_channel: optionalIdSchema<ChannelId>(),
  not_in_team: z.string().optional(),
})
const Enrolment = z.object({
  username: z.string().min(1).max(64),
  password: z.string().min(1).max(1_024),
  first_name: z.string().max(64).default(''),
  last_name: z.string().max(64).default(''),
  nickname: z.string().max(64).default(''),
})

/** The routes below /users that are about people. */
export function userRoutes(door: Door): readonly Route[] {
  const { node } = door
  const people = (call: Call): ReturnType<typeof peopleFor> => peopleFor(door, call.subject)
  return [
    route('POST', '/api/v4/users', (call) => enrol(door, call)),
    route('GET', '/api/v4/users', (call) => list(door, call)),
    route('GET', '/api/v4/users/stats', (call) => ({
      total_users_count: people(call).all().length,
    })),
    route('GET', '/api/v4/users/known', (call) =>
      people(call)
        .all()
        .map((person) => person.id),
    ),
    route('POST', '/api/v4/users/ids', (call) => found(bodyOf(call, Ids).map(people(call).byId))),
    route('POST', '/api/v4/users/usernames', (call) =>
      found(bodyOf(call, Usernames).map(people(call).byName)),
    ),
    route('GET', '/api/v4/users/username/:name', async (call) => {
      const person = await node.personByName(textParam(call, 'name').toLowerCase())
      return userFor(door, call, person && people(call).byId(person.id))
    }),
    route('GET', '/api/v4/users/:user', (call) =>
      userFor(door, call, people(call).byId(userParam(call))),
    ),
  ]
}

/** Only administrators; the node decides. */
async function enrol(door: Door, call: Call): Promise<object> {
  const body = bodyOf(call, Enrolment)
  const fullName = [body.first_name, body.last_name].filter((name) => name.trim() !== '').join(' ')
  const person = await door.node.enrolPerson(call.subject, {
    username: body.username.toLowerCase(),
    displayName: fullName || body.nickname || body.username,
    password: body.password,
    isAdministrator: false,
  })
  call.reply.status(201)
  return userFrom(person)
}

async function list(door: Door, call: Call): Promise<object> {
  const query = queryOf(call, UsersQuery)
  const { in_channel: inside, not_in_channel: outside } = query
  const channel = inside ?? outside
  if (query.not_in_team === door.workspace.id) return []
  const people = peopleFor(door, call.subject).all()
  if (channel === undefined) return pageOf(people, query).map(userFrom)
  const members = await door.node.members(call.subject, channel)
  const ids = new Set(members.map((membership) => membership.person))
  const wanted = people.filter((person) => ids.has(person.id) === (inside !== undefined))
  return pageOf(wanted, query).map(userFrom)
}

function found(people: readonly (Person | undefined)[]): object {
  return people.filter((person) => person !== undefined).map(userFrom)
}

async function userFor(door: Door, call: Call, person: Person | undefined): Promise<object> {
  if (person === undefined) throw new EdgeError('NOT_FOUND', { what: 'person' })
  if (person.id !== call.subject) return userFrom(person)
  return ownProfileOf(door, person)
}
