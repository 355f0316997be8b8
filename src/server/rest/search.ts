/** Finding people by the beginning of a name. */
import { z } from 'zod'
import type { ChannelId } from '#base/ids.ts'
import type { Person } from '#app/types.ts'
import type { Door } from '#server/door.ts'
import { bodyOf, optionalIdSchema, queryOf, wholeNumber } from '#server/input.ts'
import { route, type Call, type Route } from '#server/route.ts'
import { peopleFor } from '#server/visible.ts'
import { pageOf } from './lists.ts'
import { userFrom } from './shapes.ts'

const Search = z.object({
  term: z.string().max(64).default(''),
  limit: wholeNumber(100),
})
const Completion = z.object({
  name: z.string().max(64).default(''),
  in_channel: optionalIdSchema<ChannelId>(),
  limit: wholeNumber(100),
})

/** The routes that search. */
export function searchRoutes(door: Door): readonly Route[] {
  return [
    route('POST', '/api/v4/users/search', (call) => {
      const { term, limit } = bodyOf(call, Search)
      return firstOf(matching(door, call, term), limit)
    }),
    route('GET', '/api/v4/users/autocomplete', (call) => complete(door, call)),
  ]
}

/** In a channel: its members, and apart from them everybody else. */
async function complete(door: Door, call: Call): Promise<object> {
  const { name, in_channel: channel, limit } = queryOf(call, Completion)
  const found = matching(door, call, name)
  if (channel === undefined) return { users: firstOf(found, limit) }
  const members = await door.node.members(call.subject, channel)
  const inside = new Set(members.map((membership) => membership.person))
  return {
    users: firstOf(
      found.filter((person) => inside.has(person.id)),
      limit,
    ),
    out_of_channel: firstOf(
      found.filter((person) => !inside.has(person.id)),
      limit,
    ),
  }
}

function matching(door: Door, call: Call, term: string): readonly Person[] {
  const wanted = term.replace(/^@/, '').toLowerCase()
  return peopleFor(door, call.subject)
    .all()
    .filter(
      ({ username, displayName }) =>
        username.startsWith(wanted) ||
        displayName
          .toLowerCase()
          .split(' ')
          .some((word) => word.startsWith(wanted)),
    )
}

function firstOf(people: readonly Person[], limit: number): readonly object[] {
  return pageOf(people, { page: 0, per_page: limit }).map(userFrom)
}
