/**
 * What a file looks like, in at most 2 KB that travel with the message: a picture of it, how loud a sound is, the lines of a track. Who
 * handed the file in has looked at it; everybody else sees by this what fetching it would give.
 */
import { PREVIEW_BYTES_MAX } from '#base/limits.ts'
import type { Fields } from './fields.ts'

/** What a file looks like. */
export type Preview =
  /** WebP, and how wide and high the whole is, in points, the right way up. */
  | {
      readonly kind: 'picture'
      readonly width: number
      readonly height: number
      readonly image: Uint8Array
    }
  /** WebP of the first page, and how many there are. */
  | { readonly kind: 'pages'; readonly pages: number; readonly image: Uint8Array }
  /** How long, and how loud from its beginning to its end: 0 to 255. */
  | { readonly kind: 'sound'; readonly milliseconds: number; readonly levels: Uint8Array }
  /** How long its way is, and an outline (`linesOf`). */
  | { readonly kind: 'track'; readonly metres: number; readonly outline: Uint8Array }

/** A line of an outline: where it goes, in degrees. */
export type Line = readonly (readonly [longitude: number, latitude: number])[]

/** Largest number in a preview: more than any picture is wide or any text has pages. */
export const PREVIEW_NUMBER_MAX = 4_294_967_295

const KINDS = ['picture', 'pages', 'sound', 'track'] as const
const BOX_BYTES = 16
/** Degrees are kept as whole numbers of a ten-millionth. */
const DEGREE = 10_000_000
const STEPS = 255

/** A preview as items: its kind, its numbers, its bytes. */
export function previewFields(preview: Preview): readonly unknown[] {
  const kind = KINDS.indexOf(preview.kind)
  switch (preview.kind) {
    case 'picture':
      return [kind, preview.width, preview.height, preview.image]
    case 'pages':
      return [kind, preview.pages, 0, preview.image]
    case 'sound':
      return [kind, preview.milliseconds, 0, preview.levels]
    case 'track':
      return [kind, preview.metres, 0, preview.outline]
  }
}

/** The preview in these items; undefined when they have another shape, or are of a kind that is not known. */
export function readPreview(field: unknown): Preview | undefined {
  const [number, a, b, bytes] = Array.isArray(field) ? (field as Fields) : []
  const isGood =
    isCount(a) && isCount(b) && bytes instanceof Uint8Array && bytes.length <= PREVIEW_BYTES_MAX
  if (!isGood || !Number.isInteger(number)) return undefined
  const kind = KINDS[Number(number)]
  if (kind === undefined) return undefined
  if ((kind === 'picture' || kind === 'pages') && !isWebp(bytes)) return undefined
  switch (kind) {
    case 'picture':
      return { kind, width: a, height: b, image: bytes }
    case 'pages':
      return { kind, pages: a, image: bytes }
    case 'sound':
      return { kind, milliseconds: a, levels: bytes }
    case 'track':
      return { kind, metres: a, outline: bytes }
  }
}

/** Bytes of what is drawn. */
export function bytesOfPreview(preview: Preview): Uint8Array {
  switch (preview.kind) {
    case 'picture':
    case 'pages':
      return preview.image
    case 'sound':
      return preview.levels
    case 'track':
      return preview.outline
  }
}

/** Nothing else is ever given out under that type. */
function isWebp(bytes: Uint8Array): boolean {
  const at = (place: number): string => String.fromCharCode(...bytes.subarray(place, place + 4))
  return at(0) === 'RIFF' && at(8) === 'WEBP'
}

function isCount(value: unknown): value is number {
  return Number.isSafeInteger(value) && Number(value) >= 0 && Number(value) <= PREVIEW_NUMBER_MAX
}

/**
 * Lines as an outline: west, south, east and north (4 bytes each, signed, in ten-millionths of a degree), then for each line how
 * many points it has (2 bytes), and two bytes for each: how far to the east, and to the north, in 255ths of the box.
 */
export function outlineOf(lines: readonly Line[]): Uint8Array {
  const points = lines.flat()
  const wests = points.map(([longitude]) => Math.round(longitude * DEGREE))
  const souths = points.map(([, latitude]) => Math.round(latitude * DEGREE))
  const box = [least(wests), least(souths), most(wests), most(souths)] as const
  const bytes = new Uint8Array(BOX_BYTES + lines.length * 2 + points.length * 2)
  const view = new DataView(bytes.buffer)
  for (const [index, side] of box.entries()) view.setInt32(index * 4, side)
  let at = BOX_BYTES
  for (const line of lines) {
    view.setUint16(at, line.length)
    at += 2
    for (const [longitude, latitude] of line) {
      bytes[at] = step(longitude * DEGREE, box[0], box[2])
      bytes[at + 1] = step(latitude * DEGREE, box[1], box[3])
      at += 2
    }
  }
  return bytes
}

/** The lines of an outline; what is strange in it is passed over. */
export function linesOf(outline: Uint8Array): readonly Line[] {
  if (outline.length < BOX_BYTES) return []
  const view = new DataView(outline.buffer, outline.byteOffset, outline.length)
  const [west, south, east, north] = [0, 4, 8, 12].map((at) => view.getInt32(at) / DEGREE)
  if (west === undefined || south === undefined || east === undefined || north === undefined)
    return []
  const lines: Line[] = []
  let at = BOX_BYTES
  while (at + 2 <= outline.length) {
    const end = at + 2 + view.getUint16(at) * 2
    if (end > outline.length) break
    const line: [number, number][] = []
    for (at += 2; at < end; at += 2) {
      const [x, y] = [view.getUint8(at) / STEPS, view.getUint8(at + 1) / STEPS]
      line.push([west + x * (east - west), south + y * (north - south)])
    }
    lines.push(line)
  }
  return lines
}

function step(value: number, from: number, to: number): number {
  return to === from ? 0 : Math.round((STEPS * (value - from)) / (to - from))
}

function least(values: readonly number[]): number {
  return values.reduce((found, value) => Math.min(found, value), Infinity)
}

function most(values: readonly number[]): number {
  return values.reduce((found, value) => Math.max(found, value), -Infinity)
}
