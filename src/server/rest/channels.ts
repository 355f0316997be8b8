/** Channels: finding, making, and having seen them. */
import { z } from 'zod'
import { bytesFromText, hexFromBytes } from '#base/bytes.ts'
import { EdgeError } from '#base/errors.ts'
import { sha256 } from '#base/hash.ts'
import type { ChannelId, UserId } from '#base/ids.ts'
import type { Channel } from '#app/types.ts'
import type { Door } from '#server/door.ts'
import {
  bodyOf,
  idParam,
  idSchema,
  optionalIdSchema,
  queryOf,
  textParam,
  userParam,
} from '#server/input.ts'
import { route, type Call, type Route } from '#server/route.ts'
import { PageQuery, pageOf } from './lists.ts'
import { channelFrom, channelStatsFrom, isPersonal } from './shapes-channel.ts'
import { OK } from './shapes.ts'
import { checkTeam } from './teams.ts'

const NewChannel = z.object({
  type: z.enum(['O', 'P']),
  name: z.string().min(1).max(64),
  display_name: z.string().min(1).max(64),
  purpose: z.string().max(250).default(''),
  header: z.string().max(1_024).default(''),
})
const ChannelPatch = NewChannel.omit({ type: true })
  .extend({
    purpose: z.string().max(250),
    header: z.string().max(1_024),
  })
  .partial()
const Pair = z.array(idSchema<UserId>()).length(2)
const Group = z.array(idSchema<UserId>()).min(2).max(8)
const View = z.object({
  channel_id: optionalIdSchema<ChannelId>(),
  prev_channel_id: optionalIdSchema<ChannelId>(),
})
const Ids = z.array(idSchema<ChannelId>()).max(200)
const Search = z.object({ term: z.string().max(64).default('') })
const SearchQuery = z.object({ name: z.string().max(64).default('') })

/** The routes about channels themselves; who is in them is in `channel-members.ts`. */
export function channelRoutes(door: Door): readonly Route[] {
  return [...ownRoutes(door), ...teamChannelRoutes(door), ...oneChannelRoutes(door)]
}

function ownRoutes(door: Door): readonly Route[] {
  const { node } = door
  return [
    route('GET', '/api/v4/users/:user/channels', async (call) =>
      shown(door, await node.channelsOf(own(call))),
    ),
    route('GET', '/api/v4/users/:user/teams/:team/channels', async (call) => {
      checkTeam(door, call)
      return shown(door, await node.channelsOf(own(call)))
    }),
    route('POST', '/api/v4/channels/members/:user/view', (call) => view(door, call)),
    route('POST', '/api/v4/channels/members/:user/mark_read', async (call) => {
      own(call)
      return await markViewed(door, call.subject, bodyOf(call, Ids))
    }),
  ]
}

function teamChannelRoutes(door: Door): readonly Route[] {
  const { node } = door
  const base = '/api/v4/teams/:team/channels'
  const byName = async (call: Call): Promise<object> => {
    const channel = await node.channelByName(call.subject, textParam(call, 'channel').toLowerCase())
    return channelFrom(channel, door.workspace.id)
  }
  return [
    route('GET', base, async (call) => {
      checkTeam(door, call)
      const channels = await node.publicChannels(call.subject)
      return shown(door, pageOf(channels, queryOf(call, PageQuery)))
    }),
    route('GET', `${base}/name/:channel`, (call) => {
      checkTeam(door, call)
      return byName(call)
    }),
    route('GET', '/api/v4/teams/name/:teamname/channels/name/:channel', byName),
    route('GET', `${base}/deleted`, async (call) => {
      checkTeam(door, call)
      const channels = await node.archivedChannels(call.subject)
      return shown(door, pageOf(channels, queryOf(call, PageQuery)))
    }),
    route('GET', `${base}/autocomplete`, async (call) => {
      checkTeam(door, call)
      return await search(door, call, queryOf(call, SearchQuery).name)
    }),
    route('POST', `${base}/search`, async (call) => {
      checkTeam(door, call)
      return await search(door, call, bodyOf(call, Search).term)
    }),
  ]
}

function oneChannelRoutes(door: Door): readonly Route[] {
  const { node } = door
  return [
    route('POST', '/api/v4/channels', (call) => create(door, call)),
    route('POST', '/api/v4/channels/direct', (call) => createDirect(door, call)),
    route('POST', '/api/v4/channels/group', (call) => createGroup(door, call)),
    route('PUT', '/api/v4/channels/:channel', (call) => change(door, call)),
    route('PUT', '/api/v4/channels/:channel/patch', (call) => change(door, call)),
    route('DELETE', '/api/v4/channels/:channel', async (call) => {
      await node.changeChannel(call.subject, idParam(call, 'channel'), { isArchived: true })
      return OK
    }),
    route('POST', '/api/v4/channels/:channel/restore', async (call) => {
      const id = idParam<ChannelId>(call, 'channel')
      const channel = await node.changeChannel(call.subject, id, { isArchived: false })
      return channelFrom(channel, door.workspace.id)
    }),
    route('GET', '/api/v4/channels/:channel', async (call) => {
      const channel = await node.channel(call.subject, idParam(call, 'channel'))
      return channelFrom(channel, door.workspace.id)
    }),
    route('GET', '/api/v4/channels/:channel/stats', async (call) => {
      const id = idParam<ChannelId>(call, 'channel')
      const channel = await node.channel(call.subject, id)
      const [members, pinned] = await Promise.all([
        node.members(call.subject, id),
        node.pinned(call.subject, id),
      ])
      return channelStatsFrom(channel, { members: members.length, pinned: pinned.length })
    }),
  ]
}

