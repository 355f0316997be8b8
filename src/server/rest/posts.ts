/** Messages: writing, changing and taking back. */
import { z } from 'zod'
import type { Draft } from '#app/conversation-types.ts'
import { must } from '#base/assert.ts'
import { EdgeError } from '#base/errors.ts'
import type { ChannelId, FileId, PostId } from '#base/ids.ts'
import {
  BURN_SECONDS_MAX,
  BURN_SECONDS_MIN,
  FILES_PER_MESSAGE_MAX,
  OVERRIDE_REASON_CHARACTERS_MAX,
} from '#base/limits.ts'
import { Attributes } from '#model/policy.ts'
import type { Door } from '#server/door.ts'
import { bodyOf, idParam, idSchema, optionalIdSchema, userParam } from '#server/input.ts'
import { route, type Call, type Route } from '#server/route.ts'
import { standing } from './post-lists.ts'
import { acknowledgementFrom, fileInfosOf, laneFrom, postFrom } from './shapes-post.ts'
import { withWords } from './post-words.ts'
import { OK } from './shapes.ts'

const NewPost = z.object({
  channel_id: idSchema<ChannelId>(),
  message: z.string().default(''),
  root_id: optionalIdSchema<PostId>(),
  pending_post_id: z.string().max(128).default(''),
  file_ids: z.array(idSchema<FileId>()).max(FILES_PER_MESSAGE_MAX).nullish(),
  props: z
    .object({
      holdfast_precedence: z.enum(['flash']).optional(),
      holdfast_label: Attributes.optional(),
      holdfast_override: z.string().max(OVERRIDE_REASON_CHARACTERS_MAX).optional(),
      holdfast_burn_seconds: z.int().min(BURN_SECONDS_MIN).max(BURN_SECONDS_MAX).optional(),
      attachments: z.array(z.record(z.string(), z.unknown())).max(50).optional(),
    })
    .nullish(),
  metadata: z
    .object({
      priority: z
        .object({
          priority: z.enum(['urgent', 'important', '']).default(''),
          requested_ack: z.boolean().nullish(),
        })
        .nullish(),
    })
    .nullish(),
})
const Edit = z.object({ message: z.string().optional(), is_pinned: z.boolean().optional() })

/** The routes that change messages; reading them is in `post-lists.ts`. */
export function postRoutes(door: Door): readonly Route[] {
  const { node } = door
  return [
    route('POST', '/api/v4/posts', (call) => create(door, call)),
    route('GET', '/api/v4/posts/:post', async (call) => {
      const [shown] = await withWords(door, call.subject, [await standing(door, call)])
      return postFrom(must(shown, 'as many come back as are asked about'))
    }),
    route('PUT', '/api/v4/posts/:post', (call) => edit(door, call)),
    route('PUT', '/api/v4/posts/:post/patch', (call) => edit(door, call)),
    route('DELETE', '/api/v4/posts/:post', async (call) => {
      await node.deletePost(call.subject, idParam(call, 'post'))
      return OK
    }),
    route('GET', '/api/v4/posts/:post/files/info', async (call) => {
      return fileInfosOf(await node.message(call.subject, idParam(call, 'post')))
    }),
    ...['pin', 'unpin'].map((word) =>
      route('POST', `/api/v4/posts/:post/${word}`, async (call) => {
        await node.pin(call.subject, idParam(call, 'post'), word === 'pin')
        return OK
      }),
    ),
    route('POST', '/api/v4/users/:user/posts/:post/ack', (call) => acknowledge(door, call)),
    // As in Mattermost after five minutes: here others may have acted on it long before that is heard.
    route('DELETE', '/api/v4/users/:user/posts/:post/ack', async (call) => {
      await standing(door, call)
      throw new EdgeError('NOT_ALLOWED', {
        found: 'an acknowledgement that others may have read',
        wanted: 'to let it stand',
      })
    }),
  ]
}

async function create(door: Door, call: Call): Promise<object> {
  const body = bodyOf(call, NewPost)
  const priority = body.metadata?.priority?.priority ?? ''
  const message = await door.node.post(call.subject, {
    channel: body.channel_id,
    body: body.message,
    lane: laneFrom(body.props?.holdfast_precedence, priority),
    ...markedBy(body.props ?? {}),
    ...(body.root_id === undefined ? {} : { root: body.root_id }),
    ...(body.pending_post_id === '' ? {} : { pendingId: body.pending_post_id }),
    files: body.file_ids ?? [],
    asksAcknowledgement: body.metadata?.priority?.requested_ack === true,
  })
  call.reply.status(201)
  return postFrom(message)
}

/** What a client says of a message in its props. */
function markedBy({
  holdfast_override: overrideReason,
  holdfast_label: label,
  holdfast_burn_seconds: burn,
  attachments = [],
}: NonNullable<z.infer<typeof NewPost>['props']>): Pick<
  Draft,
  'overrideReason' | 'label' | 'props'
> {
  const props = {
    ...(attachments.length > 0 && { attachments }),
    ...(burn !== undefined && { holdfast_burn_seconds: burn }),
  }
  return {
    ...(overrideReason !== undefined && { overrideReason }),
    ...(label !== undefined && { label }),
    ...(Object.keys(props).length > 0 && { props: JSON.stringify(props) }),
  }
}

async function acknowledge(door: Door, call: Call): Promise<object> {
  const person = userParam(call)
  if (person !== call.subject)
    throw new EdgeError('NOT_ALLOWED', { what: 'acknowledgement of another' })
  const message = await door.node.acknowledge(person, idParam<PostId>(call, 'post'))
  const own = message.acknowledgements.find((one) => one.person === person)
  return acknowledgementFrom(message, own ?? { person, at: message.updatedAt })
}

/** Only the text of a message can be changed, and whether it is pinned; without either nothing changes, as in Mattermost. */
async function edit(door: Door, call: Call): Promise<object> {
  const id = idParam<PostId>(call, 'post')
  const { message, is_pinned: isPinned } = bodyOf(call, Edit)
  if (isPinned !== undefined) await door.node.pin(call.subject, id, isPinned)
  if (message === undefined) return postFrom(await door.node.message(call.subject, id))
  return postFrom(await door.node.edit(call.subject, id, message))
}
