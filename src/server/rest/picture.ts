/**
 * A picture for people who have none: a small pattern from their id, symmetric, in one colour, the same on every
 * node. PNG with a palette (W3C PNG, third edition), some 120 bytes.
 */
import { crc32, deflateSync } from 'node:zlib'
import { sha256 } from '#base/hash.ts'
import { bytesFromText, concatBytes } from '#base/bytes.ts'

const CELLS = 5
const CELL_PIXELS = 12
const MARGIN_PIXELS = 6
const SIDE = CELLS * CELL_PIXELS + 2 * MARGIN_PIXELS
const SIGNATURE = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a)
const BACKGROUND = [240, 240, 240]

/** The PNG for this id. */
export function pictureOf(id: string): Buffer {
  const digest = sha256(bytesFromText(id))
  return Buffer.concat([
    SIGNATURE,
    chunk('IHDR', header()),
    chunk('PLTE', Uint8Array.from([...BACKGROUND, ...colourFrom(digest)])),
    chunk('IDAT', deflateSync(pixelsFrom(digest))),
    chunk('IEND', new Uint8Array(0)),
  ])
}

/** Width, height, one bit a pixel, palette; no interlacing. */
function header(): Uint8Array {
  const bytes = Buffer.alloc(13)
  bytes.writeUInt32BE(SIDE, 0)
  bytes.writeUInt32BE(SIDE, 4)
  bytes.set([1, 3, 0, 0, 0], 8)
  return bytes
}

/** Dark enough to stand out from the background: no part above 175. */
function colourFrom(digest: Uint8Array): readonly number[] {
  return [...digest.subarray(0, 3)].map((byte) => 40 + Math.floor((byte * 136) / 256))
}

/** Each line begins with its filter, 0; then eight pixels a byte, the leftmost in the highest bit. */
function pixelsFrom(digest: Uint8Array): Uint8Array {
  const lineBytes = 1 + Math.ceil(SIDE / 8)
  const bytes = new Uint8Array(SIDE * lineBytes)
  for (let y = 0; y < SIDE; y += 1) {
    for (let x = 0; x < SIDE; x += 1) {
      const at = y * lineBytes + 1 + (x >> 3)
      if (isInk(digest, x, y)) bytes[at] = (bytes[at] ?? 0) | (128 >> (x & 7))
    }
  }
  return bytes
}

function isInk(digest: Uint8Array, x: number, y: number): boolean {
  const column = Math.floor((x - MARGIN_PIXELS) / CELL_PIXELS)
  const row = Math.floor((y - MARGIN_PIXELS) / CELL_PIXELS)
  if (column < 0 || column >= CELLS || row < 0 || row >= CELLS) return false
  const mirrored = Math.min(column, CELLS - 1 - column)
  return ((digest[3 + row * 3 + mirrored] ?? 0) & 1) === 1
}

/** Length, type, data, and the check over type and data. */
function chunk(type: string, data: Uint8Array): Uint8Array {
  const body = concatBytes(bytesFromText(type), data)
  const ends = Buffer.alloc(8)
  ends.writeUInt32BE(data.length, 0)
  ends.writeUInt32BE(crc32(body), 4)
  return concatBytes(ends.subarray(0, 4), body, ends.subarray(4))
}
