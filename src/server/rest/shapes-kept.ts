/** Threads, drafts and the like as Mattermost clients read them. */
import type { OrganisationId, PostId, UserId } from '#base/ids.ts'
import type { CustomEmoji, KnownFile, Upload } from '#app/file-types.ts'
import type { Hook, Scheduled, Thread, Unsent } from '#app/kept-types.ts'
import type { KnownBookmark } from '#app/bookmarks.ts'
import type { Membership } from '#app/types.ts'
import { fileInfoFrom, priorityOf } from './shapes-post.ts'

/** A thread; `post` is what stands with it. */
export function threadFrom(thread: Thread): object {
  const { root, participants, unreadReplies, unreadMentions } = thread
  const isUrgent = root.lane === 'flash' || root.lane === 'immediate'
  return {
    id: root.id,
    reply_count: root.replyCount,
    last_reply_at: root.lastReplyAt,
    last_viewed_at: thread.viewedAt,
    participants: participants.map((id) => ({ id })),
    unread_replies: unreadReplies,
    unread_mentions: unreadMentions,
    is_following: thread.isFollowing,
    is_urgent: isUrgent,
    delete_at: root.deletedAt,
  }
}

/** Where somebody reads on. */
export function unreadAtFrom(
  membership: Membership,
  { team, message }: { readonly team: OrganisationId; readonly message: PostId },
): Readonly<Record<string, string | number>> {
  return {
    team_id: team,
    channel_id: membership.channel,
    user_id: membership.person,
    post_id: message,
    msg_count: membership.seenCount,
    msg_count_root: membership.seenRootCount,
    mention_count: membership.mentionCount,
    mention_count_root: membership.rootMentionCount,
    urgent_mention_count: membership.urgentMentionCount,
    last_viewed_at: membership.viewedAt,
  }
}

/** What is not sent yet. */
export function draftFrom(person: UserId, draft: Unsent): object {
  const priority = priorityOf(draft.lane)
  const marked = priority !== '' || draft.asksAcknowledgement
  return {
    create_at: draft.createdAt,
    update_at: draft.updatedAt,
    delete_at: 0,
    user_id: person,
    channel_id: draft.channel,
    root_id: draft.root ?? '',
    message: draft.body,
    type: '',
    props: draft.lane === 'flash' ? { holdfast_precedence: 'flash' } : {},
    file_ids: draft.files,
    metadata: {},
    priority: marked ? { priority, requested_ack: draft.asksAcknowledgement } : null,
  }
}

/** Mattermost's words for why something could not be sent. */
const REFUSALS: Readonly<Record<string, string>> = {
  NOT_ALLOWED: 'no_channel_permission',
  NOT_FOUND: 'channel_not_found',
  INPUT_INVALID: 'invalid_post',
}

/** What is to be sent later. */
export function scheduledFrom(person: UserId, scheduled: Scheduled): object {
  return {
    id: scheduled.id,
    ...draftFrom(person, scheduled),
    scheduled_at: scheduled.at,
    processed_at: scheduled.refusedAt,
    error_code: scheduled.refusal === '' ? '' : (REFUSALS[scheduled.refusal] ?? 'unknown_error'),
  }
}

/** A file on its own. */
export function knownFileFrom(file: KnownFile): object {
  const { owner, channel, createdAt, message } = file
  return {
    ...fileInfoFrom(file, { owner, channel, createdAt, message: message ?? '' }),
    ...(file.isHere ? {} : { holdfast_on: file.originName }),
  }
}

/** A file that comes in parts. */
export function uploadFrom(upload: Upload): object {
  return {
    id: upload.id,
    type: 'attachment',
    create_at: upload.createdAt,
    user_id: upload.owner,
    channel_id: upload.channel,
    filename: upload.name,
    file_size: upload.bytes,
    file_offset: upload.have,
    remote_id: '',
    req_file_id: '',
  }
}

/** An emoji of this node's own. */
export function emojiFrom(emoji: CustomEmoji, isCreatorSeen = true): object {
  return {
    id: emoji.id,
    create_at: emoji.createdAt,
    update_at: emoji.createdAt,
    delete_at: 0,
    creator_id: isCreatorSeen ? emoji.creator : '',
    name: emoji.name,
  }
}

/** An incoming webhook. */
export function hookFrom(hook: Hook, team: OrganisationId): object {
  return {
    id: hook.id,
    create_at: hook.createdAt,
    update_at: hook.updatedAt,
    delete_at: 0,
    user_id: hook.creator,
    channel_id: hook.channel,
    team_id: team,
    display_name: hook.displayName,
    description: hook.description,
    username: hook.username,
    icon_url: hook.iconUrl,
    channel_locked: hook.isLocked,
  }
}

/** An address that a channel keeps at hand. */
export function bookmarkFrom(bookmark: KnownBookmark): object {
  return {
    id: bookmark.id,
    create_at: bookmark.createdAt,
    update_at: bookmark.updatedAt,
    delete_at: 0,
    channel_id: bookmark.channel,
    owner_id: bookmark.owner,
    file_id: '',
    display_name: bookmark.name,
    sort_order: bookmark.place,
    link_url: bookmark.url,
    image_url: '',
    emoji: bookmark.emoji,
    type: 'link',
    original_id: '',
    parent_id: '',
  }
}
