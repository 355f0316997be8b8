/** Drafts, and messages that are sent later. */
import { z } from 'zod'
import { EdgeError } from '#base/errors.ts'
import type { ChannelId, FileId, PostId } from '#base/ids.ts'
import { FILES_PER_MESSAGE_MAX } from '#base/limits.ts'
import type { UnsentDraft } from '#app/kept-types.ts'
import type { Door } from '#server/door.ts'
import { bodyOf, idParam, idSchema, optionalIdSchema, queryOf, userParam } from '#server/input.ts'
import { route, type Call, type Route } from '#server/route.ts'
import { draftFrom, scheduledFrom } from './shapes-kept.ts'
import { laneFrom } from './shapes-post.ts'
import { OK } from './shapes.ts'
import { checkTeam } from './teams.ts'

const Priority = z.object({
  priority: z.enum(['urgent', 'important', '']).default(''),
  requested_ack: z.boolean().nullish(),
})
const Precedence = z.object({ holdfast_precedence: z.enum(['flash']).optional() })
const Draft = z.object({
  channel_id: idSchema<ChannelId>(),
  root_id: optionalIdSchema<PostId>(),
  message: z.string().default(''),
  file_ids: z.array(idSchema<FileId>()).max(FILES_PER_MESSAGE_MAX).nullish(),
  props: Precedence.nullish(),
  priority: Priority.partial().nullish(),
  metadata: z.object({ priority: Priority.partial().nullish() }).nullish(),
})
/** What a message would lose that is sent later: without it, it would be told to more than its author wants. */
const NOT_LATER = ['holdfast_burn_seconds', 'holdfast_label'] as const
const ScheduledDraft = Draft.extend({
  scheduled_at: z.int().positive(),
  props: Precedence.extend({
    holdfast_burn_seconds: z.unknown().optional(),
    holdfast_label: z.unknown().optional(),
  }).nullish(),
})
const Direct = z.object({ includeDirectChannels: z.enum(['true', 'false']).default('false') })

/** The routes about what is not sent yet. Everybody has only their own. */
export function unsentRoutes(door: Door): readonly Route[] {
  return [...draftRoutes(door), ...scheduledRoutes(door)]
}

function draftRoutes(door: Door): readonly Route[] {
  const { node } = door
  const drop = async (call: Call, root?: PostId): Promise<object> => {
    own(call)
    const channel = idParam<ChannelId>(call, 'channel')
    const before = await node.dropDraft(call.subject, channel, root)
    return before === undefined ? OK : draftFrom(call.subject, before)
  }
  return [
    route('GET', '/api/v4/users/:user/teams/:team/drafts', async (call) => {
      checkTeam(door, call)
      own(call)
      return (await node.drafts(call.subject)).map((draft) => draftFrom(call.subject, draft))
    }),
    route('POST', '/api/v4/drafts', async (call) => {
      const kept = await node.keepDraft(call.subject, draftOf(bodyOf(call, Draft)))
      call.reply.status(201)
      return draftFrom(call.subject, kept)
    }),
    route('DELETE', '/api/v4/users/:user/channels/:channel/drafts', (call) => drop(call)),
    route('DELETE', '/api/v4/users/:user/channels/:channel/drafts/:thread', (call) =>
      drop(call, idParam<PostId>(call, 'thread')),
    ),
  ]
}

function scheduledRoutes(door: Door): readonly Route[] {
  const { node } = door
  return [
    route('GET', '/api/v4/posts/scheduled/team/:team', async (call) => {
      checkTeam(door, call)
      return await scheduled(door, call)
    }),
    route('POST', '/api/v4/posts/schedule', async (call) => {
      const body = bodyOf(call, ScheduledDraft)
      const draft = laterOf(door, body)
      call.reply.status(201)
      return scheduledFrom(call.subject, await node.schedule(call.subject, draft))
    }),
    route('PUT', '/api/v4/posts/schedule/:scheduled', async (call) => {
      const body = bodyOf(call, ScheduledDraft)
      const id = idParam<PostId>(call, 'scheduled')
      const draft = { ...laterOf(door, body), id }
      return scheduledFrom(call.subject, await node.schedule(call.subject, draft))
    }),
    route('DELETE', '/api/v4/posts/schedule/:scheduled', async (call) => {
      const gone = await node.unschedule(call.subject, idParam<PostId>(call, 'scheduled'))
      return scheduledFrom(call.subject, gone)
    }),
  ]
}

async function scheduled(door: Door, call: Call): Promise<object> {
  const { includeDirectChannels } = queryOf(call, Direct)
  const all = await door.node.scheduled(call.subject)
  const channels = await door.node.channelsOf(call.subject)
  const personal = new Set(
    channels.filter(({ kind }) => kind === 'direct' || kind === 'group').map(({ id }) => id),
  )
  const inTeam = all.filter(({ channel }) => !personal.has(channel))
  const direct = all.filter(({ channel }) => personal.has(channel))
  const shown = (some: typeof all): readonly object[] =>
    some.map((one) => scheduledFrom(call.subject, one))
  return {
    [door.workspace.id]: shown(inTeam),
    ...(includeDirectChannels === 'true' && { directChannels: shown(direct) }),
  }
}

function draftOf(body: z.infer<typeof Draft>): UnsentDraft {
  const marked = body.priority ?? body.metadata?.priority
  return {
    channel: body.channel_id,
    root: body.root_id,
    body: body.message,
    lane: laneFrom(body.props?.holdfast_precedence, marked?.priority ?? ''),
    asksAcknowledgement: marked?.requested_ack === true,
    files: body.file_ids ?? [],
  }
}

function laterOf(
  { clock }: Door,
  body: z.infer<typeof ScheduledDraft>,
): UnsentDraft & { readonly at: number } {
  const { props, scheduled_at: at } = body
  for (const name of NOT_LATER)
    if (props?.[name] !== undefined)
      throw new EdgeError('INPUT_INVALID', {
        field: `props.${name}`,
        found: 'a message that is sent later',
        wanted: 'one that is sent at once',
      })
  if (at > clock.now()) return { ...draftOf(body), at }
  throw new EdgeError('INPUT_INVALID', {
    field: 'scheduled_at',
    found: 'a time that has passed',
    wanted: 'one to come, by the clock of this node',
  })
}

function own(call: Call): void {
  if (userParam(call) !== call.subject)
    throw new EdgeError('NOT_ALLOWED', { what: 'drafts of another' })
}
