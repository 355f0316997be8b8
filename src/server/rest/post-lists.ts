/** Reading messages: a page of a channel, what changed since, around the first unread one, a thread. */
import { z } from 'zod'
import { EdgeError } from '#base/errors.ts'
import { parseId, type ChannelId, type PostId, type UserId } from '#base/ids.ts'
import { CLOCK_TOLERANCE_MS, PAGE_POSTS_MAX } from '#base/limits.ts'
import type { Thread } from '#app/kept-types.ts'
import type { Message, MessagePage } from '#app/types.ts'
import type { Door } from '#server/door.ts'
import {
  bodyOf,
  Flag,
  idParam,
  idSchema,
  optionalIdSchema,
  queryOf,
  userParam,
  wholeNumber,
} from '#server/input.ts'
import { IDS_PER_REQUEST_MAX, SINCE_POSTS_MAX } from '#server/limits.ts'
import { route, type Call, type Route } from '#server/route.ts'
import { PageQuery, pageOf } from './lists.ts'
import { isStanding, livePage, type Reading, type Shown } from './post-pages.ts'
import { withWords } from './post-words.ts'
import { unreadOf } from './shapes-channel.ts'
import { withPurged, type PurgedPost } from './shapes-purged.ts'
import { postFrom, postListFrom, type PostListParts } from './shapes-post.ts'

const PostsQuery = z.object({
  page: wholeNumber(0),
  per_page: wholeNumber(60),
  since: wholeNumber(0),
  before: optionalIdSchema<PostId>(),
  after: optionalIdSchema<PostId>(),
  collapsedThreads: Flag,
  include_deleted: Flag,
})
const UnreadQuery = z.object({
  limit_before: wholeNumber(60),
  limit_after: wholeNumber(60),
  collapsedThreads: Flag,
})
const ThreadQuery = z.object({
  collapsedThreads: Flag,
  perPage: wholeNumber(0),
  direction: z.enum(['up', 'down', '']).default('down'),
  fromPost: optionalIdSchema<PostId>(),
})
const SavedQuery = PageQuery.extend({ channel_id: optionalIdSchema<ChannelId>() })
const Ids = z.array(idSchema<PostId>()).min(1).max(IDS_PER_REQUEST_MAX)

/** The routes that read several messages. */
export function postListRoutes(door: Door): readonly Route[] {
  const { node } = door
  return [
    route('GET', '/api/v4/channels/:channel/posts', (call) => channelPosts(door, call)),
    route('GET', '/api/v4/channels/:channel/pinned', async (call) => {
      const channel = idParam<ChannelId>(call, 'channel')
      return postListFrom({ messages: await node.pinned(call.subject, channel) })
    }),
    route('GET', '/api/v4/users/:user/posts/flagged', (call) => saved(door, call)),
    route('GET', '/api/v4/users/:user/channels/:channel/posts/unread', (call) =>
      aroundUnread(door, call),
    ),
    route('GET', '/api/v4/posts/:post/thread', async (call) => {
      const asked = await standing(door, call)
      const thread = await node.thread(call.subject, asked.root ?? asked.id)
      return await threadPage(door, call, thread.filter(isStanding))
    }),
    route('POST', '/api/v4/posts/ids', async (call) => {
      const found = await readable(door, call.subject, bodyOf(call, Ids))
      const shown = await withWords(door, call.subject, found)
      return shown.map((message) => postFrom(message))
    }),
  ]
}

async function channelPosts(door: Door, call: Call): Promise<object> {
  const query = queryOf(call, PostsQuery)
  const reading: Listing = {
    subject: call.subject,
    channel: idParam<ChannelId>(call, 'channel'),
    isCollapsed: query.collapsedThreads,
  }
  if (query.since > 0)
    return withPurged(
      await changedSince(door, reading, query.since),
      await purgedIn(door, reading, sinceIn(door, query.since)),
    )
  const page = await livePage(door.node, reading, {
    limit: sizeOf(query.per_page),
    page: Math.max(0, query.page),
    isShown: shownIn(reading),
    ...(query.before === undefined ? {} : { before: query.before }),
    ...(query.after === undefined ? {} : { after: query.after }),
  })
  const answer = await listed(door, reading, page)
  if (!query.include_deleted) return answer
  const oldestAt = page.olderId === undefined ? 0 : (page.messages.at(-1)?.createdAt ?? 0)
  const newestAt = page.newerId === undefined ? Infinity : (page.messages[0]?.createdAt ?? 0)
  const purged = await purgedIn(door, reading, 0)
  return withPurged(
    answer,
    purged.filter(({ at }) => at >= oldestAt && at <= newestAt),
  )
}

