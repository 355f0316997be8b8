/** Access tokens: what programs keep instead of a password. */
import { z } from 'zod'
import type { UserId } from '#base/ids.ts'
import type { AccessToken } from '#app/account-types.ts'
import type { Door } from '#server/door.ts'
import { bodyOf, queryOf, textParam, userParam } from '#server/input.ts'
import { route, type Call, type Route } from '#server/route.ts'
import { PageQuery, pageOf } from './lists.ts'
import { insistOnPerson } from './personal.ts'
import { OK } from './shapes.ts'

const Draft = z.object({ description: z.string().max(1_024) })
const Named = z.object({ token_id: z.string().length(26) })
const Search = z.object({ term: z.string().max(128) })

/** The routes about access tokens. */
export function tokenRoutes(door: Door): readonly Route[] {
  const { node } = door
  const set =
    (state: 'active' | 'asleep' | 'gone') =>
    async (call: Call): Promise<object> => {
      insistOnPerson(call)
      await node.setAccessToken(call.subject, bodyOf(call, Named).token_id, state)
      return OK
    }
  return [
    route('POST', '/api/v4/users/:user/tokens', async (call) => {
      insistOnPerson(call)
      const { description } = bodyOf(call, Draft)
      const made = await node.makeAccessToken(call.subject, userParam(call), description)
      return { ...tokenFrom(made), token: made.token }
    }),
    route('GET', '/api/v4/users/:user/tokens', (call) => list(door, call, userParam(call))),
    route('GET', '/api/v4/users/tokens', (call) => list(door, call, undefined)),
    route('GET', '/api/v4/users/tokens/:token', async (call) => {
      insistOnPerson(call)
      return tokenFrom(await node.accessToken(call.subject, textParam(call, 'token')))
    }),
    route('POST', '/api/v4/users/tokens/revoke', set('gone')),
    route('POST', '/api/v4/users/tokens/disable', set('asleep')),
    route('POST', '/api/v4/users/tokens/enable', set('active')),
    route('POST', '/api/v4/users/tokens/search', async (call) => {
      insistOnPerson(call)
      const term = bodyOf(call, Search).term.toLowerCase()
      const all = await node.accessTokens(call.subject, undefined)
      const isFound = (one: AccessToken): boolean =>
        one.id === term ||
        one.person === term ||
        door.people.byId(one.person)?.username.startsWith(term) === true
      return all.filter(isFound).map(tokenFrom)
    }),
  ]
}

async function list(door: Door, call: Call, person: UserId | undefined): Promise<object> {
  insistOnPerson(call)
  const tokens = await door.node.accessTokens(call.subject, person)
  return pageOf(tokens, queryOf(call, PageQuery)).map(tokenFrom)
}

function tokenFrom({ id, person, description, isActive }: AccessToken): object {
  return { id, user_id: person, description, is_active: isActive }
}
