/** A kit that starts locked is released by a hub: its question, and what operators decide about it. */
import { z } from 'zod'
import { bytesFromHex } from '#base/bytes.ts'
import { EdgeError } from '#base/errors.ts'
import type { NodeId } from '#base/ids.ts'
import { addressKey } from '#server/address.ts'
import { createBuckets } from '#server/bucket.ts'
import type { Door } from '#server/door.ts'
import { bodyOf, idParam } from '#server/input.ts'
import { LOGIN_KEYS_MAX, RELEASE_ADDRESS, RELEASE_SHARE } from '#server/limits.ts'
import { openRoute, route, type OpenCall, type Route } from '#server/route.ts'

const secret = z.string().regex(/^[0-9a-f]{64}$/, { error: '64 hexadecimal digits' })

/** A share that the hubs keep for this kit. */
export const Share = z.strictObject({
  id: z.string().regex(/^[0-9a-f]{32}$/, { error: '32 hexadecimal digits' }),
  share: secret,
  authentication: secret,
})

/** Whether hubs hold a kit's release back. */
export const Hold = z.strictObject({ isHeld: z.boolean() })

/** The routes about releasing. */
export function releaseRoutes(door: Door): readonly Route[] {
  const { node } = door
  return [
    openRoute('POST', '/api/holdfast/v1/release', releasing(door)),
    route('GET', '/api/holdfast/v1/release', (call) => node.releaseStatus(call.subject)),
    route('POST', '/api/holdfast/v1/release/share', async (call) => {
      const { id, share, authentication } = bodyOf(call, Share)
      await node.setShare(call.subject, {
        id,
        share: bytesFromHex(share),
        authentication: bytesFromHex(authentication),
      })
      call.reply.status(202)
      return { status: 'handed over' }
    }),
    route('POST', '/api/holdfast/v1/release/forget', async (call) => {
      await node.dropShare(call.subject)
      call.reply.status(202)
      return { status: 'called back' }
    }),
    route('POST', '/api/holdfast/v1/nodes/:node/release', async (call) => {
      const { isHeld } = bodyOf(call, Hold)
      await node.holdRelease(call.subject, idParam<NodeId>(call, 'node'), isHeld)
      return { isHeld }
    }),
  ]
}

/** Whoever only knows a share's name must not use up its kit's turns: those are counted once it is proven who asks. */
function releasing({ clock, node }: Door): (call: OpenCall) => Promise<object> {
  const addresses = createBuckets(RELEASE_ADDRESS, LOGIN_KEYS_MAX)
  const shares = createBuckets(RELEASE_SHARE, LOGIN_KEYS_MAX)
  const takeTurn = (buckets: typeof shares, name: string): void => {
    const now = clock.monotonicMs()
    const retryAfterMs = buckets.waitMs(name, now)
    if (retryAfterMs > 0)
      throw new EdgeError('TOO_MANY_REQUESTS', { what: 'release', retryAfterMs })
    buckets.take(name, now)
  }
  return async ({ request, reply }) => {
    takeTurn(addresses, addressKey(request.ip))
    const { body } = request
    if (!(body instanceof Uint8Array))
      throw new EdgeError('INPUT_INVALID', {
        where: 'body',
        field: 'content-type',
        found: body === undefined ? 'no body' : 'another type',
        wanted: 'application/octet-stream',
      })
    const admit = (share: string): void => takeTurn(shares, share)
    const answer = await node.releaseKit({ request: body, admit })
    reply.header('content-type', 'application/octet-stream')
    return Buffer.from(answer)
  }
}
