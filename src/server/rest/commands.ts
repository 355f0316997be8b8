/** Slash commands, for people whose client knows nothing of links and precedence. Only the one who asks sees the answer. */
import { z } from 'zod'
import { wayText } from '#app/delivery-words.ts'
import type { GapReport } from '#app/gap-types.ts'
import type { Link, Message } from '#app/types.ts'
import { EdgeError } from '#base/errors.ts'
import { idFromBytes, parseId, type ChannelId, type Instant, type PostId } from '#base/ids.ts'
import { GAP_DOCUMENTS_MAX } from '#base/limits.ts'
import type { Door } from '#server/door.ts'
import { agoBy } from '#server/ago.ts'
import { bodyOf, idSchema, optionalIdSchema, queryOf } from '#server/input.ts'
import { COMMAND_CHARACTERS_MAX } from '#server/limits.ts'
import { toPerson } from '#server/live-text.ts'
import { route, type Call, type Route } from '#server/route.ts'
import { budgetText } from './budget-words.ts'
import { isStanding } from './post-pages.ts'
import { checkTeam } from './teams.ts'

const Execution = z.object({
  command: z.string().min(1).max(COMMAND_CHARACTERS_MAX),
  channel_id: idSchema<ChannelId>(),
  root_id: optionalIdSchema<PostId>(),
})
const Typed = z.object({ user_input: z.string().max(COMMAND_CHARACTERS_MAX).default('') })

/** With whom the node has to do is none of a guest's business. */
const NOT_FOR_GUESTS = 'Links and other nodes are told of to members of the workspace only.'

interface Asked {
  readonly call: Call
  readonly channel: ChannelId
  readonly root: PostId | undefined
  readonly rest: string
}

interface Command {
  readonly trigger: string
  readonly hint: string
  readonly description: string
  /** What only the one who asks is told; '' for nothing. */
  readonly run: (door: Door, asked: Asked) => Promise<string>
}

/** How many of a person's newest messages `/where` tells of. */
const WHERE_MESSAGES_MAX = 3
/** How many messages are looked at to find them. */
const WHERE_LOOKED_AT = 100

const COMMANDS: readonly Command[] = [
  {
    trigger: 'flash',
    hint: '[--override "why"] [message]',
    description: 'Send a flash message: it goes before everything else, on every link.',
    run: flash,
  },
  {
    trigger: 'where',
    hint: '[link to a message]',
    description: 'Where your newest messages here, or that one, are on their way.',
    run: where,
  },
  {
    trigger: 'gaps',
    hint: '',
    description: 'What this node lacks, and what others lack of what is here.',
    run: gaps,
  },
  {
    trigger: 'link',
    hint: '',
    description: 'The links of this node, and what waits for them.',
    run: link,
  },
  {
    trigger: 'budget',
    hint: '',
    description: 'What links have spent, and what they still may.',
    run: budget,
  },
]

/** The routes about commands. */
export function commandRoutes(door: Door): readonly Route[] {
  const shown = COMMANDS.map((command) => commandFrom(door, command))
  return [
    route('GET', '/api/v4/commands', () => shown),
    route('GET', '/api/v4/teams/:team/commands/autocomplete', (call) => {
      checkTeam(door, call)
      return shown
    }),
    route('GET', '/api/v4/teams/:team/commands/autocomplete_suggestions', (call) => {
      checkTeam(door, call)
      const typed = queryOf(call, Typed).user_input.replace(/^\//, '').toLowerCase()
      return COMMANDS.filter(({ trigger }) => trigger.startsWith(typed)).map(suggestionFrom)
    }),
    route('POST', '/api/v4/commands/execute', (call) => execute(door, call)),
  ]
}

async function execute(door: Door, call: Call): Promise<object> {
  const body = bodyOf(call, Execution)
  const [, trigger = '', rest = ''] = /^\/(\S*)\s?([\s\S]*)$/.exec(body.command) ?? []
  const command = COMMANDS.find((one) => one.trigger === trigger.toLowerCase())
  if (command === undefined)
    throw new EdgeError('NOT_FOUND', {
      what: 'command',
      wanted: COMMANDS.map((one) => `/${one.trigger}`).join(', '),
    })
  const { channel_id: channel, root_id: root } = body
  await door.node.channel(call.subject, channel)
  const text = await command.run(door, { call, channel, root, rest })
  if (text !== '') tellAlone(door, call, { channel, root, text })
  return {
    response_type: 'ephemeral',
    text,
    username: '',
    icon_url: '',
    goto_location: '',
    attachments: null,
    trigger_id: '',
  }
}

/** A message that is nowhere but on the screen of whoever asked. */
function tellAlone(
  door: Door,
  { subject }: Call,
  said: { readonly channel: ChannelId; readonly root: PostId | undefined; readonly text: string },
): void {
  const now = door.clock.now()
  const post = {
    id: idFromBytes<PostId>(door.random.bytes(16)),
    create_at: now,
    update_at: now,
    edit_at: 0,
    delete_at: 0,
    is_pinned: false,
    user_id: subject,
    channel_id: said.channel,
    root_id: said.root ?? '',
    original_id: '',
    message: said.text,
    type: 'system_ephemeral',
    props: { from_bot: 'true', override_username: door.nodeName },
    hashtags: '',
    file_ids: [],
    pending_post_id: '',
    remote_id: '',
    reply_count: 0,
    last_reply_at: 0,
    participants: null,
    metadata: {},
  }
  door.announce(toPerson(subject, 'ephemeral_message', { post: JSON.stringify(post) }))
}

async function flash(door: Door, { call, channel, root, rest }: Asked): Promise<string> {
  const [, , quoted, single, text = rest] =
    /^\s*--override\s+("([^"]*)"|'([^']*)')\s?([\s\S]*)$/.exec(rest) ?? []
  const overrideReason = quoted ?? single
  await door.node.post(call.subject, {
    channel,
    body: text,
    lane: 'flash',
    ...(root !== undefined && { root }),
    ...(overrideReason !== undefined && { overrideReason }),
  })
  return ''
}

