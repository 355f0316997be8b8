/** Who is online, and saying so oneself. */
import { z } from 'zod'
import { EdgeError } from '#base/errors.ts'
import type { UserId } from '#base/ids.ts'
import type { Door } from '#server/door.ts'
import { bodyOf, idSchema, userParam } from '#server/input.ts'
import { IDS_PER_REQUEST_MAX } from '#server/limits.ts'
import { STATUSES } from '#server/presence.ts'
import { route, type Call, type Route } from '#server/route.ts'
import { OK, statusFrom } from './shapes.ts'

const Ids = z.array(idSchema<UserId>()).max(IDS_PER_REQUEST_MAX)
const CUSTOM = '/api/v4/users/:user/status/custom'
const Custom = z.object({
  emoji: z.string().default(''),
  text: z.string().default(''),
  duration: z.string().default(''),
  expires_at: z.string().default(''),
})
const Choice = z.object({ status: z.enum(STATUSES) })

/** The routes about presence. */
export function statusRoutes(door: Door): readonly Route[] {
  const { node } = door
  return [
    route('POST', '/api/v4/users/status/ids', (call) => {
      const asked = bodyOf(call, Ids)
      return statuses(
        door,
        call,
        asked.filter((id) => node.maySee(call.subject, id)),
      )
    }),
    route('GET', '/api/v4/users/:user/status', async (call) => {
      const person = userParam(call)
      if (!node.maySee(call.subject, person)) throw new EdgeError('NOT_FOUND', { what: 'person' })
      return (await statuses(door, call, [person]))[0] ?? {}
    }),
    route('PUT', '/api/v4/users/:user/status', (call) => choose(door, call)),
    route('PUT', CUSTOM, async (call) => {
      const { expires_at: expires, ...draft } = bodyOf(call, Custom)
      await node.setMood(own(call), { ...draft, expires })
      return OK
    }),
    route('DELETE', CUSTOM, async (call) => {
      await node.setMood(own(call), undefined)
      return OK
    }),
    // Those of late are kept by clients as a preference.
    route('POST', `${CUSTOM}/recent/delete`, (call) => {
      own(call)
      return OK
    }),
  ]
}

/** Of those who live on other nodes, where nobody here knows if they are online, with the mark of their kit; of a partner's people with whose they are. */
async function statuses(
  { node, people: known, presence }: Door,
  { subject }: Call,
  people: readonly UserId[],
): Promise<readonly object[]> {
  const homes = await node.homesOf(subject, people)
  return people.map((id) =>
    statusFrom(presence.of(id), {
      home: homes.get(id),
      partnerOf: known.byId(id)?.partnerOf ?? [],
    }),
  )
}

function own(call: Call): UserId {
  const person = userParam(call)
  if (person !== call.subject) throw new EdgeError('NOT_ALLOWED', { what: 'status of another' })
  return person
}

function choose(door: Door, call: Call): object {
  const person = own(call)
  door.presence.choose(person, bodyOf(call, Choice).status, door.clock.now())
  return statusFrom(door.presence.of(person))
}
