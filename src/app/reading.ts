/** Reading messages: pages, threads, what changed. Works on records; no document is opened. */
import { EdgeError } from '#base/errors.ts'
import type { ChannelId, Instant, PostId, UserId } from '#base/ids.ts'
import { PAGE_POSTS_MAX } from '#base/limits.ts'
import type { MessageRecord } from '#model/view.ts'
import type { Range } from '#ports/store.ts'
import { keptRange } from '#sync/kept-keys.ts'
import { key, padded, range } from '#sync/keys.ts'
import { unpack } from '#sync/records.ts'
import { insistInChannel, recordOf, type AppContext } from './context.ts'
import type { EdgeNode } from './node.ts'
import { messageFrom } from './present.ts'
import type { Message, MessagePage, PageRequest } from './types.ts'

type Reading = Pick<EdgeNode, 'message' | 'page' | 'changedSince' | 'thread' | 'pinned'>

/** Most messages one `pinned` answers with. */
const PINNED_MAX = 1_000
/** Most messages one `changedSince` answers with. */
const CHANGED_MAX = 1_000

/** The reading part of the app. */
export function openReading(context: AppContext): Reading {
  const { read } = context.sync.replica
  const mayRead = (subject: UserId, channel: ChannelId): Promise<unknown> =>
    insistInChannel(context, subject, { channel, action: 'read channel' })
  const readable = async (subject: UserId, id: PostId): Promise<MessageRecord> => {
    const record = await recordOf(read, id)
    const hidden = { what: 'message', id }
    const { channel } = record
    await insistInChannel(context, subject, { channel, action: 'read channel', hidden })
    return record
  }
  return {
    message: async (subject, id) => messageFrom(await readable(subject, id)),
    page: async (subject, channel, request) => {
      await mayRead(subject, channel)
      return pageOf(context, channel, request)
    },
    changedSince: async (subject, channel, since) => {
      await mayRead(subject, channel)
      return changedSince(context, channel, since)
    },
    pinned: async (subject, channel) => {
      await mayRead(subject, channel)
      const pins = await read.list({ ...keptRange.pins(channel), limit: PINNED_MAX })
      const ids = pins.flatMap(([, bytes]) => unpack<PostId>(bytes) ?? [])
      const found = (await messagesOf(context, ids)).filter(({ isPinned }) => isPinned)
      return found.toSorted((a, b) => b.createdAt - a.createdAt)
    },
    thread: async (subject, root) => {
      const record = await readable(subject, root)
      const first = record.root === undefined ? record : await recordOf(read, record.root)
      const replies = await read.list(range.thread(first.id))
      const ids = replies.map(([, bytes]) => unpack<PostId>(bytes) ?? first.id)
      return [messageFrom(first), ...(await messagesOf(context, ids))]
    },
  }
}

async function pageOf(
  context: AppContext,
  channel: ChannelId,
  request: PageRequest,
): Promise<MessagePage> {
  const limit = Math.max(1, Math.min(PAGE_POSTS_MAX, request.limit))
  const skip = limit * Math.max(0, request.page ?? 0)
  const isForward = request.after !== undefined
  const edge = request.before ?? request.after
  const from = edge === undefined ? undefined : await recordOf(context.sync.replica.read, edge)
  if (from !== undefined && from.channel !== channel)
    throw new EdgeError('NOT_FOUND', { what: 'message', id: from.id })
  const all = range.order(channel)
  const place = from === undefined ? undefined : key.order(channel, from.order)
  const span: Range = isForward
    ? { ...all, from: `${place ?? all.from} `, limit: skip + limit + 1 }
    : { ...all, to: place ?? all.to, limit: skip + limit + 1, reverse: true }
  const entries = await context.sync.replica.read.list(span)
  const chosen = entries.slice(skip, skip + limit)
  const beyond = unpack<PostId>(entries[skip + limit]?.[1])
  const nearer = skip > 0 ? unpack<PostId>(entries[skip - 1]?.[1]) : edge
  const ids = chosen.map(([, bytes]) => unpack<PostId>(bytes)).filter((id) => id !== undefined)
  const newestFirst = isForward ? ids.toReversed() : ids
  const [olderId, newerId] = isForward ? [nearer, beyond] : [beyond, nearer]
  return { messages: await messagesOf(context, newestFirst), olderId, newerId }
}

async function changedSince(
  context: AppContext,
  channel: ChannelId,
  since: Instant,
): Promise<readonly Message[]> {
  const all = range.changed(channel)
  const from = `${all.from}${padded(since)}/`
  const entries = await context.sync.replica.read.list({
    ...all,
    from,
    reverse: true,
    limit: CHANGED_MAX,
  })
  const ids = entries.map(([, bytes]) => unpack<PostId>(bytes)).filter((id) => id !== undefined)
  const messages = await messagesOf(context, ids)
  return messages.toSorted((a, b) => b.createdAt - a.createdAt)
}

async function messagesOf(
  context: AppContext,
  ids: readonly PostId[],
): Promise<readonly Message[]> {
  const values = await context.sync.replica.read.getMany(ids.map((id) => key.message(id)))
  const records = values
    .map((bytes) => unpack<MessageRecord>(bytes))
    .filter((record) => record !== undefined)
  return records.map(messageFrom)
}
