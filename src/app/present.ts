/** From records to what people see. Pure. */
import type { NodeId } from '#base/ids.ts'
import { tickedBody, ticksSince } from '#model/checklist.ts'
import type { DirectoryChannel } from '#model/directory.ts'
import type { DirectoryPerson } from '#model/directory-people.ts'
import { burnProps, burnSecondsIn } from '#model/once.ts'
import type { ChannelRecord, MessageRecord } from '#model/view.ts'
import type { Channel, Message, Person } from './types.ts'

/** A message as people see it: of one that is shown once, not what it says. */
export function messageFrom(record: MessageRecord): Message {
  const message = wholeMessageFrom(record)
  const seconds = burnSecondsIn(record.props)
  if (seconds === 0) return message
  return { ...message, body: '', files: [], props: burnProps(seconds) }
}

/** A message with all that it says. */
export function wholeMessageFrom(record: MessageRecord): Message {
  return {
    id: record.id,
    channel: record.channel,
    author: record.author,
    root: record.root,
    body: bodyOf(record),
    lane: record.lane,
    createdAt: record.createdAt,
    claimedAt: record.claimedAt,
    isTimeUncertain: record.timeDoubt !== undefined,
    timeDoubt: record.timeDoubt,
    updatedAt: record.updatedAt,
    editedAt: record.editedAt,
    deletedAt: record.deletedAt,
    replyCount: record.replyCount,
    lastReplyAt: record.lastReplyAt,
    reactions: record.reactions
      .filter((reaction) => reaction.isSet)
      .map(({ person, emoji, at }) => ({ person, emoji, at })),
    origin: record.origin,
    pendingId: record.pendingId,
    ...(record.overrideReason !== undefined && { overrideReason: record.overrideReason }),
    ...(record.label !== undefined && { label: record.label }),
    files: record.files ?? [],
    props: record.props,
    asksAcknowledgement: record.asksAcknowledgement === true,
    acknowledgements: record.acknowledgements ?? [],
    isPinned: record.pin?.isSet === true,
  }
}

/** What a message says, with the boxes of its checklist as they were ticked since. */
export function bodyOf({ body, ticks, editOrder }: MessageRecord): string {
  return tickedBody(body, ticksSince(ticks, editOrder))
}

/** A channel as people see it. */
export function channelFrom(known: DirectoryChannel, record: ChannelRecord): Channel {
  const { settings } = record
  return {
    id: known.id,
    kind: known.kind,
    name: settings.name ?? known.id,
    displayName: settings.displayName ?? '',
    purpose: settings.purpose ?? '',
    header: settings.header ?? '',
    creator: known.creator,
    createdAt: known.createdAt,
    updatedAt: Math.max(known.createdAt, record.updatedAt),
    archivedAt: settings.isArchived === true ? record.updatedAt : 0,
    messageCount: record.messageCount,
    rootCount: record.rootCount,
    lastPostAt: record.lastPostAt,
  }
}

/** A person as people see them. */
export function personFrom(
  known: DirectoryPerson,
  names: Pick<Person, 'username' | 'isAdministrator' | 'isGuest' | 'partnerOf' | 'pictureAt'> & {
    readonly home: NodeId
  },
): Person {
  return {
    id: known.id,
    username: names.username,
    displayName: known.profile.displayName,
    isAdministrator: names.isAdministrator,
    isGuest: names.isGuest,
    partnerOf: names.partnerOf,
    homeNode: names.home,
    isVouchedFor: known.isVouchedFor,
    deactivatedAt: known.deactivatedAt,
    bot: known.bot,
    pictureAt: names.pictureAt,
    createdAt: known.createdAt,
    updatedAt: Math.max(known.updatedAt, names.pictureAt),
  }
}
