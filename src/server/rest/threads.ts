/** Collapsed threads: those somebody follows, what is unread in them, and reading them. */
import { z } from 'zod'
import { EdgeError } from '#base/errors.ts'
import type { PostId } from '#base/ids.ts'
import type { Thread } from '#app/kept-types.ts'
import type { Door } from '#server/door.ts'
import {
  bodyOf,
  Flag,
  idParam,
  optionalIdSchema,
  queryOf,
  textParam,
  userParam,
  wholeNumber,
} from '#server/input.ts'
import { PAGE_ITEMS_MAX } from '#server/limits.ts'
import { route, type Call, type Route } from '#server/route.ts'
import { peopleFor } from '#server/visible.ts'
import { threadFrom, unreadAtFrom } from './shapes-kept.ts'
import { postFrom } from './shapes-post.ts'
import { OK, userFrom } from './shapes.ts'
import { checkTeam } from './teams.ts'

const ThreadsQuery = z.object({
  since: wholeNumber(0),
  before: optionalIdSchema<PostId>(),
  after: optionalIdSchema<PostId>(),
  per_page: wholeNumber(30),
  pageSize: wholeNumber(0),
  unread: Flag,
  extended: Flag,
  totalsOnly: Flag,
  threadsOnly: Flag,
})
const Support = z.object({ collapsed_threads_supported: z.boolean().default(false) }).default({
  collapsed_threads_supported: false,
})

/** The routes about threads. */
export function threadRoutes(door: Door): readonly Route[] {
  const { node } = door
  const base = '/api/v4/users/:user/teams/:team/threads'
  const follow = async (call: Call, isFollowing: boolean): Promise<object> => {
    own(door, call)
    await node.followThread(call.subject, rootIn(call), isFollowing)
    return OK
  }
  return [
    route('GET', base, (call) => list(door, call)),
    route('PUT', `${base}/read`, async (call) => {
      own(door, call)
      await node.readAllThreads(call.subject)
      return OK
    }),
    route('GET', `${base}/mention_counts`, async (call) => mentions(door, call)),
    route('GET', `${base}/:thread`, async (call) => {
      own(door, call)
      const { extended } = queryOf(call, ThreadsQuery)
      return shown(
        peopleFor(door, call.subject),
        await node.threadOf(call.subject, rootIn(call)),
        extended,
      )
    }),
    route('PUT', `${base}/:thread/read/:time`, async (call) => {
      own(door, call)
      const at = Number(textParam(call, 'time'))
      if (!Number.isSafeInteger(at) || at < 0)
        throw new EdgeError('INPUT_INVALID', { field: 'time', wanted: 'milliseconds since 1970' })
      return shown(
        peopleFor(door, call.subject),
        await node.readThread(call.subject, rootIn(call), { at }),
        false,
      )
    }),
    route('POST', `${base}/:thread/set_unread/:post`, async (call) => {
      own(door, call)
      const before = idParam<PostId>(call, 'post')
      return shown(
        peopleFor(door, call.subject),
        await node.readThread(call.subject, rootIn(call), { before }),
        false,
      )
    }),
    route('PUT', `${base}/:thread/following`, (call) => follow(call, true)),
    route('DELETE', `${base}/:thread/following`, (call) => follow(call, false)),
    route('POST', '/api/v4/users/:user/posts/:post/set_unread', (call) => setUnread(door, call)),
  ]
}

/** Counts are over all that somebody follows; the list is a page of it. */
async function list(door: Door, call: Call): Promise<object> {
  own(door, call)
  const query = queryOf(call, ThreadsQuery)
  const all = await door.node.threads(call.subject)
  const counts = {
    total: all.length,
    total_unread_threads: all.filter(isUnread).length,
    total_unread_mentions: all.reduce((sum, one) => sum + one.unreadMentions, 0),
    total_unread_urgent_mentions: all
      .filter(({ root: { lane } }) => lane === 'flash' || lane === 'immediate')
      .reduce((sum, one) => sum + one.unreadMentions, 0),
  }
  if (query.totalsOnly) return { ...counts, threads: null }
  const fitting = all.filter(
    (one) =>
      (!query.unread || isUnread(one)) &&
      (query.since === 0 || Math.max(one.root.updatedAt, one.viewedAt) >= query.since),
  )
  const people = peopleFor(door, call.subject)
  const threads = pageAround(fitting, query).map((one) => shown(people, one, query.extended))
  return query.threadsOnly ? { threads } : { ...counts, threads }
}

function isUnread({ unreadReplies, unreadMentions }: Thread): boolean {
  return unreadReplies + unreadMentions > 0
}

function rootIn(call: Call): PostId {
  return idParam<PostId>(call, 'thread')
}

function pageAround(
  threads: readonly Thread[],
  { before, after, per_page: perPage, pageSize }: z.infer<typeof ThreadsQuery>,
): readonly Thread[] {
  const size = Math.min(Math.max(1, pageSize || perPage), PAGE_ITEMS_MAX)
  const at = threads.findIndex(({ root }) => root.id === (before ?? after))
  if (before !== undefined) return at < 0 ? [] : threads.slice(at + 1, at + 1 + size)
  if (after !== undefined) return threads.slice(Math.max(0, at - size), Math.max(0, at))
  return threads.slice(0, size)
}

type Known = ReturnType<typeof peopleFor>

function shown(people: Known, thread: Thread, isExtended: boolean): object {
  const participants = thread.participants.map((id) => {
    const person = isExtended ? people.byId(id) : undefined
    return person === undefined ? { id } : userFrom(person)
  })
  return { ...threadFrom(thread), participants, post: postFrom(thread.root, thread) }
}

async function mentions(door: Door, call: Call): Promise<object> {
  own(door, call)
  const counts = new Map<string, number>()
  for (const { root, unreadMentions } of await door.node.threads(call.subject))
    if (unreadMentions > 0)
      counts.set(root.channel, (counts.get(root.channel) ?? 0) + unreadMentions)
  return Object.fromEntries(counts)
}

/** In a client that collapses threads, a reply is unread in its thread and not in the channel. */
async function setUnread(door: Door, call: Call): Promise<object> {
  if (userParam(call) !== call.subject)
    throw new EdgeError('NOT_ALLOWED', { what: 'unread of another' })
  const id = idParam<PostId>(call, 'post')
  const { collapsed_threads_supported: isCollapsed } = bodyOf(call, Support)
  const message = await door.node.message(call.subject, id)
  const {
    workspace: { id: team },
    node,
  } = door
  if (isCollapsed && message.root !== undefined) {
    await node.readThread(call.subject, message.root, { before: id })
    const membership = await node.membership(message.channel, call.subject)
    if (membership === undefined) throw new EdgeError('NOT_ALLOWED', { found: 'not a member' })
    return unreadAtFrom(membership, { team, message: id })
  }
  return unreadAtFrom(await node.unreadFrom(call.subject, id), { team, message: id })
}

function own(door: Door, call: Call): void {
  checkTeam(door, call)
  if (userParam(call) !== call.subject)
    throw new EdgeError('NOT_ALLOWED', { what: 'threads of another' })
}
