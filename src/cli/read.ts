/** `holdfast read`: the newest messages of a channel, and where each stands on its way to the other nodes. */
import { z } from 'zod'
import { EdgeError } from '#base/errors.ts'
import { PAGE_POSTS_MAX } from '#base/limits.ts'
import { channelId } from './channel.ts'
import { Stories, wayInWords, type Way } from './delivery-words.ts'
import { findLocalNode, type LocalNode } from './local-node.ts'
import { when, writeJson, writeLines, type CommonOptions, type Surroundings } from './terminal.ts'

/** What `read` may be told. */
export interface ReadOptions extends CommonOptions {
  /** How many messages. */
  readonly limit: string
}

const Post = z.object({
  id: z.string(),
  create_at: z.int(),
  delete_at: z.int(),
  user_id: z.string(),
  root_id: z.string(),
  message: z.string(),
  props: z.object({
    holdfast_precedence: z.string().optional(),
    holdfast_override: z.string().optional(),
    holdfast_time_uncertain: z.boolean().optional(),
    holdfast_time_doubt: z.string().optional(),
  }),
})
const Posts = z.object({ order: z.array(z.string()), posts: z.record(z.string(), Post) })
const People = z.array(z.object({ id: z.string(), username: z.string() }))
/** One message with everything that is shown of it. */
interface Shown {
  readonly id: string
  readonly at: number
  readonly author: string
  readonly text: string
  readonly lane: string
  /** Why it was sent beyond the allowance of its lane. */
  readonly overrideReason: string | undefined
  /** Since when it should be at headquarters and is not. */
  readonly overdueSince: number | undefined
  readonly isReply: boolean
  readonly isTimeUncertain: boolean
  readonly timeDoubt: string | undefined
  readonly deliveries: readonly Way[]
}

/** Runs the command. */
export async function read(
  channel: string,
  options: ReadOptions,
  surroundings: Surroundings,
): Promise<void> {
  const { terminal } = surroundings
  const limit = limitFrom(options.limit)
  const node = await findLocalNode(options.data, surroundings)
  const messages = await newest(node, await channelId(node, channel), limit)
  if (options.json) return writeJson(terminal, messages)
  writeLines(terminal, messages.length === 0 ? ['No messages yet.'] : messages.flatMap(lines))
}

function limitFrom(text: string): number {
  const limit = Number(text)
  if (Number.isInteger(limit) && limit >= 1 && limit <= PAGE_POSTS_MAX) return limit
  throw new EdgeError('INPUT_INVALID', {
    field: '--limit',
    found: text,
    wanted: `a whole number from 1 to ${PAGE_POSTS_MAX}`,
  })
}

/** Oldest first. */
async function newest(
  { ask }: LocalNode,
  channel: string,
  limit: number,
): Promise<readonly Shown[]> {
  const answer = await ask('GET', `/api/v4/channels/${channel}/posts?per_page=${limit}`)
  const { order, posts } = Posts.parse(answer)
  const found = order.flatMap((id) => posts[id] ?? []).toReversed()
  if (found.length === 0) return []
  const authors = [...new Set(found.map((each) => each.user_id))]
  const people = People.parse(await ask('POST', '/api/v4/users/ids', authors))
  const stories = Stories.parse(
    await ask('POST', '/api/holdfast/v1/posts/delivery', { post_ids: found.map(({ id }) => id) }),
  )
  const storyOf = (id: string) => stories.find(({ message }) => message === id)
  return found.map((each) => ({
    id: each.id,
    at: each.create_at,
    author: people.find(({ id }) => id === each.user_id)?.username ?? 'somebody not known here yet',
    text: each.delete_at > 0 ? '' : each.message,
    lane: each.props.holdfast_precedence ?? 'routine',
    overrideReason: each.props.holdfast_override,
    overdueSince: storyOf(each.id)?.overdueSince,
    isReply: each.root_id !== '',
    isTimeUncertain: each.props.holdfast_time_uncertain ?? false,
    timeDoubt: each.props.holdfast_time_doubt,
    deliveries: storyOf(each.id)?.deliveries ?? [],
  }))
}

function lines(message: Shown): readonly string[] {
  const lane = message.lane === 'routine' ? '' : ` [${message.lane}${whyOf(message)}]`
  const time = message.isTimeUncertain
    ? `time uncertain (${message.timeDoubt ?? 'unknown why'})`
    : when(message.at)
  const reply = message.isReply ? '↳ ' : ''
  const text = message.text === '' ? '(deleted)' : message.text
  const { overdueSince: since } = message
  const overdue = since === undefined ? [] : [`overdue since ${when(since)}`]
  const ways = [...overdue, ...message.deliveries.map(wayInWords)]
  return [
    `${time}  ${reply}${message.author}${lane}: ${text.replaceAll('\n', '\n    ')}`,
    ...(ways.length === 0 ? [] : [`    ${ways.join(', ')}`]),
  ]
}

function whyOf({ overrideReason }: Shown): string {
  return overrideReason === undefined ? '' : `, beyond the allowance: ${overrideReason}`
}