/** Where messages were purged by orders that came since, as posts that were deleted. */
async function purgedIn(
  { node }: Door,
  { subject, channel }: Reading,
  since: number,
): Promise<readonly PurgedPost[]> {
  const orders = await node.purges(subject, channel)
  return orders
    .filter(({ state, at }) => state === 'done' && at >= since)
    .flatMap((order) => order.places.map((place) => ({ order, ...place })))
    .toSorted((a, b) => b.at - a.at)
    .slice(0, SINCE_POSTS_MAX)
}

/** Messages somebody has saved: clients keep that as preferences. Newest first. */
async function saved(door: Door, call: Call): Promise<object> {
  if (userParam(call) !== call.subject)
    throw new EdgeError('NOT_ALLOWED', { what: 'saved posts of another' })
  const query = queryOf(call, SavedQuery)
  const preferences = await door.node.preferences(call.subject)
  const ids = preferences
    .filter(({ category, value }) => category === 'flagged_post' && value === 'true')
    .flatMap(({ name }) => parseId<PostId>(name) ?? [])
  const found = await readable(door, call.subject, ids)
  const fitting = found.filter(
    ({ channel }) => query.channel_id === undefined || channel === query.channel_id,
  )
  const messages = pageOf(
    fitting.toSorted((a, b) => b.createdAt - a.createdAt),
    query,
  )
  return postListFrom({ messages })
}

/** What is listed, and whether the client collapses threads: then replies stand in their thread alone. */
interface Listing extends Reading {
  readonly isCollapsed: boolean
}

function shownIn({ isCollapsed }: Listing): Shown {
  return (message) => isStanding(message) && (!isCollapsed || message.root === undefined)
}

/** The threads that begin in a list, for a client that collapses them. */
async function threadsOf(
  door: Door,
  { subject, isCollapsed }: Pick<Listing, 'subject' | 'isCollapsed'>,
  messages: readonly Message[],
): Promise<ReadonlyMap<PostId, Thread>> {
  const roots = isCollapsed ? messages.filter(({ replyCount }) => replyCount > 0) : []
  const threads = await Promise.all(roots.map(({ id }) => door.node.threadOf(subject, id)))
  return new Map(threads.map((thread) => [thread.root.id, thread]))
}

/** A thread's first message, and a page of its replies: all of them unless a client asks for fewer. */
async function threadPage(door: Door, call: Call, thread: readonly Message[]): Promise<object> {
  const query = queryOf(call, ThreadQuery)
  const { subject } = call
  const threads = await threadsOf(
    door,
    { subject, isCollapsed: query.collapsedThreads },
    thread.slice(0, 1),
  )
  const shown = await withWords(door, subject, thread.toReversed())
  if (query.perPage <= 0) return postListFrom({ messages: shown, threads })
  const all = shown.toReversed()
  const roots = all.filter(({ root }) => root === undefined)
  const replies = all.filter(({ root }) => root !== undefined)
  const ordered = query.direction === 'up' ? replies.toReversed() : replies
  const at = ordered.findIndex(({ id }) => id === query.fromPost)
  const rest = ordered.slice(at + 1)
  const size = sizeOf(query.perPage)
  const page = rest.slice(0, size)
  const newestFirst = query.direction === 'up' ? page : page.toReversed()
  const list = postListFrom({ messages: [...newestFirst, ...roots], threads })
  return { ...list, has_next: rest.length > size }
}

/** Clients reckon `since` partly by their own clock, so the answer reaches back further than they ask. */
function sinceIn({ clock }: Door, since: number): number {
  return Math.max(0, Math.min(since, clock.now()) - CLOCK_TOLERANCE_MS)
}

async function changedSince(door: Door, reading: Listing, since: number): Promise<object> {
  const { subject, channel } = reading
  const from = sinceIn(door, since)
  const changed = await door.node.changedSince(subject, channel, from)
  const fitting = changed.filter((message) => !reading.isCollapsed || message.root === undefined)
  const messages = fitting.slice(0, SINCE_POSTS_MAX)
  const oldest = messages.at(-1)
  if (oldest === undefined) return postListFrom({ messages })
  const threads = await threadsOf(door, reading, messages)
  const older = await door.node.page(subject, channel, { limit: 1, before: oldest.id })
  const shown = await withWords(door, subject, messages)
  return postListFrom({ messages: shown, olderId: older.messages[0]?.id, threads })
}

