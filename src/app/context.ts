/** What every part of the app works with, and the small questions all of them ask. */
import { EdgeError, type Facts } from '#base/errors.ts'
import type { ChannelId, DocumentId, Instant, PostId, UserId } from '#base/ids.ts'
import { actionNumber } from '#model/audit-words.ts'
import type { ChannelKind } from '#model/channel-id.ts'
import type { Content, Draft } from '#model/entry.ts'
import { usernames } from '#model/names.ts'
import type { Attributes } from '#model/policy.ts'
import { EMPTY_CHANNEL, type ChannelRecord, type MessageRecord } from '#model/view.ts'
import type { PeerId } from '#ports/carrier.ts'
import type { Previewer } from '#ports/previewer.ts'
import type { Random } from '#ports/random.ts'
import { isNode, type SyncContext } from '#sync/context.ts'
import { writeHere, type Written } from '#sync/author.ts'
import { key } from '#sync/keys.ts'
import type { LinkState } from '#sync/links.ts'
import { channelFacts, subjectFacts } from '#sync/readers.ts'
import { unpackOnce } from '#sync/records.ts'
import type { Tx } from '#sync/replica.ts'
import type { Terms } from '#tariff/terms.ts'
import { decide, type Action, type Reason, type Situation } from '#trust/access.ts'
import { isOurs, organisationsOf } from '#trust/restrictions.ts'
import type { Allowance } from './allowance.ts'
import type { BlobUses } from '#sync/blob-uses.ts'
import { personFrom, channelFrom } from './present.ts'
import type { Surroundings } from './surroundings.ts'
import type { Channel, Mood, Person } from './types.ts'

/** The app's parts share sync and chance; they keep nothing else. */
export interface AppContext {
  readonly sync: SyncContext
  readonly random: Random
  /** What a person may send urgently; nothing is counted without. */
  readonly allowance?: Allowance | undefined
  /** The circumstances of the request at hand; none are known without. */
  readonly surroundings?: Surroundings
  readonly blobs: BlobUses
  /** Looks at files that are handed in; none has a preview without. */
  readonly previewer?: Previewer | undefined
  /** The links of this node; none are known without. */
  readonly links?: () => readonly LinkState[]
  /** On what terms carriers are used that cost something; none do without. */
  readonly terms?: ReadonlyMap<string, Terms>
  /** When people chose their pictures, in memory. */
  readonly pictureTimes: Map<UserId, Instant>
  /** What people say of themselves, in memory. */
  readonly moods: Map<UserId, Mood>
}

/** Refuses unless `decide` says yes; what is refused stands in the audit, whatever becomes of the commit around it. */
export function insist(context: AppContext, subject: UserId, situation: Situation): void {
  const decision = decide(situation)
  if (decision.ok) return
  const { action } = situation
  countRefusal(context, subject, { action, reason: decision.reason })
  throw new EdgeError('NOT_ALLOWED', { action, found: decision.reason })
}

/** Refuses on a node that has no say over the whole organisation: others would pass over what it writes. */
export function insistOnAdministeringNode({ sync }: AppContext, action: Action): void {
  if (sync.identity.certificate.rights.administers) return
  throw new EdgeError('NOT_ALLOWED', {
    action,
    found: 'a node that does not administer the organisation',
    wanted: 'one whose certificate says so',
    do: 'Do it at headquarters, or have the root certify this node.',
  })
}

function countRefusal(
  { sync }: AppContext,
  by: UserId,
  { action, reason }: { readonly action: Action; readonly reason: Reason },
): void {
  const facts = { action: actionNumber(action) }
  sync.audit.count({ deed: 'action refused', result: 'refused', by, facts, reason })
}

/** What a peer is called: a node, or a post office. */
export function peerName({ roster }: Pick<SyncContext, 'roster'>, peer: PeerId): string {
  if (!isNode(peer)) return peer.slice('post:'.length)
  return roster.byNode(peer)?.name ?? peer
}

/** Whether `person` administers the workspace. */
export function isAdministrator({ sync }: AppContext, person: UserId): boolean {
  const { isAdministrator: isOne, subject } = subjectFacts(sync.directory(), person)
  return isOne && isOurs(subject)
}

/** Whether `person` is a member of `channel` now. */
export function isMember({ sync }: AppContext, channel: ChannelId, person: UserId): boolean {
  const role = sync.directory().member(channel, person)?.role
  return role !== undefined && role !== 'none'
}

/** A channel as people see it. @throws EdgeError NOT_FOUND */
export async function channelOf(context: AppContext, id: ChannelId, tx?: Tx): Promise<Channel> {
  const known = context.sync.directory().channel(id)
  if (known === undefined) throw new EdgeError('NOT_FOUND', { what: 'channel', id })
  const reader = tx ?? context.sync.replica.read
  const record = unpackOnce<ChannelRecord>(await reader.get(key.channel(id))) ?? EMPTY_CHANNEL
  return channelFrom(known, record)
}

/** What a report calls a channel; undefined for one that the directory does not know. */
export async function namedChannel(
  { sync }: AppContext,
  id: ChannelId | undefined,
): Promise<
  { readonly id: ChannelId; readonly kind: ChannelKind; readonly name: string } | undefined
