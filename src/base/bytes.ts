/** Bytes: joining, comparing, and the variable-length integers (LEB128) that every format here uses. */
import { assert } from './assert.ts'

/**
 * All of `parts` in one array of its own. Not a Buffer: a small one is a piece of a shared 8 KB block, and whoever
 * keeps the piece keeps the block (measured: 16 open segments held 90 MB that way).
 */
export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array {
  let length = 0
  for (const part of parts) length += part.length
  const whole = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** Whether both hold the same bytes. Not constant-time: never for secrets. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && Buffer.compare(a, b) === 0
}

/**
 * Gives the memory of bytes back at once, instead of when they are collected: V8 lets tens of megabytes of them gather first. Only
 * for whoever alone has them, and is done with them; they are empty then. A piece of a larger buffer stays as it is.
 */
export function giveBack({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength && byteLength > 0)
    buffer.transfer(0)
}

/** Lower-case hexadecimal digits. */
export function hexFromBytes(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('hex')
}

/** The bytes of hexadecimal digits, two a byte. */
export function bytesFromHex(hex: string): Uint8Array {
  return Buffer.from(hex, 'hex')
}

/** UTF-8. */
export function bytesFromText(text: string): Uint8Array {
  return Buffer.from(text, 'utf8')
}

/** Text of UTF-8 bytes; a wrong sequence becomes U+FFFD. */
export function textFromBytes(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('utf8')
}

/** Collects bytes; `bytes()` gives them. */
export interface ByteWriter {
  readonly byte: (value: number) => void
  /** Unsigned LEB128 of a safe integer. */
  readonly uint: (value: number) => void
  /** Signed LEB128 of a safe integer. */
  readonly int: (value: number) => void
  readonly raw: (value: Uint8Array) => void
  /** A length as `uint`, then the bytes. */
  readonly block: (value: Uint8Array) => void
  readonly bytes: () => Uint8Array
}

/** What a writer begins with: most of what is written is no longer. */
const WRITER_BYTES = 64

/** A new, empty writer. */
export function byteWriter(): ByteWriter {
  let written = new Uint8Array(WRITER_BYTES)
  let at = 0
  const makeRoom = (length: number): void => {
    if (at + length <= written.length) return
    const larger = new Uint8Array(Math.max(2 * written.length, at + length))
    larger.set(written)
    written = larger
  }
  const put = (value: number): void => {
    if (at === written.length) makeRoom(1)
    written[at++] = value
  }
  const writer: ByteWriter = {
    byte: put,
    uint: (value) => putUint(put, value),
    int: (value) => putInt(put, value),
    raw: (value) => {
      makeRoom(value.length)
      written.set(value, at)
      at += value.length
    },
    block: (value) => {
      putUint(put, value.length)
      writer.raw(value)
    },
    bytes: () => written.slice(0, at),
  }
  return writer
}

/** The bytes end early or a number is too long: the input is malformed, not the program. */
export class MalformedBytes extends Error {
  override readonly name = 'MalformedBytes'
}

/** Reads bytes front to back. Every method throws MalformedBytes when the input ends early. */
export interface ByteReader {
  readonly byte: () => number
  readonly uint: () => number
  readonly int: () => number
  readonly raw: (length: number) => Uint8Array
  readonly block: () => Uint8Array
  readonly left: () => number
  readonly at: () => number
}

/** A reader at the start of `source`. What it returns are views, not copies. */
export function byteReader(source: Uint8Array): ByteReader {
  let at = 0
  const byte = (): number => {
    const value = source[at]
    if (value === undefined) throw new MalformedBytes('the bytes end early')
    at += 1
    return value
  }
  const raw = (length: number): Uint8Array => {
    if (length > source.length - at) throw new MalformedBytes('the bytes end early')
    at += length
    return source.subarray(at - length, at)
  }
  const uint = (): number => readUint(byte)
  return {
    byte,
    uint,
    int: () => readInt(byte),
    raw,
    block: () => raw(uint()),
    left: () => source.length - at,
    at: () => at,
  }
}

function putUint(put: (byte: number) => void, value: number): void {
  assert(Number.isSafeInteger(value) && value >= 0, 'an unsigned number is written')
  let rest = value
  while (rest > 127) {
    put((rest % 128) + 128)
    rest = Math.floor(rest / 128)
  }
  put(rest)
}

function putInt(put: (byte: number) => void, value: number): void {
  assert(Number.isSafeInteger(value), 'a whole number is written')
  let rest = value
  for (;;) {
    const low = ((rest % 128) + 128) % 128
    rest = Math.floor(rest / 128)
    const done = (rest === 0 && low < 64) || (rest === -1 && low >= 64)
    put(done ? low : low + 128)
    if (done) return
  }
}

/** Shortest form only: a number written longer than needed is refused, so that equal values have equal bytes. */
function readUint(byte: () => number): number {
  let value = 0
  let scale = 1
  for (let count = 1; ; count += 1) {
    const next = byte()
    value += (next & 127) * scale
    if (next < 128) {
      if (count > 1 && next === 0) throw new MalformedBytes('a number is not in its shortest form')
      if (!Number.isSafeInteger(value)) throw new MalformedBytes('a number is too large')
      return value
    }
    if (count === 8) throw new MalformedBytes('a number is too long')
    scale *= 128
  }
}

function readInt(byte: () => number): number {
  let value = 0
  let scale = 1
  for (let count = 1; ; count += 1) {
    const next = byte()
    if (next < 128) {
      const signed = value + (next >= 64 ? next - 128 : next) * scale
      if (!Number.isSafeInteger(signed)) throw new MalformedBytes('a number is too large')
      return signed
    }
    if (count === 8) throw new MalformedBytes('a number is too long')
    value += (next & 127) * scale
    scale *= 128
  }
}
