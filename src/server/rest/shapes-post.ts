/**
 * Messages as Mattermost clients read them.
 *
 * `create_at` is when it was written, `update_at` when this node's picture of it last changed: a client that asks
 * for what is new since a moment then gets what arrived late, too.
 */
import type { ChannelId, Instant, PostId, UserId } from '#base/ids.ts'
import { BURN_PROP, burnProps, burnSecondsIn, burnSecondsOf } from '#model/once.ts'
import type { FileHeader } from '#model/post-content.ts'
import type { Lane } from '#model/precedence.ts'
import type { Thread } from '#app/kept-types.ts'
import type { Message, Reaction } from '#app/types.ts'

/** A message, and where it is on its way when its author asks. */
export type ShownMessage = Message & {
  readonly delivery?: { readonly word: string; readonly text?: string }
}

/** A list of posts, with their order and the ids just beyond both ends. */
export interface PostListParts {
  /** Newest first. */
  readonly messages: readonly ShownMessage[]
  /** Thread roots and other posts a client needs beside them; not in the order. */
  readonly companions?: readonly Message[]
  readonly newerId?: PostId | undefined
  readonly olderId?: PostId | undefined
  /** For clients that collapse threads: those of the list, by their first message. */
  readonly threads?: ReadonlyMap<PostId, Thread>
}

/** One post; with its thread, for clients that collapse threads. */
export function postFrom(message: ShownMessage, thread?: Thread): object {
  return {
    id: message.id,
    create_at: message.createdAt,
    update_at: message.updatedAt,
    edit_at: message.editedAt,
    delete_at: message.deletedAt,
    is_pinned: message.isPinned,
    user_id: message.author,
    channel_id: message.channel,
    root_id: message.root ?? '',
    original_id: '',
    message: isCovered(message) ? ONCE_TEXT : message.body,
    type: '',
    props: propsOf(message),
    hashtags: '',
    file_ids: message.files.map(({ id }) => id),
    pending_post_id: message.pendingId,
    remote_id: '',
    reply_count: message.replyCount,
    last_reply_at: message.lastReplyAt,
    participants: thread === undefined ? null : thread.participants.map((id) => ({ id })),
    ...(thread && { is_following: thread.isFollowing }),
    metadata: metadataOf(message),
  }
}

/** A list of posts. */
export function postListFrom(parts: PostListParts): object {
  const { threads } = parts
  const all = [...parts.messages, ...(parts.companions ?? [])]
  const shown = all.map((message) => [message.id, postFrom(message, threads?.get(message.id))])
  return {
    order: parts.messages.map((message) => message.id),
    posts: Object.fromEntries(shown) as object,
    next_post_id: parts.newerId ?? '',
    prev_post_id: parts.olderId ?? '',
    has_next: false,
    first_inaccessible_post_time: 0,
  }
}

/** One reaction to one post. */
export function reactionFrom(message: Message, reaction: Reaction): object {
  return {
    user_id: reaction.person,
    post_id: message.id,
    emoji_name: reaction.emoji,
    create_at: reaction.at,
    update_at: reaction.at,
    delete_at: 0,
    remote_id: '',
    channel_id: message.channel,
  }
}

/** One person's acknowledgement of one post. */
export function acknowledgementFrom(
  message: Message,
  { person, at }: Message['acknowledgements'][number],
): object {
  return { user_id: person, post_id: message.id, acknowledged_at: at, channel_id: message.channel }
}

/** Whose file it is and where it stands. */
export interface FilePlace {
  readonly owner: UserId
  readonly channel: ChannelId
  readonly createdAt: Instant
  readonly message: PostId | ''
}

