/** Roles and what channels leave of them, as Mattermost's console changes them: roles, moderation, guests, channel administrators. */
import { z } from 'zod'
import { EdgeError } from '#base/errors.ts'
import type { ChannelId, UserId } from '#base/ids.ts'
import { Attributes, type Moderation } from '#model/policy.ts'
import type { Door } from '#server/door.ts'
import { bodyOf, idParam, textParam, userParam } from '#server/input.ts'
import { route, type Call, type Route } from '#server/route.ts'
import { permissionsFrom, roleFrom } from './permissions.ts'
import { OK } from './shapes.ts'

/** Mattermost's names for what a channel may take away, and ours. */
const MODERATED: Readonly<Record<string, readonly string[]>> = {
  create_post: ['post', 'send files'],
  create_reactions: ['react'],
  manage_members: ['manage members'],
  use_channel_mentions: ['mention channel'],
}
const Names = z.object({ permissions: z.array(z.string().max(64)).max(500) })
const Patch = z
  .array(
    z.object({
      name: z.string().max(64),
      roles: z.object({ members: z.boolean().nullish(), guests: z.boolean().nullish() }),
    }),
  )
  .max(32)
const SchemeRoles = z.object({ scheme_admin: z.boolean() })
const Roles = z.object({ roles: z.string().max(256) })

/** The routes that change what roles may. */
export function schemeRoutes(door: Door): readonly Route[] {
  const base = '/api/v4/channels/:channel'
  return [
    route('PUT', '/api/v4/roles/:role/patch', (call) => patchRole(door, call)),
    route('GET', `${base}/moderations`, async (call) =>
      moderationsFrom(await door.node.moderation(call.subject, idParam(call, 'channel'))),
    ),
    route('PUT', `${base}/moderations/patch`, (call) => patchModeration(door, call)),
    route('PUT', `${base}/members/:user/schemeRoles`, (call) =>
      setAdministrator(door, call, bodyOf(call, SchemeRoles).scheme_admin),
    ),
    route('PUT', `${base}/members/:user/roles`, (call) =>
      setAdministrator(door, call, bodyOf(call, Roles).roles.split(' ').includes('channel_admin')),
    ),
    route('POST', '/api/v4/users/:user/demote', (call) => setGuest(door, call, true)),
    route('POST', '/api/v4/users/:user/promote', (call) => setGuest(door, call, false)),
  ]
}

/** Clients name a role by an id that they were given with it. */
async function patchRole({ node }: Door, call: Call): Promise<object> {
  const roles = node.roles()
  const asked = textParam(call, 'role')
  const of = (name: string): ReturnType<typeof roleFrom> => roleFrom(name, () => roles)
  const name = NAMES.find((one) => {
    const json: { readonly id?: string } = of(one)?.json ?? {}
    return one === asked || json.id === asked
  })
  const changed = permissionsFrom(name ?? '', bodyOf(call, Names).permissions, roles)
  if (name === undefined || changed === undefined)
    throw new EdgeError('NOT_FOUND', { what: 'role' })
  await node.changePolicy(call.subject, { about: 'role', ...changed })
  return roleFrom(name, (channel) => node.roles(channel))?.json ?? {}
}

const NAMES = ['system', 'team', 'channel'].flatMap((level) =>
  ['user', 'guest', 'admin'].map((who) => `${level}_${who}`),
)

function moderationsFrom({ members, guests }: Moderation): readonly object[] {
  return Object.entries(MODERATED).map(([name, ours]) => ({
    name,
    roles: {
      members: left(members, ours),
      // Guests add nobody anywhere.
      ...(name === 'manage_members' ? {} : { guests: left(guests, ours) }),
    },
  }))
}

function left(taken: readonly string[], ours: readonly string[]): object {
  return { value: !ours.some((one) => taken.includes(one)), enabled: true }
}

async function patchModeration({ node }: Door, call: Call): Promise<object> {
  const channel = idParam<ChannelId>(call, 'channel')
  const before = await node.moderation(call.subject, channel)
  const [members, guests] = [new Set(before.members), new Set(before.guests)]
  for (const { name, roles } of bodyOf(call, Patch)) {
    for (const permission of (Object.hasOwn(MODERATED, name) && MODERATED[name]) || []) {
      take(members, permission, roles.members)
      take(guests, permission, roles.guests)
    }
  }
  const isNone = members.size === 0 && guests.size === 0
  const moderation = isNone ? undefined : { members: [...members], guests: [...guests] }
  await node.changePolicy(call.subject, { about: 'moderation', channel, moderation })
  return moderationsFrom(moderation ?? { members: [], guests: [] })
}

function take(taken: Set<string>, permission: string, isLeft: boolean | null | undefined): void {
  if (isLeft === true) taken.delete(permission)
  if (isLeft === false) taken.add(permission)
}

async function setAdministrator(
  { node }: Door,
  call: Call,
  isAdministrator: boolean,
): Promise<object> {
  const channel = idParam<ChannelId>(call, 'channel')
  await node.setMemberRole(call.subject, { channel, person: userParam(call), isAdministrator })
  return OK
}

/** Their other attributes stay. */
async function setGuest({ node }: Door, call: Call, isGuest: boolean): Promise<object> {
  const person: UserId = userParam(call)
  const known = (await node.policy(call.subject)).people.find((one) => one.person === person)
  const { role: _, ...rest } = known?.attributes ?? {}
  const isPartners = Object.hasOwn(rest, 'organisation') // who is a member only by somebody's word
  const role = isGuest ? { role: 'guest' } : isPartners ? { role: 'member' } : {}
  const attributes = Attributes.parse({ ...rest, ...role })
  await node.changePolicy(call.subject, { about: 'person', person, attributes })
  return OK
}
