/** Channels and who is in them. */
import { EdgeError } from '#base/errors.ts'
import { sha256 } from '#base/hash.ts'
import { bytesFromText } from '#base/bytes.ts'
import { idFromBytes, type ChannelId, type UserId } from '#base/ids.ts'
import { CHANNELS_MAX } from '#base/limits.ts'
import { channelDocument, DIRECTORY } from '#model/document-id.ts'
import type { MemberRole } from '#model/entry.ts'
import { EMPTY_CHANNEL, type ChannelRecord } from '#model/view.ts'
import { key } from '#sync/keys.ts'
import { pack, unpack, type ViewedRecord } from '#sync/records.ts'
import type { Reader, Tx } from '#sync/replica.ts'
import { markSeen } from '#sync/seen.ts'
import {
  channelOf,
  insist,
  insistInChannel,
  isAdministrator,
  isMember,
  write,
  type AppContext,
} from './context.ts'
import type { ChannelDraft, EdgeNode } from './node.ts'
import type { Channel, Membership } from './types.ts'

type Channels = Pick<
  EdgeNode,
  | 'channelsOf'
  | 'publicChannels'
  | 'channel'
  | 'channelByName'
  | 'createChannel'
  | 'directChannel'
  | 'members'
  | 'membership'
  | 'membershipsOf'
  | 'addMember'
  | 'removeMember'
  | 'viewChannel'
>

/** The channel part of the app. `tellViewed` is called once a view is on disk. */
export function openChannels(
  context: AppContext,
  tellViewed: (person: UserId, channel: ChannelId) => void,
): Channels {
  const { replica, directory } = context.sync
  const all = (): Promise<readonly Channel[]> =>
    named(
      context,
      directory()
        .channels()
        .map(({ id }) => id),
    )
  const membership = async (channel: ChannelId, person: UserId): Promise<Membership | undefined> =>
    isMember(context, channel, person)
      ? membershipOf(context, replica.read, { channel, person })
      : undefined
  return {
    channelsOf: async (subject) => named(context, directory().channelsOf(subject)),
    publicChannels: async () =>
      (await all()).filter((one) => one.kind === 'public' && one.archivedAt === 0),
    channel: (subject, id) =>
      insistInChannel(context, subject, { channel: id, action: 'read channel' }),
    channelByName: async (subject, name) => {
      const found = (await all()).find((one) => one.name === name)
      if (found === undefined) throw new EdgeError('NOT_FOUND', { what: 'channel', name })
      return insistInChannel(context, subject, { channel: found.id, action: 'read channel' })
    },
    createChannel: (subject, draft) => createChannel(context, subject, draft),
    directChannel: (subject, other) => directChannel(context, subject, other),
    members: async (subject, channel) => {
      await insistInChannel(context, subject, { channel, action: 'read channel' })
      const people = directory()
        .members(channel)
        .map(({ person }) => person)
      return Promise.all(
        people.map((person) => membershipOf(context, replica.read, { channel, person })),
      )
    },
    membership,
    membershipsOf: (person) =>
      Promise.all(
        directory()
          .channelsOf(person)
          .map((channel) => membershipOf(context, replica.read, { channel, person })),
      ),
    addMember: (subject, channel, person) => addMember(context, subject, { channel, person }),
    removeMember: async (subject, channel, person) => {
      const isOwnMembership = subject === person
      await insistInChannel(context, subject, {
        channel,
        action: 'manage members',
        isOwnMembership,
      })
      if (!isMember(context, channel, person))
        throw new EdgeError('NOT_FOUND', { what: 'member', id: person })
      await replica.commit((tx) =>
        setMember(tx, context, { subject, channel, person, role: 'none' }),
      )
    },
    viewChannel: async (subject, channel) => {
      await insistInChannel(context, subject, { channel, action: 'read channel' })
      const isNews = await replica.commit((tx) => view(tx, context, subject, channel))
      if (isNews) tellViewed(subject, channel)
    },
  }
}

/** The channel everybody is in, by Mattermost's custom. */
export const FIRST_CHANNEL = 'town-square'

/** Makes a channel inside a commit: directory entry, settings, members. */
export async function makeChannel(
  tx: Tx,
  context: AppContext,
  making: { readonly id: ChannelId; readonly subject: UserId; readonly draft: ChannelDraft },
): Promise<void> {
  const { id, subject, draft } = making
  const content = { kind: 'channel' as const, channel: id, channelKind: draft.kind }
  await write(tx, context, { document: DIRECTORY, author: subject, content })
  const settings = {
    name: draft.name,
    displayName: draft.displayName,
    purpose: draft.purpose ?? '',
    header: draft.header ?? '',
  }
  await write(tx, context, {
    document: channelDocument(id),
    author: subject,
    content: { kind: 'settings', settings },
  })
  await setMember(tx, context, { subject, channel: id, person: subject, role: 'administrator' })
  for (const person of draft.members ?? []) {
    if (person !== subject)
      await setMember(tx, context, { subject, channel: id, person, role: 'member' })
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
    content: { kind: 'member', channel, person, role },
  })
  if (role === 'none') return
  const viewed = {
    count: counts.messageCount,
    rootCount: counts.rootCount,
    at: context.sync.now(),
    mentions: 0,
  }
  tx.put(key.viewed(person, channel), pack(viewed satisfies ViewedRecord))
}

