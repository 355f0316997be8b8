/** Opus (RFC 6716) as browsers record it: in WebM (RFC 9559) or in Ogg (RFC 7845). */
import { OpusDecoder } from 'opus-decoder'
import type { Preview } from '#model/preview.ts'
import { levelsBy, type Coded } from './loudness.ts'

/** Enough to hear how loud it is. */
const RATE = 8_000
const CHANNELS_MAX = 2
/** Milliseconds of one frame, by the upper bits of a packet's first byte: SILK, hybrid and CELT. */
const SILK_MS = [10, 20, 40, 60]
const HYBRID_MS = [10, 20]
const CELT_MS = [2.5, 5, 10, 20]
const PACKET_MS_MAX = 120

/** An Opus sound: its packets and how many channels its head names. */
export interface OpusSound extends Coded {
  readonly channels: number
}

/** The preview of an Opus sound; undefined for more than two channels. */
export async function opusPreview(sound: OpusSound): Promise<Preview | undefined> {
  const { channels } = sound
  if (channels < 1 || channels > CHANNELS_MAX) return undefined
  const decoder = new OpusDecoder({ sampleRate: RATE, channels })
  await decoder.ready
  const preview = levelsBy((packets) => decoder.decodeFrames(packets).channelData, sound)
  decoder.free()
  return preview
}

/** How long a packet is heard (RFC 6716 §3.1); 0 when it is none. */
export function packetMs(packet: Uint8Array): number {
  const [head, more = 0] = packet
  if (head === undefined) return 0
  const config = head >> 3
  const frame =
    config < 12
      ? (SILK_MS[config % 4] ?? 0)
      : config < 16
        ? (HYBRID_MS[config % 2] ?? 0)
        : (CELT_MS[config % 4] ?? 0)
  const code = head & 3
  const frames = code === 0 ? 1 : code === 3 ? more & 63 : 2
  return Math.min(PACKET_MS_MAX, frame * frames)
}

/** What an `OpusHead` says of channels; 0 when it is none. */
export function channelsOf(head: Uint8Array): number {
  const isHead = Buffer.from(head.subarray(0, 8)).toString('latin1') === 'OpusHead'
  return isHead ? (head[9] ?? 0) : 0
}
