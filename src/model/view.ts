/**
 * What people see of messages, folded entry by entry. Only the entries of one list come in their order: an edit may
 * come before its message. The fold gives the same picture for the same entries whatever their order of arrival.
 */
import {
  nodePrefixOfActor,
  nodePrefixOfPerson,
  type ActorId,
  type ChannelId,
  type DocumentId,
  type Instant,
  type NodeId,
  type PostId,
  type UserId,
} from '#base/ids.ts'
import { CERTIFICATE_GRACE_MS, CLOCK_TOLERANCE_MS, EARLIEST_CREDIBLE_AT } from '#base/limits.ts'
import type { DirectoryPerson } from './directory-people.ts'
import { withTick, type TickRecord } from './checklist.ts'
import type { Content } from './entry.ts'
import type { Logged } from './log.ts'
import type { Attributes } from './policy.ts'
import type { FileHeader } from './post-content.ts'
import type { Lane } from './precedence.ts'
import type { Settings } from './settings.ts'

/** One person's last word on one emoji. */
export interface ReactionRecord {
  readonly person: UserId
  readonly emoji: string
  readonly isSet: boolean
  readonly order: string
  readonly at: Instant
}

/** Somebody has acknowledged a message: the first time they did. */
export interface AcknowledgementRecord {
  readonly person: UserId
  readonly at: Instant
}

/** Whether a message is pinned to its channel, by the last word on it. */
export interface PinRecord {
  readonly isSet: boolean
  readonly order: string
  readonly at: Instant
}

/** Why a claimed time cannot be right. */
export type TimeDoubt =
  | 'before this program was written'
  | 'before its node was certified'
  | 'before what its writer had seen'
  | 'ahead of the clock here'

/** A message as the store keeps it. */
export interface MessageRecord {
  readonly id: PostId
  readonly channel: ChannelId
  readonly author: UserId
  readonly root: PostId | undefined
  readonly body: string
  readonly lane: Lane
  /** Place among the channel's messages. */
  readonly order: string
  readonly createdAt: Instant
  readonly claimedAt: Instant
  readonly timeDoubt: TimeDoubt | undefined
  readonly updatedAt: Instant
  readonly editedAt: Instant
  /** Place of the newest edit, '' before any. */
  readonly editOrder: string
  readonly deletedAt: Instant
  readonly replyCount: number
  readonly lastReplyAt: Instant
  readonly reactions: readonly ReactionRecord[]
  /** The last word on each item of its checklist. */
  readonly ticks?: readonly TickRecord[]
  readonly origin: NodeId
  readonly pendingId: string
  /** Why its author sent it beyond the allowance of its lane. */
  readonly overrideReason?: string
  /** What it is marked with by itself. */
  readonly label?: Attributes
  readonly files?: readonly FileHeader[]
  readonly props?: string
  readonly asksAcknowledgement?: boolean
  readonly acknowledgements?: readonly AcknowledgementRecord[]
  readonly pin?: PinRecord
  readonly document: DocumentId
  readonly actor: ActorId
  readonly seq: number
}

/** What is said of a message after it. */
export type AmendmentKind = 'edit' | 'deletion' | 'reaction' | 'pin' | 'acknowledgement' | 'tick'

/** An entry about a message. */
export interface Amendment {
  readonly author: UserId
  /** In whose list it stands. */
  readonly actor: ActorId
  readonly order: string
  readonly at: Instant
  /** Where it was written: it says something of messages there only. */
  readonly channel?: ChannelId | undefined
  readonly content: Extract<Content, { kind: AmendmentKind }>
}

const AMENDMENT_KINDS: ReadonlySet<string> = new Set<AmendmentKind>([
  'edit',
  'deletion',
  'reaction',
  'pin',
  'acknowledgement',
  'tick',
])

/** Whether an entry says something of a message before it. */
export function isAmendment(content: Content): content is Amendment['content'] {
  return AMENDMENT_KINDS.has(content.kind)
}

/** A channel's settings and counts as the store keeps them. Each setting remembers the place of its last change. */
export interface ChannelRecord {
  readonly settings: Omit<Settings, 'bookmarks'>
  readonly orders: Readonly<Partial<Record<keyof Settings, string>>>
  readonly messageCount: number
  readonly rootCount: number
  readonly lastPostAt: Instant
  /** The newest place of a message, in any lane. */
  readonly newestPlaceAt: Instant
  readonly updatedAt: Instant
  /** Some message has a label of its own: whether it stands here depends on the channel's. */
  readonly hasLabels?: true
}

/** A channel nobody has said anything of. */
export const EMPTY_CHANNEL: ChannelRecord = {
  settings: {},
  orders: {},
  messageCount: 0,
  rootCount: 0,
  lastPostAt: 0,
  newestPlaceAt: 0,
  updatedAt: 0,
}

/** Why a claimed time cannot be right, as far as this node can tell at `now`; `certifiedAt`: when its node's certificate begins. */
export function timeDoubtOf(
  logged: Logged,
  { now, certifiedAt = 0 }: { readonly now: Instant; readonly certifiedAt?: Instant | undefined },
): TimeDoubt | undefined {
  const { claimedAt, placeAt } = logged.entry
  if (!isCredible(claimedAt)) return 'before this program was written'
  if (placeAt - claimedAt > CLOCK_TOLERANCE_MS) return 'before what its writer had seen'
  if (isCredible(now) && claimedAt > now + CLOCK_TOLERANCE_MS) return 'ahead of the clock here'
  return claimedAt < certifiedAt - CERTIFICATE_GRACE_MS
    ? 'before its node was certified'
    : undefined
}

