/** Threads as people follow and read them, and reading a channel again from a message on. */
import { EdgeError } from '#base/errors.ts'
import type { PostId, UserId } from '#base/ids.ts'
import { EMPTY_CHANNEL, type ChannelRecord, type MessageRecord } from '#model/view.ts'
import { followOf, putFollow, type FollowRecord } from '#sync/following.ts'
import { keptRange } from '#sync/kept-keys.ts'
import { key, range } from '#sync/keys.ts'
import { pack, unpack, type ViewedRecord } from '#sync/records.ts'
import type { Reader, Tx } from '#sync/replica.ts'
import { insistInChannel, isMember, recordOf, type AppContext } from './context.ts'
import type { KeptEvent, ReadUntil, Thread, Threads } from './kept-types.ts'
import { isPersonalChannel, membershipOf } from './members.ts'
import { messageFrom } from './present.ts'
import { readableOf } from './sight.ts'

type Read = Pick<Reader, 'get' | 'list'>

/** The part of the app about threads. `tell` is called once what it tells of is on disk. */
export function openThreads(context: AppContext, tell: (event: KeptEvent) => void): Threads {
  const { replica } = context.sync
  const { read } = replica
  const change = (subject: UserId, root: PostId, next: Change): Promise<Thread> =>
    changeThread(context, { subject, root, next, tell })
  return {
    threads: (subject) => followedBy(context, subject),
    threadOf: async (subject, root) => {
      const record = await insistOnRoot(context, subject, root)
      return threadFrom(read, record, subject)
    },
    followThread: (subject, root, isFollowing) =>
      change(subject, root, { by: 'follow', make: (record) => ({ ...record, isFollowing }) }),
    readThread: (subject, root, until) =>
      change(subject, root, {
        by: 'read',
        make: async (record, thread, tx) => readUntil(tx, { record, thread, until }),
      }),
    readAllThreads: async (subject) => {
      const at = context.sync.now()
      await replica.commit(async (tx) => {
        for (const [place, bytes] of await tx.list(keptRange.follows(subject))) {
          const record = unpack<FollowRecord>(bytes)
          const root = unpack<MessageRecord>(await tx.get(key.message(idAtEnd(place))))
          if (record === undefined || root === undefined) continue
          tx.put(place, pack({ ...record, seenCount: root.replyCount, viewedAt: at, mentions: 0 }))
        }
      })
      tell({ kind: 'threads-read', person: subject, at })
    },
    unreadFrom: async (subject, id) => {
      const { channel } = await recordOf(read, id)
      const hidden = { what: 'message', id }
      await insistInChannel(context, subject, { channel, action: 'read channel', hidden })
      if (!isMember(context, channel, subject))
        throw new EdgeError('NOT_ALLOWED', { found: 'not a member' })
      await replica.commit((tx) => unread(tx, subject, id))
      const membership = await membershipOf(context, { channel, person: subject })
      tell({ kind: 'unread-from', membership, message: id })
      return membership
    },
  }
}

/** For everybody here who follows the thread of a reply that has come: the thread as it is now. */
export async function replyHeard(
  context: AppContext,
  reply: Pick<MessageRecord, 'root' | 'author'>,
): Promise<readonly KeptEvent[]> {
  const { read } = context.sync.replica
  if (reply.root === undefined) return []
  const root = unpack<MessageRecord>(await read.get(key.message(reply.root)))
  if (root === undefined) return []
  const events: KeptEvent[] = []
  for (const [place] of await read.list(keptRange.followers(root.id))) {
    const person = idAtEnd<UserId>(place)
    if (!isMember(context, root.channel, person)) continue // the door asks who may hear of it
    const thread = await threadFrom(read, root, person)
    const before = {
      replies: Math.max(0, thread.unreadReplies - 1),
      mentions: thread.unreadMentions,
    }
    if (thread.isFollowing)
      events.push({ kind: 'thread-changed', person, thread, by: 'reply', before })
  }
  return events
}

/** Who has written in a thread: whoever began it, then in the order of their first reply. */
async function participantsOf(read: Read, root: MessageRecord): Promise<readonly UserId[]> {
  const people = new Set([root.author])
  if (root.replyCount === 0) return [...people]
  for (const [, bytes] of await read.list(range.thread(root.id))) {
    const id = unpack<PostId>(bytes)
    const reply = id && unpack<MessageRecord>(await read.get(key.message(id)))
    if (reply !== undefined && reply.deletedAt === 0) people.add(reply.author)
  }
  return [...people]
}

interface Change {
  readonly by: 'read' | 'follow'
  readonly make: (
    record: FollowRecord,
    thread: Thread,
    tx: Tx,
  ) => FollowRecord | Promise<FollowRecord>
}

