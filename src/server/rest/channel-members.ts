/** Who is in which channel, and what they have not seen there. */
import { z } from 'zod'
import { EdgeError } from '#base/errors.ts'
import type { ChannelId, UserId } from '#base/ids.ts'
import type { Membership } from '#app/types.ts'
import type { Door } from '#server/door.ts'
import { bodyOf, idParam, idSchema, queryOf, userParam } from '#server/input.ts'
import { IDS_PER_REQUEST_MAX } from '#server/limits.ts'
import { route, type Call, type Route } from '#server/route.ts'
import { PageQuery, pageOf } from './lists.ts'
import { channelMemberFrom, channelUnreadFrom } from './shapes-channel.ts'
import { OK } from './shapes.ts'
import { checkTeam } from './teams.ts'

const Ids = z.array(idSchema<UserId>()).max(IDS_PER_REQUEST_MAX)
const Newcomers = z.union([
  z.object({ user_ids: z.array(idSchema<UserId>()).min(1).max(100) }),
  z.object({ user_id: idSchema<UserId>() }),
])

/** The routes about memberships. */
export function channelMemberRoutes(door: Door): readonly Route[] {
  const { node } = door
  const members = (call: Call): Promise<readonly Membership[]> =>
    node.members(call.subject, idParam<ChannelId>(call, 'channel'))
  const base = '/api/v4/channels/:channel/members'
  return [
    route('GET', '/api/v4/users/:user/channel_members', async (call) =>
      pageOf(await own(door, call), queryOf(call, PageQuery)),
    ),
    route('GET', '/api/v4/users/:user/teams/:team/channels/members', async (call) => {
      checkTeam(door, call)
      return await own(door, call)
    }),
    route('GET', '/api/v4/users/:user/channels/:channel/unread', (call) => unread(door, call)),
    route('GET', base, async (call) =>
      pageOf(await members(call), queryOf(call, PageQuery)).map((one) => channelMemberFrom(one)),
    ),
    route('POST', base, (call) => add(door, call)),
    route('POST', `${base}/ids`, async (call) => {
      const wanted = new Set(bodyOf(call, Ids))
      const found = (await members(call)).filter((one) => wanted.has(one.person))
      return found.map((one) => channelMemberFrom(one))
    }),
    route('GET', `${base}/:user`, async (call) => {
      const person = userParam(call)
      const found = (await members(call)).find((one) => one.person === person)
      if (found === undefined) throw new EdgeError('NOT_FOUND', { what: 'member' })
      const isOwn = person === call.subject
      const notify = isOwn ? await node.notifyProps(person) : undefined
      return channelMemberFrom(found, notify?.get(found.channel))
    }),
    route('DELETE', `${base}/:user`, async (call) => {
      await node.removeMember(call.subject, idParam(call, 'channel'), userParam(call))
      return OK
    }),
    route('GET', '/api/v4/channels/:channel/timezones', () => []),
  ]
}

async function own(door: Door, call: Call): Promise<readonly object[]> {
  const person = userParam(call)
  if (person !== call.subject) {
    throw new EdgeError('NOT_ALLOWED', { what: 'memberships of another' })
  }
  const [memberships, notify] = await Promise.all([
    door.node.membershipsOf(person),
    door.node.notifyProps(person),
  ])
  return memberships.map((one) => channelMemberFrom(one, notify.get(one.channel)))
}

/** One newcomer is answered as an object, several as a list, as Mattermost does. */
async function add(door: Door, call: Call): Promise<object> {
  const channel = idParam<ChannelId>(call, 'channel')
  const body = bodyOf(call, Newcomers)
  call.reply.status(201)
  if ('user_id' in body) {
    return channelMemberFrom(await door.node.addMember(call.subject, channel, body.user_id))
  }
  const added: object[] = []
  for (const person of body.user_ids) {
    added.push(channelMemberFrom(await door.node.addMember(call.subject, channel, person)))
  }
  return added
}

async function unread(door: Door, call: Call): Promise<object> {
  const person = userParam(call)
  if (person !== call.subject) throw new EdgeError('NOT_ALLOWED', { what: 'unread of another' })
  const channel = await door.node.channel(person, idParam(call, 'channel'))
  const membership = await door.node.membership(channel.id, person)
  if (membership === undefined) throw new EdgeError('NOT_ALLOWED', { found: 'not a member' })
  return channelUnreadFrom(channel, membership, door.workspace.id)
}