/** When an entry was written, by the best knowledge: its place in order, or `now` where that cannot be right. */
export function shownAt(logged: Logged, now: Instant): Instant {
  const { placeAt } = logged.entry
  const isAhead = isCredible(now) && placeAt > now + CLOCK_TOLERANCE_MS
  if (isAhead && timeDoubtOf(logged, { now }) !== undefined) return now
  return isCredible(placeAt) ? placeAt : now
}

/** The message after what is said of it; the same record when that changes nothing. */
export function amend(
  message: MessageRecord,
  amendment: Omit<Amendment, 'actor'>,
  mayDeleteIt: boolean,
): MessageRecord {
  const { content, author, order, at, channel } = amendment
  if (channel !== undefined && channel !== message.channel) return message
  const isAuthor = author === message.author
  switch (content.kind) {
    case 'edit': {
      const isNewest = order > message.editOrder && message.deletedAt === 0
      return isAuthor && isNewest
        ? { ...message, body: content.body, editedAt: at, editOrder: order }
        : message
    }
    case 'deletion':
      if (!(isAuthor || mayDeleteIt)) return message
      const deletedAt = message.deletedAt === 0 ? at : Math.min(at, message.deletedAt)
      return { ...emptied(message), deletedAt }
    case 'reaction':
      return message.deletedAt === 0 ? react(message, amendment, content) : message
    case 'pin':
      return pin(message, { isSet: content.isSet, order, at })
    case 'acknowledgement':
      return acknowledge(message, { person: author, at })
    case 'tick':
      return tick(message, { item: content.item, isSet: content.isSet, person: author, order, at })
  }
}

/** Why an amendment changes nothing of a message, whatever stands there already; undefined when it may. */
export function whyNot(
  message: MessageRecord,
  { author, channel, content }: Amendment,
  mayDeleteIt: boolean,
): 'wrong document' | 'not the author' | undefined {
  if (channel !== undefined && channel !== message.channel) return 'wrong document'
  if (content.kind === 'edit' && author !== message.author) return 'not the author'
  return content.kind === 'deletion' && !mayDeleteIt ? 'not the author' : undefined
}

/**
 * Whether somebody may delete a message: its author, whoever administered for all, and who administered by the word of
 * their own node what was written there. Once true it stays true, so it does not matter what is heard first.
 */
export function mayDelete(
  person: Pick<DirectoryPerson, 'hasAdministered' | 'hasAdministeredHome'> | undefined,
  id: UserId,
  message: Pick<MessageRecord, 'author' | 'actor'>,
): boolean {
  if (id === message.author || person?.hasAdministered === true) return true
  return person?.hasAdministeredHome === true && isHome(id, message.actor)
}

/** Whether what `actor` wrote was written at a person's own node. */
function isHome(person: UserId, actor: ActorId): boolean {
  return nodePrefixOfPerson(person) === nodePrefixOfActor(actor)
}

/** The channel after settings changed. Bookmarks are no part of it: it is written anew with every message. */
export function configure(
  channel: ChannelRecord,
  change: { readonly settings: Settings; readonly order: string },
): ChannelRecord {
  const settings: Record<string, unknown> = { ...channel.settings }
  const orders: Partial<Record<keyof Settings, string>> = { ...channel.orders }
  for (const name of Object.keys(change.settings) as (keyof Settings)[]) {
    if (name === 'bookmarks') continue
    if (change.order <= (orders[name] ?? '')) continue
    settings[name] = change.settings[name]
    orders[name] = change.order
  }
  return { ...channel, settings, orders }
}

/** What is left of a message that was deleted. */
function emptied(message: MessageRecord): MessageRecord {
  const {
    files: _files,
    props: _props,
    acknowledgements: _all,
    pin: _pin,
    ticks: _ticks,
    ...rest
  } = message
  return { ...rest, body: '', editedAt: 0, editOrder: '', reactions: [] }
}

function pin(message: MessageRecord, next: PinRecord): MessageRecord {
  const isNewest = next.order > (message.pin?.order ?? '') && message.deletedAt === 0
  return isNewest ? { ...message, pin: next } : message
}

function tick(message: MessageRecord, one: TickRecord): MessageRecord {
  if (message.deletedAt !== 0) return message
  const before = message.ticks ?? []
  const ticks = withTick(before, one)
  return ticks === before ? message : { ...message, ticks }
}

/** Whoever acknowledges twice has done so since the first time. */
function acknowledge(message: MessageRecord, one: AcknowledgementRecord): MessageRecord {
  if (message.deletedAt !== 0) return message
  const known = message.acknowledgements ?? []
  const before = known.find(({ person }) => person === one.person)
  if (before !== undefined && before.at <= one.at) return message
  const others = known.filter(({ person }) => person !== one.person)
  const all = [...others, one].toSorted((a, b) => a.at - b.at || (a.person < b.person ? -1 : 1))
  return { ...message, acknowledgements: all }
}

function isCredible(at: Instant): boolean {
  return at >= EARLIEST_CREDIBLE_AT
}

function react(
  message: MessageRecord,
  { author, order, at }: Pick<Amendment, 'author' | 'order' | 'at'>,
  { emoji, isSet }: { readonly emoji: string; readonly isSet: boolean },
): MessageRecord {
  const isSame = (one: ReactionRecord): boolean => one.person === author && one.emoji === emoji
  const known = message.reactions.find(isSame)
  if (known !== undefined && known.order >= order) return message
  const others = message.reactions.filter((one) => !isSame(one))
  const reactions = [...others, { person: author, emoji, isSet, order, at }]
  return { ...message, reactions: reactions.toSorted((a, b) => (a.order < b.order ? -1 : 1)) }
}
