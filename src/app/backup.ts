/** Backups: what an administrator may take of the store, and that it was taken, in the audit. */
import { EdgeError } from '#base/errors.ts'
import type { UserId } from '#base/ids.ts'
import { audit } from '#sync/audit.ts'
import { keptKey } from '#sync/kept-keys.ts'
import { pack, unpack } from '#sync/records.ts'
import { insist, isAdministrator, type AppContext } from './context.ts'
import type { LastBackup } from './carrying-types.ts'
import type { EdgeNode } from './node.ts'

/** The backup part of the app; `image` gives the store as it lies on the disk. */
export function openBackingUp(
  context: AppContext,
  image: (() => AsyncIterable<Uint8Array>) | undefined,
): Pick<EdgeNode, 'storeImage' | 'lastBackup'> {
  const { sync } = context
  const insistOn = (subject: UserId): void =>
    insist(context, subject, {
      action: 'back up',
      isAdministrator: isAdministrator(context, subject),
    })
  return {
    storeImage: async (subject) => {
      insistOn(subject)
      if (image === undefined) throw new EdgeError('NOT_FOUND', { what: 'a store on a disk' })
      await sync.replica.commit(async (tx) => {
        tx.put(keptKey.backup, pack({ at: sync.now(), by: subject } satisfies LastBackup))
        await audit(tx, sync, { deed: 'backup made', by: subject })
      })
      return image()
    },
    lastBackup: async (subject) => {
      insistOn(subject)
      return unpack<LastBackup>(await sync.replica.read.get(keptKey.backup))
    },
  }
}
