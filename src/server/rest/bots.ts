/** Bots as Mattermost's clients manage them. */
import { z } from 'zod'
import type { UserId } from '#base/ids.ts'
import { EdgeError } from '#base/errors.ts'
import type { Person } from '#app/types.ts'
import type { Door } from '#server/door.ts'
import { bodyOf, idParam, queryOf } from '#server/input.ts'
import { route, type Call, type Route } from '#server/route.ts'
import { peopleFor } from '#server/visible.ts'
import { PageQuery, pageOf } from './lists.ts'
import { insistOnPerson } from './personal.ts'

const Draft = z.object({
  username: z.string().min(1).max(64).toLowerCase(),
  display_name: z.string().max(128).default(''),
  description: z.string().max(1_024).default(''),
})
const Change = z.object({
  username: z.string().min(1).max(64).toLowerCase().optional(),
  display_name: z.string().max(128).optional(),
  description: z.string().max(1_024).optional(),
})
const BotsQuery = PageQuery.extend({
  include_deleted: z.string().optional(),
  only_orphaned: z.string().optional(),
})

/** The routes about bots. */
export function botRoutes(door: Door): readonly Route[] {
  const { node } = door
  const setActive =
    (isActive: boolean) =>
    async (call: Call): Promise<object> => {
      insistOnPerson(call)
      const { id } = botNamed(door, call)
      return botFrom(await node.setActive(call.subject, id, isActive))
    }
  return [
    route('POST', '/api/v4/bots', async (call) => {
      insistOnPerson(call)
      const { username, display_name: displayName, description } = bodyOf(call, Draft)
      const bot = await node.makeBot(call.subject, {
        username,
        displayName: displayName || username,
        description,
      })
      call.reply.status(201)
      return botFrom(bot)
    }),
    route('GET', '/api/v4/bots', (call) => {
      const query = queryOf(call, BotsQuery)
      const people = peopleFor(door, call.subject)
      const isShown = (person: Person): boolean =>
        person.bot !== undefined &&
        (query.include_deleted === 'true' || person.deactivatedAt === 0) &&
        (query.only_orphaned !== 'true' || isOrphaned(person))
      const isOrphaned = (person: Person): boolean =>
        people.byId(person.bot?.owner ?? person.id)?.deactivatedAt !== 0
      return pageOf(people.all().filter(isShown), query).map(botFrom)
    }),
    route('GET', '/api/v4/bots/:bot', (call) => botFrom(botNamed(door, call))),
    route('PUT', '/api/v4/bots/:bot', async (call) => {
      insistOnPerson(call)
      const { username, display_name: displayName, description } = bodyOf(call, Change)
      const change = {
        ...(username !== undefined && { username }),
        ...(displayName !== undefined && { displayName }),
        ...(description !== undefined && { description }),
      }
      return botFrom(await node.changeBot(call.subject, botNamed(door, call).id, change))
    }),
    route('POST', '/api/v4/bots/:bot/disable', setActive(false)),
    route('POST', '/api/v4/bots/:bot/enable', setActive(true)),
    route('POST', '/api/v4/bots/:bot/assign/:owner', async (call) => {
      insistOnPerson(call)
      const { id } = botNamed(door, call)
      return botFrom(await node.assignBot(call.subject, id, idParam<UserId>(call, 'owner')))
    }),
  ]
}

function botNamed(door: Door, call: Call): Person {
  const bot = peopleFor(door, call.subject).byId(idParam<UserId>(call, 'bot'))
  if (bot?.bot === undefined) throw new EdgeError('NOT_FOUND', { what: 'bot' })
  return bot
}

function botFrom(person: Person): object {
  return {
    user_id: person.id,
    username: person.username,
    display_name: person.displayName,
    description: person.bot?.description ?? '',
    owner_id: person.bot?.owner ?? '',
    create_at: person.createdAt,
    update_at: person.updatedAt,
    delete_at: person.deactivatedAt,
  }
}
