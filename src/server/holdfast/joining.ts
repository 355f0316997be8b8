/** How another node becomes a member: an administrator makes a code, the new node shows it with its request. */
import { EdgeError } from '#base/errors.ts'
import { addressKey } from '#server/address.ts'
import { createBuckets } from '#server/bucket.ts'
import type { Door } from '#server/door.ts'
import { JOIN_ADDRESS, LOGIN_KEYS_MAX } from '#server/limits.ts'
import { openRoute, route, type OpenCall, type Route } from '#server/route.ts'

/** The routes about joining. */
export function joiningRoutes(door: Door): readonly Route[] {
  const attempts = createBuckets(JOIN_ADDRESS, LOGIN_KEYS_MAX)
  const join = async (call: OpenCall): Promise<object> => {
    const address = addressKey(call.request.ip)
    const now = door.clock.monotonicMs()
    const retryAfterMs = attempts.waitMs(address, now)
    if (retryAfterMs > 0) throw new EdgeError('TOO_MANY_REQUESTS', { what: 'join', retryAfterMs })
    attempts.take(address, now)
    const response = await door.node.admitNode({ request: bytesOf(call.request.body) })
    call.reply.header('content-type', 'application/octet-stream')
    return Buffer.from(response)
  }
  return [
    route('POST', '/api/holdfast/v1/join-codes', async (call) => {
      const { code, expiresAt } = await door.node.makeJoinCode(call.subject)
      call.reply.status(201)
      return { code, expires_at: expiresAt }
    }),
    openRoute('POST', '/api/holdfast/v1/join', join),
  ]
}

function bytesOf(body: unknown): Uint8Array {
  if (body instanceof Uint8Array) return body
  throw new EdgeError('INPUT_INVALID', {
    where: 'body',
    field: 'content-type',
    found: body === undefined ? 'no body' : 'another type',
    wanted: 'application/octet-stream',
  })
}
