/**
 * One item in a node's list: a MessagePack array that begins `[kind, author, time, …]`.
 *
 * `author` is nil (the node itself), an index into the people this list has named so far, or 16 bytes that name a
 * new one and take the next index. `time` counts in seconds from the entry before it in the same list (the first:
 * from 1970); what its author had seen may put its place after that. What replaces something earlier has a `counter`
 * next, counted from the largest of the same list. All make an entry small without a codec that knows it, and need
 * the list read from its start; nothing needs another list.
 */
import { encode } from '@msgpack/msgpack'
import { bytesFromId, type ChannelId, type Instant, type PostId, type UserId } from '#base/ids.ts'
import { CHANNEL_KINDS, type ChannelKind } from './channel-id.ts'
import { ITEM_NUMBERS } from './checklist.ts'
import { decodeFields, idField, textField, type Fields } from './fields.ts'
import {
  isOther,
  OTHER_KIND_NUMBER,
  OTHER_READERS,
  otherFields,
  type OtherContent,
} from './other-content.ts'
import { MESSAGE_CHARACTERS_MAX } from '#base/limits.ts'
import { readCounter, readTime, timeField, wholeNumber } from './list.ts'
import type { ListContext, Timed } from './list.ts'
import { postFields, readPost, type PostContent } from './post-content.ts'
import { readSettings, type Settings } from './settings.ts'

/** What an entry says. An entry of a kind or shape this version does not know is `unknown` and shown by nobody. */
export type Content =
  | PostContent
  | { readonly kind: 'edit'; readonly target: PostId; readonly body: string }
  | { readonly kind: 'deletion'; readonly target: PostId }
  | {
      readonly kind: 'reaction'
      readonly target: PostId
      readonly emoji: string
      readonly isSet: boolean
    }
  | { readonly kind: 'acknowledgement'; readonly target: PostId }
  | { readonly kind: 'pin'; readonly target: PostId; readonly isSet: boolean }
  | {
      readonly kind: 'tick'
      readonly target: PostId
      /** The number of the item (`checklist.ts`). */
      readonly item: number
      readonly isSet: boolean
    }
  | { readonly kind: 'node'; readonly certificate: Uint8Array }
  | { readonly kind: 'person'; readonly person: UserId; readonly profile: Profile }
  | { readonly kind: 'channel'; readonly channel: ChannelId; readonly channelKind: ChannelKind }
  | {
      readonly kind: 'member'
      readonly channel: ChannelId
      readonly person: UserId
      readonly role: MemberRole
      /** The first segment the person's node may read, in every lane; 0 for all. */
      readonly from?: number
    }
  | { readonly kind: 'settings'; readonly settings: Settings }
  | OtherContent
  | { readonly kind: 'unknown' }

/** What a person is in a channel. */
export type MemberRole = 'none' | 'member' | 'administrator'

/** What the directory says of a person. */
export interface Profile {
  readonly username: string
  readonly displayName: string
  readonly isAdministrator: boolean
}

/** What somebody wants to write, before it has a place. */
export interface Draft {
  readonly author: UserId | undefined
  /** What the author's clock claims; an entry keeps it to the second. */
  readonly claimedAt: Instant
  readonly content: Content
}

/** A decoded entry. */
export interface Entry extends Draft, Timed {
  /** A Lamport number across the document: larger than all its author had seen. 0 in what replaces nothing. */
  readonly counter: number
}

/** Kind, author, time. */
const HEAD_ITEMS = 3
/** In the order of their numbers. */
export const MEMBER_ROLES: readonly MemberRole[] = ['none', 'member', 'administrator']
const KIND_NUMBER = {
  post: 0,
  edit: 1,
  deletion: 2,
  reaction: 3,
  acknowledgement: 4,
  pin: 5,
  tick: 6,
  node: 16,
  person: 17,
  channel: 18,
  member: 19,
  settings: 20,
  ...OTHER_KIND_NUMBER,
} as const
/** Kinds that replace nothing and have no counter; every other kind has one, also one this version does not know. */
const UNCOUNTED: ReadonlySet<unknown> = new Set([
  KIND_NUMBER.post,
  KIND_NUMBER.acknowledgement,
  KIND_NUMBER.audit,
])

/** Whether an entry of this kind has a counter. */
export function isCounted({ kind }: Content): boolean {
  return kind !== 'unknown' && !UNCOUNTED.has(KIND_NUMBER[kind])
}

/** The bytes of `entry` as the next one of a list. */
export function encodeEntry(entry: Entry, context: ListContext): Uint8Array {
  const front = [authorField(entry.author, context), timeField(entry, context)]
  const counter = isCounted(entry.content) ? [entry.counter - context.counter] : []
  return encode(contentFields(entry.content, [...front, ...counter]))
}

/** The entry in `value` and the context for the next one. Never throws: a strange value is `unknown`. */
export function decodeEntry(
  value: Uint8Array,
  context: ListContext,
): { entry: Entry; context: ListContext } {
  const fields = decodeFields(value)
  const { seconds, timed } = readTime(fields[2], context)
  const { author, people } = readAuthor(fields[1], context.people)
  const hasCounter = !UNCOUNTED.has(fields[0])
  const counter = hasCounter ? readCounter(fields[3], context) : 0
  const content = readContent(hasCounter ? fields.toSpliced(3, 1) : fields)
  return {
    entry: { author, ...timed, counter, content },
    context: {
      people,
      seconds,
      placeAt: timed.placeAt,
      counter: Math.max(counter, context.counter),
    },
  }
}

