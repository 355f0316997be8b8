/** A QR code as a picture: some clients show nothing else. */
import { encode } from 'uqr'
import { pngOf } from './png.ts'

const CELL_PIXELS = 6
const BLACK_ON_WHITE = Uint8Array.of(255, 255, 255, 0, 0, 0)

/** The PNG of the QR code that says `text`, with its quiet zone. */
export function qrPng(text: string): Buffer {
  const { data, size } = encode(text, { border: 4 })
  const isInk = (x: number, y: number): boolean =>
    data[Math.floor(y / CELL_PIXELS)]?.[Math.floor(x / CELL_PIXELS)] === true
  return pngOf({ side: size * CELL_PIXELS, colours: BLACK_ON_WHITE, isInk })
}
