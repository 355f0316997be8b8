/** Channels: finding them and making them. */
import { EdgeError } from '#base/errors.ts'
import { isId, type ChannelId, type UserId } from '#base/ids.ts'
import { CHANNELS_MAX } from '#base/limits.ts'
import { aboutChannel } from '#model/audit-content.ts'
import {
  CHANNEL_RANDOM_BYTES,
  directChannelId,
  newChannelId,
  type ChannelKind,
} from '#model/channel-id.ts'
import { channelDocument, DIRECTORY } from '#model/document-id.ts'
import type { Settings } from '#model/settings.ts'
import type { ChannelRecord } from '#model/view.ts'
import { audit } from '#sync/audit.ts'
import { key } from '#sync/keys.ts'
import { subjectFacts } from '#sync/readers.ts'
import { unpack } from '#sync/records.ts'
import type { Tx } from '#sync/replica.ts'
import {
  channelOf,
  insist,
  insistInChannel,
  isAdministrator,
  isMember,
  mayRead,
  write,
  type AppContext,
} from './context.ts'
import { setMember } from './members.ts'
import type { ChannelDraft, EdgeNode } from './node.ts'
import { maySee, readableOf } from './sight.ts'
import type { Channel } from './types.ts'

type Channels = Pick<
  EdgeNode,
  | 'channelsOf'
  | 'publicChannels'
  | 'archivedChannels'
  | 'channel'
  | 'channelByName'
  | 'createChannel'
  | 'directChannel'
  | 'changeChannel'
>

/** The channel part of the app. */
export function openChannels(context: AppContext): Channels {
  const { directory } = context.sync
  const all = (): Promise<readonly Channel[]> => {
    const known = directory().channels()
    return named(
      context,
      known.map(({ id }) => id),
    )
  }
  return {
    channelsOf: async (subject) => named(context, readableOf(context, subject)),
    publicChannels: async (subject) => {
      const channels = await all()
      const isOffered = ({ kind, archivedAt, id }: Channel): boolean =>
        kind === 'public' && archivedAt === 0 && mayRead(context, subject, { channel: id })
      return channels.filter(isOffered)
    },
    archivedChannels: async (subject) => {
      const channels = await all()
      return channels.filter(
        ({ archivedAt, id }) => archivedAt !== 0 && mayRead(context, subject, { channel: id }),
      )
    },
    channel: (subject, id) =>
      insistInChannel(context, subject, { channel: id, action: 'read channel' }),
    channelByName: async (subject, name) => {
      const channels = await all()
      const found = channels.filter((one) => one.name === name)
      // Nodes that were apart may both have made one of this name: each person means the one they may read.
      const own = found.find(({ id }) => isMember(context, id, subject))
      const meant = own ?? found.find(({ kind }) => kind === 'public') ?? found[0]
      if (meant === undefined) throw new EdgeError('NOT_FOUND', { what: 'channel', name })
      const hidden = { what: 'channel', name }
      const request = { channel: meant.id, action: 'read channel', hidden } as const
      return insistInChannel(context, subject, request)
    },
    createChannel: (subject, draft) => createChannel(context, subject, draft),
    directChannel: (subject, other) => directChannel(context, subject, other),
    changeChannel: (subject, id, settings) => changeChannel(context, { subject, id, settings }),
  }
}

/** The channel everybody is in, by Mattermost's custom. */
export const FIRST_CHANNEL = 'town-square'

/** Longest texts of a channel, in characters: Mattermost's own. */
const DISPLAY_NAME_CHARACTERS_MAX = 64
const PURPOSE_CHARACTERS_MAX = 250
const HEADER_CHARACTERS_MAX = 1_024

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
    ...(draft.hidesHistory === true && { hidesHistory: true }),
  }
  await write(tx, context, {
    document: channelDocument(id),
    author: subject,
    content: { kind: 'settings', settings },
  })
  const subjects = [aboutChannel(id)]
  await audit(tx, context.sync, { deed: 'channel created', by: subject, subjects })
  await setMember(tx, context, { subject, channel: id, person: subject, role: 'administrator' })
  for (const person of draft.members ?? []) {
    if (person !== subject)
      await setMember(tx, context, { subject, channel: id, person, role: 'member' })
  }
}

async function createChannel(
  context: AppContext,
  subject: UserId,
  draft: ChannelDraft,
): Promise<Channel> {
  insistOnMaking(context, subject, draft.kind)
  checkDraft(context, subject, draft)
  const { node } = context.sync.identity.certificate
  const id = newChannelId(node, draft.kind, context.random.bytes(CHANNEL_RANDOM_BYTES))
  await context.sync.replica.commit(async (tx) => {
    refuseTooMany(context)
    await refuseTakenName(tx, context, { subject, name: draft.name })
    await makeChannel(tx, context, { id, subject, draft })
  })
  return channelOf(context, id)
}

/** Whoever may manage a channel says what it is; opening an archived one again is for who administers. */
async function changeChannel(
  context: AppContext,
  { subject, id, settings }: { subject: UserId; id: ChannelId; settings: Settings },
): Promise<Channel> {
  const before = await insistInChannel(context, subject, { channel: id, action: 'read channel' })
  if (before.archivedAt !== 0 && settings.isArchived === false) {
    if (!isAdministrator(context, subject))
      throw new EdgeError('NOT_ALLOWED', { found: 'not an administrator' })
  } else await insistInChannel(context, subject, { channel: id, action: 'manage channel' })
  checkSettings(context, subject, { before, settings })
  await context.sync.room.insist()
  await context.sync.replica.commit(async (tx) => {
    const { name } = settings
    if (name !== undefined && name !== before.name)
      await refuseTakenName(tx, context, { subject, name })
    const content = { kind: 'settings' as const, settings }
    await write(tx, context, { document: channelDocument(id), author: subject, content })
  })
  return channelOf(context, id)
}

