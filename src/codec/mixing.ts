/**
 * A context-mixing coder for the thinnest links. It guesses each bit from what followed the same letters and words before,
 * in a text that both ends have and in this one, and spends fewer bits the better it guessed: a post becomes a third
 * shorter than with deflate, for a hundred times the work. Integers only, so every machine comes to the same bits; what
 * this file computes is part of the wire format (PROTOCOL.md, Mixing).
 */
import { byteWriter, concatBytes } from '#base/bytes.ts'
import { MIXED_BYTES_EACH, MIXED_BYTES_FREE, MIXED_BYTES_MAX } from '#base/limits.ts'
import { END, openEnds, type Ends } from './mixing-ends.ts'
import { openGuesser, type Guesser } from './mixing-guess.ts'

/** A coder that has read texts. */
export interface Mixing {
  /** Undefined when `plain` is longer than MIXED_BYTES_MAX, or than its code may hold. */
  readonly encode: (plain: Uint8Array) => Uint8Array | undefined
  /** The bytes again, or undefined when they are damaged or longer than a code of this length may hold. */
  readonly decode: (bytes: Uint8Array) => Uint8Array | undefined
}

/** A coder that begins with what it learned from a text, and from bodies after it; both ends need the very same ones. */
export function openMixing(text: Uint8Array, bodies: readonly Uint8Array[]): Mixing {
  const model = {
    guesser: openGuesser(concatBytes(TEXT, text, Uint8Array.of(END), ...bodies)),
    ends: openEnds(bodies),
  }
  return {
    encode: (plain) => {
      const code = plain.length > MIXED_BYTES_MAX ? undefined : encode(model, plain)
      return code !== undefined && plain.length <= mostIn(code) ? code : undefined
    },
    decode: (bytes) => decode(model, bytes),
  }
}

/** How long what a code stands for may be. */
function mostIn({ length }: Uint8Array): number {
  return Math.min(MIXED_BYTES_MAX, MIXED_BYTES_FREE + MIXED_BYTES_EACH * length)
}

interface Model {
  readonly guesser: Guesser
  readonly ends: Ends
}

function forget({ guesser, ends }: Model): void {
  guesser.forget()
  ends.forget()
}

/** Before the text, as before any in an entry. */
const TEXT = Uint8Array.of(0xd9)
/** Of 4,096: how likely the END that a code ends with belongs to the body. */
const BELONGS = 3_968

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

function encode(model: Model, plain: Uint8Array): Uint8Array {
  const { guesser, ends } = model
  const writer = byteWriter()
  const interval: Interval = { low: 0, high: 0xffff_ffff, code: 0 }
  const put = (bit: number, likely: number): void => {
    narrow(interval, { bit, split: splitOf(interval, likely) })
    while (isSettled(interval)) {
      writer.byte(interval.high >>> 24)
      shift(interval, 0)
    }
  }
  const belongs = plain.at(-1) === END
  const last = belongs ? plain.length - 1 : plain.length
  for (let at = 0; at <= last; at += 1) {
    const byte = plain[at] ?? END
    for (let place = 7; place >= 0; place -= 1) {
      const bit = (byte >> place) & 1
      put(bit, guesser.guess())
      guesser.learn(bit)
    }
    ends.see(byte)
    if (byte !== END) continue
    const isLast = at === last ? 1 : 0
    put(isLast, ends.guess())
    ends.learn(isLast)
  }
  put(belongs ? 1 : 0, BELONGS)
  forget(model)
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

function decode(model: Model, code: Uint8Array): Uint8Array | undefined {
  const { guesser, ends } = model
  let read = 0
  const next = (): number => {
    read += 1
    return code[read - 1] ?? 0
  }
  const interval: Interval = { low: 0, high: 0xffff_ffff, code: 0 }
  for (let byte = 0; byte < 4; byte += 1) interval.code = ((interval.code << 8) | next()) >>> 0
  const take = (likely: number): number => {
    const split = splitOf(interval, likely)
    const bit = interval.code <= split ? 1 : 0
    narrow(interval, { bit, split })
    while (isSettled(interval)) shift(interval, next())
    return bit
  }
  const most = mostIn(code)
  const plain: number[] = []
  let isWhole = false
  while (!isWhole && plain.length <= most && read <= code.length + 4) {
    let byte = 0
    for (let place = 7; place >= 0; place -= 1) {
      const bit = take(guesser.guess())
      guesser.learn(bit)
      byte = (byte << 1) | bit
    }
    plain.push(byte)
    ends.see(byte)
    if (byte !== END) continue
    const isLast = take(ends.guess())
    ends.learn(isLast)
    isWhole = isLast === 1
  }
  forget(model)
  const belongs = isWhole && take(BELONGS) === 1
  // More was there than the text needed, or less.
  if (!isWhole || read < code.length || read > code.length + 4) return undefined
  if (!belongs) plain.pop()
  // Else there were two ways to write this.
  const isOnly = belongs || plain.at(-1) !== END
  return plain.length <= most && isOnly ? Uint8Array.from(plain) : undefined
}
