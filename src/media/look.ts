/**
 * Looks at one file and ends: a file on standard input, what it looks like on standard output, as JSON. `look.ts KIND`. Whatever a
 * file does to it, it does to this process: see `previewer.ts`.
 */
import { writeFileSync } from 'node:fs'
import { buffer } from 'node:stream/consumers'
import { bytesOfPreview, type Preview } from '#model/preview.ts'
import { PREVIEW_BYTES_MAX, SMALL_BYTES_MAX } from '#base/limits.ts'
import { TRACK_BYTES_MAX } from './limits.ts'
import type { Seen } from './picture.ts'
import { soundLook } from './sound.ts'
import { trackPreview } from './track.ts'

try {
  // When memory runs out, this process goes first.
  writeFileSync('/proc/self/oom_score_adj', '1000')
} catch {
  // Not a Linux, or not allowed.
}
const found = await see(process.argv[2], new Uint8Array(await buffer(process.stdin)))
if (found !== undefined && isSmallEnough(found)) process.stdout.write(textOf(found))

async function see(kind: string | undefined, bytes: Uint8Array): Promise<Seen | undefined> {
  if (kind === 'picture' || kind === 'pages') {
    const { prepare, seePicture } = await import('./picture.ts')
    prepare()
    if (kind === 'picture') return await seePicture(bytes)
    const { seePages } = await import('./pages.ts')
    return await seePages(bytes)
  }
  const preview = kind === 'sound' ? await soundLook(bytes) : trackOf(bytes)
  return preview && { preview }
}

function trackOf(bytes: Uint8Array): Preview | undefined {
  return bytes.length > TRACK_BYTES_MAX ? undefined : trackPreview(new TextDecoder().decode(bytes))
}

function isSmallEnough({ preview, small }: Seen): boolean {
  return (
    bytesOfPreview(preview).length <= PREVIEW_BYTES_MAX && (small?.length ?? 0) <= SMALL_BYTES_MAX
  )
}

function textOf(seen: Seen): string {
  return JSON.stringify(seen, (_, value: unknown) =>
    value instanceof Uint8Array ? Buffer.from(value).toString('base64') : value,
  )
}