async function where(door: Door, { call, channel, rest }: Asked): Promise<string> {
  const messages = await meant(door, call, { channel, rest })
  if (messages.length === 0)
    return 'You have written nothing here lately. Give the link to a message to ask about it.'
  const stories = await Promise.all(
    messages.map(async (message) => {
      const { deliveries, overdueSince } = await door.node.delivery(call.subject, message.id)
      door.delivery.watch(message, call.subject)
      const ago = agoBy(door)
      const overdue = overdueSince === undefined ? [] : [`- **overdue** ${ago(overdueSince)}`]
      const ways = deliveries.map((way) => `- ${wayText(way, ago)}`)
      const lines = ways.length === 0 ? ['- on this kit; no other node should have it'] : ways
      return [quoteOf(message), ...overdue, ...lines].join('\n')
    }),
  )
  return stories.join('\n\n')
}

/** The message that is named, or the newest of one's own here. */
async function meant(
  { node }: Door,
  { subject }: Call,
  { channel, rest }: { readonly channel: ChannelId; readonly rest: string },
): Promise<readonly Message[]> {
  const named = parseId<PostId>(/([a-z0-9]{26})\/?\s*$/.exec(rest)?.[1])
  if (named !== undefined) return [await node.message(subject, named)]
  if (rest.trim() !== '')
    throw new EdgeError('INPUT_INVALID', {
      field: 'command',
      wanted: '/where, or /where and a link',
    })
  const { messages } = await node.page(subject, channel, { limit: WHERE_LOOKED_AT })
  const own = messages.filter((message) => message.author === subject && isStanding(message))
  return own.slice(0, WHERE_MESSAGES_MAX)
}

function quoteOf({ body, files }: Message): string {
  const text = body === '' ? files.map(({ name }) => name).join(', ') : body
  const line = text.replaceAll(/\s+/g, ' ').trim()
  const short = line.slice(0, 60).toWellFormed()
  return `> ${short}${short === line ? '' : ' …'}`
}

async function gaps(door: Door, { call }: Asked): Promise<string> {
  if (door.node.seenBy(call.subject) !== undefined) return NOT_FOR_GUESTS
  const report = await door.node.gaps(call.subject, { page: 0, limit: GAP_DOCUMENTS_MAX })
  const lines = [...ownGaps(door, report), ...othersGaps(report)]
  const more = report.pages > 1 ? [`There is more: \`holdfast gaps\` tells all of it.`] : []
  return [...lines, ...more].join('\n')
}

function ownGaps(door: Door, { lacking, nodes }: GapReport): readonly string[] {
  if (lacking.length === 0) return ['This node lacks nothing that others have signed for.']
  const givers = nodes.filter(({ canGive }) => canGive > 0).map(({ node }) => node.name)
  const ago = agoBy(door)
  const rows = lacking.map((gap) => `- ${gap.lane}: ${gap.changes} changes, ${ago(gap.since)}`)
  const who = `It could come from: ${givers.join(', ') || 'nobody who is known'}.`
  return ['This node lacks:', ...rows, who]
}

function othersGaps({ nodes }: GapReport): readonly string[] {
  const rows = nodes.flatMap(({ node, lacks }) =>
    lacks.map(({ lane, changes }) => `- ${node.name}: ${changes} changes, ${lane}`),
  )
  if (rows.length === 0) return ['The other nodes have signed for all that is here.']
  return ['Others have not signed for:', ...rows]
}

async function link(door: Door, { call }: Asked): Promise<string> {
  if (door.node.seenBy(call.subject) !== undefined) return NOT_FOR_GUESTS
  const { links } = await door.node.status()
  if (links.length === 0) return 'This node has no link. What is written here is safe here.'
  const ago = agoBy(door)
  return links.map((one) => `- ${linkInWords(one, ago)}`).join('\n')
}

async function budget({ node, clock }: Door, { call }: Asked): Promise<string> {
  if (node.seenBy(call.subject) !== undefined) return NOT_FOR_GUESTS
  return budgetText(await node.plan(call.subject), clock.now())
}

function linkInWords(
  { carrier, peer, isUp, since, queued }: Link,
  ago: (at: Instant) => string,
): string {
  const waiting = Object.entries(queued).filter(([, count]) => count > 0)
  const queue = waiting.map(([lane, count]) => `${count} ${lane}`).join(', ')
  const state = isUp ? 'up' : `down${since > 0 ? `, ${ago(since)}` : ''}`
  return `${peer} by ${carrier}: ${state}; waiting: ${queue || 'nothing'}`
}

function commandFrom({ workspace }: Door, command: Command): object {
  return {
    id: command.trigger,
    token: '',
    create_at: 0,
    update_at: 0,
    delete_at: 0,
    creator_id: '',
    team_id: workspace.id,
    trigger: command.trigger,
    method: '',
    username: '',
    icon_url: '',
    auto_complete: true,
    auto_complete_desc: command.description,
    auto_complete_hint: command.hint,
    display_name: command.trigger,
    description: command.description,
    url: '',
  }
}

function suggestionFrom({ trigger, hint, description }: Command): object {
  return {
    Complete: trigger,
    Suggestion: trigger,
    Hint: hint,
    Description: description,
    IconData: '',
  }
}
