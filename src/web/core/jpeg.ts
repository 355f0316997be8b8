/**
 * Where a picture was taken, out of a JPEG: of its segments only those stay that are needed to draw it; the picture itself
 * is left byte by byte as it was. What cameras hang behind the picture (previews with positions of their own) goes too.
 */

const START = 0xd8
const END = 0xd9
const SCAN = 0xda
const JFIF = 0xe0
const EXIF = 0xe1
const COLOUR = 0xe2
const ADOBE = 0xee
const COMMENT = 0xfe
const ORIENTATION = 0x0112
/** Which way up it is meant. */
const TURNS_MAX = 8

/** The same picture without words about it; undefined when the bytes are no JPEG that can be read to its end. */
export function withoutPlace(bytes: Uint8Array): Uint8Array<ArrayBuffer> | undefined {
  if (bytes[0] !== 0xff || bytes[1] !== START) return undefined
  const kept: Uint8Array[] = [bytes.subarray(0, 2)]
  let turn = 0
  let at = 2
  for (;;) {
    const marker = markerAt(bytes, at)
    if (marker === undefined) return undefined
    if (marker.code === END) return joined(kept, turn, bytes.subarray(marker.at, marker.at + 2))
    const end = endOf(bytes, marker)
    if (end === undefined) return undefined
    const segment = bytes.subarray(marker.at, end)
    if (marker.code === EXIF) turn ||= turnOf(segment)
    if (isNeeded(marker.code, segment)) kept.push(segment)
    at = end
    if (marker.code !== SCAN) continue
    at = endOfScan(bytes, end)
    kept.push(bytes.subarray(end, at))
  }
}

interface Marker {
  readonly code: number
  readonly at: number
}

/** The marker that stands here; any number of 0xff may stand before it. */
function markerAt(bytes: Uint8Array, from: number): Marker | undefined {
  let at = from
  while (bytes[at] === 0xff && bytes[at + 1] === 0xff) at += 1
  const code = bytes[at + 1]
  if (bytes[at] !== 0xff || code === undefined || code === 0) return undefined
  return { code, at }
}

function endOf(bytes: Uint8Array, { code, at }: Marker): number | undefined {
  // Markers that stand alone.
  if (code === 0x01 || (code >= 0xd0 && code <= START)) return at + 2
  const length = ((bytes[at + 2] ?? 0) << 8) | (bytes[at + 3] ?? 0)
  const end = at + 2 + length
  return length < 2 || end > bytes.length ? undefined : end
}

/** Where the next marker stands that does not belong to the scan itself. */
function endOfScan(bytes: Uint8Array, from: number): number {
  let at = bytes.indexOf(0xff, from)
  while (at !== -1) {
    const next = bytes[at + 1] ?? END
    if (next !== 0 && next !== 0xff && (next < 0xd0 || next > 0xd7)) return at
    at = bytes.indexOf(0xff, at + 1)
  }
  return bytes.length
}

function isNeeded(code: number, segment: Uint8Array): boolean {
  if (code === COMMENT) return false
  if (code < JFIF || code > 0xef) return true
  if (code === COLOUR) return startsWith(segment, 'ICC_PROFILE\0')
  return (
    (code === JFIF && startsWith(segment, 'JFIF\0')) ||
    (code === ADOBE && startsWith(segment, 'Adobe'))
  )
}

function startsWith(segment: Uint8Array, name: string): boolean {
  return Array.from(name).every((letter, at) => segment[4 + at] === letter.charCodeAt(0))
}

/** Which way up an Exif segment says it is; 0 when it does not say. */
function turnOf(segment: Uint8Array): number {
  if (!startsWith(segment, 'Exif\0\0')) return 0
  const view = new DataView(segment.buffer, segment.byteOffset + 10, segment.length - 10)
  if (view.byteLength < 8) return 0
  const isLittle = view.getUint16(0) === 0x4949
  const first = view.getUint32(4, isLittle)
  if (first + 2 > view.byteLength) return 0
  const count = view.getUint16(first, isLittle)
  for (let index = 0; index < count; index += 1) {
    const at = first + 2 + index * 12
    if (at + 12 > view.byteLength) return 0
    if (view.getUint16(at, isLittle) !== ORIENTATION) continue
    const turn = view.getUint16(at + 8, isLittle)
    return turn > 1 && turn <= TURNS_MAX ? turn : 0
  }
  return 0
}

/** An Exif segment that says which way up the picture is, and nothing else. */
function exifOf(turn: number): Uint8Array {
  const exif = [0x45, 0x78, 0x69, 0x66, 0, 0]
  const header = [0x4d, 0x4d, 0, 0x2a, 0, 0, 0, 8]
  const entry = [ORIENTATION >> 8, ORIENTATION & 0xff, 0, 3, 0, 0, 0, 1, 0, turn, 0, 0]
  const content = [...exif, ...header, 0, 1, ...entry, 0, 0, 0, 0]
  return Uint8Array.of(0xff, EXIF, 0, content.length + 2, ...content)
}

function joined(
  kept: readonly Uint8Array[],
  turn: number,
  end: Uint8Array,
): Uint8Array<ArrayBuffer> {
  // JFIF wants to be first; Exif comes right behind it.
  const isJfifFirst = kept[1]?.[1] === JFIF
  const at = isJfifFirst ? 2 : 1
  const exif = turn === 0 ? [] : [exifOf(turn)]
  const parts = [...kept.slice(0, at), ...exif, ...kept.slice(at), end]
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let from = 0
  for (const part of parts) {
    whole.set(part, from)
    from += part.length
  }
  return whole
}
