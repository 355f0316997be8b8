/** The same posts as Mattermost's programs say them: JSON, before HTTP, WebSocket and TLS put theirs around it. */
import { idFromBytes, type ChannelId, type PostId, type ShortId, type UserId } from '#base/ids.ts'
import type { Channel, Message } from '#app/types.ts'
import { announcementsOf, type EventContext } from '#server/live-events.ts'
import type { PlannedMessage } from '../trial/messages.ts'
import { mean, rounded } from './statistics.ts'
import { seedOf } from './trust-node.ts'
import type { Form } from './wire-others.ts'
import { BEGAN_AT, MESSAGE_EVERY_MS } from './wire-world.ts'

/** What a client asks for, and what every other client hears. There is no form for ten at once. */
export function formsOfMattermost(messages: readonly PlannedMessage[]): readonly Form[] {
  const bytes = (say: (message: PlannedMessage) => string): number =>
    rounded(mean(messages.map((message) => Buffer.byteLength(say(message)))))
  return [
    { name: 'mattermost_request', single: bytes(requestOf), ten: undefined },
    { name: 'mattermost_event', single: bytes(eventOf), ten: undefined },
  ]
}

function idOf<T extends ShortId>(name: string): T {
  return idFromBytes<T>(seedOf(name).subarray(0, 16))
}

/** `POST /api/v4/posts` as its web and phone programs send it. */
function requestOf({ text, author, number, replyTo }: PlannedMessage): string {
  const user = idOf<UserId>(`person ${author}`)
  const now = BEGAN_AT + number * MESSAGE_EVERY_MS
  return JSON.stringify({
    file_ids: [],
    message: text,
    channel_id: CHANNEL.id,
    root_id: replyTo === undefined ? '' : idOf(`post ${replyTo}`),
    pending_post_id: `${user}:${now}`,
    user_id: user,
    create_at: now,
    metadata: {},
    props: {},
    update_at: now,
    reply_count: 0,
  })
}

/** `posted`, as our own server says it to those programs. */
function eventOf(planned: PlannedMessage): string {
  const message = messageOf(planned)
  const context: EventContext = {
    workspace: { id: idOf('organisation'), name: 'Relief' },
    byId: () => undefined,
    byName: () => undefined,
    membersHere: () => [],
    mayCallAll: () => true,
    roles: () => [],
  }
  const posted = { kind: 'posted', message, channel: CHANNEL, isLate: false } as const
  return announcementsOf(posted, context)
    .map(({ text }) => `${text}${planned.number}}`)
    .join('')
}

const CHANNEL: Channel = {
  id: idOf<ChannelId>('channel'),
  kind: 'public',
  name: 'operations',
  displayName: 'Operations',
  purpose: '',
  header: '',
  creator: undefined,
  createdAt: BEGAN_AT,
  updatedAt: BEGAN_AT,
  archivedAt: 0,
  messageCount: 0,
  rootCount: 0,
  lastPostAt: BEGAN_AT,
}

function messageOf({ text, author, number, replyTo }: PlannedMessage): Message {
  const at = BEGAN_AT + number * MESSAGE_EVERY_MS
  const user = idOf<UserId>(`person ${author}`)
  return {
    id: idOf<PostId>(`post ${number}`),
    channel: CHANNEL.id,
    author: user,
    root: replyTo === undefined ? undefined : idOf<PostId>(`post ${replyTo}`),
    body: text,
    lane: 'routine',
    createdAt: at,
    claimedAt: at,
    isTimeUncertain: false,
    timeDoubt: undefined,
    updatedAt: at,
    editedAt: 0,
    deletedAt: 0,
    replyCount: 0,
    lastReplyAt: 0,
    reactions: [],
    origin: idOf('node'),
    pendingId: `${user}:${at}`,
    files: [],
    props: undefined,
    asksAcknowledgement: false,
    acknowledgements: [],
    isPinned: false,
  }
}
