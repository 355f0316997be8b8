/** From the node's events to people's streams: keeps the door's picture current, then hands each event on, in order. */
import { parseId, type UserId } from '#base/ids.ts'
import type { EdgeNode, NodeEvent } from '#app/node.ts'
import type { Channel } from '#app/types.ts'
import type { DeliveryWatch } from './delivery-watch.ts'
import { announcementsOf, type EventContext } from './live-events.ts'
import { rolesChanged } from './live-member-events.ts'
import type { Announcement } from './live-text.ts'
import type { MembersHere } from './members-here.ts'
import type { People } from './people.ts'
import type { Workspace } from './rest/shapes.ts'

/** What this feeds. */
export interface FeedPorts {
  readonly workspace: Workspace
  readonly people: People
  readonly members: MembersHere
  readonly delivery: DeliveryWatch
  readonly announce: (announcement: Announcement) => void
  /** Serves nobody any more who comes with one of these. */
  readonly endSessions: (sessions: readonly string[]) => void
  /** Replays nothing any more of what this person was told so far. */
  readonly forgetTold: (person: UserId) => void
  /** Ends the streams of those who may hear of other channels or people than before, and those of this person. */
  readonly accessChanged: (person: UserId | undefined) => void
}

/** Follows the events of `node` until the returned function is called. */
export function followNode(
  node: Pick<EdgeNode, 'subscribe' | 'mayCallAll' | 'roles' | 'hearable'>,
  ports: FeedPorts,
): () => void {
  const context: EventContext = {
    workspace: ports.workspace,
    byId: ports.people.byId,
    byName: ports.people.byName,
    membersHere: ports.members.of,
    mayCallAll: node.mayCallAll,
    roles: () => node.roles(),
  }
  return node.subscribe((event) => {
    const roles = rolesNow(event, ports)
    takeIn(event, ports, node)
    if (event.kind === 'access-changed')
      ports.accessChanged(event.part.about === 'person' ? event.part.person : undefined)
    for (const announcement of announcementsOf(event, context)) ports.announce(announcement)
    if (event.kind === 'person-updated' && roles.length > 0) {
      for (const announcement of roles) ports.announce(announcement)
      ports.accessChanged(event.person.id)
    }
    if (event.kind === 'member-removed') {
      ports.members.change(event.channel.id, event.person, false)
      ports.forgetTold(event.person)
    }
  })
}

/** What somebody is to hear of their roles, where they are others than the door has known so far. */
function rolesNow(event: NodeEvent, { people, workspace }: FeedPorts): readonly Announcement[] {
  if (event.kind !== 'person-updated') return []
  return rolesChanged(people.byId(event.person.id), event.person, workspace)
}

function takeIn(event: NodeEvent, ports: FeedPorts, node: Pick<EdgeNode, 'hearable'>): void {
  const { members, delivery, people } = ports
  if (event.kind === 'person-updated') people.learn(event.person)
  if (event.kind === 'sessions-ended') ports.endSessions(event.sessions)
  if (event.kind === 'posted') delivery.watch(event.message, event.message.author)
  if (event.kind === 'delivery-changed') delivery.changed(event.messages)
  if (event.kind === 'member-added' && node.hearable(event.person).includes(event.channel.id))
    members.change(event.channel.id, event.person, true)
  if (event.kind === 'channel-created') {
    for (const person of foundersOf(event.channel)) members.change(event.channel.id, person, true)
  }
}

/** Those who are in a new channel from the start, whichever event comes first. */
function foundersOf(channel: Channel): readonly UserId[] {
  if (channel.kind !== 'direct') return []
  return channel.name
    .split('__')
    .map((id) => parseId<UserId>(id))
    .filter((id) => id !== undefined)
}
