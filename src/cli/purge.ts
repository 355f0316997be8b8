/** `holdfast purge`, `hold` and `retention`: what is to be gone, what must stay, and how long messages are kept. */
import type { Keeping, PurgeAnswer, PurgeOrderPicture } from '#app/purge-types.ts'
import { EdgeError } from '#base/errors.ts'
import { channelId } from './channel.ts'
import { findLocalNode, type LocalNode } from './local-node.ts'
import {
  table,
  when,
  writeJson,
  writeLines,
  type CommonOptions,
  type Surroundings,
} from './terminal.ts'

const AT = '/api/holdfast/v1'
const DAY_MS = 86_400_000

/** What may be typed behind it. */
export interface PurgeOptions extends CommonOptions {
  readonly message?: readonly string[]
  readonly olderThan?: string
  readonly compact?: boolean
}

/** What may be typed behind it. */
export interface HoldOptions extends CommonOptions {
  readonly channel?: string
  readonly person?: string
  readonly end?: boolean
}

/** What may be typed behind it. */
export interface RetentionOptions extends CommonOptions {
  readonly channel?: string
  readonly shownOnce?: boolean
}

/** Runs the command. */
export async function purge(
  name: string,
  options: PurgeOptions,
  surroundings: Surroundings,
): Promise<void> {
  const { terminal } = surroundings
  const node = await findLocalNode(options.data, surroundings)
  const at = `${AT}/channels/${await channelId(node, name)}`
  const { message, olderThan, compact = false, json } = options
  if (message === undefined && olderThan === undefined && !compact) {
    const orders = (await node.ask('GET', `${at}/purges`)) as readonly PurgeOrderPicture[]
    if (json) return writeJson(terminal, orders)
    const rows = orders.map(lineOf)
    return writeLines(terminal, rows.length === 0 ? ['Nothing was purged there.'] : table(rows))
  }
  const answer = await ordered(node, at, { message, olderThan, now: surroundings.clock.now() })
  if (compact) await node.askLong(`${AT}/purge/compact`, {})
  if (json) return writeJson(terminal, { ...answer, compacted: compact })
  const { messages, held } = answer
  writeLines(terminal, [
    `${messages} messages are gone here, and go everywhere as the order arrives.`,
    ...(held > 0 ? [`${held} more are held: see \`holdfast hold\`.`] : []),
  ])
}

async function ordered(
  { ask }: LocalNode,
  at: string,
  {
    message,
    olderThan,
    now,
  }: {
    readonly message: readonly string[] | undefined
    readonly olderThan: string | undefined
    readonly now: number
  },
): Promise<PurgeAnswer> {
  if (message === undefined && olderThan === undefined) return { messages: 0, held: 0 }
  const before = olderThan === undefined ? undefined : now - daysFrom(olderThan) * DAY_MS
  const body = { ...(message && { post_ids: message }), ...(before !== undefined && { before }) }
  return (await ask('POST', `${at}/purge`, body)) as PurgeAnswer
}

function lineOf({ orderedAt, messages, reason, state }: PurgeOrderPicture): string[] {
  const words = { done: 'gone here', held: 'held here', void: 'changes nothing here' } as const
  return [when(orderedAt), `${messages} messages`, WHY[reason], words[state]]
}

const WHY: Readonly<Record<PurgeOrderPicture['reason'], string>> = {
  'by hand': 'purged by hand',
  retention: 'removed by retention',
  'shown once': 'shown once',
}

/** Runs the command. */
export async function hold(options: HoldOptions, surroundings: Surroundings): Promise<void> {
  const { terminal } = surroundings
  const node = await findLocalNode(options.data, surroundings)
  const { channel, person, end = false, json } = options
  const body = { isHeld: !end }
  const keeping = (await (channel !== undefined
    ? node.ask('PUT', `${AT}/channels/${await channelId(node, channel)}/hold`, body)
    : person !== undefined
      ? node.ask('PUT', `${AT}/people/${await personId(node, person)}/hold`, body)
      : node.ask('GET', `${AT}/keeping`))) as Keeping
  if (json) return writeJson(terminal, keeping)
  writeLines(terminal, linesOf(keeping))
}

/** Runs the command. */
export async function retention(
  days: string,
  options: RetentionOptions,
  surroundings: Surroundings,
): Promise<void> {
  const { terminal } = surroundings
  const node = await findLocalNode(options.data, surroundings)
  const body = { days: days === 'default' ? null : daysFrom(days) }
  const { channel, shownOnce = false } = options
  if (channel !== undefined && shownOnce)
    throw new EdgeError('INPUT_INVALID', { found: 'both', wanted: '--channel or --shown-once' })
  const at = channel === undefined ? AT : `${AT}/channels/${await channelId(node, channel)}`
  const what = shownOnce ? 'retention/shown-once' : 'retention'
  const keeping = (await node.ask('PUT', `${at}/${what}`, body)) as Keeping
  if (options.json) return writeJson(terminal, keeping)
  writeLines(terminal, linesOf(keeping))
}

function linesOf(keeping: Keeping): readonly string[] {
  const { heldChannels, heldPeople, onceDays, retention: kept } = keeping
  const lines = [
    ...heldChannels.map((id) => `held: channel ${id}`),
    ...heldPeople.map((id) => `held: what ${id} wrote`),
    ...kept.map(
      ({ channel, days }) =>
        `${channel === undefined ? 'all channels' : `channel ${channel}`}: ${days === 0 ? 'kept for ever' : `kept for ${days} days`}`,
    ),
  ]
  const all = lines.length === 0 ? ['Nothing is held, and messages are kept for ever.'] : lines
  return [...all, `shown once: gone when all have opened it, after ${onceDays} days at the latest`]
}

async function personId({ ask }: LocalNode, username: string): Promise<string> {
  const found = (await ask('GET', `/api/v4/users/username/${encodeURIComponent(username)}`)) as {
    readonly id: string
  }
  return found.id
}

/** @throws EdgeError INPUT_INVALID */
function daysFrom(text: string): number {
  const days = Number(text)
  if (Number.isInteger(days) && days >= 0) return days
  throw new EdgeError('INPUT_INVALID', { found: text, wanted: 'a number of days, such as 365' })
}
