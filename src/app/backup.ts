/** Backups: what an administrator may take of the store, and that it was taken, in the audit. */
import { EdgeError } from '#base/errors.ts'
import { audit } from '#sync/audit.ts'
import { insist, isAdministrator, type AppContext } from './context.ts'
import type { EdgeNode } from './node.ts'

/** The backup part of the app; `image` gives the store as it lies on the disk. */
export function openBackingUp(
  context: AppContext,
  image: (() => AsyncIterable<Uint8Array>) | undefined,
): Pick<EdgeNode, 'storeImage'> {
  return {
    storeImage: async (subject) => {
      const situation = { isAdministrator: isAdministrator(context, subject) }
      insist(context, subject, { action: 'back up', ...situation })
      if (image === undefined) throw new EdgeError('NOT_FOUND', { what: 'a store on a disk' })
      await context.sync.replica.commit((tx) =>
        audit(tx, context.sync, { deed: 'backup made', by: subject }),
      )
      return image()
    },
  }
}
