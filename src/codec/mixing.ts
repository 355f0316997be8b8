/**
 * A context-mixing coder for the thinnest links. It guesses each bit from what followed the same letters and words before,
 * in a text that both ends have and in this one, and spends fewer bits the better it guessed: a post becomes a quarter
 * shorter than with deflate, for a hundred times the work. Integers only, so every machine comes to the same bits; what
 * this file computes is part of the wire format (PROTOCOL.md, Mixing).
 */
import { byteReader, byteWriter, MalformedBytes } from '#base/bytes.ts'
import { MIXED_BYTES_MAX } from '#base/limits.ts'
import { openGuesser, type Guesser } from './mixing-guess.ts'

/** A coder that has read a text. */
export interface Mixing {
  /** Undefined when `plain` is longer than MIXED_BYTES_MAX. */
  readonly encode: (plain: Uint8Array) => Uint8Array | undefined
  /** The bytes again, or undefined when they are damaged or longer than MIXED_BYTES_MAX. */
  readonly decode: (bytes: Uint8Array) => Uint8Array | undefined
}

/** A coder that begins with what it learned from `text`; both ends need the very same one. */
export function openMixing(text: Uint8Array): Mixing {
  const guesser = openGuesser(text)
  return {
    encode: (plain) => (plain.length > MIXED_BYTES_MAX ? undefined : encode(guesser, plain)),
    decode: (bytes) => {
      try {
        const reader = byteReader(bytes)
        const length = reader.uint()
        if (length > MIXED_BYTES_MAX) return undefined
        return decode(guesser, { length, code: reader.raw(reader.left()) })
      } catch (error) {
        if (error instanceof MalformedBytes) return undefined
        throw error
      }
    },
  }
}

/** Both ends of the interval that is left, as unsigned 32-bit numbers; what was read of the code, when decoding. */
interface Interval {
  low: number
  high: number
  code: number
}

/** The number in the interval up to which it is a one, of which the guesser says that it is `likely` of 4,096. */
function splitOf({ low, high }: Interval, likely: number): number {
  return low + Math.floor(((high - low) * likely) / 4_096)
}

function narrow(interval: Interval, { bit, split }: { bit: number; split: number }): void {
  if (bit === 1) interval.high = split
  else interval.low = split + 1
}

/** Whether the first byte of what is left is settled. */
function isSettled({ low, high }: Interval): boolean {
  return low >>> 24 === high >>> 24
}

/** Drops the byte that is settled, and takes in the next one of the code. */
function shift(interval: Interval, next: number): void {
  interval.low = (interval.low << 8) >>> 0
  interval.high = ((interval.high << 8) | 255) >>> 0
  interval.code = ((interval.code << 8) | next) >>> 0
}

function encode(guesser: Guesser, plain: Uint8Array): Uint8Array {
  const writer = byteWriter()
  writer.uint(plain.length)
  const interval: Interval = { low: 0, high: 0xffff_ffff, code: 0 }
  for (const byte of plain) {
    for (let place = 7; place >= 0; place -= 1) {
      const bit = (byte >> place) & 1
      narrow(interval, { bit, split: splitOf(interval, guesser.guess()) })
      guesser.learn(bit)
      while (isSettled(interval)) {
        writer.byte(interval.high >>> 24)
        shift(interval, 0)
      }
    }
  }
  guesser.forget()
  for (const byte of shortestIn(interval)) writer.byte(byte)
  return writer.bytes()
}

/** The fewest bytes that name a number of the interval when zeros follow them. */
function shortestIn({ low, high }: Interval): readonly number[] {
  if (low === 0) return []
  for (let bits = 24; bits > 0; bits -= 8) {
    const step = 2 ** bits
    const up = Math.ceil(low / step) * step
    if (up <= high) return bytesOf(up).slice(0, 4 - bits / 8)
  }
  return bytesOf(low)
}

function bytesOf(number: number): readonly number[] {
  return [24, 16, 8, 0].map((bits) => (number >>> bits) & 255)
}

function decode(
  guesser: Guesser,
  { length, code }: { readonly length: number; readonly code: Uint8Array },
): Uint8Array | undefined {
  let read = 0
  const next = (): number => {
    read += 1
    return code[read - 1] ?? 0
  }
  const interval: Interval = { low: 0, high: 0xffff_ffff, code: 0 }
  for (let byte = 0; byte < 4; byte += 1) interval.code = ((interval.code << 8) | next()) >>> 0
  const plain = new Uint8Array(length)
  for (let at = 0; at < length && read <= code.length + 4; at += 1) {
    let byte = 0
    for (let place = 7; place >= 0; place -= 1) {
      const split = splitOf(interval, guesser.guess())
      const bit = interval.code <= split ? 1 : 0
      narrow(interval, { bit, split })
      guesser.learn(bit)
      byte = (byte << 1) | bit
      while (isSettled(interval)) shift(interval, next())
    }
    plain[at] = byte
  }
  guesser.forget()
  // More was there than the text needed, or less.
  return read < code.length || read > code.length + 4 ? undefined : plain
}