/** Messages before the oldest unread one, it, and messages after it; the newest when all is read. */
async function aroundUnread(door: Door, call: Call): Promise<object> {
  const subject = userParam(call)
  if (subject !== call.subject) throw new EdgeError('NOT_ALLOWED', { what: 'unread of another' })
  const query = queryOf(call, UnreadQuery)
  const reading: Listing = {
    subject,
    channel: idParam<ChannelId>(call, 'channel'),
    isCollapsed: query.collapsedThreads,
  }
  const [before, after] = [sizeOf(query.limit_before), sizeOf(query.limit_after)]
  const channel = await door.node.channel(subject, reading.channel)
  const membership = await door.node.membership(channel.id, subject)
  const unread = membership === undefined ? 0 : unreadOf(channel, membership)
  if (unread <= after) {
    const limit = sizeOf(before + unread)
    return await listed(
      door,
      reading,
      await livePage(door.node, reading, { limit, isShown: shownIn(reading) }),
    )
  }
  return await aroundNumber(door, reading, { number: unread - 1, before, after })
}

/** Around the message that has `number` newer ones. */
async function aroundNumber(
  door: Door,
  reading: Listing,
  place: { readonly number: number; readonly before: number; readonly after: number },
): Promise<object> {
  const { subject, channel } = reading
  const isShown = shownIn(reading)
  const page = Math.floor(place.number / PAGE_POSTS_MAX)
  const rough = await door.node.page(subject, channel, { limit: PAGE_POSTS_MAX, page })
  const first = rough.messages[place.number % PAGE_POSTS_MAX] ?? rough.messages.at(-1)
  if (first === undefined) {
    const newest = await livePage(door.node, reading, { limit: place.before, isShown })
    return await listed(door, reading, newest)
  }
  const [older, newer] = await Promise.all([
    livePage(door.node, reading, { limit: place.before, before: first.id, isShown }),
    livePage(door.node, reading, { limit: place.after, after: first.id, isShown }),
  ])
  const messages = [...newer.messages, ...[first].filter(isShown), ...older.messages]
  return await listed(door, reading, {
    messages,
    olderId: older.olderId,
    newerId: newer.newerId,
  })
}

/** A page with the roots of the threads its replies belong to: clients name them beside each reply. */
async function listed(door: Door, reading: Listing, page: MessagePage): Promise<object> {
  const present = new Set(page.messages.map((message) => message.id))
  const roots = page.messages.map((message) => message.root).filter((id) => id !== undefined)
  const missing = [...new Set(roots)].filter((id) => !present.has(id))
  const companions = await readable(door, reading.subject, missing)
  const parts: PostListParts = {
    messages: await withWords(door, reading.subject, page.messages),
    companions,
    newerId: page.newerId,
    olderId: page.olderId,
    threads: await threadsOf(door, reading, page.messages),
  }
  return postListFrom(parts)
}

/** The message of the path. A deleted one is not found, as in Mattermost. */
export async function standing(door: Door, call: Call): Promise<Message> {
  const message = await door.node.message(call.subject, idParam(call, 'post'))
  if (!isStanding(message)) throw new EdgeError('NOT_FOUND', { what: 'message', found: 'deleted' })
  return message
}

/** Those of `ids` that are here and that `subject` may read. */
async function readable(
  door: Door,
  subject: UserId,
  ids: readonly PostId[],
): Promise<readonly Message[]> {
  const outcomes = await Promise.allSettled(ids.map((id) => door.node.message(subject, id)))
  const refusals = outcomes.filter((outcome) => outcome.status === 'rejected')
  for (const { reason } of refusals) if (!isRefusal(reason)) throw reason
  return outcomes
    .flatMap((outcome) => (outcome.status === 'fulfilled' ? [outcome.value] : []))
    .filter(isStanding)
}

function isRefusal(error: unknown): boolean {
  return error instanceof EdgeError && (error.code === 'NOT_FOUND' || error.code === 'NOT_ALLOWED')
}

function sizeOf(asked: number): number {
  return Math.min(Math.max(asked, 1), PAGE_POSTS_MAX)
}