function checkSettings(
  context: AppContext,
  subject: UserId,
  { before, settings }: { readonly before: Channel; readonly settings: Settings },
): void {
  const isPersonal = before.kind === 'direct' || before.kind === 'group'
  const { name, displayName, isArchived } = settings
  if (!isPersonal)
    return checkDraft(context, subject, {
      ...settings,
      kind: before.kind,
      name: name ?? before.name,
      displayName: displayName ?? before.displayName,
    })
  if (name !== undefined || displayName !== undefined || isArchived !== undefined)
    throw new EdgeError('NOT_ALLOWED', {
      found: 'a channel that is its people, and called after them',
    })
  const like = { kind: 'group', name: 'group', displayName: 'group' } as const
  checkDraft(context, subject, { ...settings, ...like })
}

function checkDraft(context: AppContext, subject: UserId, draft: ChannelDraft): void {
  checkName(draft)
  if (draft.displayName.trim() === '' || draft.displayName.length > DISPLAY_NAME_CHARACTERS_MAX)
    throw wrongLength('display_name', draft.displayName, `1 to ${DISPLAY_NAME_CHARACTERS_MAX}`)
  const { purpose = '', header = '' } = draft
  if (purpose.length > PURPOSE_CHARACTERS_MAX)
    throw wrongLength('purpose', purpose, `at most ${PURPOSE_CHARACTERS_MAX}`)
  if (header.length > HEADER_CHARACTERS_MAX)
    throw wrongLength('header', header, `at most ${HEADER_CHARACTERS_MAX}`)
  const unknown = (draft.members ?? []).find(
    (person) => person !== subject && !maySee(context, subject, person),
  )
  if (unknown !== undefined) throw new EdgeError('NOT_FOUND', { what: 'person', id: unknown })
}

function checkName({ kind, name }: ChannelDraft): void {
  if (kind === 'direct') {
    const wanted = 'one of the other kinds; a direct channel is asked for by its two people'
    throw new EdgeError('INPUT_INVALID', { field: 'kind', found: kind, wanted })
  }
  const [first, second, ...more] = name.split('__')
  const isDirectName = more.length === 0 && [first, second].every((id) => id && isId(id))
  // Clients find a group by such a name: whoever took it would be told what was meant for the group.
  const isGroupName = kind !== 'group' && /^[0-9a-f]{40}$/.test(name)
  if (!/^[a-z0-9][a-z0-9_-]{0,63}$/.test(name) || isDirectName || isGroupName) {
    throw new EdgeError('INPUT_INVALID', {
      field: 'name',
      found: name,
      wanted:
        '1 to 64 of a-z 0-9 _ -, a letter or digit first; not two ids of people, nor 40 of 0-9 a-f',
    })
  }
}

function wrongLength(field: string, found: string, wanted: string): EdgeError {
  const facts = { field, foundCharacters: found.length, wanted: `${wanted} characters` }
  return new EdgeError('INPUT_INVALID', facts)
}

function refuseTooMany(context: AppContext): void {
  const count = context.sync.directory().channels().length
  if (count >= CHANNELS_MAX)
    throw new EdgeError('INPUT_INVALID', { field: 'channels', found: count, wanted: CHANNELS_MAX })
}

/** A name that is taken by what the subject may not read is free: otherwise they would learn of it. */
async function refuseTakenName(
  tx: Tx,
  context: AppContext,
  { subject, name }: { readonly subject: UserId; readonly name: string },
): Promise<void> {
  for (const { id } of context.sync.directory().channels()) {
    const record = unpack<ChannelRecord>(await tx.get(key.channel(id)))
    if (record?.settings.name === name && mayRead(context, subject, { channel: id }))
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
  if (subject !== other && !maySee(context, subject, other))
    throw new EdgeError('NOT_FOUND', { what: 'person', id: other })
  const name = people.join('__')
  const id = directChannelId(subject, other)
  const isComplete = (): boolean => people.every((person) => isMember(context, id, person))
  if (!isComplete()) {
    insistOnMaking(context, subject, 'direct')
    const draft = { kind: 'direct' as const, name, displayName: '', members: [other] }
    await context.sync.replica.commit(async (tx) => {
      if (!isComplete()) await makeChannel(tx, context, { id, subject, draft })
    })
  }
  return channelOf(context, id)
}

function insistOnMaking(context: AppContext, subject: UserId, channelKind: ChannelKind): void {
  const facts = subjectFacts(context.sync.directory(), subject)
  insist(context, subject, { ...facts, action: 'create channel', channelKind })
}

async function named(context: AppContext, ids: readonly ChannelId[]): Promise<readonly Channel[]> {
  const channels = await Promise.all(ids.map((id) => channelOf(context, id)))
  return channels.toSorted(byDisplayName)
}

function byDisplayName(a: Channel, b: Channel): number {
  if (a.displayName !== b.displayName) return a.displayName < b.displayName ? -1 : 1
  return a.id < b.id ? -1 : 1
}
