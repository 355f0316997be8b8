/** Taking away for good: orders to purge, holds, and how long messages are kept. */
import { z } from 'zod'
import { PURGE_POSTS_MAX } from '#base/limits.ts'
import type { ChannelId, PostId } from '#base/ids.ts'
import { OnceDays, RetentionDays } from '#model/policy.ts'
import type { Door } from '#server/door.ts'
import { bodyOf, idParam, idSchema, userParam } from '#server/input.ts'
import { postFrom } from '#server/rest/shapes-post.ts'
import { patiently } from '#server/patience.ts'
import { route, type Route } from '#server/route.ts'

/** Which messages: by their ids, or all before a time in milliseconds since 1970. */
export const Purge = z.strictObject({
  post_ids: z.array(idSchema<PostId>()).min(1).max(PURGE_POSTS_MAX).optional(),
  before: z.int().min(0).optional(),
})

/** Whether something is held. */
export const Held = z.strictObject({ isHeld: z.boolean() })

/** After how many days messages are purged: 0 for never, null for what holds for all channels. */
export const Retention = z.strictObject({ days: RetentionDays.nullable() })

/** After how many days what is shown once goes, null for those it has by itself. */
export const OnceRetention = z.strictObject({ days: OnceDays.nullable() })

/** The routes about purging. */
export function purgingRoutes({ node, clock }: Door): readonly Route[] {
  const base = '/api/holdfast/v1'
  return [
    route('GET', `${base}/channels/:channel/purges`, (call) =>
      node.purges(call.subject, idParam<ChannelId>(call, 'channel')),
    ),
    route('POST', `${base}/channels/:channel/purge`, (call) => {
      const { post_ids: messages, before } = bodyOf(call, Purge)
      const channel = idParam<ChannelId>(call, 'channel')
      return node.purge(call.subject, { channel, messages, before })
    }),
    route('POST', `${base}/purge/compact`, async (call) => {
      await patiently(call, clock, () => node.compactPurged(call.subject))
      return {}
    }),
    route('GET', `${base}/keeping`, (call) => node.keeping(call.subject)),
    route('PUT', `${base}/channels/:channel/hold`, (call) => {
      const channel = idParam<ChannelId>(call, 'channel')
      return node.hold(call.subject, { channel, ...bodyOf(call, Held) })
    }),
    route('PUT', `${base}/people/:user/hold`, (call) =>
      node.hold(call.subject, { person: userParam(call), ...bodyOf(call, Held) }),
    ),
    route('PUT', `${base}/retention`, (call) => {
      const { days } = bodyOf(call, Retention)
      return node.setRetention(call.subject, { channel: undefined, days: days ?? undefined })
    }),
    route('PUT', `${base}/retention/shown-once`, (call) =>
      node.setOnceDays(call.subject, bodyOf(call, OnceRetention).days ?? undefined),
    ),
    route('POST', `${base}/posts/:post/open`, async (call) =>
      postFrom(await node.openOnce(call.subject, idParam<PostId>(call, 'post'))),
    ),
    route('PUT', `${base}/channels/:channel/retention`, (call) => {
      const { days } = bodyOf(call, Retention)
      const channel = idParam<ChannelId>(call, 'channel')
      return node.setRetention(call.subject, { channel, days: days ?? undefined })
    }),
  ]
}
