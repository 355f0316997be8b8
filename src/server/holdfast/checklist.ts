/** Ticking items of checklists. Stock clients see ticks as edits of the message. */
import { z } from 'zod'
import { MESSAGE_CHARACTERS_MAX } from '#base/limits.ts'
import type { PostId } from '#base/ids.ts'
import { ITEM_NUMBERS } from '#model/checklist.ts'
import type { Door } from '#server/door.ts'
import { bodyOf, idParam } from '#server/input.ts'
import { postFrom } from '#server/rest/shapes-post.ts'
import { route, type Route } from '#server/route.ts'

/** An item by its words, as written, and by how many of the same words stand before it; and whether it is done. */
export const ChecklistTick = z.strictObject({
  item: z.string().min(1).max(MESSAGE_CHARACTERS_MAX),
  before: z
    .int()
    .min(0)
    .max(ITEM_NUMBERS - 1)
    .default(0),
  isTicked: z.boolean(),
})

/** The route about checklists. */
export function checklistRoutes({ node }: Door): readonly Route[] {
  return [
    route('PUT', '/api/holdfast/v1/posts/:post/checklist', async (call) => {
      const { item, before, isTicked } = bodyOf(call, ChecklistTick)
      const tick = { item, before, isSet: isTicked }
      return postFrom(await node.tick(call.subject, idParam<PostId>(call, 'post'), tick))
    }),
  ]
}
