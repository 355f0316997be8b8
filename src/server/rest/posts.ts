/** Messages: writing, changing and taking back. */
import { z } from 'zod'
import type { ChannelId, PostId } from '#base/ids.ts'
import { OVERRIDE_REASON_CHARACTERS_MAX } from '#base/limits.ts'
import { Attributes } from '#model/policy.ts'
import type { Door } from '#server/door.ts'
import { bodyOf, idParam, idSchema, optionalIdSchema } from '#server/input.ts'
import { route, type Call, type Route } from '#server/route.ts'
import { standing } from './post-lists.ts'
import { laneFrom, postFrom } from './shapes-post.ts'
import { OK } from './shapes.ts'

const NewPost = z.object({
  channel_id: idSchema<ChannelId>(),
  message: z.string().default(''),
  root_id: optionalIdSchema<PostId>(),
  pending_post_id: z.string().max(128).default(''),
  file_ids: z.array(z.unknown()).max(0, { error: 'no files: this node takes none yet' }).nullish(),
  props: z
    .object({
      holdfast_precedence: z.enum(['flash']).optional(),
      holdfast_label: Attributes.optional(),
      holdfast_override: z.string().max(OVERRIDE_REASON_CHARACTERS_MAX).optional(),
    })
    .nullish(),
  metadata: z
    .object({ priority: z.object({ priority: z.enum(['urgent', 'important', '']) }).nullish() })
    .nullish(),
})
const Edit = z.object({ message: z.string().optional() })

/** The routes that change messages; reading them is in `post-lists.ts`. */
export function postRoutes(door: Door): readonly Route[] {
  const { node } = door
  return [
    route('POST', '/api/v4/posts', (call) => create(door, call)),
    route('GET', '/api/v4/posts/:post', async (call) => postFrom(await standing(door, call))),
    route('PUT', '/api/v4/posts/:post', (call) => edit(door, call)),
    route('PUT', '/api/v4/posts/:post/patch', (call) => edit(door, call)),
    route('DELETE', '/api/v4/posts/:post', async (call) => {
      await node.deletePost(call.subject, idParam(call, 'post'))
      return OK
    }),
    route('GET', '/api/v4/posts/:post/files/info', async (call) => {
      await node.message(call.subject, idParam(call, 'post'))
      return []
    }),
  ]
}

async function create(door: Door, call: Call): Promise<object> {
  const body = bodyOf(call, NewPost)
  const overrideReason = body.props?.holdfast_override
  const label = body.props?.holdfast_label
  const priority = body.metadata?.priority?.priority ?? ''
  const message = await door.node.post(call.subject, {
    channel: body.channel_id,
    body: body.message,
    lane: laneFrom(body.props?.holdfast_precedence, priority),
    ...(overrideReason === undefined ? {} : { overrideReason }),
    ...(label === undefined ? {} : { label }),
    ...(body.root_id === undefined ? {} : { root: body.root_id }),
    ...(body.pending_post_id === '' ? {} : { pendingId: body.pending_post_id }),
  })
  call.reply.status(201)
  return postFrom(message)
}

/** Only the text of a message can be changed; a request without one changes nothing, as in Mattermost. */
async function edit(door: Door, call: Call): Promise<object> {
  const id = idParam<PostId>(call, 'post')
  const { message } = bodyOf(call, Edit)
  if (message === undefined) return postFrom(await door.node.message(call.subject, id))
  return postFrom(await door.node.edit(call.subject, id, message))
}
