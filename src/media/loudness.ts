/** How loud a sound is from its beginning to its end, put together of stretches of it. */
import { PREVIEW_NUMBER_MAX, type Preview } from '#model/preview.ts'
import { LEVELS } from './limits.ts'

const LEVEL_MAX = 255

/** The preview of a sound of these loudnesses (0 to 1, one for each equal stretch); one whose loudness nobody can read has none. */
export function soundPreview(milliseconds: number, loud: readonly number[]): Preview {
  // A quiet recording is drawn as large as a loud one.
  const loudest = loud.reduce((known, one) => Math.max(known, one), 1 / LEVEL_MAX)
  const levels = Uint8Array.from(loud, (one) => Math.round((LEVEL_MAX * one) / loudest))
  const long = Math.min(PREVIEW_NUMBER_MAX, Math.max(0, Math.round(milliseconds)))
  return { kind: 'sound', milliseconds: long, levels }
}

/** A piece of a coded sound that is decoded by itself, when it is heard, and how long. */
export interface Packet {
  readonly atMs: number
  readonly ms: number
  readonly bytes: Uint8Array
}

/** A coded sound. */
export interface Coded {
  readonly milliseconds: number
  readonly packets: readonly Packet[]
}

/** What decodes some packets in a row: samples of each channel, -1 to 1. */
export type Decode = (packets: Uint8Array[]) => readonly Float32Array[]

/** Packets that are decoded for one level: two seconds of speech tell how loud it is there. */
const PACKETS_MAX = 100

/** Decodes as much of a sound as its levels need: hours of it cost no more than minutes. */
export function levelsBy(decode: Decode, { milliseconds, packets }: Coded): Preview | undefined {
  if (packets.length === 0) return undefined
  const count = Math.min(LEVELS, packets.length)
  const stretches = Array.from({ length: count }, (): Uint8Array[] => [])
  for (const { atMs, ms, bytes } of packets) {
    const [from, to] = [atMs, atMs + ms].map((at) => (count * at) / Math.max(1, milliseconds))
    for (let at = Math.floor(from ?? 0); at < Math.min(count, to ?? 0); at += 1) {
      const stretch = stretches[at]
      if (stretch !== undefined && stretch.length < PACKETS_MAX) stretch.push(bytes)
    }
  }
  const loud = stretches.map((stretch) => (stretch.length === 0 ? 0 : loudnessOf(decode(stretch))))
  return soundPreview(milliseconds, loud)
}

/** The root of the mean of squares, over all channels. */
function loudnessOf(channels: readonly Float32Array[]): number {
  let sum = 0
  let seen = 0
  for (const samples of channels) {
    for (const value of samples) sum += Number.isFinite(value) ? Math.min(1, value * value) : 0
    seen += samples.length
  }
  return Math.sqrt(sum / Math.max(1, seen))
}