/** What is left out stays as it is. */
async function change(door: Door, call: Call): Promise<object> {
  const { name, display_name: displayName, purpose, header } = bodyOf(call, ChannelPatch)
  const settings = {
    ...(name !== undefined && { name }),
    ...(displayName !== undefined && { displayName }),
    ...(purpose !== undefined && { purpose }),
    ...(header !== undefined && { header }),
  }
  const id = idParam<ChannelId>(call, 'channel')
  const channel =
    Object.keys(settings).length === 0
      ? await door.node.channel(call.subject, id)
      : await door.node.changeChannel(call.subject, id, settings)
  return channelFrom(channel, door.workspace.id)
}

async function create(door: Door, call: Call): Promise<object> {
  const body = bodyOf(call, NewChannel)
  const channel = await door.node.createChannel(call.subject, {
    kind: body.type === 'O' ? 'public' : 'private',
    name: body.name,
    displayName: body.display_name,
    purpose: body.purpose,
    header: body.header,
  })
  return created(door, call, channel)
}

async function createDirect(door: Door, call: Call): Promise<object> {
  const pair = bodyOf(call, Pair)
  if (!pair.includes(call.subject)) {
    throw new EdgeError('NOT_ALLOWED', { what: 'a direct channel of two others' })
  }
  const other = pair.find((id) => id !== call.subject) ?? call.subject
  return created(door, call, await door.node.directChannel(call.subject, other))
}

/** Its name is made from its people, as Mattermost does, so that it is found again. */
async function createGroup(door: Door, call: Call): Promise<object> {
  const others = [...new Set(bodyOf(call, Group))].filter((id) => id !== call.subject)
  const members = [call.subject, ...others].toSorted(compareText)
  const names = members.map((id) => door.people.byId(id)?.username ?? id)
  const name = hexFromBytes(sha256(bytesFromText(members.join('\n')))).slice(0, 40)
  const find = async (): Promise<Channel | undefined> =>
    (await door.node.channelsOf(call.subject)).find(
      (one) => one.kind === 'group' && one.name === name,
    )
  const draft = {
    kind: 'group',
    name,
    displayName: names.toSorted(compareText).join(', ').slice(0, 64),
    members: others,
  } as const
  const known = await find()
  if (known !== undefined) return created(door, call, known)
  try {
    return created(door, call, await door.node.createChannel(call.subject, draft))
  } catch (error) {
    // Another of them may have been quicker.
    const quicker = await find()
    if (quicker === undefined) throw error
    return created(door, call, quicker)
  }
}

function compareText(a: string, b: string): number {
  return a < b ? -1 : Number(a > b)
}

function created(door: Door, call: Call, channel: Channel): object {
  call.reply.status(201)
  return channelFrom(channel, door.workspace.id)
}

async function view(door: Door, call: Call): Promise<object> {
  own(call)
  const body = bodyOf(call, View)
  const ids = [body.channel_id, body.prev_channel_id].filter((id) => id !== undefined)
  return await markViewed(door, call.subject, ids)
}

async function markViewed(
  door: Door,
  subject: UserId,
  channels: readonly ChannelId[],
): Promise<object> {
  await Promise.all(channels.map((id) => door.node.viewChannel(subject, id)))
  const now = door.clock.now()
  return { ...OK, last_viewed_at_times: Object.fromEntries(channels.map((id) => [id, now])) }
}

async function search(door: Door, call: Call, term: string): Promise<object> {
  const wanted = term.toLowerCase()
  const [open, mine] = await Promise.all([
    door.node.publicChannels(call.subject),
    door.node.channelsOf(call.subject),
  ])
  const all = new Map([...open, ...mine].map((channel) => [channel.id, channel]))
  const found = [...all.values()].filter(
    (channel) => !isPersonal(channel) && isNamed(channel, wanted),
  )
  return shown(door, pageOf(found, { page: 0, per_page: 100 }))
}

function isNamed(channel: Channel, term: string): boolean {
  return channel.name.includes(term) || channel.displayName.toLowerCase().includes(term)
}

/** Clients have only their own lists. */
function own(call: Call): UserId {
  const person = userParam(call)
  if (person !== call.subject) throw new EdgeError('NOT_ALLOWED', { what: 'channels of another' })
  return person
}

function shown(door: Door, channels: readonly Channel[]): object {
  return channels.map((channel) => channelFrom(channel, door.workspace.id))
}