/** What a file is. Of pictures clients show what they look like; of others that have a preview, our own client alone. */
export function fileInfoFrom(file: FileHeader, place: FilePlace): object {
  const { id, name, type, bytes, preview } = file
  const picture = preview?.kind === 'picture' ? preview : undefined
  const dot = name.lastIndexOf('.')
  return {
    id,
    user_id: place.owner,
    post_id: place.message,
    channel_id: place.channel,
    create_at: place.createdAt,
    update_at: place.createdAt,
    delete_at: 0,
    name,
    extension: dot < 1 ? '' : name.slice(dot + 1).toLowerCase(),
    size: bytes,
    mime_type: type,
    width: picture?.width ?? 0,
    height: picture?.height ?? 0,
    has_preview_image: picture !== undefined,
    mini_preview: picture === undefined ? null : Buffer.from(picture.image).toString('base64'),
    ...(preview && { holdfast_preview: preview.kind }),
    archived: false,
  }
}

/** The files of a post. */
export function fileInfosOf(message: Message): readonly object[] {
  const { id, author: owner, channel, createdAt } = message
  return message.files.map((file) => fileInfoFrom(file, { owner, channel, createdAt, message: id }))
}

/** What Mattermost shows beside a message of this lane; '' for a routine one. */
export function priorityOf(lane: Lane): 'urgent' | 'important' | '' {
  switch (lane) {
    case 'flash':
    case 'immediate':
      return 'urgent'
    case 'priority':
      return 'important'
    case 'routine':
      return ''
  }
}

/** The lane a client asks for: our own word first, then Mattermost's label. Routine when it says nothing. */
export function laneFrom(precedence: 'flash' | undefined, priority: string): Lane {
  if (precedence === 'flash') return 'flash'
  if (priority === 'urgent') return 'immediate'
  return priority === 'important' ? 'priority' : 'routine'
}

/** What a program has added to a message; nothing where that is no JSON object. */
function propsAdded(props: string | undefined): Readonly<Record<string, unknown>> {
  if (props === undefined) return {}
  try {
    const found: unknown = JSON.parse(props)
    const isObject = typeof found === 'object' && found !== null && !Array.isArray(found)
    return isObject ? Object.fromEntries(Object.entries(found).filter(isForeign)) : {}
  } catch {
    return {}
  }
}

/** Our own words are said by the node alone, but for one that its author's client says: for how long it is shown, once. */
function isForeign([name, value]: readonly [string, unknown]): boolean {
  return name === BURN_PROP ? burnSecondsOf(value) > 0 : !name.startsWith('holdfast_')
}

/** What clients show that know nothing of messages that are shown once. */
const ONCE_TEXT = ":fire: _Shown once: open this node's own page to read it._"

/** One that is shown once, and is not being shown. */
function isCovered({ body, files, props, deletedAt }: Message): boolean {
  const seconds = burnSecondsIn(props)
  const isBare = body === '' && files.length === 0 && props === burnProps(seconds)
  return deletedAt === 0 && seconds > 0 && isBare
}

function propsOf(message: ShownMessage): object {
  return {
    ...propsAdded(message.props),
    ...(message.lane === 'routine' ? {} : { holdfast_precedence: message.lane }),
    ...(message.overrideReason === undefined ? {} : { holdfast_override: message.overrideReason }),
    ...(message.label === undefined ? {} : { holdfast_label: message.label }),
    ...(message.delivery && { holdfast_delivery: message.delivery }),
    ...(message.timeDoubt === undefined
      ? {}
      : {
          holdfast_time_uncertain: true,
          holdfast_time_doubt: message.timeDoubt,
          holdfast_claimed_at: message.claimedAt,
        }),
  }
}

function metadataOf(message: Message): object {
  const { asksAcknowledgement: requested_ack } = message
  const priority = priorityOf(message.lane)
  const reactions = message.reactions.map((reaction) => reactionFrom(message, reaction))
  const acknowledgements = message.acknowledgements.map((one) => acknowledgementFrom(message, one))
  const files = fileInfosOf(message)
  const isMarked = priority !== '' || requested_ack
  const { attachments } = propsAdded(message.props)
  const hasAttachments = Array.isArray(attachments) && attachments.length > 0
  return {
    ...(hasAttachments && { embeds: [{ type: 'message_attachment' }] }),
    ...(reactions.length > 0 && { reactions }),
    ...(files.length > 0 && { files }),
    ...(acknowledgements.length > 0 && { acknowledgements }),
    ...(isMarked && { priority: { priority, requested_ack, persistent_notifications: false } }),
  }
}
