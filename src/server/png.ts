/** Small pictures of two colours: PNG with a palette (W3C PNG, third edition). */
import { crc32, deflateSync } from 'node:zlib'
import { bytesFromText, concatBytes } from '#base/bytes.ts'

const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)

/** A square picture. */
export interface Squares {
  readonly side: number
  /** Six bytes: background, then ink. */
  readonly colours: Uint8Array
  readonly isInk: (x: number, y: number) => boolean
}

/** Its PNG. */
export function pngOf(picture: Squares): Buffer {
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', headerOf(picture.side)),
    chunk('PLTE', picture.colours),
    chunk('IDAT', deflateSync(pixelsOf(picture))),
    chunk('IEND', new Uint8Array(0)),
  ])
}

/** Width, height, one bit a pixel, palette; no interlacing. */
function headerOf(side: number): Uint8Array {
  const bytes = Buffer.alloc(13)
  bytes.writeUInt32BE(side, 0)
  bytes.writeUInt32BE(side, 4)
  bytes.set([1, 3, 0, 0, 0], 8)
  return bytes
}

/** Each line begins with its filter, 0; then eight pixels a byte, the leftmost in the highest bit. */
function pixelsOf({ side, isInk }: Squares): Uint8Array {
  const lineBytes = 1 + Math.ceil(side / 8)
  const bytes = new Uint8Array(side * lineBytes)
  for (let y = 0; y < side; y += 1) {
    for (let x = 0; x < side; x += 1) {
      const at = y * lineBytes + 1 + (x >> 3)
      if (isInk(x, y)) bytes[at] = (bytes[at] ?? 0) | (128 >> (x & 7))
    }
  }
  return bytes
}

/** Length, type, data, and the check over type and data. */
function chunk(type: string, data: Uint8Array): Uint8Array {
  const body = concatBytes(bytesFromText(type), data)
  const ends = Buffer.alloc(8)
  ends.writeUInt32BE(data.length, 0)
  ends.writeUInt32BE(crc32(body), 4)
  return concatBytes(ends.subarray(0, 4), body, ends.subarray(4))
}
