/** What the node tells while it is here, into the store. */
import { batch } from '@preact/signals'
import { arrivingKey } from '#web/core/fetching.ts'
import type { LiveEvent } from '#web/core/live.ts'
import { withPosts, withReaction } from '#web/core/timeline.ts'
import {
  channelFrom,
  fields,
  inner,
  list,
  number,
  personFrom,
  postFrom,
  reactionFrom,
  text,
  type Post,
} from '#web/core/wire.ts'
import { presenceFrom, type Loading } from './loading.ts'
import { takePreferences } from './personal.ts'
import { withEntry, type Store } from './store.ts'

/** What the events reach. */
export interface EventPorts {
  readonly store: Store
  readonly loading: Loading
  readonly now: () => number
  /** The delivery words of these messages have changed. */
  readonly onDelivery: (postIds: readonly string[]) => void
  /** Somebody wrote; not oneself. */
  readonly onPost: (post: Post, isMentioned: boolean) => void
}

/** How long somebody counts as writing after saying so, in milliseconds. */
const TYPING_MS = 6_000

type Handler = (ports: EventPorts, event: LiveEvent) => void

const HANDLERS: Readonly<Record<string, Handler>> = {
  posted,
  post_edited: changed,
  post_deleted: (ports, event) => {
    changed(ports, event)
    const { channelId } = postFrom(inner(event.data.post))
    if (ports.store.timeline(channelId).value.isFresh) void ports.loading.purged(channelId)
  },
  reaction_added: (ports, event) => reacted(ports, event, true),
  reaction_removed: (ports, event) => reacted(ports, event, false),
  typing,
  status_change: ({ store }, { data }) => {
    const status = presenceFrom(data.status)
    store.presences.value = withEntry(store.presences.value, text(data.user_id), status)
  },
  multiple_channels_viewed: viewed,
  channel_created: reload,
  channel_deleted: reload,
  channel_restored: reload,
  direct_added: reload,
  group_added: reload,
  user_added: reload,
  user_removed: reload,
  channel_updated: channelUpdated,
  new_user: (ports) => void ports.loading.everything(),
  user_updated: ({ store }, { data }) => {
    const person = personFrom(data.user)
    if (person.id !== '') store.people.value = withEntry(store.people.value, person.id, person)
  },
  holdfast_delivery: ({ onDelivery }, { data }) => onDelivery(list(inner(data.post_ids)).map(text)),
  holdfast_overdue: (ports) => void ports.loading.status(),
  holdfast_disk: (ports) => void ports.loading.status(),
  holdfast_standing: (ports) => void ports.loading.status(),
  preferences_changed: ({ store }, { data }) =>
    takePreferences(store, list(inner(data.preferences)), true),
  preferences_deleted: ({ store }, { data }) =>
    takePreferences(store, list(inner(data.preferences)), false),
  post_unread: reload,
  holdfast_file: ({ store }, { data }) => {
    const one = { have: number(data.have), isHere: data.is_here === true }
    const key = arrivingKey(text(data.file_id), data.quality === 'small' ? 'small' : 'whole')
    store.arriving.value = withEntry(store.arriving.value, key, one)
  },
  post_acknowledgement_added: (ports, event) => acknowledged(ports, event, true),
  post_acknowledgement_removed: (ports, event) => acknowledged(ports, event, false),
}

/** Takes one event. Unknown ones change nothing. */
export function takeEvent(ports: EventPorts, event: LiveEvent): void {
  if (!Object.hasOwn(HANDLERS, event.name)) return
  batch(() => HANDLERS[event.name]?.(ports, event))
}

function posted({ store, onPost }: EventPorts, { data }: LiveEvent): void {
  const post = postFrom(inner(data.post))
  if (post.id === '') return
  const timeline = store.timeline(post.channelId)
  const isKnown = timeline.value.posts.has(post.id)
  if (timeline.value.isFresh || isKnown) timeline.value = withPosts(timeline.value, [post])
  store.typing.value = store.typing.value.filter(
    ({ userId, channelId }) => userId !== post.userId || channelId !== post.channelId,
  )
  countReply(store, post)
  const me = store.me.value?.id ?? ''
  const isMentioned = list(inner(data.mentions)).includes(me)
  if (!isKnown) countPost(store, post, { isMine: post.userId === me, isMentioned })
  if (post.userId !== me && !isKnown) onPost(post, isMentioned)
}

