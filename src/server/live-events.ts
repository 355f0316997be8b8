/**
 * What happened, as WebSocket events of Mattermost: a pure mapping, made once for each event and group of recipients.
 *
 * The text of an event ends just before its number, which differs from client to client. Posts, reactions, channels
 * and preferences inside `data` are JSON strings within the JSON; clients break on objects there.
 */
import type { ChannelId, PostId, UserId } from '#base/ids.ts'
import { mentionsIn as namesIn } from '#model/names.ts'
import type { FileProgress } from '#app/file-types.ts'
import type { NodeEvent } from '#app/node.ts'
import type { RolePicture } from '#app/policy-types.ts'
import type { Channel, Message, Person } from '#app/types.ts'
import { accessChanged } from './live-access.ts'
import { bookmarkAnnouncements, keptAnnouncement } from './live-kept-events.ts'
import { memberAdded, memberChanged, memberRemoved } from './live-member-events.ts'
import { textOf, toPerson, type Announcement } from './live-text.ts'
import type { PersonStatus } from './presence.ts'
import { CHANNEL_TYPES, channelFrom, isPersonal, otherOf } from './rest/shapes-channel.ts'
import { postFrom, reactionFrom } from './rest/shapes-post.ts'
import { preferenceFrom, statusFrom, userFrom, type Workspace } from './rest/shapes.ts'

/** What the mapping has to know beside the event. */
export interface EventContext {
  readonly workspace: Workspace
  readonly byId: (id: UserId) => Person | undefined
  readonly byName: (username: string) => Person | undefined
  /** Members of a channel who have a live session here. */
  readonly membersHere: (channel: ChannelId) => Iterable<UserId>
  /** Whether somebody may call all of a channel at once. */
  readonly mayCallAll: (person: UserId, channel: ChannelId) => boolean
  readonly roles: () => readonly RolePicture[]
}

/** Mattermost's words for all members of a channel. */
const EVERYBODY = ['channel', 'all', 'here']

/** The announcements of an event of the node. What changes only delivery words or links is told elsewhere. */
export function announcementsOf(event: NodeEvent, context: EventContext): readonly Announcement[] {
  switch (event.kind) {
    case 'posted':
      return [posted(event, context)]
    case 'edited':
      return [aboutPost('post_edited', event.message)]
    case 'deleted':
      return [aboutPost('post_deleted', event.message)]
    case 'reaction-added':
    case 'reaction-removed':
      return [reaction(event)]
    case 'channel-created':
      return channelCreated(event.channel, context)
    case 'channel-updated':
      return channelUpdated(event, context)
    case 'bookmarks-changed':
      return bookmarkAnnouncements(event.changes)
    case 'member-added':
      return [memberAdded(event.channel, event.person, context)]
    case 'member-removed':
      return memberRemoved(event.channel, event.person, context)
    case 'member-changed':
      return [memberChanged(event)]
    case 'person-updated':
      return [personUpdated(event.person, event.isNew)]
    case 'viewed':
      return [viewed(event)]
    case 'preferences-changed':
      return [preferencesChanged(event)]
    case 'overdue-changed':
      return [overdueChanged(event)]
    case 'refusals-changed':
      return [{ to: { kind: 'everybody' }, text: textOf('holdfast_standing', {}, {}) }]
    case 'room-changed':
      return [roomChanged(event)]
    case 'file-changed':
      return [fileChanged(event.file)]
    case 'access-changed':
      return accessChanged(event, context)
    case 'thread-changed':
    case 'threads-read':
    case 'unread-from':
    case 'draft-kept':
    case 'draft-dropped':
    case 'scheduled':
    case 'rescheduled':
    case 'unscheduled':
    case 'acknowledged':
      return [keptAnnouncement(event, context.workspace.id)]
    case 'delivery-changed':
    case 'links-changed':
    case 'sessions-ended':
    case 'node-revoked':
    case 'wipe-ordered':
      return []
  }
}

function preferencesChanged(
  event: Extract<NodeEvent, { kind: 'preferences-changed' }>,
): Announcement {
  const preferences = event.preferences.map((one) => preferenceFrom(event.person, one))
  return toPerson(event.person, 'preferences_changed', { preferences: JSON.stringify(preferences) })
}

function viewed({ person, channel, at }: Extract<NodeEvent, { kind: 'viewed' }>): Announcement {
  return toPerson(person, 'multiple_channels_viewed', { channel_times: { [channel]: at } })
}

/** The first event of every stream. */
export function helloText(
  person: UserId,
  data: {
    readonly connection_id: string
    readonly server_version: string
    readonly server_hostname: string
  },
): string {
  return textOf('hello', data, { user_id: person, connection_id: data.connection_id })
}

/** Somebody is writing. */
export function typing(person: UserId, channel: ChannelId, parent: string): Announcement {
  return {
    to: { kind: 'channel', channel, except: person },
    text: textOf(
      'typing',
      { parent_id: parent, user_id: person },
      { channel_id: channel, omit_users: { [person]: true } },
    ),
  }
}

/** Somebody came, went or chose another status. */
export function statusChanged(status: PersonStatus): Announcement {
  const data = statusFrom(status)
  const to = { kind: 'everybody', about: status.person } as const
  return { to, text: textOf('status_change', data, {}) }
}

/** Settings were taken away. */
export function preferencesDeleted(
  person: UserId,
  preferences: readonly {
    readonly category: string
    readonly name: string
    readonly value: string
  }[],
): Announcement {
  const all = preferences.map((one) => preferenceFrom(person, one))
  return toPerson(person, 'preferences_deleted', { preferences: JSON.stringify(all) })
}