> {
  const known = id && sync.directory().channel(id)
  if (id === undefined || known === undefined) return undefined
  const bytes = await sync.replica.read.get(key.channel(id))
  const { settings } = unpackOnce<ChannelRecord>(bytes) ?? EMPTY_CHANNEL
  return { id, kind: known.kind, name: settings.name ?? '' }
}

/** What somebody wants to do in a channel. */
export interface ChannelRequest {
  readonly channel: ChannelId
  readonly action: Action
  readonly isAuthor?: boolean
  readonly isOwnMembership?: boolean
  /** For an action that not everybody who administers may do here. */
  readonly isAdministrator?: boolean
  /** The label of the message that it is about. */
  readonly message?: Attributes | undefined
  /** The circumstances, where they were noted before; as they are now unless given. */
  readonly environment?: Attributes
  /** What is not found when the subject may not even know of the channel; the channel unless given. */
  readonly hidden?: Facts
}

/**
 * Refuses an action in a channel unless the subject may. Who may not read there gets the answer of an id that nothing has:
 * nobody learns by asking what there is.
 */
export async function insistInChannel(
  context: AppContext,
  subject: UserId,
  request: ChannelRequest,
): Promise<Channel> {
  const { channel: id, action, hidden = { what: 'channel', id } } = request
  if (context.sync.directory().channel(id) === undefined) throw new EdgeError('NOT_FOUND', hidden)
  const channel = await channelOf(context, id)
  const situation = situationIn(context, subject, { ...request, channel })
  const decision = decide(situation)
  const reading = decide({ ...situation, action: 'read channel', message: undefined })
  // What stands elsewhere is deleted by whoever may, without being read.
  if (decision.ok && (reading.ok || action === 'delete message')) return channel
  if (reading.ok) insist(context, subject, situation)
  else {
    countRefusal(context, subject, { action, reason: reading.reason })
    throw new EdgeError('NOT_FOUND', hidden)
  }
  return channel
}

/** All that a decision about a channel rests on. */
function situationIn(
  { sync, surroundings }: AppContext,
  subject: UserId,
  request: Omit<ChannelRequest, 'channel'> & {
    readonly channel: Pick<Channel, 'id' | 'archivedAt'>
  },
): Situation {
  const { channel, action, isAuthor = false, isOwnMembership = false, message } = request
  const facts = channelFacts(sync.directory(), channel.id, subject)
  return {
    ...facts,
    action,
    isAdministrator: request.isAdministrator ?? facts.isAdministrator,
    isArchived: channel.archivedAt !== 0,
    isAuthor,
    isOwnMembership,
    ...(message !== undefined && { message }),
    environment: request.environment ?? surroundings?.now() ?? {},
  }
}

/** Whether somebody may read a channel, by what is in memory: for lists and for what is told to many at once. */
export function mayRead(
  { sync, surroundings }: AppContext,
  subject: UserId,
  at: { readonly channel: ChannelId; readonly environment?: Attributes | 'any' },
): boolean {
  const facts = channelFacts(sync.directory(), at.channel, subject)
  const environment = at.environment ?? surroundings?.now() ?? {}
  return decide({ ...facts, action: 'read channel', environment }).ok
}

/** People as others see them, in the order of `ids`; those the directory does not know are left out. */
export function peopleOf(context: AppContext, ids: readonly UserId[]): readonly Person[] {
  const { roster, identity, directory } = context.sync
  const names = usernames(directory())
  return ids.flatMap((id) => {
    const known = directory().person(id)
    if (known === undefined) return []
    const home = roster.homeOf(id)?.node ?? identity.certificate.node
    const { isGuest = false, subject } = subjectFacts(directory(), id)
    const pictureAt = context.pictureTimes.get(id) ?? 0
    const partnerOf = organisationsOf(subject)
    const administers = isAdministrator(context, id)
    const standing = { isGuest, isAdministrator: administers, partnerOf, pictureAt }
    const person = personFrom(known, { username: names.get(id) ?? '', home, ...standing })
    const mood = context.moods.get(id)
    if (mood === undefined) return [person]
    return [{ ...person, mood, updatedAt: Math.max(person.updatedAt, mood.at) }]
  })
}

/** A person as others see them, or undefined. */
export function personOf(context: AppContext, id: UserId): Person | undefined {
  return peopleOf(context, [id])[0]
}

/** Whoever is called so, in whatever case. */
export function personIdByName(context: AppContext, name: string): UserId | undefined {
  const wanted = name.trim().toLowerCase()
  const names = usernames(context.sync.directory())
  return [...names].find(([, username]) => username === wanted)?.[0]
}

/** A message's record. @throws EdgeError NOT_FOUND */
export async function recordOf(reader: Pick<Tx, 'get'>, id: PostId): Promise<MessageRecord> {
  const record = unpackOnce<MessageRecord>(await reader.get(key.message(id)))
  if (record === undefined) throw new EdgeError('NOT_FOUND', { what: 'message', id })
  return record
}

/** Writes an entry of `author` inside a commit. */
export function write(
  tx: Tx,
  context: AppContext,
  writing: {
    readonly document: DocumentId
    readonly author: UserId | undefined
    readonly content: Content
    readonly pendingId?: string
  },
): Promise<Written> {
  const entry: Draft = {
    author: writing.author,
    claimedAt: context.sync.now(),
    content: writing.content,
  }
  const pending = writing.pendingId === undefined ? {} : { pendingId: writing.pendingId }
  return writeHere(tx, context.sync, { document: writing.document, entry, ...pending })
}
