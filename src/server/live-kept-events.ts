/** Threads, drafts, what is sent later and acknowledgements, as WebSocket events of Mattermost. */
import type { OrganisationId } from '#base/ids.ts'
import type { BookmarkNews } from '#app/bookmarks.ts'
import type { ConversationEvent } from '#app/conversation-types.ts'
import type { KeptEvent } from '#app/kept-types.ts'
import { textOf, toPerson, type Announcement } from './live-text.ts'
import { acknowledgementFrom, postFrom } from './rest/shapes-post.ts'
import {
  bookmarkFrom,
  draftFrom,
  scheduledFrom,
  threadFrom,
  unreadAtFrom,
} from './rest/shapes-kept.ts'

const SCHEDULED_EVENTS = {
  scheduled: 'scheduled_post_created',
  rescheduled: 'scheduled_post_updated',
  unscheduled: 'scheduled_post_deleted',
} as const

/** The announcement of such an event. */
export function keptAnnouncement(
  event: KeptEvent | ConversationEvent,
  team: OrganisationId,
): Announcement {
  switch (event.kind) {
    case 'thread-changed':
      return threadChanged(event, team)
    case 'threads-read':
      return toPerson(event.person, 'thread_read_changed', { timestamp: event.at })
    case 'unread-from': {
      const { membership, message } = event
      const { channel_id, ...counts } = unreadAtFrom(membership, { team, message })
      const data = { ...counts, channel_id }
      const broadcast = {
        user_id: membership.person,
        team_id: team,
        channel_id: membership.channel,
      }
      return {
        to: { kind: 'person', person: membership.person },
        text: textOf('post_unread', data, broadcast),
      }
    }
    case 'draft-kept': {
      const isNew = event.draft.createdAt === event.draft.updatedAt
      return draftChanged(event, isNew ? 'draft_created' : 'draft_updated')
    }
    case 'draft-dropped':
      return draftChanged(event, 'draft_deleted')
    case 'scheduled':
    case 'rescheduled':
    case 'unscheduled': {
      const scheduledPost = JSON.stringify(scheduledFrom(event.person, event.scheduled))
      return toPerson(event.person, SCHEDULED_EVENTS[event.kind], { scheduledPost })
    }
    case 'acknowledged': {
      const { message, person } = event
      const one = message.acknowledgements.find((each) => each.person === person)
      const acknowledgement = JSON.stringify(
        acknowledgementFrom(message, one ?? { person, at: message.updatedAt }),
      )
      return {
        to: { kind: 'channel', channel: message.channel },
        text: textOf(
          'post_acknowledgement_added',
          { acknowledgement },
          { channel_id: message.channel },
        ),
      }
    }
  }
}

function threadChanged(
  event: Extract<KeptEvent, { kind: 'thread-changed' }>,
  team: OrganisationId,
): Announcement {
  const { person, thread, before, by } = event
  const { root } = thread
  if (by === 'follow') {
    const { isFollowing: state } = thread
    const data = { thread_id: root.id, state, reply_count: root.replyCount }
    return toPerson(person, 'thread_follow_changed', data)
  }
  const previous = {
    previous_unread_replies: before.replies,
    previous_unread_mentions: before.mentions,
  }
  if (by === 'reply')
    return {
      to: { kind: 'person', person, of: root.channel },
      text: textOf(
        'thread_updated',
        { thread: JSON.stringify({ ...threadFrom(thread), post: postFrom(root) }), ...previous },
        { user_id: person, team_id: team },
      ),
    }
  return toPerson(person, 'thread_read_changed', {
    thread_id: root.id,
    channel_id: root.channel,
    timestamp: thread.viewedAt,
    unread_replies: thread.unreadReplies,
    unread_mentions: thread.unreadMentions,
    ...previous,
  })
}

function draftChanged(
  { person, draft }: Extract<KeptEvent, { kind: 'draft-kept' | 'draft-dropped' }>,
  name: string,
): Announcement {
  return toPerson(person, name, { draft: JSON.stringify(draftFrom(person, draft)) })
}

/** One event for each that was made, changed or taken away. */
export function bookmarkAnnouncements(changes: readonly BookmarkNews[]): readonly Announcement[] {
  return changes.map(({ bookmark, isNew, isGone }) => {
    const { channel, updatedAt } = bookmark
    const shown = { ...bookmarkFrom(bookmark), delete_at: isGone ? updatedAt : 0 }
    const broadcast = { channel_id: channel }
    const to = { kind: 'channel', channel } as const
    if (isGone || isNew) {
      const name = isGone ? 'channel_bookmark_deleted' : 'channel_bookmark_created'
      return { to, text: textOf(name, { bookmark: JSON.stringify(shown) }, broadcast) }
    }
    const data = { bookmarks: JSON.stringify({ updated: shown }) }
    return { to, text: textOf('channel_bookmark_updated', data, broadcast) }
  })
}