/** Our own event: so much of a file is here. Stock clients pass over it. */
function fileChanged({ id, channel, quality, bytes, have, isHere }: FileProgress): Announcement {
  const data = { file_id: id, quality, size: bytes, have, is_here: isHere }
  const to = { kind: 'channel', channel } as const
  return { to, text: textOf('holdfast_file', data, { channel_id: channel }) }
}

/** Our own event: delivery words of these messages of one channel have changed. Stock clients pass over it. */
export function deliveryChanged(
  person: UserId,
  of: ChannelId,
  messages: readonly PostId[],
): Announcement {
  const { text } = toPerson(person, 'holdfast_delivery', { post_ids: JSON.stringify(messages) })
  return { to: { kind: 'person', person, of }, text }
}

/** Our own event, for everybody: how many messages of this node are overdue; an alarm when they have become more. */
function overdueChanged({
  overdue,
  isAlarm,
}: Extract<NodeEvent, { kind: 'overdue-changed' }>): Announcement {
  const data = { overdue: JSON.stringify(overdue), is_alarm: isAlarm }
  return { to: { kind: 'everybody' }, text: textOf('holdfast_overdue', data, {}) }
}

/** Our own event, for everybody: the disk has become ample, low or full. */
function roomChanged({ disk }: Extract<NodeEvent, { kind: 'room-changed' }>): Announcement {
  return { to: { kind: 'everybody' }, text: textOf('holdfast_disk', disk, {}) }
}

function posted(
  event: Extract<NodeEvent, { kind: 'posted' }>,
  context: EventContext,
): Announcement {
  const { message, channel } = event
  const sender = `@${context.byId(message.author)?.username ?? message.author}`
  const mentions = mentionsIn(message, channel, context)
  return {
    to: { kind: 'channel', channel: channel.id },
    text: textOf(
      'posted',
      {
        channel_display_name: channel.kind === 'direct' ? sender : channel.displayName,
        channel_name: channel.name,
        channel_type: CHANNEL_TYPES[channel.kind],
        ...(mentions.length === 0 ? {} : { mentions: JSON.stringify(mentions) }),
        ...(message.files.length === 0 ? {} : fileWords(message)),
        post: JSON.stringify(postFrom(message)),
        sender_name: sender,
        set_online: !event.isLate,
        team_id: isPersonal(channel) ? '' : context.workspace.id,
      },
      { channel_id: channel.id },
    ),
  }
}

/** What the post has beside its text, for notifications. */
function fileWords({ files }: Message): object {
  const isImage = files.some(({ type }) => type.startsWith('image/'))
  return { otherFile: 'true', ...(isImage && { image: 'true' }) }
}

/** Members with a live session who are addressed by name, by `@channel`, or by the channel being theirs alone. */
function mentionsIn(message: Message, channel: Channel, context: EventContext): readonly UserId[] {
  const here = new Set(context.membersHere(channel.id))
  here.delete(message.author)
  if (isPersonal(channel)) return [...here]
  if (!message.body.includes('@')) return []
  const names = namesIn(message.body)
  const callsAll = EVERYBODY.some((word) => names.includes(word))
  if (callsAll && context.mayCallAll(message.author, channel.id)) return [...here]
  const named = names.map((name) => context.byName(name)?.id)
  return named.filter((id) => id !== undefined).filter((id) => here.has(id))
}

function aboutPost(name: string, message: Message): Announcement {
  return {
    to: { kind: 'channel', channel: message.channel },
    text: textOf(
      name,
      { post: JSON.stringify(postFrom(message)) },
      { channel_id: message.channel },
    ),
  }
}

function reaction(
  event: Extract<NodeEvent, { kind: 'reaction-added' | 'reaction-removed' }>,
): Announcement {
  const { message } = event
  const name = event.kind === 'reaction-added' ? 'reaction_added' : 'reaction_removed'
  const data = { reaction: JSON.stringify(reactionFrom(message, event.reaction)) }
  return {
    to: { kind: 'channel', channel: message.channel },
    text: textOf(name, data, { channel_id: message.channel }),
  }
}

function channelCreated(channel: Channel, context: EventContext): readonly Announcement[] {
  const team = context.workspace.id
  if (channel.kind === 'group' || channel.creator === undefined) return []
  if (channel.kind !== 'direct') {
    return [toPerson(channel.creator, 'channel_created', { channel_id: channel.id, team_id: team })]
  }
  const data = { creator_id: channel.creator, teammate_id: otherOf(channel, channel.creator) }
  return [
    {
      to: { kind: 'channel', channel: channel.id },
      text: textOf('direct_added', data, { channel_id: channel.id }),
    },
  ]
}

function channelUpdated(
  { channel, isRestored }: Extract<NodeEvent, { kind: 'channel-updated' }>,
  context: EventContext,
): readonly Announcement[] {
  const to = { kind: 'channel', channel: channel.id } as const
  const broadcast = { channel_id: channel.id }
  if (channel.archivedAt > 0) {
    const data = { channel_id: channel.id, delete_at: channel.archivedAt }
    return [{ to, text: textOf('channel_deleted', data, broadcast) }]
  }
  const data = { channel: JSON.stringify(channelFrom(channel, context.workspace.id)) }
  const updated = { to, text: textOf('channel_updated', data, broadcast) }
  if (isRestored !== true) return [updated]
  return [{ to, text: textOf('channel_restored', { channel_id: channel.id }, broadcast) }, updated]
}

function personUpdated(person: Person, isNew: boolean): Announcement {
  const text = isNew
    ? textOf('new_user', { user_id: person.id }, {})
    : textOf('user_updated', { user: userFrom(person) }, {})
  return { to: { kind: 'everybody', about: person.id }, text }
}
