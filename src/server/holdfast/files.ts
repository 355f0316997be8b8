/** Files on their way here: how much has come, what the rest takes, and asking for them. */
import type { FileId } from '#base/ids.ts'
import type { KnownFile } from '#app/file-types.ts'
import type { Door } from '#server/door.ts'
import { idParam } from '#server/input.ts'
import { route, type Route } from '#server/route.ts'

/** The routes about files on their way. */
export function fileFetchRoutes({ node }: Door): readonly Route[] {
  return [
    route('GET', '/api/holdfast/v1/files', async (call) =>
      (await node.filesUnderWay(call.subject)).map(fileFrom),
    ),
    route('GET', '/api/holdfast/v1/files/:file', async (call) =>
      fileFrom(await node.file(call.subject, idParam<FileId>(call, 'file'))),
    ),
    route('POST', '/api/holdfast/v1/files/:file/fetch', async (call) =>
      fileFrom(await node.fetchFile(call.subject, idParam<FileId>(call, 'file'))),
    ),
    route('POST', '/api/holdfast/v1/files/:file/cancel', async (call) =>
      fileFrom(await node.cancelFetch(call.subject, idParam<FileId>(call, 'file'))),
    ),
  ]
}

function fileFrom(file: KnownFile): object {
  const { id, name, type, bytes, channel, message, createdAt, isHere, have, fetch, price } = file
  return {
    id,
    name,
    type,
    bytes,
    channel,
    message: message ?? '',
    createdAt,
    isHere,
    have,
    origin: { node: file.origin, name: file.originName },
    fetch: fetch === undefined ? null : { ...fetch, source: fetch.sourceName ?? '' },
    price: { bytes: price.bytes, seconds: price.seconds ?? null },
  }
}
