/** How loud a sound is from its beginning to its end, read from a WAV file (RIFF, Microsoft 1991; samples as integers or floats). */
import type { Preview } from '#model/preview.ts'
import { LEVELS } from './limits.ts'
import { soundPreview } from './loudness.ts'

const INTEGERS = 1
const FLOATS = 3
/** The format stands further behind. */
const EXTENSIBLE = 0xfffe
/** Samples that are looked at for one level: enough to see how loud it is. */
const SAMPLES_MAX = 4_096

interface Format {
  readonly kind: number
  readonly channels: number
  readonly rate: number
  /** Bytes of one sample of one channel. */
  readonly bytes: number
}

/** The preview of a sound; undefined when nothing can be read. */
export function wavePreview(bytes: Uint8Array): Preview | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let format: Format | undefined
  for (let at = 12; at + 8 <= view.byteLength;) {
    const name = view.getUint32(at)
    // A recorder that was cut off says more than there is.
    const length = Math.min(view.getUint32(at + 4, true), view.byteLength - at - 8)
    if (name === 0x666d7420 && length >= 16) format = formatOf(view, at + 8, length)
    if (name === 0x64617461)
      return format && levelsOf(new DataView(view.buffer, view.byteOffset + at + 8, length), format)
    at += 8 + length + (length % 2)
  }
  return undefined
}

function formatOf(view: DataView, at: number, length: number): Format | undefined {
  const said = view.getUint16(at, true)
  const kind = said === EXTENSIBLE && length >= 26 ? view.getUint16(at + 24, true) : said
  const channels = view.getUint16(at + 2, true)
  const rate = view.getUint32(at + 4, true)
  const bytes = view.getUint16(at + 14, true) / 8
  const isKnown =
    (kind === INTEGERS && [1, 2, 3, 4].includes(bytes)) || (kind === FLOATS && bytes === 4)
  return isKnown && channels > 0 && rate > 0 ? { kind, channels, rate, bytes } : undefined
}

function levelsOf(data: DataView, format: Format): Preview | undefined {
  const step = format.bytes * format.channels
  const samples = Math.floor(data.byteLength / step)
  if (samples === 0) return undefined
  const count = Math.min(LEVELS, samples)
  const loud = Array.from({ length: count }, (_, index) => {
    const from = Math.floor((index * samples) / count)
    const to = Math.floor(((index + 1) * samples) / count)
    const skip = Math.max(1, Math.floor((to - from) / SAMPLES_MAX))
    let sum = 0
    let seen = 0
    for (let at = from; at < to; at += skip) {
      const value = sampleAt(data, at * step, format)
      sum += Number.isFinite(value) ? Math.min(1, value * value) : 0
      seen += 1
    }
    return Math.sqrt(sum / Math.max(1, seen))
  })
  return soundPreview((1_000 * samples) / format.rate, loud)
}

/** -1 to 1. */
function sampleAt(data: DataView, at: number, { kind, bytes }: Format): number {
  if (kind === FLOATS) return data.getFloat32(at, true)
  if (bytes === 1) return (data.getUint8(at) - 128) / 128
  if (bytes === 2) return data.getInt16(at, true) / 32_768
  if (bytes === 3) return data.getInt16(at + 1, true) / 32_768
  return data.getInt32(at, true) / 2_147_483_648
}
