/** What the node answers, as plain values: parsed at the door, forgiving of what is not there, trusted inside. */
import { parseLane, type Lane } from '#model/precedence.ts'

/** Somebody with an account. */
export interface Person {
  readonly id: string
  readonly username: string
  readonly name: string
  readonly isAdministrator: boolean
}

/** Mattermost's letters: open, private, direct, group. */
export type ChannelType = 'O' | 'P' | 'D' | 'G'

/** A channel. */
export interface Channel {
  readonly id: string
  readonly type: ChannelType
  /** For direct channels both ids, joined by `__`. */
  readonly name: string
  readonly displayName: string
  readonly purpose: string
  readonly header: string
  readonly messageCount: number
  readonly lastPostAt: number
  readonly archivedAt: number
}

/** What one has seen of a channel. */
export interface Membership {
  readonly channelId: string
  readonly seenCount: number
  readonly viewedAt: number
  readonly mentionCount: number
}

/** One reaction of one person. */
export interface Reaction {
  readonly userId: string
  readonly emoji: string
}

/** A file of a message. */
export interface FileInfo {
  readonly id: string
  readonly name: string
  readonly mimeType: string
  readonly size: number
  /** How wide and high a picture is, in points; 0 where nobody has said. */
  readonly width: number
  readonly height: number
  /** What kind of picture of it there is before its bytes are here; '' when there is none. */
  readonly look: string
  /** A tiny picture of it that came with the message: WebP in base64; '' when there is none. */
  readonly tiny: string
}

/** A message. */
export interface Post {
  readonly id: string
  readonly channelId: string
  readonly userId: string
  readonly rootId: string
  readonly message: string
  readonly createdAt: number
  readonly updatedAt: number
  readonly editedAt: number
  readonly deletedAt: number
  readonly pendingId: string
  readonly replyCount: number
  readonly isPinned: boolean
  readonly lane: Lane
  /** Why it went beyond the allowance of its lane. */
  readonly override: string
  readonly isTimeUncertain: boolean
  /** It is shown once, for so many seconds: what it says is not here. 0 for all others. */
  readonly burnSeconds: number
  readonly wantsAck: boolean
  /** Ids of those who have acknowledged it. */
  readonly acks: readonly string[]
  readonly reactions: readonly Reaction[]
  readonly files: readonly FileInfo[]
}

/** A page of messages, newest first. */
export interface PostPage {
  readonly posts: readonly Post[]
  /** Messages beside the page: roots of threads. */
  readonly beside: readonly Post[]
  readonly hasOlder: boolean
}

type Fields = Readonly<Record<string, unknown>>

/** `value` as an object to look into; empty when it is none. */
export function fields(value: unknown): Fields {
  return typeof value === 'object' && value !== null ? (value as Fields) : {}
}

/** `value` as a list; empty when it is none. */
export function list(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : []
}

/** `value` as text; '' when it is none. */
export function text(value: unknown): string {
  return typeof value === 'string' ? value : ''
}

/** `value` as a number; 0 when it is none. */
export function number(value: unknown): number {
  return typeof value === 'number' && Number.isFinite(value) ? value : 0
}

/** JSON inside JSON, as the WebSocket brings it; undefined when there is no making sense of it. */
export function inner(value: unknown): unknown {
  try {
    return typeof value === 'string' ? JSON.parse(value) : value
  } catch {
    return undefined
  }
}

/** A person. */
export function personFrom(value: unknown): Person {
  const one = fields(value)
  const username = text(one.username)
  const name = `${text(one.first_name)} ${text(one.last_name)}`.trim()
  return {
    id: text(one.id),
    username,
    name: [name, text(one.nickname)].find(isSeen) ?? username,
    isAdministrator: text(one.roles).split(' ').includes('system_admin'),
  }
}

/** Whether somebody who looks sees anything: there are letters that leave no mark, and nobody could choose what they name. */
export function isSeen(name: string): boolean {
  return /[^\p{Cc}\p{Cf}\p{M}\p{Z}\u115f\u1160\u2800\u3164\uffa0]/u.test(name)
}

/** A channel. */
export function channelFrom(value: unknown): Channel {
  const one = fields(value)
  const type = text(one.type)
  return {
    id: text(one.id),
    type: type === 'P' || type === 'D' || type === 'G' ? type : 'O',
    name: text(one.name),
    displayName: text(one.display_name),
    purpose: text(one.purpose),
    header: text(one.header),
    messageCount: number(one.total_msg_count),
    lastPostAt: number(one.last_post_at),
    archivedAt: number(one.delete_at),
  }
}

/** A membership. */
export function membershipFrom(value: unknown): Membership {
  const one = fields(value)
  return {
    channelId: text(one.channel_id),
    seenCount: number(one.msg_count),
    viewedAt: number(one.last_viewed_at),
    mentionCount: number(one.mention_count),
  }
}

/** A message. What one that is shown once says stays where it came from: it is neither kept, found nor read out. */
export function postFrom(value: unknown): Post {
  const whole = wholePostFrom(value)
  return whole.burnSeconds === 0 ? whole : { ...whole, message: '', files: [] }
}

/** A message with what it says, for the moment in which it is shown. */
export function wholePostFrom(value: unknown): Post {
  const one = fields(value)
  const props = fields(one.props)
  const metadata = fields(one.metadata)
  return {
    id: text(one.id),
    channelId: text(one.channel_id),
    userId: text(one.user_id),
    rootId: text(one.root_id),
    message: text(one.message),
    createdAt: number(one.create_at),
    updatedAt: number(one.update_at),
    editedAt: number(one.edit_at),
    deletedAt: number(one.delete_at),
    pendingId: text(one.pending_post_id),
    replyCount: number(one.reply_count),
    isPinned: one.is_pinned === true,
    lane: parseLane(props.holdfast_precedence) ?? 'routine',
    override: text(props.holdfast_override),
    isTimeUncertain: props.holdfast_time_uncertain === true,
    burnSeconds: Math.max(0, number(props.holdfast_burn_seconds)),
    wantsAck: fields(metadata.priority).requested_ack === true,
    acks: list(metadata.acknowledgements).map((ack) => text(fields(ack).user_id)),
    reactions: list(metadata.reactions).map(reactionFrom),
    files: list(metadata.files).map(fileFrom),
  }
}

/** A reaction. */
export function reactionFrom(value: unknown): Reaction {
  const one = fields(value)
  return { userId: text(one.user_id), emoji: text(one.emoji_name) }
}

/** A file. */
function fileFrom(value: unknown): FileInfo {
  const one = fields(value)
  return {
    id: text(one.id),
    name: text(one.name),
    mimeType: text(one.mime_type),
    size: number(one.size),
    width: number(one.width),
    height: number(one.height),
    look: text(one.holdfast_preview),
    tiny: text(one.mini_preview),
  }
}

/** A page of messages. */
export function pageFrom(value: unknown): PostPage {
  const page = fields(value)
  const posts = fields(page.posts)
  const order = list(page.order).map(text)
  const inOrder = new Set(order)
  return {
    posts: order.filter((id) => Object.hasOwn(posts, id)).map((id) => postFrom(posts[id])),
    beside: Object.keys(posts)
      .filter((id) => !inOrder.has(id))
      .map((id) => postFrom(posts[id])),
    hasOlder: text(page.prev_post_id) !== '',
  }
}
