/** `holdfast purge`, `hold` and `retention`: what is to be gone, what must stay, and how long messages are kept. */
import type { Command } from 'commander'
import type { Keeping, PurgeAnswer, PurgeOrderPicture } from '#app/purge-types.ts'
import { EdgeError } from '#base/errors.ts'
import { channelId } from './channel.ts'
import { command, examples, type Action } from './command.ts'
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

interface PurgeOptions extends CommonOptions {
  readonly message?: readonly string[]
  readonly olderThan?: string
  readonly compact?: boolean
}

interface HoldOptions extends CommonOptions {
  readonly channel?: string
  readonly person?: string
  readonly end?: boolean
}

interface RetentionOptions extends CommonOptions {
  readonly channel?: string
}

/** The commands that take away for good, and that keep from it. */
export function addPurgeCommands(
  program: Command,
  action: Action,
  surroundings: Surroundings,
): void {
  command(program, 'purge', surroundings)
    .argument('<channel>', 'name of the channel')
    .description('make messages be gone everywhere, or show what was purged of a channel')
    .option('--message <id...>', 'ids of messages, as `holdfast read --json` shows them')
    .option('--older-than <days>', 'everything that was written longer ago')
    .option('--compact', 'make this disk drop at once what was purged; it does so within a day')
    .addHelpText('after', examples('purge ops', 'purge ops --older-than 365 --compact'))
    .action(action<PurgeOptions>((options, around, [name = '']) => purge(name, options, around)))
  command(program, 'hold', surroundings)
    .description('keep a channel, or what a person wrote, from being purged; show what is held')
    .option('--channel <name>', 'name of the channel')
    .option('--person <username>', 'username of the person')
    .option('--end', 'the hold has ended: what was ordered meanwhile takes effect')
    .addHelpText('after', examples('hold', 'hold --channel ops', 'hold --person bo --end'))
    .action(action<HoldOptions>(hold))
  command(program, 'retention', surroundings)
    .argument(
      '<days>',
      'after how many days messages are purged; 0 for never, `default` for as all',
    )
    .description('say how long messages are kept, in all channels or in one')
    .option('--channel <name>', 'name of the channel')
    .addHelpText('after', examples('retention 365', 'retention 30 --channel ops'))
    .action(
      action<RetentionOptions>((options, around, [days = '']) => retention(days, options, around)),
    )
}

async function purge(
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
  const what = reason === 'retention' ? 'removed by retention' : 'purged by hand'
  const words = { done: 'gone here', held: 'held here', void: 'changes nothing here' } as const
  return [when(orderedAt), `${messages} messages`, what, words[state]]
}

async function hold(options: HoldOptions, surroundings: Surroundings): Promise<void> {
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

async function retention(
  days: string,
  options: RetentionOptions,
  surroundings: Surroundings,
): Promise<void> {
  const { terminal } = surroundings
  const node = await findLocalNode(options.data, surroundings)
  const body = { days: days === 'default' ? null : daysFrom(days) }
  const { channel } = options
  const at = channel === undefined ? AT : `${AT}/channels/${await channelId(node, channel)}`
  const keeping = (await node.ask('PUT', `${at}/retention`, body)) as Keeping
  if (options.json) return writeJson(terminal, keeping)
  writeLines(terminal, linesOf(keeping))
}

function linesOf({ heldChannels, heldPeople, retention: kept }: Keeping): readonly string[] {
  const lines = [
    ...heldChannels.map((id) => `held: channel ${id}`),
    ...heldPeople.map((id) => `held: what ${id} wrote`),
    ...kept.map(
      ({ channel, days }) =>
        `${channel === undefined ? 'all channels' : `channel ${channel}`}: ${days === 0 ? 'kept for ever' : `kept for ${days} days`}`,
    ),
  ]
  return lines.length === 0 ? ['Nothing is held, and messages are kept for ever.'] : lines
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
