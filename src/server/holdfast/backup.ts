/**
 * Backups, for administrators. The store alone, sealed as it lies on the disk, is for the command beside the node, which has the rest.
 * Browsers get the whole node as one file, sealed for the key that stands in the node's config and for no other: whoever has
 * come by an administrator's session cannot make themselves this node with it.
 */
import { Readable } from 'node:stream'
import { EdgeError } from '#base/errors.ts'
import type { Door } from '#server/door.ts'
import { route, type Route } from '#server/route.ts'

const AT = '/api/holdfast/v1/backup'

/** The routes about backups. */
export function backupRoutes(door: Door): readonly Route[] {
  const { node, nodeName } = door
  return [
    route('GET', AT, async (call) => ({
      last: (await node.lastBackup(call.subject)) ?? null,
      recipient: door.carriage?.backup?.recipient ?? null,
    })),
    route('GET', `${AT}/store`, async (call) => {
      const image = await node.storeImage(call.subject)
      call.reply.type('application/octet-stream')
      return Readable.from(image, { objectMode: false })
    }),
    route('GET', `${AT}/blobs`, async (call) => node.blobsHeld(call.subject)),
    route('GET', `${AT}/file`, async (call) => {
      await node.lastBackup(call.subject)
      const backup = door.carriage?.backup
      if (backup === undefined)
        throw new EdgeError('NOT_FOUND', {
          what: 'key to seal a backup for',
          wanted: 'backup.recipient in the config of this node',
        })
      const content = await backup.take(call.subject)
      const name = `${nodeName.replace(/[^\w.-]/g, '-')}.age`
      call.reply.type('application/octet-stream')
      call.reply.header('content-disposition', `attachment;filename="${name}"`)
      return Readable.from(content, { objectMode: false })
    }),
  ]
}
