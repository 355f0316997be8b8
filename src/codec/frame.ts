/**
 * Frames for links that carry a few hundred bytes at a time and bill every one: whole small envelopes packed together, pieces of
 * larger ones, and what came of those that went the other way. A frame with one envelope adds 3 bytes to it.
 *
 * The envelopes are sealed and signed; a frame is not. Whoever forges frames can delay and cost, never write or read.
 * `PROTOCOL.md` has every bit.
 */
import { byteReader, byteWriter, MalformedBytes, type ByteReader } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'

/** Envelopes of one stream that may be unsettled at once: numbers travel as 7 bits, and 56 bits tell what came. */
export const FRAME_WINDOW = 57
/** Numbers of envelopes on the wire are taken modulo this. */
export const FRAME_NUMBERS = 128
/** Streams are told apart by a number below this, drawn whenever one begins. */
export const FRAME_TAGS = 2_048

/** Envelopes of which an acknowledgement says what lacks, and pieces that lack of one of them. */
export const FRAME_HOLES_MAX = 8
/** See `FRAME_HOLES_MAX`. */
export const FRAME_GAPS_MAX = 16

/** An envelope, whole or in part. `number` is that in its stream, modulo 128. */
export type FrameItem =
  | { readonly kind: 'whole'; readonly number: number; readonly bytes: Uint8Array }
  | {
      readonly kind: 'first'
      readonly number: number
      /** Length of the whole envelope. */
      readonly total: number
      /** `checkOf` it: pieces that do not belong together are found out. */
      readonly check: number
      readonly bytes: Uint8Array
    }
  | {
      readonly kind: 'more'
      readonly number: number
      /** Where in the envelope it begins; at least 1. */
      readonly offset: number
      readonly bytes: Uint8Array
    }

/** Part of an envelope that has not come. A length of 0 stands for all up to its end. */
export interface FrameGap {
  readonly from: number
  readonly length: number
}

/** What is lacking of an envelope of which some is there; nothing, when it is all there and not settled yet. */
export interface FrameHole {
  readonly number: number
  readonly gaps: readonly FrameGap[]
}

/** What came of the other side's stream. */
export type FrameAcks =
  | {
      readonly tag: number
      readonly isKnown: true
      /** All envelopes before this one are settled, and this one is not; modulo 128. */
      readonly base: number
      /** Of those behind it, by their distance (1 to 56), in ascending order. */
      readonly settled: readonly number[]
      readonly holes: readonly FrameHole[]
    }
  /** Its beginning never came here: it has to begin anew. */
  | { readonly tag: number; readonly isKnown: false }

/** One frame. */
export interface Frame {
  /** Which stream of its sender the items belong to. */
  readonly tag: number
  /** Nothing of this stream was acknowledged yet: it may be new to the reader. */
  readonly isFresh: boolean
  /** The sender would like to hear what came. */
  readonly isAnswerWanted: boolean
  readonly acks?: FrameAcks | undefined
  readonly items: readonly FrameItem[]
}

const HEAD_BYTES = 2
const LATER_VERSION = 0x8000
const ACKS = 0x4000
const WANTED = 0x2000
const SINGLE = 0x1000
const FRESH = 0x0800
const TAG = 0x07ff
const UNKNOWN = 0x8000
const HOLES = 0x4000
const BITMAP_SHIFT = 11
const BITMAP_BYTES_MAX = 7
const PIECE = 0x80
const CHECK_BYTES = 2
/** No envelope is longer; numbers above it are not worth reading. */
const OFFSET_MAX = 0xffff

/** Bytes of a frame. Items that a frame cannot say (an empty piece, a number out of range) are the caller's mistake. */
export function encodeFrame(frame: Frame): Uint8Array {
  const out = byteWriter()
  const isSingle = frame.items.length === 1
  const { acks } = frame
  put16(
    out.byte,
    (acks === undefined ? 0 : ACKS) |
      (frame.isAnswerWanted ? WANTED : 0) |
      (isSingle ? SINGLE : 0) |
      (frame.isFresh ? FRESH : 0) |
      frame.tag,
  )
  if (acks !== undefined) writeAcks(out, acks)
  for (const item of frame.items) {
    out.byte(item.number | (item.kind === 'whole' ? 0 : PIECE))
    if (item.kind !== 'whole') out.uint(item.kind === 'first' ? 0 : item.offset)
    if (item.kind === 'first') {
      out.uint(item.total)
      put16(out.byte, item.check)
    }
    if (!isSingle) out.uint(item.bytes.length)
    out.raw(item.bytes)
  }
  return out.bytes()
}

/** What a frame says; undefined when these bytes are none. What it returns are views. */
export function decodeFrame(bytes: Uint8Array): Frame | undefined {
  try {
    const input = byteReader(bytes)
    const head = get16(input)
    if ((head & LATER_VERSION) !== 0) return undefined
    const acks = (head & ACKS) === 0 ? undefined : readAcks(input)
    const items: FrameItem[] = []
    const isSingle = (head & SINGLE) !== 0
    if (isSingle) items.push(readItem(input, true))
    else while (input.left() > 0) items.push(readItem(input, false))
    // One item has one spelling.
    if (!isSingle && items.length === 1) return undefined
    return {
      tag: head & TAG,
      isFresh: (head & FRESH) !== 0,
      isAnswerWanted: (head & WANTED) !== 0,
      acks,
      items,
    }
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined
    throw error
  }
}

