/** A previewer that has looked before: every file has the same preview, and a small picture. */
import { PREVIEW_BYTES_MAX } from '#base/limits.ts'
import type { Preview } from '#model/preview.ts'
import type { Previewer } from '#ports/previewer.ts'
import { noise } from './file-nodes.ts'

/** Bytes that begin as WebP does. */
function likeWebp(name: string, length: number): Uint8Array {
  const bytes = Uint8Array.from(noise(name, length))
  bytes.set(Buffer.from('RIFF'), 0)
  bytes.set(Buffer.from('WEBP'), 8)
  return bytes
}

/** What every picture looks like. */
export const picture: Preview = {
  kind: 'picture',
  width: 4_000,
  height: 3_000,
  image: likeWebp('tiny', PREVIEW_BYTES_MAX),
}

/** Its small picture. */
export const small = likeWebp('small', 20_000)

/** Gives the same for every file. */
export function aPreviewer(preview: Preview = picture): Previewer {
  return {
    look: async () => ({ preview, ...(preview.kind === 'picture' && { small }) }),
  }
}
