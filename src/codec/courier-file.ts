/**
 * Courier files: sealed envelopes in a file that somebody carries by hand. Whoever finds one learns its size, rounded up to
 * 4 KB, and nothing else: not whose it is, not for whom, not whether two of them have to do with each other.
 *
 *     magic 8 | salt 32 | frames of 4,096 bytes, the last one marked
 *
 * All frames are sealed under a key that follows from the salt and an epoch of the organisation, so it opens for who was of
 * the organisation then. A frame's number and whether it is the last are in its nonce: a file that was cut, or put together
 * anew, ends where that was done, and what came whole before is good. `PROTOCOL.md` has it all.
 */
import { assert } from '#base/assert.ts'
import { bytesFromText, concatBytes, equalBytes } from '#base/bytes.ts'
import { COURIER_SECRETS_MAX, ENVELOPE_BYTES_MAX } from '#base/limits.ts'
import { derive, open, seal, sealKey, TAG_BYTES, type SealKey, type Suite } from '#trust/keys.ts'

/** Length of what stands before the first frame. */
export const COURIER_HEADER_BYTES = 40
/** Length of the random part of that; nobody uses one twice. It names the file. */
export const COURIER_SALT_BYTES = 32
/** Length of a sealed frame. */
export const COURIER_FRAME_BYTES = 4_096

/** Makes the bytes of one file, from the first to the last. */
export interface CourierWriter {
  /** The bytes that follow from one more envelope, of 1 to 60,000 bytes; there may be none yet. */
  readonly add: (envelope: Uint8Array) => Uint8Array
  /** The last bytes. Nothing may be added behind them. */
  readonly end: () => Uint8Array
}

/** What a frame brought. A frame that is not `ok` ends the reading: what came before it is good. */
export type CourierFrame =
  | { readonly ok: true; readonly envelopes: readonly Uint8Array[]; readonly isEnd: boolean }
  | { readonly ok: false; readonly reason: 'not authentic' | 'malformed' }

/** Reads the frames of one file in their order. Never throws; holds less than one envelope and one frame. */
export interface CourierReader {
  readonly next: (frame: Uint8Array) => CourierFrame
}

const MAGIC = bytesFromText('hfcour01')
/** The part of it that no version changes. */
const KIND = MAGIC.subarray(0, 6)
const PLAIN_BYTES = COURIER_FRAME_BYTES - TAG_BYTES
const LENGTH_BYTES = 2

/** A file under an epoch's secret of 32 bytes. The salt is random, and new for every file. */
export function writeCourierFile(
  suite: Suite,
  { secret, salt }: { readonly secret: Uint8Array; readonly salt: Uint8Array },
): CourierWriter {
  assert(salt.length === COURIER_SALT_BYTES, 'a salt is 32 bytes')
  const header = concatBytes(MAGIC, salt)
  const key = keyOf(suite, secret, salt)
  let number = 0
  let rest: Uint8Array = new Uint8Array(0)
  const cut = (isLast: boolean): Uint8Array => {
    const frames: Uint8Array[] = number === 0 ? [header] : []
    // The last frame is known by nothing being behind it, so one that is just full is kept back.
    const kept = isLast ? 0 : PLAIN_BYTES
    while (rest.length > kept) {
      const bytes = new Uint8Array(PLAIN_BYTES)
      bytes.set(rest.subarray(0, PLAIN_BYTES))
      rest = rest.subarray(PLAIN_BYTES)
      const nonce = nonceOf(number, isLast && rest.length === 0)
      frames.push(seal(key, nonce, { bytes, bound: header }))
      number += 1
    }
    return number === 0 ? new Uint8Array(0) : concatBytes(...frames)
  }
  return {
    add: (envelope) => {
      const { length } = envelope
      assert(length > 0 && length <= ENVELOPE_BYTES_MAX, 'an envelope has 1 to 60,000 bytes')
      rest = concatBytes(rest, Uint8Array.of(length >> 8, length & 255), envelope)
      return cut(false)
    },
    end: () => {
      rest = concatBytes(rest, new Uint8Array(LENGTH_BYTES))
      return cut(true)
    },
  }
}

