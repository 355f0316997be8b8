/** What is lacking here and elsewhere: the report for people, and the measures for programs that watch the node. */
import { z } from 'zod'
import { GAP_DOCUMENTS_MAX } from '#base/limits.ts'
import type { Door } from '#server/door.ts'
import { EXPOSITION_TYPE, expositionOf } from '#server/exposition.ts'
import { queryOf } from '#server/input.ts'
import { route, type Route } from '#server/route.ts'

const whole = z.coerce.number({ error: 'a whole number' }).int({ error: 'a whole number' }).min(0)

/** Which page of gaps. */
export const GapsQuery = z.object({
  page: whole.max(1_000_000).default(0),
  limit: whole.min(1).max(GAP_DOCUMENTS_MAX).default(GAP_DOCUMENTS_MAX),
})

/** The routes about gaps. */
export function gapRoutes({ node }: Door): readonly Route[] {
  return [
    route('GET', '/api/holdfast/v1/gaps', (call) =>
      node.gaps(call.subject, queryOf(call, GapsQuery)),
    ),
    route('GET', '/metrics', async (call) => {
      const metrics = await node.metrics(call.subject)
      call.reply.header('content-type', EXPOSITION_TYPE)
      return expositionOf(metrics)
    }),
  ]
}
