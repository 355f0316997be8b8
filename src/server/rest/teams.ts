/** The one workspace as the one team: Mattermost clients need a team for everything. */
import { z } from 'zod'
import { EdgeError } from '#base/errors.ts'
import type { UserId } from '#base/ids.ts'
import type { Thread } from '#app/kept-types.ts'
import type { Channel, Person } from '#app/types.ts'
import type { Door } from '#server/door.ts'
import { bodyOf, idSchema, queryOf, textParam, userParam } from '#server/input.ts'
import { IDS_PER_REQUEST_MAX } from '#server/limits.ts'
import { route, type Call, type Route } from '#server/route.ts'
import { peopleFor } from '#server/visible.ts'
import { PageQuery, pageOf } from './lists.ts'
import { isPersonal, unreadOf } from './shapes-channel.ts'
import {
  teamFrom,
  teamMemberFrom,
  teamNameOf,
  teamUnreadFrom,
  type UnreadCounts,
} from './shapes.ts'

const Ids = z.array(idSchema<UserId>()).max(IDS_PER_REQUEST_MAX)

/** The routes about teams and who is in them. Everybody of the workspace is. */
export function teamRoutes(door: Door): readonly Route[] {
  const { workspace } = door
  const people = (call: Call): ReturnType<typeof peopleFor> => peopleFor(door, call.subject)
  const team = teamFrom(workspace)
  const member = (person: Person): object => teamMemberFrom(workspace, person)
  return [
    route('GET', '/api/v4/teams', (call) => pageOf([team], queryOf(call, PageQuery))),
    route('GET', '/api/v4/teams/name/:name', (call) => {
      checkName(door, call)
      return team
    }),
    route('GET', '/api/v4/teams/name/:name/exists', (call) => ({
      exists: textParam(call, 'name') === teamNameOf(workspace.name),
    })),
    teamRoute(door, '', () => team),
    teamRoute(door, '/stats', (call) => ({
      team_id: workspace.id,
      total_member_count: people(call).all().length,
      active_member_count: people(call).all().length,
    })),
    teamRoute(door, '/members', (call) =>
      pageOf(people(call).all(), queryOf(call, PageQuery)).map(member),
    ),
    teamRoute(door, '/members/:user', (call) => member(personAt(door, call))),
    route('POST', '/api/v4/teams/:team/members/ids', (call) => {
      checkTeam(door, call)
      const found = bodyOf(call, Ids).map(people(call).byId)
      return found.filter((person) => person !== undefined).map(member)
    }),
    route('GET', '/api/v4/users/:user/teams', () => [team]),
    route('GET', '/api/v4/users/:user/teams/members', (call) => [member(personAt(door, call))]),
    route('GET', '/api/v4/users/:user/teams/unread', (call) => unread(door, call)),
    route('GET', '/api/v4/users/:user/teams/:team/unread', async (call) => {
      checkTeam(door, call)
      return (await unread(door, call))[0] ?? {}
    }),
  ]
}

/** Refuses a team in the path that is not ours. @throws EdgeError NOT_FOUND */
export function checkTeam(door: Door, call: Call): void {
  if (textParam(call, 'team') !== door.workspace.id) {
    throw new EdgeError('NOT_FOUND', { what: 'team', wanted: door.workspace.id })
  }
}

function checkName(door: Door, call: Call): void {
  const wanted = teamNameOf(door.workspace.name)
  if (textParam(call, 'name') !== wanted) throw new EdgeError('NOT_FOUND', { what: 'team', wanted })
}

function teamRoute(door: Door, end: string, handle: (call: Call) => object): Route {
  return route('GET', `/api/v4/teams/:team${end}`, (call) => {
    checkTeam(door, call)
    return handle(call)
  })
}

function personAt(door: Door, call: Call): Person {
  const person = peopleFor(door, call.subject).byId(userParam(call))
  if (person === undefined) throw new EdgeError('NOT_FOUND', { what: 'person' })
  return person
}

async function unread(door: Door, call: Call): Promise<readonly object[]> {
  const [channels, memberships] = await Promise.all([
    door.node.channelsOf(call.subject),
    door.node.membershipsOf(call.subject),
  ])
  const byChannel = new Map(memberships.map((one) => [one.channel, one]))
  const counts = { messages: 0, roots: 0, mentions: 0, rootMentions: 0 }
  for (const channel of channels) {
    const membership = byChannel.get(channel.id)
    if (membership === undefined || isPersonal(channel)) continue
    counts.messages += unreadOf(channel, membership)
    counts.roots += Math.max(0, channel.rootCount - membership.seenRootCount)
    counts.mentions += membership.mentionCount
    counts.rootMentions += membership.rootMentionCount
  }
  return [
    teamUnreadFrom(door.workspace, { ...counts, ...(await threadCounts(door, call, channels)) }),
  ]
}

/** Unread threads of the workspace's channels; those of direct ones are counted elsewhere. */
async function threadCounts(
  door: Door,
  { subject }: Call,
  channels: readonly Channel[],
): Promise<Pick<UnreadCounts, 'threads' | 'threadMentions' | 'urgentThreadMentions'>> {
  const personal = new Set(channels.filter(isPersonal).map(({ id }) => id))
  const some = (await door.node.threads(subject)).filter(
    ({ root, unreadReplies }) => unreadReplies > 0 && !personal.has(root.channel),
  )
  return {
    threads: some.length,
    threadMentions: mentionsIn(some),
    urgentThreadMentions: mentionsIn(some.filter(isUrgent)),
  }
}

function mentionsIn(threads: readonly Thread[]): number {
  return threads.reduce((sum, { unreadMentions }) => sum + unreadMentions, 0)
}

function isUrgent({ root: { lane } }: Thread): boolean {
  return lane === 'flash' || lane === 'immediate'
}
