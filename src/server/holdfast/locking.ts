/** Locking the node: an administrator says so, and it forgets its keys until somebody unlocks it. */
import { EdgeError } from '#base/errors.ts'
import type { Door } from '#server/door.ts'
import { route, type Route } from '#server/route.ts'

/** The route about locking. */
export function lockingRoutes({ node, onLock, canLock }: Door): readonly Route[] {
  return [
    route('POST', '/api/holdfast/v1/lock', async (call) => {
      if (onLock === undefined || (await canLock?.()) === false)
        throw new EdgeError('NOT_ALLOWED', {
          action: 'lock',
          found: 'no passphrase that would open it again',
          do: 'Set one with `holdfast passphrase set`.',
        })
      await node.noteLock(call.subject)
      // The answer leaves first: the door closes with the node.
      call.reply.raw.once('close', onLock)
      return { status: 'OK' }
    }),
  ]
}
