/** Pictures, sounds and documents of our own making, some with the place where they were not taken. */
import sharp from 'sharp'

/** Where: 50° 27' 0.36" N, 30° 31' 24.24" E. */
const GPS = {
  GPSLatitudeRef: 'N',
  GPSLatitude: '50/1 27/1 36/100',
  GPSLongitudeRef: 'E',
  GPSLongitude: '30/1 31/1 2424/100',
  GPSAltitudeRef: '0',
  GPSAltitude: '179/1',
}

/** XMP as phones write it, with a place. */
export const XMP =
  '<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">' +
  '<rdf:Description xmlns:exif="http://ns.adobe.com/exif/1.0/" exif:GPSLatitude="50,27.006N" ' +
  'exif:Flash="no"><exif:GPSLongitude>30,31.404E</exif:GPSLongitude></rdf:Description></rdf:RDF></x:xmpmeta>'

/** What a made picture is. */
export interface PictureChoice {
  readonly format: 'jpeg' | 'png' | 'webp' | 'avif'
  readonly hasPlace?: boolean
  readonly width?: number
  readonly height?: number
  /** Which way up, as Exif has it. */
  readonly orientation?: number
  readonly hasXmp?: boolean
  /** Grain, so that it does not get small. */
  readonly isNoisy?: boolean
}

/** A picture of a gradient, or of noise. */
export async function aPicture(choice: PictureChoice): Promise<Uint8Array> {
  const { format, width = 320, height = 240, orientation, hasPlace = false } = choice
  const raw = Buffer.alloc(width * height * 3)
  let noise = 1
  for (let at = 0; at < raw.length; at += 1) {
    noise = (noise * 1_103_515_245 + 12_345) & 0x7fff_ffff
    const smooth = Math.floor((255 * (at % (width * 3))) / (width * 3))
    raw[at] = choice.isNoisy === true ? (noise >> 16) & 0xff : smooth
  }
  const exif = {
    IFD0: { Make: 'Nobody', Model: 'Nothing 1' },
    IFD2: { LensModel: 'glass' },
    ...(hasPlace && { IFD3: GPS }),
  }
  let picture = sharp(raw, { raw: { width, height, channels: 3 } }).withExif(exif)
  if (choice.hasXmp === true) picture = picture.withXmp(XMP)
  if (orientation !== undefined) picture = picture.withMetadata({ orientation }).withExif(exif)
  return new Uint8Array(await picture.toFormat(format, { quality: 80 }).toBuffer())
}

/** A tone that gets louder, as WAV. */
export function aSound(seconds: number): Uint8Array {
  const rate = 8_000
  const samples = Math.round(seconds * rate)
  const bytes = Buffer.alloc(44 + samples * 2)
  bytes.write('RIFF', 0)
  bytes.writeUInt32LE(36 + samples * 2, 4)
  bytes.write('WAVEfmt ', 8)
  bytes.writeUInt32LE(16, 16)
  bytes.writeUInt16LE(1, 20)
  bytes.writeUInt16LE(1, 22)
  bytes.writeUInt32LE(rate, 24)
  bytes.writeUInt32LE(rate * 2, 28)
  bytes.writeUInt16LE(2, 32)
  bytes.writeUInt16LE(16, 34)
  bytes.write('data', 36)
  bytes.writeUInt32LE(samples * 2, 40)
  for (let at = 0; at < samples; at += 1)
    bytes.writeInt16LE(Math.round((30_000 * at * Math.sin(at / 3)) / samples), 44 + at * 2)
  return new Uint8Array(bytes)
}

/** A page with a black square on it, as PDF. */
export function aDocument(pages = 2): Uint8Array {
  const kids = Array.from({ length: pages }, (_, index) => `${3 + index * 2} 0 R`)
  const objects = [
    '<</Type/Catalog/Pages 2 0 R>>',
    `<</Type/Pages/Count ${pages}/Kids[${kids.join(' ')}]>>`,
    ...kids.flatMap((_, index) => [
      `<</Type/Page/Parent 2 0 R/MediaBox[0 0 200 300]/Contents ${4 + index * 2} 0 R>>`,
      '<</Length 23>>\nstream\n0 0 0 rg 0 0 90 90 re f\nendstream',
    ]),
  ]
  let text = '%PDF-1.4\n'
  let table = `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n`
  for (const [index, object] of objects.entries()) {
    table += `${String(text.length).padStart(10, '0')} 00000 n \n`
    text += `${index + 1} 0 obj\n${object}\nendobj\n`
  }
  const end = `trailer\n<</Size ${objects.length + 1}/Root 1 0 R>>\nstartxref\n${text.length}\n%%EOF\n`
  return new Uint8Array(Buffer.from(text + table + end))
}
