/** Who is in which channel, and how far they have read it. */
import { EdgeError } from '#base/errors.ts'
import type { ChannelId, UserId } from '#base/ids.ts'
import { kindOfChannel } from '#model/channel-id.ts'
import { aboutChannel, aboutPerson } from '#model/audit-content.ts'
import { DIRECTORY } from '#model/document-id.ts'
import { MEMBER_ROLES, type MemberRole } from '#model/entry.ts'
import { EMPTY_CHANNEL, type ChannelRecord } from '#model/view.ts'
import { audit } from '#sync/audit.ts'
import { key } from '#sync/keys.ts'
import { couldRead, subjectFacts } from '#sync/readers.ts'
import { pack, unpack, type ViewedRecord } from '#sync/records.ts'
import type { Tx } from '#sync/replica.ts'
import { markSeen } from '#sync/seen.ts'
import { freshSegment } from '#sync/segments.ts'
import { insistInChannel, isMember, mayRead, write, type AppContext } from './context.ts'
import type { EdgeNode } from './node.ts'
import { maySee, readableOf } from './sight.ts'
import type { Membership } from './types.ts'

type Members = Pick<
  EdgeNode,
  'members' | 'membership' | 'membershipsOf' | 'addMember' | 'removeMember' | 'viewChannel'
>

/** The membership part of the app. `tellViewed` is called once a view is on disk. */
export function openMembers(
  context: AppContext,
  tellViewed: (person: UserId, channel: ChannelId) => void,
): Members {
  const { replica, directory } = context.sync
  return {
    members: async (subject, channel) => {
      await insistInChannel(context, subject, { channel, action: 'read channel' })
      const found = directory().members(channel)
      return Promise.all(found.map(({ person }) => membershipOf(context, { channel, person })))
    },
    membership: async (channel, person) =>
      isMember(context, channel, person) && mayRead(context, person, { channel })
        ? membershipOf(context, { channel, person })
        : undefined,
    membershipsOf: (person) => {
      const found = readableOf(context, person)
      return Promise.all(found.map((channel) => membershipOf(context, { channel, person })))
    },
    addMember: (subject, channel, person) => addMember(context, subject, { channel, person }),
    removeMember: async (subject, channel, person) => {
      const isOwnMembership = subject === person
      const action = 'manage members'
      const { kind } = await insistInChannel(context, subject, { channel, action, isOwnMembership })
      if (kind === 'direct' || (kind === 'group' && !isOwnMembership))
        throw isItsPeople(action, kind)
      if (!isMember(context, channel, person))
        throw new EdgeError('NOT_FOUND', { what: 'member', id: person })
      await replica.commit((tx) =>
        setMember(tx, context, { subject, channel, person, role: 'none' }),
      )
    },
    viewChannel: async (subject, channel) => {
      await insistInChannel(context, subject, { channel, action: 'read channel' })
      const isNews = await replica.commit((tx) => view(tx, context, { subject, channel }))
      if (isNews) tellViewed(subject, channel)
    },
  }
}

/** Writes a membership inside a commit. */
export async function setMember(
  tx: Tx,
  context: AppContext,
  member: {
    readonly subject: UserId
    readonly channel: ChannelId
    readonly person: UserId
    readonly role: MemberRole
  },
): Promise<void> {
  const { subject, channel, person, role } = member
  const counts = unpack<ChannelRecord>(await tx.get(key.channel(channel))) ?? EMPTY_CHANNEL
  await write(tx, context, {
    document: DIRECTORY,
    author: subject,
    content: { kind: 'member', channel, person, role, from: await readsFrom(tx, context, member) },
  })
  await auditMember(tx, context, member)
  if (role === 'none') return
  const viewed = {
    count: counts.messageCount,
    rootCount: counts.rootCount,
    at: context.sync.now(),
    mentions: 0,
  }
  tx.put(key.viewed(person, channel), pack(viewed satisfies ViewedRecord))
}

/**
 * The first segment a new member's node may read. Where a channel hides its history that is one nobody has written to,
 * unless somebody on the same node reads more already: then hiding it would hide nothing.
 */
async function readsFrom(
  tx: Tx,
  { sync }: AppContext,
  { channel, person }: { readonly channel: ChannelId; readonly person: UserId },
): Promise<number> {
  const record = unpack<ChannelRecord>(await tx.get(key.channel(channel)))
  if (record?.settings.hidesHistory !== true || kindOfChannel(channel) === 'public') return 0
  const members = sync.directory().members(channel)
  const home = sync.roster.homeOf(person)?.node
  const beside = members.filter((one) => sync.roster.homeOf(one.person)?.node === home)
  const isFounding = members.length === 0
  if (isFounding) return 0
  return beside.length > 0 ? Math.min(...beside.map(({ from }) => from)) : freshSegment(tx, channel)
}