async function createChannel(
  context: AppContext,
  subject: UserId,
  draft: ChannelDraft,
): Promise<Channel> {
  insist({ action: 'create channel', isAdministrator: isAdministrator(context, subject) })
  checkDraft(context, draft)
  const id = idFromBytes<ChannelId>(context.random.bytes(16))
  await context.sync.replica.commit(async (tx) => {
    await refuseTakenName(tx, context, draft.name)
    await makeChannel(tx, context, { id, subject, draft })
  })
  return channelOf(context, id)
}

function checkDraft(context: AppContext, draft: ChannelDraft): void {
  if (!/^[a-z0-9][a-z0-9_-]{0,63}$/.test(draft.name)) {
    throw new EdgeError('INPUT_INVALID', {
      field: 'name',
      found: draft.name,
      wanted: '1 to 64 of a-z 0-9 _ -, a letter or digit first',
    })
  }
  if (draft.displayName.trim() === '' || draft.displayName.length > 64) {
    throw new EdgeError('INPUT_INVALID', {
      field: 'display_name',
      found: draft.displayName.length,
      wanted: '1 to 64 characters',
    })
  }
  const count = context.sync.directory().channels().length
  if (count >= CHANNELS_MAX)
    throw new EdgeError('INPUT_INVALID', { field: 'channels', found: count, wanted: CHANNELS_MAX })
  const unknown = (draft.members ?? []).find(
    (person) => context.sync.directory().person(person) === undefined,
  )
  if (unknown !== undefined) throw new EdgeError('NOT_FOUND', { what: 'person', id: unknown })
}

async function refuseTakenName(tx: Tx, context: AppContext, name: string): Promise<void> {
  for (const { id } of context.sync.directory().channels()) {
    const record = unpack<ChannelRecord>(await tx.get(key.channel(id)))
    if (record?.settings.name === name)
      throw new EdgeError('ALREADY_EXISTS', { what: 'channel', name })
  }
}

/** Its id is derived from the two people, so that two kits which never met make the same channel. */
async function directChannel(
  context: AppContext,
  subject: UserId,
  other: UserId,
): Promise<Channel> {
  const people = [subject, other].toSorted()
  if (context.sync.directory().person(other) === undefined)
    throw new EdgeError('NOT_FOUND', { what: 'person', id: other })
  const name = people.join('__')
  const id = idFromBytes<ChannelId>(
    sha256(bytesFromText(`holdfast direct ${name}`)).subarray(0, 16),
  )
  const isComplete = (): boolean =>
    people.every((person) => isMember(context, id, person as UserId))
  if (!isComplete()) {
    const draft = { kind: 'direct' as const, name, displayName: '', members: [other] }
    await context.sync.replica.commit(async (tx) => {
      if (!isComplete()) await makeChannel(tx, context, { id, subject, draft })
    })
  }
  return channelOf(context, id)
}

async function addMember(
  context: AppContext,
  subject: UserId,
  { channel, person }: { readonly channel: ChannelId; readonly person: UserId },
): Promise<Membership> {
  const action =
    subject === person && !isMember(context, channel, person) ? 'join channel' : 'manage members'
  await insistInChannel(context, subject, { channel, action })
  if (context.sync.directory().person(person) === undefined)
    throw new EdgeError('NOT_FOUND', { what: 'person', id: person })
  await context.sync.replica.commit(async (tx) => {
    if (!isMember(context, channel, person))
      await setMember(tx, context, { subject, channel, person, role: 'member' })
  })
  return membershipOf(context, context.sync.replica.read, { channel, person })
}

/** True when something changed: looking again at what was seen writes nothing. */
async function view(
  tx: Tx,
  context: AppContext,
  subject: UserId,
  channel: ChannelId,
): Promise<boolean> {
  const counts = unpack<ChannelRecord>(await tx.get(key.channel(channel))) ?? EMPTY_CHANNEL
  const known = unpack<ViewedRecord>(await tx.get(key.viewed(subject, channel)))
  const isSame = known?.count === counts.messageCount && known.mentions === 0
  if (isSame) return false
  const viewed = {
    count: counts.messageCount,
    rootCount: counts.rootCount,
    at: context.sync.now(),
    mentions: 0,
  }
  tx.put(key.viewed(subject, channel), pack(viewed satisfies ViewedRecord))
  await markSeen(tx, context.sync, channel)
  return true
}

async function membershipOf(
  context: AppContext,
  reader: Pick<Reader, 'get'>,
  { channel, person }: { readonly channel: ChannelId; readonly person: UserId },
): Promise<Membership> {
  const member = context.sync.directory().member(channel, person)
  const viewed = unpack<ViewedRecord>(await reader.get(key.viewed(person, channel)))
  return {
    channel,
    person,
    isChannelAdministrator: member?.role === 'administrator',
    joinedAt: member?.since ?? 0,
    seenCount: viewed?.count ?? 0,
    seenRootCount: viewed?.rootCount ?? 0,
    viewedAt: viewed?.at ?? 0,
    mentionCount: viewed?.mentions ?? 0,
  }
}

async function named(context: AppContext, ids: readonly ChannelId[]): Promise<readonly Channel[]> {
  const channels = await Promise.all(ids.map((id) => channelOf(context, id)))
  return channels.toSorted((a, b) => (a.displayName < b.displayName ? -1 : 1))
}
