/** Packing: which pieces of what waits fill the next frame, to the byte where it can be. */
import { must } from '#base/assert.ts'
import { checkOf, FRAME_NUMBERS, pieceBytes, wholeBytes, type FrameItem } from '#codec/frame.ts'
import type { Range } from './frame-ranges.ts'

/** A piece is worth its bytes when it is no smaller, unless it is all that is left. */
const PIECE_LEAST = 24
/** An envelope of which something is to be sent. */
export interface Packed {
  readonly bytes: Uint8Array
  readonly left: readonly Range[]
}

/** A piece of an envelope, or all of it, in a frame. */
export interface Part<Job extends Packed = Packed> extends Range {
  readonly job: Job
  readonly number: number
}

/** Bytes that these parts take in a frame of several items. */
function bytesOf(parts: readonly Part[]): number {
  return parts.reduce((sum, part) => sum + costOf(part) + part.to - part.from, 0)
}

function costOf({ job, from, to }: Part): number {
  const { length } = job.bytes
  return isWhole({ job, from, to }) ? wholeBytes(length) : pieceBytes(from, to - from, length)
}

function isWhole({ job, from, to }: Pick<Part, 'job' | 'from' | 'to'>): boolean {
  return from === 0 && to === job.bytes.length
}

/** Adds what fits of an envelope. False when the frame is full. */
export function fillWith<Job extends Packed>(
  parts: Part<Job>[],
  { job, number }: { readonly job: Job; readonly number: number },
  bytesMax: number,
): boolean {
  for (const { from, to } of job.left) {
    const isFirst = parts.length === 0
    const whole = { job, number, from, to }
    const free = bytesMax - bytesOf(parts)
    if (costOf(whole) + to - from <= free) {
      parts.push(whole)
      continue
    }
    // The only item of a frame needs no length.
    const lengthBytes = isFirst ? wholeBytes(to - from) - 1 : 0
    if (costOf(whole) - lengthBytes + to - from <= free) {
      parts.push(whole)
      return false
    }
    const shortest = free - pieceBytes(from, 0, job.bytes.length)
    const length = Math.min(to - from, isFirst ? shortest + 1 : shortest - (shortest > 127 ? 1 : 0))
    if (length >= PIECE_LEAST || (isFirst && length > 0))
      parts.push({ job, number, from, to: from + length })
    return false
  }
  return true
}

/** What a frame says of a part. */
export function itemOf({ job, number: full, from, to }: Part): FrameItem {
  const number = full % FRAME_NUMBERS
  const bytes = job.bytes.subarray(from, to)
  if (isWhole({ job, from, to })) return { kind: 'whole', number, bytes }
  if (from > 0) return { kind: 'more', number, offset: from, bytes }
  return { kind: 'first', number, total: job.bytes.length, check: checkOf(job.bytes), bytes }
}

/** Whether nothing would be left behind these parts. */
export function isAllIn(parts: readonly Part[], waiting: readonly Packed[]): boolean {
  const all = waiting.flatMap(({ left }) => left)
  const last = parts.at(-1)
  return parts.length === all.length && must(last, 'a load is not empty').to === all.at(-1)?.to
}