async function changeThread(
  context: AppContext,
  {
    subject,
    root,
    next,
    tell,
  }: {
    readonly subject: UserId
    readonly root: PostId
    readonly next: Change
    readonly tell: (event: KeptEvent) => void
  },
): Promise<Thread> {
  const { id } = await insistOnRoot(context, subject, root)
  const { before, after } = await context.sync.replica.commit(async (tx) => {
    const record = await recordOf(tx, id)
    const thread = await threadFrom(tx, record, subject)
    const known = (await followOf(tx, subject, record)) ?? newFollow(record)
    putFollow(tx, { person: subject, root: id }, await next.make(known, thread, tx))
    return { before: thread, after: await threadFrom(tx, record, subject) }
  })
  const { unreadReplies: replies, unreadMentions: mentions } = before
  const { by } = next
  tell({
    kind: 'thread-changed',
    person: subject,
    thread: after,
    by,
    before: { replies, mentions },
  })
  return after
}

function newFollow({ channel, replyCount }: MessageRecord): FollowRecord {
  return { channel, isFollowing: false, seenCount: replyCount, viewedAt: 0, mentions: 0 }
}

async function readUntil(
  tx: Tx,
  { record, thread, until }: { record: FollowRecord; thread: Thread; until: ReadUntil },
): Promise<FollowRecord> {
  const { root } = thread
  if ('at' in until && until.at >= root.lastReplyAt)
    return { ...record, seenCount: root.replyCount, viewedAt: until.at, mentions: 0 }
  let seenCount = 0
  let viewedAt = 'at' in until ? until.at : 0
  for (const [, bytes] of await tx.list(range.thread(root.id))) {
    const reply = await recordOf(tx, unpack<PostId>(bytes) ?? root.id)
    const isUnread = 'at' in until ? reply.createdAt > until.at : reply.id === until.before
    if (isUnread) {
      if ('before' in until) viewedAt = reply.createdAt - 1
      break
    }
    seenCount += 1
  }
  return { ...record, seenCount, viewedAt }
}

async function followedBy(context: AppContext, subject: UserId): Promise<readonly Thread[]> {
  const { read } = context.sync.replica
  const threads: Thread[] = []
  const readable = new Set(readableOf(context, subject))
  for (const [place, bytes] of await read.list(keptRange.follows(subject))) {
    const record = unpack<FollowRecord>(bytes)
    if (record?.isFollowing !== true || !readable.has(record.channel)) continue
    const root = unpack<MessageRecord>(await read.get(key.message(idAtEnd(place))))
    if (root === undefined || root.deletedAt !== 0) continue
    threads.push(await threadFrom(read, root, subject))
  }
  return threads.toSorted((a, b) => b.root.lastReplyAt - a.root.lastReplyAt)
}

async function threadFrom(read: Read, root: MessageRecord, person: UserId): Promise<Thread> {
  const record = await followOf(read, person, root)
  return {
    root: messageFrom(root),
    participants: await participantsOf(read, root),
    isFollowing: record?.isFollowing ?? false,
    viewedAt: record?.viewedAt ?? 0,
    unreadReplies: record === undefined ? 0 : Math.max(0, root.replyCount - record.seenCount),
    unreadMentions: record?.mentions ?? 0,
  }
}

async function insistOnRoot(
  context: AppContext,
  subject: UserId,
  id: PostId,
): Promise<MessageRecord> {
  const { read } = context.sync.replica
  const asked = await recordOf(read, id)
  const { channel } = asked
  const hidden = { what: 'message', id }
  await insistInChannel(context, subject, { channel, action: 'read channel', hidden })
  return asked.root === undefined ? asked : recordOf(read, asked.root)
}

/** The message and all after it count as unread again. */
async function unread(tx: Tx, subject: UserId, id: PostId): Promise<void> {
  const { channel, order, createdAt } = await recordOf(tx, id)
  const counts = unpack<ChannelRecord>(await tx.get(key.channel(channel))) ?? EMPTY_CHANNEL
  const place = key.viewed(subject, channel)
  const from = await tx.list({ ...range.order(channel), from: key.order(channel, order) })
  let roots = 0
  for (const [, bytes] of from) {
    const message = unpack<MessageRecord>(await tx.get(key.message(unpack<PostId>(bytes) ?? id)))
    if (message?.root === undefined) roots += 1
  }
  const viewed: ViewedRecord = {
    count: Math.max(0, counts.messageCount - from.length),
    rootCount: Math.max(0, counts.rootCount - roots),
    at: createdAt - 1,
    mentions: isPersonalChannel(channel) ? from.length : 0,
  }
  tx.put(place, pack(viewed))
}

function idAtEnd<T extends PostId | UserId = PostId>(place: string): T {
  return place.slice(place.lastIndexOf('/') + 1) as T
}
