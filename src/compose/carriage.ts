/** What people carry away by their browser: courier files in a tray, and backups for the key that the config names. */
import type { EdgeNode } from '#app/node.ts'
import { openTray } from '#carriers/courier-tray.ts'
import { layoutOf } from '#config/layout.ts'
import type { Config } from '#config/schema.ts'
import type { Clock } from '#ports/clock.ts'
import type { Carriage } from '#server/door.ts'
import type { Certificate } from '#trust/identity.ts'
import { sealBackup } from './backup.ts'

/** What it works with. */
export interface CarriageParts {
  readonly node: EdgeNode
  readonly dataFolder: string
  readonly certificate: Pick<Certificate, 'node' | 'name'>
  readonly clock: Clock
}

/** The carriage of one node; its tray is empty. */
export async function openCarriage(
  { courier, backup: { recipient } }: Pick<Config, 'courier' | 'backup'>,
  { node, dataFolder, certificate, clock }: CarriageParts,
): Promise<Carriage> {
  const tray = await openTray(layoutOf(dataFolder).tray)
  const { folders } = courier
  if (recipient === undefined) return { folders, tray }
  const take: NonNullable<Carriage['backup']>['take'] = async (subject) => {
    const image = await node.storeImage(subject)
    const about = { node: certificate.node, name: certificate.name, takenAt: clock.now() }
    const held = (): ReturnType<EdgeNode['blobsHeld']> => node.blobsHeld(subject)
    const { content, packed } = await sealBackup({ dataFolder, image, about, held }, { recipient })
    packed.catch(() => undefined) // the content fails with it
    return content
  }
  return { folders, tray, backup: { recipient, take } }
}
