/** The store for a backup, for administrators: sealed as it lies on the disk, and worth nothing without the keys beside it. */
import { Readable } from 'node:stream'
import type { Door } from '#server/door.ts'
import { route, type Route } from '#server/route.ts'

/** The route about backups. */
export function backupRoutes({ node }: Door): readonly Route[] {
  return [
    route('GET', '/api/holdfast/v1/backup/store', async (call) => {
      const image = await node.storeImage(call.subject)
      call.reply.type('application/octet-stream')
      return Readable.from(image, { objectMode: false })
    }),
  ]
}