function authorField(author: UserId | undefined, context: ListContext): unknown {
  if (author === undefined) return null
  const index = context.people.indexOf(author)
  return index < 0 ? bytesFromId(author) : index
}

/** The fields of an entry that begins with `front`. */
function contentFields(content: Content, front: readonly unknown[]): unknown[] {
  if (content.kind === 'unknown') return []
  const head = [KIND_NUMBER[content.kind], ...front]
  if (isOther(content)) return [...head, ...otherFields(content)]
  switch (content.kind) {
    case 'post':
      return [...head, ...postFields(content)]
    case 'edit':
      return [...head, bytesFromId(content.target), content.body]
    case 'deletion':
    case 'acknowledgement':
      return [...head, bytesFromId(content.target)]
    case 'reaction':
      return [...head, bytesFromId(content.target), content.emoji, content.isSet ? 1 : 0]
    case 'pin':
      return [...head, bytesFromId(content.target), content.isSet ? 1 : 0]
    case 'tick':
      return [...head, bytesFromId(content.target), content.item, content.isSet ? 1 : 0]
    case 'node':
      return [...head, content.certificate]
    case 'person': {
      const { username, displayName, isAdministrator } = content.profile
      return [...head, bytesFromId(content.person), username, displayName, isAdministrator ? 1 : 0]
    }
    case 'channel':
      return [...head, bytesFromId(content.channel), CHANNEL_KINDS.indexOf(content.channelKind)]
    case 'member':
      return [
        ...head,
        bytesFromId(content.channel),
        bytesFromId(content.person),
        MEMBER_ROLES.indexOf(content.role),
        ...(content.from === undefined || content.from === 0 ? [] : [content.from]),
      ]
    case 'settings':
      return [...head, content.settings]
  }
}

function readAuthor(
  field: unknown,
  people: readonly UserId[],
): { author: UserId | undefined; people: readonly UserId[] } {
  const named = idField<UserId>(field)
  if (named !== undefined)
    return { author: named, people: people.includes(named) ? people : [...people, named] }
  return { author: typeof field === 'number' ? people[field] : undefined, people }
}

const UNKNOWN: Content = { kind: 'unknown' }

/** One reader per kind number, for fields without the counter; each gives undefined when the fields have another shape. */
const READERS: Readonly<Record<number, (fields: Fields) => Content | undefined>> = {
  [KIND_NUMBER.post]: (fields) => readPost(fields.slice(HEAD_ITEMS)),
  [KIND_NUMBER.edit]: (fields) => {
    const target = idField<PostId>(fields[3])
    const body = textField(fields[4], MESSAGE_CHARACTERS_MAX)
    return target === undefined || body === undefined ? undefined : { kind: 'edit', target, body }
  },
  [KIND_NUMBER.deletion]: (fields) => {
    const target = idField<PostId>(fields[3])
    return target && { kind: 'deletion', target }
  },
  [KIND_NUMBER.acknowledgement]: (fields) => {
    const target = idField<PostId>(fields[3])
    return target && { kind: 'acknowledgement', target }
  },
  [KIND_NUMBER.reaction]: (fields) => {
    const target = idField<PostId>(fields[3])
    const emoji = textField(fields[4], 64)
    return target && emoji ? { kind: 'reaction', target, emoji, isSet: fields[5] === 1 } : undefined
  },
  [KIND_NUMBER.pin]: (fields) => {
    const target = idField<PostId>(fields[3])
    return target && { kind: 'pin', target, isSet: fields[4] === 1 }
  },
  [KIND_NUMBER.tick]: (fields) => {
    const target = idField<PostId>(fields[3])
    const item = wholeNumber(fields[4], -1)
    if (target === undefined || item < 0 || item >= ITEM_NUMBERS) return undefined
    return { kind: 'tick', target, item, isSet: fields[5] === 1 }
  },
  [KIND_NUMBER.node]: (fields) => {
    const certificate = fields[3]
    return certificate instanceof Uint8Array ? { kind: 'node', certificate } : undefined
  },
  [KIND_NUMBER.person]: (fields) => {
    const person = idField<UserId>(fields[3])
    const username = textField(fields[4], 64)
    const displayName = textField(fields[5], 128)
    if (person === undefined || !username || displayName === undefined) return undefined
    return {
      kind: 'person',
      person,
      profile: { username, displayName, isAdministrator: fields[6] === 1 },
    }
  },
  [KIND_NUMBER.channel]: (fields) => {
    const channel = idField<ChannelId>(fields[3])
    const channelKind = CHANNEL_KINDS[wholeNumber(fields[4], -1)]
    return channel && channelKind ? { kind: 'channel', channel, channelKind } : undefined
  },
  [KIND_NUMBER.member]: (fields) => {
    const channel = idField<ChannelId>(fields[3])
    const person = idField<UserId>(fields[4])
    const role = MEMBER_ROLES[wholeNumber(fields[5], -1)]
    const from = Math.max(0, wholeNumber(fields[6], 0))
    const part = from === 0 ? {} : { from }
    return channel && person && role
      ? { kind: 'member', channel, person, role, ...part }
      : undefined
  },
  [KIND_NUMBER.settings]: (fields) => ({ kind: 'settings', settings: readSettings(fields[3]) }),
}

function readContent(fields: Fields): Content {
  const kind = wholeNumber(fields[0], -1)
  return READERS[kind]?.(fields) ?? OTHER_READERS[kind]?.(fields.slice(HEAD_ITEMS)) ?? UNKNOWN
}
