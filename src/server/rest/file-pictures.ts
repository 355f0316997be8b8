/**
 * What files look like: `thumbnail` is the preview that came with the message, `preview` the best picture of it that is here. The node
 * draws nothing of a file itself when somebody asks, so nobody can make it work by asking.
 */
import { Readable } from 'node:stream'
import { EdgeError } from '#base/errors.ts'
import type { FileId } from '#base/ids.ts'
import type { KnownFile } from '#app/file-types.ts'
import type { Door } from '#server/door.ts'
import { drawnOf } from '#server/drawing.ts'
import { idParam } from '#server/input.ts'
import { route, type Call, type Route } from '#server/route.ts'

/** Pictures that stock apps show: these are given as they are where there is no smaller one. */
const PICTURE = /^image\/(?:png|jpeg|gif|webp)$/
/** Larger ones are fetched as files. */
const WHOLE_BYTES_MAX = 65_536

/** The routes about them. */
export function filePictureRoutes(door: Door): readonly Route[] {
  return [
    route('GET', '/api/v4/files/:file/thumbnail', async (call) =>
      thumbnail(call, await known(door, call)),
    ),
    route('GET', '/api/v4/files/:file/preview', (call) => best(door, call)),
  ]
}

function known({ node }: Door, call: Call): Promise<KnownFile> {
  return node.file(call.subject, idParam<FileId>(call, 'file'))
}

function thumbnail(call: Call, { id, preview }: KnownFile): Readable {
  if (preview === undefined) throw new EdgeError('NOT_FOUND', { what: 'picture of a file', id })
  const { type, bytes } = drawnOf(preview)
  return given(call, type, Readable.from([Buffer.from(bytes)]))
}

async function best(door: Door, call: Call): Promise<Readable> {
  const { node } = door
  const file = await known(door, call)
  const { id, type, bytes, isHere, preview } = file
  const small = await node.readSmall(call.subject, id)
  if (small !== undefined) return given(call, 'image/webp', Readable.from(small))
  const isShown = isHere && bytes <= WHOLE_BYTES_MAX && PICTURE.test(type)
  if (isShown && preview?.kind === 'picture')
    return given(call, type, Readable.from(await node.readFile(call.subject, id)))
  return thumbnail(call, file)
}

function given({ reply }: Call, type: string, content: Readable): Readable {
  reply.header('content-type', type)
  reply.header('content-security-policy', "default-src 'none'; sandbox")
  // A better one may come.
  reply.header('cache-control', 'private, max-age=60')
  return content
}
