/**
 * Messages as Mattermost clients read them.
 *
 * `create_at` is when it was written, `update_at` when this node's picture of it last changed: a client that asks
 * for what is new since a moment then gets what arrived late, too.
 */
import type { PostId } from '#base/ids.ts'
import type { Lane } from '#model/precedence.ts'
import type { Message, Reaction } from '#app/types.ts'

/** A list of posts, with their order and the ids just beyond both ends. */
export interface PostListParts {
  /** Newest first. */
  readonly messages: readonly Message[]
  /** Thread roots and other posts a client needs beside them; not in the order. */
  readonly companions?: readonly Message[]
  readonly newerId?: PostId | undefined
  readonly olderId?: PostId | undefined
}

/** One post. */
export function postFrom(message: Message): object {
  return {
    id: message.id,
    create_at: message.createdAt,
    update_at: message.updatedAt,
    edit_at: message.editedAt,
    delete_at: message.deletedAt,
    is_pinned: false,
    user_id: message.author,
    channel_id: message.channel,
    root_id: message.root ?? '',
    original_id: '',
    message: message.body,
    type: '',
    props: propsOf(message),
    hashtags: '',
    file_ids: [],
    pending_post_id: message.pendingId,
    remote_id: '',
    reply_count: message.replyCount,
    last_reply_at: message.lastReplyAt,
    participants: null,
    metadata: metadataOf(message),
  }
}

/** A list of posts. */
export function postListFrom(parts: PostListParts): object {
  const all = [...parts.messages, ...(parts.companions ?? [])]
  return {
    order: parts.messages.map((message) => message.id),
    posts: Object.fromEntries(all.map((message) => [message.id, postFrom(message)])),
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

/** What Mattermost shows beside a message of this lane; '' for a routine one. */
function priorityOf(lane: Lane): 'urgent' | 'important' | '' {
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

function propsOf(message: Message): object {
  return {
    ...(message.lane === 'routine' ? {} : { holdfast_precedence: message.lane }),
    ...(message.overrideReason === undefined ? {} : { holdfast_override: message.overrideReason }),
    ...(message.label === undefined ? {} : { holdfast_label: message.label }),
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
  const priority = priorityOf(message.lane)
  const reactions = message.reactions.map((reaction) => reactionFrom(message, reaction))
  return {
    ...(reactions.length === 0 ? {} : { reactions }),
    ...(priority === ''
      ? {}
      : { priority: { priority, requested_ack: false, persistent_notifications: false } }),
  }
}
