/**
 * PROTOCOL.md, “Words and numbers”: reading and writing of bytes, for a decoder that knows the page and no line of our
 * source.
 */
import { createHash } from 'node:crypto'

/** What is met in bytes and not allowed by the page. */
export class Refusal extends Error {
  override readonly name = 'Refusal'
}

/** Reads bytes from front to back; whatever is malformed or missing is refused. */
export interface Reader {
  readonly take: (count: number) => Buffer
  readonly byte: () => number
  readonly peek: () => number
  readonly uint: (most?: number) => number
  readonly block: (most?: number) => Buffer
  readonly rest: () => Buffer
  readonly left: () => number
  readonly at: () => number
  /** Refuses unless all has been read. */
  readonly end: () => void
}

const UINT_BYTES = 8
const ALPHABET = 'ybndrfg8ejkmcpqxot1uwisza345h769'
const ID_CHARACTERS = 26

/** Refuses when what must hold does not. */
export function must(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Refusal(what)
}

/** A reader at the beginning of `bytes`. */
export function readerOf(bytes: Uint8Array): Reader {
  const all = buffer(bytes)
  let place = 0
  const take = (count: number): Buffer => {
    must(count <= all.length - place, `${count} bytes at ${place} of ${all.length}`)
    place += count
    return all.subarray(place - count, place)
  }
  const next = (): number => take(1)[0] ?? 0
  const leb128 = (most = Number.MAX_SAFE_INTEGER): number => {
    let value = 0n
    for (let index = 0; index < UINT_BYTES; index += 1) {
      const one = next()
      value += BigInt(one & 127) << BigInt(7 * index)
      if (one < 128) {
        must(one > 0 || index === 0, 'a uint that is not in its shortest form')
        must(value <= BigInt(most), `a uint of ${value} where at most ${most} is allowed`)
        return Number(value)
      }
    }
    throw new Refusal('a uint above 2^53 - 1')
  }
  return {
    take,
    byte: next,
    uint: leb128,
    peek: () => {
      must(place < all.length, 'a byte at the end')
      return all[place] ?? 0
    },
    block: (most) => take(leb128(most)),
    rest: () => take(all.length - place),
    left: () => all.length - place,
    at: () => place,
    end: () => {
      must(place === all.length, `${all.length - place} bytes too many`)
    },
  }
}

/** What `read` makes of the bytes, all of them. */
export function readWhole<T>(bytes: Uint8Array, read: (reader: Reader) => T): T {
  const reader = readerOf(bytes)
  const value = read(reader)
  reader.end()
  return value
}

export function hex(digits: string): Buffer {
  must(/^([0-9a-f]{2})*$/u.test(digits), 'hexadecimal digits')
  return Buffer.from(digits, 'hex')
}

export function text(value: string): Buffer {
  return Buffer.from(value, 'utf8')
}

export function buffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length)
}

export function byte(...values: readonly number[]): Buffer {
  return Buffer.of(...values)
}

export function concat(...parts: readonly Uint8Array[]): Buffer {
  return Buffer.concat(parts)
}

export function uint(value: number): Buffer {
  const low = value % 128
  return value < 128 ? byte(value) : concat(byte(low + 128), uint((value - low) / 128))
}

/** Signed LEB128: seven bits at a time, until the rest is nothing but the sign. */
export function int(value: number): Buffer {
  const low = ((value % 128) + 128) % 128
  const rest = (value - low) / 128
  const isLast = (rest === 0 && low < 64) || (rest === -1 && low >= 64)
  return isLast ? byte(low) : concat(byte(low + 128), int(rest))
}

export function block(bytes: Uint8Array): Buffer {
  return concat(uint(bytes.length), bytes)
}

/** `value` in `count` bytes, most significant first. */
export function number(value: number, count: number): Buffer {
  return hex(value.toString(16).padStart(2 * count, '0'))
}

/** `H(…)`. */
export function hash(...parts: readonly Uint8Array[]): Buffer {
  return createHash('sha256')
    .update(concat(...parts))
    .digest()
}

/** `H16(…)`. */
export function hash16(...parts: readonly Uint8Array[]): Buffer {
  return hash(...parts).subarray(0, 16)
}

/** Text that is proper UTF-8, or a refusal. */
export function properText(bytes: Uint8Array): string {
  const found = buffer(bytes).toString('utf8')
  must(text(found).equals(bytes), 'text that is no proper UTF-8')
  return found
}

/** An id of 16 bytes as text: z-base-32, by arithmetic on one large number. */
export function idOf(bytes: Uint8Array): string {
  must(bytes.length === 16, 'an id of 16 bytes')
  let rest = BigInt(`0x${buffer(bytes).toString('hex')}`) << 2n
  let id = ''
  for (let at = 0; at < ID_CHARACTERS; at += 1) {
    id = ALPHABET.charAt(Number(rest & 31n)) + id
    rest >>= 5n
  }
  return id
}

/** The 16 bytes that an id's text stands for. */
export function bytesOf(id: string): Buffer {
  let value = 0n
  for (const character of id) {
    const digit = ALPHABET.indexOf(character)
    must(digit >= 0, `${character} in an id`)
    value = (value << 5n) | BigInt(digit)
  }
  must(id.length === ID_CHARACTERS && value % 4n === 0n, `${id} as an id`)
  return hex((value >> 2n).toString(16).padStart(32, '0'))
}