async function auditMember(
  tx: Tx,
  context: AppContext,
  change: Parameters<typeof setMember>[2],
): Promise<void> {
  const { subject, channel, person, role } = change
  const deed = role === 'none' ? 'member removed' : 'member added'
  const subjects = [aboutPerson(person), aboutChannel(channel)]
  const facts = { role: MEMBER_ROLES.indexOf(role) }
  await audit(tx, context.sync, { deed, by: subject, subjects, facts })
}

async function addMember(
  context: AppContext,
  subject: UserId,
  { channel, person }: { readonly channel: ChannelId; readonly person: UserId },
): Promise<Membership> {
  const action =
    subject === person && !isMember(context, channel, person) ? 'join channel' : 'manage members'
  const { kind } = await insistInChannel(context, subject, { channel, action })
  if (isPersonalChannel(channel) && !isMember(context, channel, person))
    throw isItsPeople(action, kind)
  if (!maySee(context, subject, person))
    throw new EdgeError('NOT_FOUND', { what: 'person', id: person })
  if (!couldRead(context.sync.directory(), channel, person))
    throw new EdgeError('NOT_ALLOWED', {
      action,
      found: 'somebody who may not read this channel',
      wanted: 'somebody whom its label and the rules admit',
    })
  await context.sync.replica.commit(async (tx) => {
    if (!isMember(context, channel, person))
      await setMember(tx, context, { subject, channel, person, role: 'member' })
  })
  return membershipOf(context, { channel, person })
}

/**
 * A direct channel is of the two people it was made for, for ever. Nobody comes to a group either, or is put out of it: it is found
 * again by its people, who would not know who reads along. Only going is everybody's own.
 */
function isItsPeople(action: string, kind: string): EdgeError {
  return new EdgeError('NOT_ALLOWED', { action, found: `a ${kind} channel` })
}

/** True when something changed: looking again at what was seen writes nothing. */
async function view(
  tx: Tx,
  context: AppContext,
  { subject, channel }: { readonly subject: UserId; readonly channel: ChannelId },
): Promise<boolean> {
  const counts = unpack<ChannelRecord>(await tx.get(key.channel(channel))) ?? EMPTY_CHANNEL
  const known = unpack<ViewedRecord>(await tx.get(key.viewed(subject, channel)))
  await markSeen(tx, context.sync, channel) // who joined late has read it all and yet seen none of it
  const isSame = known?.count === counts.messageCount && known.mentions === 0
  if (isSame) return false
  const viewed = {
    count: counts.messageCount,
    rootCount: counts.rootCount,
    at: context.sync.now(),
    mentions: 0,
  }
  tx.put(key.viewed(subject, channel), pack(viewed satisfies ViewedRecord))
  return true
}

/** A membership as it stands, with what its person has read. */
export async function membershipOf(
  context: AppContext,
  { channel, person }: { readonly channel: ChannelId; readonly person: UserId },
): Promise<Membership> {
  const directory = context.sync.directory()
  const member = directory.member(channel, person)
  const viewed = unpack<ViewedRecord>(
    await context.sync.replica.read.get(key.viewed(person, channel)),
  )
  return {
    channel,
    person,
    isChannelAdministrator: member?.role === 'administrator',
    isGuest: subjectFacts(directory, person).isGuest === true,
    isModerated: directory.policy.moderationOf(channel) !== undefined,
    joinedAt: member?.since ?? 0,
    seenCount: viewed?.count ?? 0,
    seenRootCount: viewed?.rootCount ?? 0,
    viewedAt: viewed?.at ?? 0,
    ...(await mentionsOf(context, { channel, viewed })),
  }
}

/** In a channel of two or a few, whatever is not read is meant for each of them. */
async function mentionsOf(
  { sync }: AppContext,
  { channel, viewed }: { readonly channel: ChannelId; readonly viewed: ViewedRecord | undefined },
): Promise<Pick<Membership, 'mentionCount' | 'rootMentionCount' | 'urgentMentionCount'>> {
  const urgentMentionCount = viewed?.urgentMentions ?? 0
  if (!isPersonalChannel(channel)) {
    const [all = 0, roots = 0] = [viewed?.mentions, viewed?.rootMentions]
    return { mentionCount: all, rootMentionCount: roots, urgentMentionCount }
  }
  const counts = unpack<ChannelRecord>(await sync.replica.read.get(key.channel(channel)))
  const { messageCount, rootCount } = counts ?? EMPTY_CHANNEL
  return {
    mentionCount: Math.max(0, messageCount - (viewed?.count ?? 0)),
    rootMentionCount: Math.max(0, rootCount - (viewed?.rootCount ?? 0)),
    urgentMentionCount,
  }
}

/** Whether a channel is of two or a few people. */
export function isPersonalChannel(channel: ChannelId): boolean {
  const kind = kindOfChannel(channel)
  return kind === 'direct' || kind === 'group'
}
