/** A node is lost: what that means, shutting it out, and ordering its keys destroyed. */
import { z } from 'zod'
import type { NodeId } from '#base/ids.ts'
import type { Door } from '#server/door.ts'
import { bodyOf, idParam } from '#server/input.ts'
import { route, type Route } from '#server/route.ts'

/** Since when a node is lost, and why. */
export const Revocation = z.strictObject({
  /** Milliseconds since 1970; now unless given. */
  since: z.int().min(0).optional(),
  reason: z.string().max(200).optional(),
})

/** The routes about lost nodes. */
export function revokingRoutes({ node }: Door): readonly Route[] {
  return [
    route('GET', '/api/holdfast/v1/nodes/:node/capture', (call) =>
      node.captureReport(call.subject, idParam<NodeId>(call, 'node')),
    ),
    route('POST', '/api/holdfast/v1/nodes/:node/revoke', async (call) => {
      const { since, reason } = bodyOf(call, Revocation)
      return node.revokeNode(call.subject, {
        node: idParam<NodeId>(call, 'node'),
        ...(since === undefined ? {} : { since }),
        ...(reason === undefined ? {} : { reason }),
      })
    }),
    route('POST', '/api/holdfast/v1/nodes/:node/wipe', async (call) => {
      await node.wipeNode(call.subject, idParam<NodeId>(call, 'node'))
      call.reply.status(202)
      return { status: 'ordered' }
    }),
  ]
}
