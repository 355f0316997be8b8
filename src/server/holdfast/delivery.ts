/**
 * Where messages stand on their way: one story for each message, one line for each destination. Whoever asks is told
 * of later changes by the WebSocket event `holdfast_delivery`.
 */
import { z } from 'zod'
import { EdgeError } from '#base/errors.ts'
import type { NodeId, PostId } from '#base/ids.ts'
import { PAGE_POSTS_MAX } from '#base/limits.ts'
import type { DeliveryStory } from '#app/types.ts'
import type { Door } from '#server/door.ts'
import { bodyOf, idParam, idSchema } from '#server/input.ts'
import { route, type Call, type Route } from '#server/route.ts'

/** Which messages. */
export const DeliveryIds = z.object({
  post_ids: z.array(idSchema<PostId>()).min(1).max(PAGE_POSTS_MAX),
})

/** The routes about delivery. */
export function deliveryRoutes(door: Door): readonly Route[] {
  return [
    route('GET', '/api/holdfast/v1/posts/:post/delivery', (call) =>
      storyOf(door, call, idParam(call, 'post')),
    ),
    route('POST', '/api/holdfast/v1/posts/delivery', (call) => stories(door, call)),
  ]
}

/** The story, and the node on which the message was written. */
async function storyOf(
  door: Door,
  call: Call,
  id: PostId,
): Promise<DeliveryStory & { readonly origin: NodeId }> {
  const story = await door.node.delivery(call.subject, id)
  const message = await door.node.message(call.subject, id)
  door.delivery.watch(message, call.subject)
  return { ...story, origin: message.origin }
}

/** Stories in the order asked; of messages that are not here, or not for this person, there is none. */
async function stories(door: Door, call: Call): Promise<object> {
  const ids = bodyOf(call, DeliveryIds).post_ids
  const outcomes = await Promise.allSettled(ids.map((id) => storyOf(door, call, id)))
  return outcomes.flatMap((outcome) => {
    if (outcome.status === 'fulfilled') return [outcome.value]
    if (outcome.reason instanceof EdgeError && outcome.reason.code !== 'STORE_BROKEN') return []
    throw outcome.reason
  })
}
