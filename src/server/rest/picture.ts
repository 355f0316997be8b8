/**
 * A picture for people who have none: a small pattern from their id, symmetric, in one colour, the same on every
 * node. PNG with a palette (W3C PNG, third edition), some 120 bytes.
 */
import { sha256 } from '#base/hash.ts'
import { bytesFromText } from '#base/bytes.ts'
import { pngOf } from '#server/png.ts'

const CELLS = 5
const CELL_PIXELS = 12
const MARGIN_PIXELS = 6
const SIDE = CELLS * CELL_PIXELS + 2 * MARGIN_PIXELS
const BACKGROUND = [240, 240, 240]

/** The PNG for this id. */
export function pictureOf(id: string): Buffer {
  const digest = sha256(bytesFromText(id))
  return pngOf({
    side: SIDE,
    colours: Uint8Array.from([...BACKGROUND, ...colourFrom(digest)]),
    isInk: (x, y) => isInk(digest, x, y),
  })
}

/** Dark enough to stand out from the background: no part above 175. */
function colourFrom(digest: Uint8Array): readonly number[] {
  return [...digest.subarray(0, 3)].map((byte) => 40 + Math.floor((byte * 136) / 256))
}

function isInk(digest: Uint8Array, x: number, y: number): boolean {
  const column = Math.floor((x - MARGIN_PIXELS) / CELL_PIXELS)
  const row = Math.floor((y - MARGIN_PIXELS) / CELL_PIXELS)
  if (column < 0 || column >= CELLS || row < 0 || row >= CELLS) return false
  const mirrored = Math.min(column, CELLS - 1 - column)
  return ((digest[3 + row * 3 + mirrored] ?? 0) & 1) === 1
}
