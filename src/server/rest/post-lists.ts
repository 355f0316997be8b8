/** Reading messages: a page of a channel, what changed since, around the first unread one, a thread. */
import { z } from 'zod'
import { EdgeError } from '#base/errors.ts'
import type { ChannelId, PostId, UserId } from '#base/ids.ts'
import { CLOCK_TOLERANCE_MS, PAGE_POSTS_MAX } from '#base/limits.ts'
import type { Message, MessagePage } from '#app/types.ts'
import type { Door } from '#server/door.ts'
import {
  bodyOf,
  idParam,
  idSchema,
  optionalIdSchema,
  queryOf,
  userParam,
  wholeNumber,
} from '#server/input.ts'
import { IDS_PER_REQUEST_MAX, SINCE_POSTS_MAX } from '#server/limits.ts'
import { route, type Call, type Route } from '#server/route.ts'
import { isStanding, livePage, type Reading } from './post-pages.ts'
import { unreadOf } from './shapes-channel.ts'
import { postFrom, postListFrom, type PostListParts } from './shapes-post.ts'

const PostsQuery = z.object({
  page: wholeNumber(0),
  per_page: wholeNumber(60),
  since: wholeNumber(0),
  before: optionalIdSchema<PostId>(),
  after: optionalIdSchema<PostId>(),
})
const UnreadQuery = z.object({ limit_before: wholeNumber(60), limit_after: wholeNumber(60) })
const Ids = z.array(idSchema<PostId>()).min(1).max(IDS_PER_REQUEST_MAX)

/** The routes that read several messages. */
export function postListRoutes(door: Door): readonly Route[] {
  const { node } = door
  return [
    route('GET', '/api/v4/channels/:channel/posts', (call) => channelPosts(door, call)),
    route('GET', '/api/v4/channels/:channel/pinned', async (call) => {
      await node.channel(call.subject, idParam(call, 'channel'))
      return postListFrom({ messages: [] })
    }),
    route('GET', '/api/v4/users/:user/channels/:channel/posts/unread', (call) =>
      aroundUnread(door, call),
    ),
    route('GET', '/api/v4/posts/:post/thread', async (call) => {
      const asked = await standing(door, call)
      const thread = await node.thread(call.subject, asked.root ?? asked.id)
      return postListFrom({ messages: thread.filter(isStanding).toReversed() })
    }),
    route('POST', '/api/v4/posts/ids', async (call) => {
      const found = await readable(door, call.subject, bodyOf(call, Ids))
      return found.map(postFrom)
    }),
  ]
}

async function channelPosts(door: Door, call: Call): Promise<object> {
  const reading = { subject: call.subject, channel: idParam<ChannelId>(call, 'channel') }
  const query = queryOf(call, PostsQuery)
  if (query.since > 0) return await changedSince(door, reading, query.since)
  const page = await livePage(door.node, reading, {
    limit: sizeOf(query.per_page),
    page: Math.max(0, query.page),
    ...(query.before === undefined ? {} : { before: query.before }),
    ...(query.after === undefined ? {} : { after: query.after }),
  })
  return await listed(door, reading, page)
}

/** Clients reckon `since` partly by their own clock, so the answer reaches back further than they ask. */
async function changedSince(door: Door, reading: Reading, since: number): Promise<object> {
  const { subject, channel } = reading
  const from = Math.max(0, Math.min(since, door.clock.now()) - CLOCK_TOLERANCE_MS)
  const changed = await door.node.changedSince(subject, channel, from)
  const messages = changed.slice(0, SINCE_POSTS_MAX)
  const oldest = messages.at(-1)
  if (oldest === undefined) return postListFrom({ messages })
  const older = await door.node.page(subject, channel, { limit: 1, before: oldest.id })
  return postListFrom({ messages, olderId: older.messages[0]?.id })
}

/** Messages before the oldest unread one, it, and messages after it; the newest when all is read. */
async function aroundUnread(door: Door, call: Call): Promise<object> {
  const subject = userParam(call)
  if (subject !== call.subject) throw new EdgeError('NOT_ALLOWED', { what: 'unread of another' })
  const reading = { subject, channel: idParam<ChannelId>(call, 'channel') }
  const query = queryOf(call, UnreadQuery)
  const [before, after] = [sizeOf(query.limit_before), sizeOf(query.limit_after)]
  const channel = await door.node.channel(subject, reading.channel)
  const membership = await door.node.membership(channel.id, subject)
  const unread = membership === undefined ? 0 : unreadOf(channel, membership)
  if (unread <= after) {
    const limit = sizeOf(before + unread)
    return await listed(door, reading, await livePage(door.node, reading, { limit }))
  }
  return await aroundNumber(door, reading, { number: unread - 1, before, after })
}

/** Around the message that has `number` newer ones. */
async function aroundNumber(
  door: Door,
  reading: Reading,
  place: { readonly number: number; readonly before: number; readonly after: number },
): Promise<object> {
  const { subject, channel } = reading
  const page = Math.floor(place.number / PAGE_POSTS_MAX)
  const rough = await door.node.page(subject, channel, { limit: PAGE_POSTS_MAX, page })
  const first = rough.messages[place.number % PAGE_POSTS_MAX] ?? rough.messages.at(-1)
  if (first === undefined) {
    return await listed(door, reading, await livePage(door.node, reading, { limit: place.before }))
  }
  const [older, newer] = await Promise.all([
    livePage(door.node, reading, { limit: place.before, before: first.id }),
    livePage(door.node, reading, { limit: place.after, after: first.id }),
  ])
  const messages = [...newer.messages, ...[first].filter(isStanding), ...older.messages]
  return await listed(door, reading, {
    messages,
    olderId: older.olderId,
    newerId: newer.newerId,
  })
}

/** A page with the roots of the threads its replies belong to: clients name them beside each reply. */
async function listed(door: Door, reading: Reading, page: MessagePage): Promise<object> {
  const present = new Set(page.messages.map((message) => message.id))
  const roots = page.messages.map((message) => message.root).filter((id) => id !== undefined)
  const missing = [...new Set(roots)].filter((id) => !present.has(id))
  const companions = await readable(door, reading.subject, missing)
  const parts: PostListParts = {
    messages: page.messages,
    companions,
    newerId: page.newerId,
    olderId: page.olderId,
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
