/** What a file is, by its first bytes: names and media types are only what somebody said. */

/** A kind of file of which a preview can be made. */
export type Kind = 'picture' | 'pages' | 'sound' | 'track'

/** Bytes that are enough to tell. */
export const HEAD_BYTES = 1_024

/** The kind of a file that begins so; undefined for others. */
export function kindOf(head: Uint8Array): Kind | undefined {
  const text = Buffer.from(head.subarray(0, HEAD_BYTES)).toString('latin1')
  if (isPicture(text)) return 'picture'
  if (text.startsWith('%PDF-')) return 'pages'
  if (isSound(text, head)) return 'sound'
  return isTrack(text.replace(/^\u00ef\u00bb\u00bf/, '')) ? 'track' : undefined
}

function isPicture(text: string): boolean {
  return (
    text.startsWith('\u00ff\u00d8\u00ff') ||
    text.startsWith('\u0089PNG\r\n') ||
    /^GIF8[79]a/.test(text) ||
    /^RIFF.{4}WEBP/s.test(text) ||
    /^(?:II\*\0|MM\0\*)/.test(text) ||
    /^.{4}ftyp(?:avif|avis|mif1)/s.test(text)
  )
}

/** WAV, FLAC, Ogg, MP3, and WebM and MP4, which may turn out to be films. */
function isSound(text: string, head: Uint8Array): boolean {
  return (
    /^RIFF.{4}WAVE/s.test(text) ||
    ['fLaC', 'OggS', 'ID3', '\u001a\u0045\u00df\u00a3'].some((one) => text.startsWith(one)) ||
    /^.{4}ftyp(?:M4A |M4B |isom|iso[2-9]|mp4[12]|dash)/s.test(text) ||
    isMp3(head)
  )
}

/** A head of a frame of layer III: its version, its rate and its bits are ones that there are. */
function isMp3([a = 0, b = 0, c = 0]: Uint8Array): boolean {
  const isFrame = a === 0xff && b >= 0xe0 && (b & 0x18) !== 0x08 && (b & 0x06) === 0x02
  return isFrame && c >> 4 > 0 && c >> 4 < 15 && (c & 0x0c) !== 0x0c
}

/** GPX and KML say so at their beginning; GeoJSON is an object with a type. */
function isTrack(text: string): boolean {
  if (/^\s*<(?:\?xml|gpx|kml|!--)/.test(text)) return /<(?:gpx|kml)[\s>]/.test(text)
  return /^\s*\{[^]{0,200}?"type"\s*:\s*"(?:Feature|FeatureCollection|GeometryCollection|LineString|MultiLineString|Polygon|MultiPolygon|Point|MultiPoint)"/.test(
    text,
  )
}
