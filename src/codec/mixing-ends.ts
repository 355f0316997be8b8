/**
 * Where a body ends. A zero ends a text in it, and a body too: after each zero one bit says which. How likely it is the end
 * was learned from bodies, by the byte before the zero and by how many texts have come.
 */
import { approach, get } from './mixing-tables.ts'

/** The byte that may be a body's last. */
export const END = 0

/** Guesses whether a body ends; whoever is told the same guesses the same. */
export interface Ends {
  /** How likely the END that was just seen is the last byte, of 4,096: 1 to 4,095. */
  readonly guess: () => number
  readonly learn: (isLast: number) => void
  /** A byte of the body. */
  readonly see: (byte: number) => void
  /** Goes back to what the bodies it began with have taught, and to a body's beginning. */
  readonly forget: () => void
}

/** Fewer bytes before an END are no text. */
const TEXT_BYTES_MIN = 5
const TEXTS_MAX = 3
const RATE = 4

/** What has read these bodies. */
export function openEnds(bodies: readonly Uint8Array[]): Ends {
  const likely = new Uint16Array(256 * (TEXTS_MAX + 1)).fill(32_768)
  let texts = 0
  let before = 0
  let last = 0
  let bytes = 0
  const place = (): number => before * (TEXTS_MAX + 1) + texts
  const begin = (): void => {
    ;[texts, before, last, bytes] = [0, 0, 0, 0]
  }
  const ends = {
    guess: () => Math.min(4_095, Math.max(1, get(likely, place()) >> 4)),
    learn: (bit: number) => {
      approach(likely, place(), { bit, rate: RATE })
      if (bytes > TEXT_BYTES_MIN) texts = Math.min(TEXTS_MAX, texts + 1)
      bytes = 0
    },
    see: (byte: number) => {
      before = last
      last = byte
      bytes += 1
    },
  }
  for (const body of bodies) {
    begin()
    for (const [at, byte] of body.entries()) {
      ends.see(byte)
      if (byte === END) ends.learn(at === body.length - 1 ? 1 : 0)
    }
  }
  const kept = likely.slice()
  begin()
  return {
    ...ends,
    forget: () => {
      likely.set(kept)
      begin()
    },
  }
}
