/** Settings that clients keep with us, under a category and a name. */
import { z } from 'zod'
import { EdgeError } from '#base/errors.ts'
import type { Preference } from '#app/node.ts'
import type { Door } from '#server/door.ts'
import { bodyOf, textParam, userParam } from '#server/input.ts'
import { PREFERENCE_CHARACTERS_MAX, PREFERENCES_PER_REQUEST_MAX } from '#server/limits.ts'
import { preferencesDeleted } from '#server/live-events.ts'
import { route, type Call, type Route } from '#server/route.ts'
import { OK, preferenceFrom } from './shapes.ts'

const Preferences = z
  .array(
    z.object({
      category: z.string().min(1).max(32),
      name: z.string().max(64),
      value: z.string().max(PREFERENCE_CHARACTERS_MAX).default(''),
    }),
  )
  .min(1)
  .max(PREFERENCES_PER_REQUEST_MAX)

/** The routes about settings. Everybody has only their own. */
export function preferenceRoutes(door: Door): readonly Route[] {
  const { node } = door
  const base = '/api/v4/users/:user/preferences'
  return [
    route('GET', base, async (call) => list(call, await node.preferences(own(call)))),
    route('PUT', base, async (call) => {
      await node.setPreferences(own(call), bodyOf(call, Preferences))
      return OK
    }),
    route('POST', `${base}/delete`, async (call) => {
      const preferences = bodyOf(call, Preferences)
      await node.deletePreferences(own(call), preferences)
      door.announce(preferencesDeleted(call.subject, preferences))
      return OK
    }),
    route('GET', `${base}/:category`, async (call) => {
      const all = await node.preferences(own(call))
      return list(
        call,
        all.filter((one) => one.category === textParam(call, 'category')),
      )
    }),
    route('GET', `${base}/:category/name/:name`, async (call) => {
      const all = await node.preferences(own(call))
      const wanted = all.find((one) => isNamed(call, one))
      if (wanted === undefined) throw new EdgeError('NOT_FOUND', { what: 'preference' })
      return preferenceFrom(call.subject, wanted)
    }),
  ]
}

function isNamed(call: Call, preference: Preference): boolean {
  const { category, name } = preference
  return category === textParam(call, 'category') && name === textParam(call, 'name')
}

function own(call: Call): Call['subject'] {
  const person = userParam(call)
  if (person !== call.subject) throw new EdgeError('NOT_ALLOWED', { what: 'settings of another' })
  return person
}

function list(call: Call, preferences: readonly Preference[]): object {
  return preferences.map((one) => preferenceFrom(call.subject, one))
}
