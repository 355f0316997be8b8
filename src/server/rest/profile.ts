/**
 * What somebody sets about themselves in a client: when it rings, language, time zone. Clients act by it and the node keeps it, as a
 * preference. Names and roles are the organisation's: they stand in its directory, and whoever enrolled the person gave them.
 */
import { z } from 'zod'
import { EdgeError } from '#base/errors.ts'
import type { UserId } from '#base/ids.ts'
import type { Person } from '#app/types.ts'
import type { Door } from '#server/door.ts'
import { bodyOf, userParam } from '#server/input.ts'
import { toPerson } from '#server/live-text.ts'
import { route, type Call, type Route } from '#server/route.ts'
import { ownUserFrom, userFrom } from './shapes.ts'

/** Preferences of this category are what is kept here. */
const CATEGORY = 'holdfast_profile'
const Texts = z.record(z.string().max(64), z.string().max(1_024))
const Settings = z.object({
  notify_props: Texts.optional(),
  timezone: Texts.optional(),
  locale: z.string().max(16).optional(),
})
const Names = z.object({
  username: z.string(),
  first_name: z.string(),
  last_name: z.string(),
  nickname: z.string(),
  position: z.string(),
  roles: z.string(),
})
const Patch = Settings.extend(Names.partial().shape)

/** The routes about it: the first is what clients use now, the second what they used. */
export function profileRoutes(door: Door): readonly Route[] {
  return ['/api/v4/users/:user/patch', '/api/v4/users/:user'].map((url) =>
    route('PUT', url, (call) => patch(door, call)),
  )
}

/** A person as they see themselves, with what they have set. */
export async function ownProfileOf({ node }: Pick<Door, 'node'>, person: Person): Promise<object> {
  const kept = (await node.preferences(person.id)).filter(({ category }) => category === CATEGORY)
  const set = Settings.safeParse(
    Object.fromEntries(kept.map(({ name, value }) => [name, JSON.parse(value) as unknown])),
  )
  const shown = ownUserFrom(person, await node.hasSecondFactor(person.id))
  const { notify_props: rings = {}, ...rest } = set.success ? set.data : {}
  return { ...shown, ...rest, notify_props: { ...shown.notify_props, ...rings } }
}

async function patch(door: Door, call: Call): Promise<object> {
  const id = userParam(call)
  if (id !== call.subject) throw new EdgeError('NOT_ALLOWED', { what: 'settings of another' })
  const person = known(door, id)
  const { notify_props, timezone, locale, ...names } = bodyOf(call, Patch)
  const shown = Names.parse(userFrom(person))
  for (const [field, value] of Object.entries(names))
    if (value !== shown[field as keyof typeof shown])
      throw new EdgeError('NOT_ALLOWED', {
        what: field,
        found: 'another than in the directory',
        wanted: 'the same: names and roles are given by who enrols',
      })
  const settings = Object.entries({ notify_props, timezone, locale })
  const changed = settings.flatMap(([name, value]) =>
    value === undefined ? [] : [{ category: CATEGORY, name, value: JSON.stringify(value) }],
  )
  await door.node.setPreferences(id, changed)
  const user = await ownProfileOf(door, person)
  door.announce(toPerson(id, 'user_updated', { user }))
  return user
}

function known({ people }: Door, id: UserId): Person {
  const person = people.byId(id)
  if (person === undefined) throw new EdgeError('NOT_FOUND', { what: 'person' })
  return person
}
