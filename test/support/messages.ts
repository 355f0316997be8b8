/** Builders of what people see: everything is filled in, the test names only what it is about. */
import type { ChannelId, NodeId, OrganisationId, PostId, UserId } from '#base/ids.ts'
import type { Channel, Membership, Message, Person } from '#app/types.ts'

/** The organisation of these builders. */
export const relief = 'relieforganisation11111111' as OrganisationId

/** A message of bo in `ops`. */
export function aMessage(part: Partial<Message> = {}): Message {
  return {
    id: 'post1' as PostId,
    channel: 'ops' as ChannelId,
    author: 'bo' as UserId,
    root: undefined,
    body: 'hello',
    lane: 'routine',
    createdAt: 1_000,
    claimedAt: 1_000,
    isTimeUncertain: false,
    timeDoubt: undefined,
    updatedAt: 2_000,
    editedAt: 0,
    deletedAt: 0,
    replyCount: 0,
    lastReplyAt: 0,
    reactions: [],
    origin: 'alpha' as NodeId,
    pendingId: '',
    files: [],
    props: undefined,
    asksAcknowledgement: false,
    acknowledgements: [],
    isPinned: false,
    ...part,
  }
}

/** The public channel `ops`, made by amira. */
export function aChannel(part: Partial<Channel> = {}): Channel {
  return {
    id: 'ops' as ChannelId,
    kind: 'public',
    name: 'ops',
    displayName: 'Ops',
    purpose: '',
    header: '',
    creator: 'amira' as UserId,
    createdAt: 1,
    updatedAt: 2,
    archivedAt: 0,
    messageCount: 10,
    rootCount: 8,
    lastPostAt: 9,
    ...part,
  }
}

/** Bo's membership of `ops`. */
export function aMembership(part: Partial<Membership> = {}): Membership {
  return {
    channel: 'ops' as ChannelId,
    person: 'bo' as UserId,
    isChannelAdministrator: false,
    isGuest: false,
    isModerated: false,
    joinedAt: 3,
    seenCount: 7,
    seenRootCount: 6,
    viewedAt: 4,
    mentionCount: 2,
    rootMentionCount: 1,
    urgentMentionCount: 0,
    ...part,
  }
}

/** A person whose id is their name. */
export function aPerson(username: string, part: Partial<Person> = {}): Person {
  return {
    id: username as UserId,
    username,
    displayName: username,
    isAdministrator: false,
    isGuest: false,
    partnerOf: [],
    homeNode: 'alpha' as NodeId,
    isVouchedFor: true,
    deactivatedAt: 0,
    bot: undefined,
    pictureAt: 0,
    createdAt: 5,
    updatedAt: 6,
    ...part,
  }
}