/** What the first piece of an envelope says of all of it: the first 2 bytes of its SHA-256. */
export function checkOf(envelope: Uint8Array): number {
  const [high = 0, low = 0] = sha256(envelope)
  return high * 256 + low
}

/** Bytes of a frame beside its items. */
export function headBytes(acks: FrameAcks | undefined): number {
  if (acks === undefined) return HEAD_BYTES
  const out = byteWriter()
  writeAcks(out, acks)
  return HEAD_BYTES + out.bytes().length
}

/** Bytes before a whole envelope of this length among others; alone it is 1. */
export function wholeBytes(length: number): number {
  return 1 + uintBytes(length)
}

/** Bytes before a piece that begins at `offset`, among others; alone it is less by what its length takes. */
export function pieceBytes(offset: number, length: number, total: number): number {
  const beginning = offset === 0 ? uintBytes(total) + CHECK_BYTES : 0
  return 1 + uintBytes(offset) + beginning + uintBytes(length)
}

function uintBytes(value: number): number {
  return value < 128 ? 1 : value < 16_384 ? 2 : 3
}

function readItem(input: ByteReader, isSingle: boolean): FrameItem {
  const first = input.byte()
  const number = first % FRAME_NUMBERS
  const lengthOf = (): number => (isSingle ? input.left() : input.uint())
  if (first < PIECE) return { kind: 'whole', number, bytes: input.raw(lengthOf()) }
  const offset = within(input.uint(), OFFSET_MAX)
  if (offset > 0) return { kind: 'more', number, offset, bytes: notEmpty(input.raw(lengthOf())) }
  const total = within(input.uint(), OFFSET_MAX)
  const check = get16(input)
  return { kind: 'first', number, total, check, bytes: notEmpty(input.raw(lengthOf())) }
}

function writeAcks(out: ReturnType<typeof byteWriter>, acks: FrameAcks): void {
  if (!acks.isKnown) return put16(out.byte, UNKNOWN | acks.tag)
  const { tag, base, settled, holes } = acks
  const bitmap = Math.ceil((settled.at(-1) ?? 0) / 8)
  put16(out.byte, (holes.length > 0 ? HOLES : 0) | (bitmap << BITMAP_SHIFT) | tag)
  out.byte(base)
  for (let at = 0; at < bitmap; at += 1)
    out.byte(
      settled.reduce((byte, one) => (one > at * 8 ? byte | bitOf(one - 1 - at * 8) : byte), 0),
    )
  if (holes.length === 0) return
  out.uint(holes.length)
  for (const { number, gaps } of holes) {
    out.byte(number)
    out.uint(gaps.length)
    let end = 0
    for (const { from, length } of gaps) {
      out.uint(from - end)
      out.uint(length)
      end = from + length
    }
  }
}

function readAcks(input: ByteReader): FrameAcks {
  const head = get16(input)
  const tag = head & TAG
  const bitmap = (head >> BITMAP_SHIFT) & BITMAP_BYTES_MAX
  const hasHoles = (head & HOLES) !== 0
  if ((head & UNKNOWN) !== 0) {
    if (bitmap > 0 || hasHoles) throw new MalformedBytes('an unknown stream has nothing')
    return { tag, isKnown: false }
  }
  const base = within(input.byte(), FRAME_NUMBERS - 1)
  const bits = input.raw(bitmap)
  if (bitmap > 0 && bits.at(-1) === 0) throw new MalformedBytes('the bits are too long')
  const settled = Array.from({ length: bitmap * 8 }, (_, at) => at).filter(
    (at) => ((bits[at >> 3] ?? 0) & bitOf(at & 7)) !== 0,
  )
  const holes = hasHoles ? readList(input, FRAME_HOLES_MAX, readHole) : []
  if (hasHoles && holes.length === 0) throw new MalformedBytes('an empty list')
  return { tag, isKnown: true, base, settled: settled.map((at) => at + 1), holes }
}

function readHole(input: ByteReader): FrameHole {
  const number = within(input.byte(), FRAME_NUMBERS - 1)
  let end = 0
  let isOver = false
  const gaps = readList(input, FRAME_GAPS_MAX, () => {
    if (isOver) throw new MalformedBytes('nothing follows the end')
    const from = within(end + input.uint(), OFFSET_MAX)
    const length = within(input.uint(), OFFSET_MAX)
    end = from + length
    isOver = length === 0
    return { from, length }
  })
  return { number, gaps }
}

function readList<T>(
  input: ByteReader,
  countMax: number,
  read: (input: ByteReader) => T,
): readonly T[] {
  const count = within(input.uint(), countMax)
  return Array.from({ length: count }, () => read(input))
}

function bitOf(place: number): number {
  return place > 7 ? 0 : 1 << place
}

function put16(byte: (value: number) => void, value: number): void {
  byte(value >> 8)
  byte(value & 255)
}

function get16(input: ByteReader): number {
  return input.byte() * 256 + input.byte()
}

function within(value: number, max: number): number {
  if (value > max) throw new MalformedBytes('a number is too large')
  return value
}

function notEmpty(bytes: Uint8Array): Uint8Array {
  if (bytes.length === 0) throw new MalformedBytes('an empty piece')
  return bytes
}