function countPost(
  store: Store,
  post: Post,
  { isMine, isMentioned }: { readonly isMine: boolean; readonly isMentioned: boolean },
): void {
  const channel = store.channels.value.get(post.channelId)
  if (channel === undefined) return
  const messageCount = channel.messageCount + 1
  const lastPostAt = Math.max(channel.lastPostAt, post.createdAt)
  store.channels.value = withEntry(store.channels.value, channel.id, {
    ...channel,
    messageCount,
    lastPostAt,
  })
  const membership = store.memberships.value.get(post.channelId)
  if (membership === undefined) return
  store.memberships.value = withEntry(store.memberships.value, channel.id, {
    ...membership,
    seenCount: membership.seenCount + Number(isMine),
    mentionCount: membership.mentionCount + Number(isMentioned),
  })
}

function countReply(store: Store, post: Post): void {
  const timeline = store.timeline(post.channelId)
  const root = timeline.value.posts.get(post.rootId)
  if (root === undefined) return
  const replies = [...timeline.value.posts.values()].filter(({ rootId }) => rootId === root.id)
  const replyCount = Math.max(root.replyCount, replies.length)
  timeline.value = withPosts(timeline.value, [{ ...root, replyCount }])
}

function changed({ store }: EventPorts, { name, data }: LiveEvent): void {
  const post = postFrom(inner(data.post))
  const timeline = store.timeline(post.channelId)
  if (!timeline.value.posts.has(post.id)) return
  const deletedAt = name === 'post_deleted' ? Math.max(1, post.deletedAt) : post.deletedAt
  timeline.value = withPosts(timeline.value, [{ ...post, deletedAt }])
}

function reacted({ store }: EventPorts, event: LiveEvent, isThere: boolean): void {
  const value = inner(event.data.reaction)
  const postId = text(fields(value).post_id)
  const timeline = store.timeline(event.channelId)
  timeline.value = withReaction(timeline.value, postId, { reaction: reactionFrom(value), isThere })
}

function acknowledged({ store }: EventPorts, event: LiveEvent, isThere: boolean): void {
  const ack = fields(inner(event.data.acknowledgement))
  const postId = text(ack.post_id)
  const timeline = [...store.timelines().values()].find(({ value }) => value.posts.has(postId))
  const post = timeline?.value.posts.get(postId)
  if (timeline === undefined || post === undefined) return
  const others = post.acks.filter((id) => id !== text(ack.user_id))
  const acks = isThere ? [...others, text(ack.user_id)] : others
  timeline.value = withPosts(timeline.value, [{ ...post, acks }])
}

function typing({ store, now }: EventPorts, { data, channelId }: LiveEvent): void {
  const userId = text(data.user_id)
  const at = now()
  const others = store.typing.value.filter(
    (one) => one.until > at && (one.userId !== userId || one.channelId !== channelId),
  )
  store.typing.value = [...others, { userId, channelId, until: at + TYPING_MS }]
}

function viewed({ store }: EventPorts, { data }: LiveEvent): void {
  for (const [channelId, at] of Object.entries(fields(data.channel_times))) {
    const membership = store.memberships.value.get(channelId)
    const channel = store.channels.value.get(channelId)
    if (membership === undefined || channel === undefined) continue
    store.memberships.value = withEntry(store.memberships.value, channelId, {
      ...membership,
      seenCount: channel.messageCount,
      mentionCount: 0,
      viewedAt: number(at),
    })
  }
}

function channelUpdated({ store }: EventPorts, { data }: LiveEvent): void {
  const channel = channelFrom(inner(data.channel))
  const known = store.channels.value.get(channel.id)
  if (known === undefined) return
  const messageCount = Math.max(known.messageCount, channel.messageCount)
  store.channels.value = withEntry(store.channels.value, channel.id, { ...channel, messageCount })
}

function reload({ loading }: EventPorts): void {
  void loading.channels()
}
