/** Channels and memberships as Mattermost clients read them. */
import type { OrganisationId, UserId } from '#base/ids.ts'
import type { ChannelKind } from '#model/channel-id.ts'
import type { Channel, Membership } from '#app/types.ts'

/** Mattermost's letter for each kind of channel. */
export const CHANNEL_TYPES = {
  public: 'O',
  private: 'P',
  direct: 'D',
  group: 'G',
} as const satisfies Record<ChannelKind, string>

/** A channel. Direct and group channels belong to no team, as in Mattermost; their names are made by the client. */
export function channelFrom(channel: Channel, team: OrganisationId): object {
  return {
    id: channel.id,
    create_at: channel.createdAt,
    update_at: channel.updatedAt,
    delete_at: channel.archivedAt,
    team_id: isPersonal(channel) ? '' : team,
    type: CHANNEL_TYPES[channel.kind],
    display_name: channel.kind === 'direct' ? '' : channel.displayName,
    name: channel.name,
    header: channel.header,
    purpose: channel.purpose,
    last_post_at: channel.lastPostAt,
    last_root_post_at: channel.lastPostAt,
    total_msg_count: channel.messageCount,
    total_msg_count_root: channel.rootCount,
    extra_update_at: 0,
    creator_id: channel.creator ?? '',
    scheme_id: null,
    props: null,
    group_constrained: null,
    shared: null,
    policy_id: null,
  }
}

/** Whether it lives outside the workspace's list of channels. */
export function isPersonal(channel: Channel): boolean {
  return channel.kind === 'direct' || channel.kind === 'group'
}

/** The other one of a direct channel; for a channel with oneself, oneself. */
export function otherOf(channel: Channel, person: UserId): string {
  const [first = '', second = ''] = channel.name.split('__')
  return first === person ? second : first
}

/** A membership, as its person sees it, with what they want to be told of. */
export function channelMemberFrom(
  membership: Membership,
  notify: Readonly<Record<string, string>> = {},
): object {
  return {
    channel_id: membership.channel,
    user_id: membership.person,
    roles: channelRoles(membership),
    last_viewed_at: membership.viewedAt,
    msg_count: membership.seenCount,
    msg_count_root: membership.seenRootCount,
    mention_count: membership.mentionCount,
    mention_count_root: membership.rootMentionCount,
    urgent_mention_count: membership.urgentMentionCount,
    notify_props: {
      desktop: 'default',
      email: 'default',
      ignore_channel_mentions: 'default',
      mark_unread: 'all',
      push: 'default',
      ...notify,
    },
    last_update_at: Math.max(membership.joinedAt, membership.viewedAt),
    scheme_guest: membership.isGuest,
    scheme_user: !membership.isGuest,
    scheme_admin: membership.isChannelAdministrator,
    explicit_roles: '',
  }
}

/** Where a channel takes something from a role, the role has the channel behind its name, as Mattermost's schemes have. */
function channelRoles(membership: Membership): string {
  const own = membership.isModerated ? `_${membership.channel}` : ''
  if (membership.isGuest) return `channel_guest${own}`
  return membership.isChannelAdministrator
    ? `channel_user${own} channel_admin`
    : `channel_user${own}`
}

/** What one person has not seen of a channel. */
export function channelUnreadFrom(
  channel: Channel,
  membership: Membership,
  team: OrganisationId,
): object {
  return {
    team_id: isPersonal(channel) ? '' : team,
    user_id: membership.person,
    channel_id: channel.id,
    msg_count: unreadOf(channel, membership),
    msg_count_root: Math.max(0, channel.rootCount - membership.seenRootCount),
    mention_count: membership.mentionCount,
    mention_count_root: membership.rootMentionCount,
    urgent_mention_count: membership.urgentMentionCount,
    notify_props: {},
  }
}

/** Messages of `channel` this person has not seen. */
export function unreadOf(channel: Channel, membership: Membership): number {
  return Math.max(0, channel.messageCount - membership.seenCount)
}

/** How many are in a channel. */
export function channelStatsFrom(
  channel: Channel,
  { members, pinned }: { readonly members: number; readonly pinned: number },
): object {
  return {
    channel_id: channel.id,
    member_count: members,
    guest_count: 0,
    pinnedpost_count: pinned,
    files_count: 0,
  }
}
