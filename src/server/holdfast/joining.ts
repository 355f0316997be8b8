/** How another node becomes a member: an administrator makes a code, the new node shows it with its request. */
import { z } from 'zod'
import { EdgeError } from '#base/errors.ts'
import { addressKey } from '#server/address.ts'
import { createBuckets } from '#server/bucket.ts'
import type { Door } from '#server/door.ts'
import { bodyOf } from '#server/input.ts'
import { JOIN_ADDRESS, LOGIN_KEYS_MAX } from '#server/limits.ts'
import { openRoute, route, type OpenCall, type Route } from '#server/route.ts'

/** What the new node may be, and whether people compare digits. */
export const Invitation = z.preprocess(
  (body) => body ?? {},
  z.object({
    role: z.enum(['kit', 'hub', 'relay']).optional(),
    compare: z.boolean().default(false),
  }),
)
/** The digits that people have compared. */
export const Digits = z.object({ digits: z.string().min(6).max(16) })
/** The request of a node that joins by file. */
export const RequestFile = z.object({ request: z.base64().min(1).max(16_384) })

/** The routes about joining, and the nodes that have joined. */
export function joiningRoutes(door: Door): readonly Route[] {
  const attempts = createBuckets(JOIN_ADDRESS, LOGIN_KEYS_MAX)
  const join = async (call: OpenCall): Promise<object> => {
    const address = addressKey(call.request.ip)
    const now = door.clock.monotonicMs()
    const retryAfterMs = attempts.waitMs(address, now)
    if (retryAfterMs > 0) throw new EdgeError('TOO_MANY_REQUESTS', { what: 'join', retryAfterMs })
    attempts.take(address, now)
    const response = await door.node.admitNode({ request: bytesOf(call.request.body) })
    attempts.giveBack(address, now) // Whoever waits for people to compare digits asks often.
    call.reply.header('content-type', 'application/octet-stream')
    return Buffer.from(response)
  }
  return [
    route('POST', '/api/holdfast/v1/join-codes', async (call) => {
      const { role, compare } = bodyOf(call, Invitation)
      const draft = { ...(role === undefined ? {} : { role }), isCompared: compare }
      const { code, expiresAt } = await door.node.makeJoinCode(call.subject, draft)
      call.reply.status(201)
      return { code, expires_at: expiresAt }
    }),
    openRoute('POST', '/api/holdfast/v1/join', join),
    route('GET', '/api/holdfast/v1/joins', (call) => door.node.waitingJoins(call.subject)),
    route('POST', '/api/holdfast/v1/joins/confirm', (call) =>
      door.node.confirmJoin(call.subject, bodyOf(call, Digits).digits),
    ),
    route('POST', '/api/holdfast/v1/joins/refuse', (call) =>
      door.node.refuseJoin(call.subject, bodyOf(call, Digits).digits),
    ),
    route('POST', '/api/holdfast/v1/admissions', async (call) => {
      const file = Buffer.from(bodyOf(call, RequestFile).request, 'base64')
      const { answer, ...rest } = await door.node.admitByFile(call.subject, new Uint8Array(file))
      return { ...rest, answer: Buffer.from(answer).toString('base64') }
    }),
    route('GET', '/api/holdfast/v1/nodes', (call) => door.node.nodes(call.subject)),
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
