/** How long a sound is whose loudness nobody here can read: FLAC (RFC 9639), and AAC and others in MP4 (ISO 14496-12). */
import type { Preview } from '#model/preview.ts'
import { soundPreview } from './loudness.ts'

/** Boxes that are gone into. */
const OPENED = new Set(['moov', 'trak', 'mdia', 'mvex', 'moof', 'traf'])
const BOXES_MAX = 200_000
const HAS_DURATIONS = 0x100
const TFHD_DURATION = 0x8

/** The preview of a FLAC; undefined when its head does not say. */
export function flacPreview(bytes: Uint8Array): Preview | undefined {
  if (bytes.length < 26) return undefined
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  const rate = view.getUint32(18) >>> 12
  const samples = (view.getUint8(21) & 15) * 2 ** 32 + view.getUint32(22)
  return rate === 0 || samples === 0 ? undefined : soundPreview((1_000 * samples) / rate, [])
}

/** What a file says of its time. */
interface Times {
  /** Ticks of a second of its sound, and of the whole. */
  rate: number
  whole: { readonly rate: number; readonly ticks: number }
  /** Of one sample, unless it says itself. */
  usual: number
  /** Of all pieces together, where it comes in pieces. */
  pieces: number
  hasSound: boolean
  hasPicture: boolean
}

/** The preview of an MP4 with sound and no picture. */
export function mp4Preview(bytes: Uint8Array): Preview | undefined {
  const times: Times = {
    rate: 0,
    whole: { rate: 0, ticks: 0 },
    usual: 0,
    pieces: 0,
    hasSound: false,
    hasPicture: false,
  }
  for (const { kind, box } of boxesOf(bytes)) note(times, kind, box)
  const { rate, whole, pieces, hasSound, hasPicture } = times
  if (!hasSound || hasPicture) return undefined
  const seconds = whole.ticks > 0 ? whole.ticks / whole.rate : pieces / rate
  return Number.isFinite(seconds) && seconds > 0 ? soundPreview(1_000 * seconds, []) : undefined
}

interface Box {
  readonly kind: string
  /** What is in it, behind its head. */
  readonly box: DataView
}

function* boxesOf(bytes: Uint8Array): Generator<Box, void> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let at = 0
  for (let number = 0; number < BOXES_MAX && at + 8 <= bytes.length; number += 1) {
    const said = view.getUint32(at)
    const isLong = said === 1 && at + 16 <= bytes.length
    const length = isLong ? Number(view.getBigUint64(at + 8)) : said === 0 ? Infinity : said
    const head = isLong ? 16 : 8
    const kind = Buffer.from(bytes.subarray(at + 4, at + 8)).toString('latin1')
    if (length < head) return
    const end = Math.min(bytes.length, at + length)
    yield { kind, box: new DataView(view.buffer, view.byteOffset + at + head, end - at - head) }
    at = OPENED.has(kind) ? at + head : end
  }
}

function note(times: Times, kind: string, box: DataView): void {
  if (kind === 'hdlr' && box.byteLength >= 12) {
    const of = box.getUint32(8)
    times.hasSound ||= of === 0x736f756e
    times.hasPicture ||= of === 0x76696465
  }
  if (kind === 'mvhd') times.whole = clockIn(box)
  if (kind === 'mdhd') times.rate = clockIn(box).rate
  if (kind === 'trex' && box.byteLength >= 16) times.usual = box.getUint32(12)
  if (kind === 'tfhd') times.usual = usualIn(box) ?? times.usual
  if (kind === 'trun') times.pieces += ticksIn(box, times.usual)
}

function clockIn(box: DataView): { readonly rate: number; readonly ticks: number } {
  const none = { rate: 0, ticks: 0 }
  if (box.byteLength < 20) return none
  if (box.getUint8(0) === 0) return { rate: box.getUint32(12), ticks: box.getUint32(16) }
  return box.byteLength < 32
    ? none
    : { rate: box.getUint32(20), ticks: Number(box.getBigUint64(24)) }
}

/** Behind flags and the number of the track may stand an offset (8 bytes) and a description (4). */
function usualIn(box: DataView): number | undefined {
  const flags = box.byteLength < 8 ? 0 : box.getUint32(0) & 0xffffff
  const at = 8 + ((flags & 1) !== 0 ? 8 : 0) + ((flags & 2) !== 0 ? 4 : 0)
  return (flags & TFHD_DURATION) !== 0 && at + 4 <= box.byteLength ? box.getUint32(at) : undefined
}

function ticksIn(box: DataView, usual: number): number {
  if (box.byteLength < 8) return 0
  const flags = box.getUint32(0) & 0xffffff
  const count = box.getUint32(4)
  if ((flags & HAS_DURATIONS) === 0) return count * usual
  const step = 4 * [0x100, 0x200, 0x400, 0x800].filter((flag) => (flags & flag) !== 0).length
  const from = 8 + ((flags & 1) !== 0 ? 4 : 0) + ((flags & 4) !== 0 ? 4 : 0)
  let sum = 0
  for (let index = 0; index < count && from + index * step + 4 <= box.byteLength; index += 1)
    sum += box.getUint32(from + index * step)
  return sum
}
