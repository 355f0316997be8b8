/** Pictures made small. Runs in a process of its own: see `previewer.ts`. */
import sharp, { type Sharp } from 'sharp'
import { PREVIEW_BYTES_MAX, SMALL_BYTES_MAX } from '#base/limits.ts'
import type { Preview } from '#model/preview.ts'
import { PICTURE_POINTS_MAX, PREVIEW_POINTS, SMALL_FROM_BYTES, SMALL_POINTS } from './limits.ts'

/** What was found of a file. */
export interface Seen {
  readonly preview: Preview
  /** WebP, for who does not want the whole. */
  readonly small?: Uint8Array
}

/** Points as they come out of something else than a file: red, green, blue and how much they cover. */
export interface Points {
  readonly width: number
  readonly height: number
  readonly data: Uint8Array
}

/** Better first. */
const QUALITIES = [60, 40, 25, 12] as const
/** When even the worst is too large. */
const SHRINK = 0.75
const SHRINKS_MAX = 6

/** What formats may be decoded: none that are programs, name other files, or are read by rarely used code. */
const READ = ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Heif', 'Tiff']

/** Called once before anything is decoded. */
export function prepare(): void {
  sharp.cache(false)
  sharp.concurrency(1)
  sharp.block({ operation: ['VipsForeignLoad'] })
  sharp.unblock({ operation: READ.map((name) => `VipsForeignLoad${name}`) })
}

/** What a picture looks like. */
export async function seePicture(bytes: Uint8Array): Promise<Seen> {
  const options = { limitInputPixels: PICTURE_POINTS_MAX, sequentialRead: true } as const
  const read = (): Sharp => sharp(bytes, options).autoOrient()
  const { autoOrient } = await sharp(bytes, options).metadata()
  const small =
    bytes.length < SMALL_FROM_BYTES
      ? undefined
      : await fitting(read(), SMALL_POINTS, SMALL_BYTES_MAX)
  // The tiny one is made of the small one: the whole is decoded once.
  const from = small === undefined ? read() : sharp(small)
  const image = await fitting(from, PREVIEW_POINTS, PREVIEW_BYTES_MAX)
  const { width, height } = autoOrient
  return { preview: { kind: 'picture', width, height, image }, ...(small && { small }) }
}

/** What a page looks like that something else has drawn. */
export async function seePage(
  { data, width, height }: Points,
  { pages, bytes }: { readonly pages: number; readonly bytes: number },
): Promise<Seen> {
  const read = (): Sharp =>
    sharp(data, { raw: { width, height, channels: 4 } }).flatten({ background: '#ffffff' })
  const image = await fitting(read(), PREVIEW_POINTS, PREVIEW_BYTES_MAX)
  const small =
    bytes < SMALL_FROM_BYTES ? undefined : await fitting(read(), SMALL_POINTS, SMALL_BYTES_MAX)
  return { preview: { kind: 'pages', pages, image }, ...(small && { small }) }
}

/** As large as asked for and as good as it may be. */
async function fitting(from: Sharp, points: number, bytesMax: number): Promise<Uint8Array> {
  const raw = await from
    .resize(points, points, { fit: 'inside', withoutEnlargement: true })
    .raw()
    .toBuffer({ resolveWithObject: true })
  const { width, height, channels } = raw.info
  let side = Math.max(width, height)
  for (let tries = 0; tries < SHRINKS_MAX; tries += 1) {
    for (const quality of QUALITIES) {
      const bytes = await sharp(raw.data, { raw: { width, height, channels } })
        .resize(Math.ceil(side), Math.ceil(side), { fit: 'inside', withoutEnlargement: true })
        .webp({ quality, effort: 4 })
        .toBuffer()
      if (bytes.length <= bytesMax) return new Uint8Array(bytes)
    }
    side *= SHRINK
  }
  throw new Error('a picture that does not get small')
}