/** The salt in the first 40 bytes of a file, or why there is none. */
export function courierSalt(header: Uint8Array): Uint8Array | 'malformed' | 'unknown version' {
  if (header.length < COURIER_HEADER_BYTES) return 'malformed'
  if (!equalBytes(header.subarray(0, KIND.length), KIND)) return 'malformed'
  if (!equalBytes(header.subarray(0, MAGIC.length), MAGIC)) return 'unknown version'
  return header.slice(MAGIC.length, COURIER_HEADER_BYTES)
}

/**
 * A reader of the file that begins with these bytes, by the first of at most 64 secrets that opens its first frame;
 * undefined when none does. The first frame is then read again, like all others.
 */
export function openCourierFile(
  suite: Suite,
  secrets: readonly Uint8Array[],
  start: { readonly header: Uint8Array; readonly frame: Uint8Array },
): CourierReader | undefined {
  const salt = courierSalt(start.header)
  if (typeof salt === 'string') return undefined
  const header = start.header.slice(0, COURIER_HEADER_BYTES)
  for (const secret of secrets.slice(0, COURIER_SECRETS_MAX)) {
    const file = { key: keyOf(suite, secret, salt), header }
    if (openFrame(file, 0, start.frame) !== undefined) return readerOf(file)
  }
  return undefined
}

interface OpenFile {
  readonly key: SealKey
  readonly header: Uint8Array
}

function readerOf(file: OpenFile): CourierReader {
  let number = 0
  let rest: Uint8Array = new Uint8Array(0)
  let isOver = false
  const fail = (reason: 'not authentic' | 'malformed'): CourierFrame => {
    isOver = true
    return { ok: false, reason }
  }
  return {
    next: (frame) => {
      if (isOver) return fail('malformed')
      const opened = openFrame(file, number, frame)
      if (opened === undefined) return fail('not authentic')
      number += 1
      const parts = split(concatBytes(rest, opened.bytes))
      if (parts === undefined || parts.isEnd !== opened.isLast) return fail('malformed')
      rest = parts.rest
      isOver = parts.isEnd
      return { ok: true, envelopes: parts.envelopes, isEnd: parts.isEnd }
    },
  }
}

interface Parts {
  readonly envelopes: readonly Uint8Array[]
  readonly rest: Uint8Array
  /** The length 0 stands there, and nothing but zeros behind it. */
  readonly isEnd: boolean
}

/** The whole envelopes at the start of `bytes`; undefined when a length is none. */
function split(bytes: Uint8Array): Parts | undefined {
  const envelopes: Uint8Array[] = []
  let at = 0
  while (bytes.length - at >= LENGTH_BYTES) {
    const length = ((bytes[at] ?? 0) << 8) | (bytes[at + 1] ?? 0)
    if (length === 0) {
      const isPadding = bytes.subarray(at).every((byte) => byte === 0)
      return isPadding ? { envelopes, rest: new Uint8Array(0), isEnd: true } : undefined
    }
    if (length > ENVELOPE_BYTES_MAX) return undefined
    const end = at + LENGTH_BYTES + length
    if (end > bytes.length) break
    envelopes.push(bytes.slice(at + LENGTH_BYTES, end))
    at = end
  }
  return { envelopes, rest: bytes.slice(at), isEnd: false }
}

function openFrame(
  { key, header }: OpenFile,
  number: number,
  frame: Uint8Array,
): { readonly bytes: Uint8Array; readonly isLast: boolean } | undefined {
  if (frame.length !== COURIER_FRAME_BYTES) return undefined
  for (const isLast of [false, true]) {
    const bytes = open(key, nonceOf(number, isLast), { bytes: frame, bound: header })
    if (bytes !== undefined) return { bytes, isLast }
  }
  return undefined
}

function keyOf(suite: Suite, secret: Uint8Array, salt: Uint8Array): SealKey {
  const label = 'holdfast courier 1'
  return sealKey(suite, derive(suite, concatBytes(secret, salt), { label, length: 32 }))
}

/** 12 bytes: 1 in the last frame, three zeros, the frame's number. */
function nonceOf(number: number, isLast: boolean): Uint8Array {
  const nonce = Buffer.alloc(12)
  nonce[0] = isLast ? 1 : 0
  nonce.writeBigUInt64BE(BigInt(number), 4)
  return nonce
}
