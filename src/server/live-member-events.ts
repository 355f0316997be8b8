/** Who is in a channel, and what somebody is there and in the workspace, as WebSocket events of Mattermost. */
import type { UserId } from '#base/ids.ts'
import type { NodeEvent } from '#app/node.ts'
import type { Channel, Person } from '#app/types.ts'
import type { EventContext } from './live-events.ts'
import { textOf, toPerson, type Announcement } from './live-text.ts'
import { channelMemberFrom, isPersonal } from './rest/shapes-channel.ts'
import { systemRoles, teamMemberFrom, type Workspace } from './rest/shapes.ts'

/** Somebody is in a channel now. */
export function memberAdded(
  channel: Channel,
  person: UserId,
  context: Pick<EventContext, 'membersHere' | 'workspace'>,
): Announcement {
  const to = { kind: 'channel', channel: channel.id } as const
  const broadcast = { channel_id: channel.id }
  if (channel.kind === 'group') {
    const members = JSON.stringify([...context.membersHere(channel.id)])
    return { to, text: textOf('group_added', { teammate_ids: members }, broadcast) }
  }
  const team = isPersonal(channel) ? '' : context.workspace.id
  return { to, text: textOf('user_added', { user_id: person, team_id: team }, broadcast) }
}

/** Those who stay hear who left; the one who left hears which channel it was, where they knew of it. */
export function memberRemoved(
  channel: Channel,
  person: UserId,
  { membersHere }: Pick<EventContext, 'membersHere'>,
): readonly Announcement[] {
  const left = { channel_id: channel.id, user_id: person, remover_id: '' }
  const isKnown = [...membersHere(channel.id)].includes(person)
  return [
    {
      to: { kind: 'channel', channel: channel.id, except: person },
      text: textOf(
        'user_removed',
        { user_id: person, remover_id: '' },
        { channel_id: channel.id, omit_users: { [person]: true } },
      ),
    },
    ...(isKnown ? [toPerson(person, 'user_removed', left)] : []),
  ]
}

/** A member hears what their membership is now. */
export function memberChanged({
  membership,
  notify,
}: Pick<Extract<NodeEvent, { kind: 'member-changed' }>, 'membership' | 'notify'>): Announcement {
  const { person, channel } = membership
  const data = { channelMember: JSON.stringify(channelMemberFrom(membership, notify)) }
  const broadcast = { user_id: person, channel_id: channel }
  return {
    to: { kind: 'person', person, of: channel },
    text: textOf('channel_member_updated', data, broadcast),
  }
}

/** Somebody hears which roles they have now; nothing when they are those of `before`. Others hear it of the person. */
export function rolesChanged(
  before: Person | undefined,
  person: Person,
  workspace: Workspace,
): readonly Announcement[] {
  const roles = systemRoles(person)
  if (before === undefined || systemRoles(before) === roles) return []
  const member = JSON.stringify(teamMemberFrom(workspace, person))
  return [
    toPerson(person.id, 'user_role_updated', { user_id: person.id, roles }),
    toPerson(person.id, 'memberrole_updated', { member }),
  ]
}
