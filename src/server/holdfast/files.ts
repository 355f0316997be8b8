/** Files on their way here: how much has come, what the rest takes, and asking for them. */
import type { FileId } from '#base/ids.ts'
import { z } from 'zod'
import type { FileFetch, KnownFile } from '#app/file-types.ts'
import type { Preview } from '#model/preview.ts'
import type { Door } from '#server/door.ts'
import { idParam, queryOf } from '#server/input.ts'
import { route, type Route } from '#server/route.ts'

/** Which of the two is meant: the file, or the small picture of it. */
export const QualityQuery = z.object({ quality: z.enum(['whole', 'small']).default('whole') })

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
      fileFrom(
        await node.fetchFile(
          call.subject,
          idParam<FileId>(call, 'file'),
          queryOf(call, QualityQuery).quality,
        ),
      ),
    ),
    route('POST', '/api/holdfast/v1/files/:file/cancel', async (call) =>
      fileFrom(
        await node.cancelFetch(
          call.subject,
          idParam<FileId>(call, 'file'),
          queryOf(call, QualityQuery).quality,
        ),
      ),
    ),
  ]
}

function fileFrom(file: KnownFile): object {
  const { id, name, type, channel, message, createdAt, preview, little } = file
  return {
    id,
    name,
    type,
    channel,
    message: message ?? '',
    createdAt,
    origin: { node: file.origin, name: file.originName },
    ...stateFrom(file),
    isLost: file.isLost,
    preview: preview === undefined ? null : previewFrom(preview),
    small: little === undefined ? null : stateFrom(little),
  }
}

function stateFrom(
  state: Pick<KnownFile, 'bytes' | 'isHere' | 'have' | 'fetch' | 'price'>,
): object {
  const { bytes, isHere, have, fetch, price } = state
  return {
    bytes,
    isHere,
    have,
    fetch: fetch === undefined ? null : fetchFrom(fetch),
    price: {
      bytes: price.bytes,
      seconds: price.seconds ?? null,
      money: price.money ?? null,
      currency: price.currency ?? '',
    },
  }
}

function fetchFrom(fetch: FileFetch): object {
  return { ...fetch, source: fetch.sourceName ?? '' }
}

/** What it says in numbers; what it looks like is its thumbnail. */
function previewFrom(preview: Preview): object {
  switch (preview.kind) {
    case 'picture':
      return { kind: preview.kind, width: preview.width, height: preview.height }
    case 'pages':
      return { kind: preview.kind, pages: preview.pages }
    case 'sound':
      return { kind: preview.kind, milliseconds: preview.milliseconds }
    case 'track':
      return { kind: preview.kind, metres: preview.metres }
  }
}
