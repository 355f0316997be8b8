/**
 * MP3 (ISO 11172-3 and 13818-3, layer III): its frames are found by their heads, and some of them decoded, by mpg123 (LGPL 2.1, in a
 * package of its own that may be exchanged).
 */
import { MPEGDecoder } from 'mpg123-decoder'
import type { Preview } from '#model/preview.ts'
import { PACKETS_MAX } from './limits.ts'
import { levelsBy, type Packet } from './loudness.ts'

const LATER_KBPS = [0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160]
const FIRST_KBPS = [0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320]
/** By two bits: 2.5, none, 2 and 1. */
const VERSIONS = [
  { kbps: LATER_KBPS, slower: 4, samples: 576 },
  undefined,
  { kbps: LATER_KBPS, slower: 2, samples: 576 },
  { kbps: FIRST_KBPS, slower: 1, samples: 1_152 },
]
const RATES = [44_100, 48_000, 32_000]
const ID3_BYTES = 10
/** Bytes behind what is no frame in which the next one is looked for, altogether. */
const LOST_BYTES_MAX = 1 << 20

/** A frame as its head says. */
interface Frame {
  readonly bytes: number
  readonly milliseconds: number
}

/** The preview of an MP3; undefined when there are no frames in it. */
export async function mp3Preview(bytes: Uint8Array): Promise<Preview | undefined> {
  const packets: Packet[] = []
  let milliseconds = 0
  let lost = 0
  let at = behindTags(bytes)
  while (at < bytes.length && lost < LOST_BYTES_MAX && packets.length < PACKETS_MAX) {
    const frame = frameAt(bytes, at)
    if (frame === undefined) {
      lost += 1
      at += 1
      continue
    }
    const content = bytes.subarray(at, at + frame.bytes)
    if (packets.length > 0 || !isAbout(content)) {
      packets.push({ atMs: milliseconds, ms: frame.milliseconds, bytes: content })
      milliseconds += frame.milliseconds
    }
    at += frame.bytes
  }
  const decoder = new MPEGDecoder()
  await decoder.ready
  const preview = levelsBy((frames) => decoder.decodeFrames(frames).channelData, {
    milliseconds,
    packets,
  })
  decoder.free()
  return preview
}

/** The frame whose head stands there; undefined when it is none of layer III. */
function frameAt(bytes: Uint8Array, at: number): Frame | undefined {
  const [a = 0, b = 0, c = 0] = bytes.subarray(at, at + 3)
  // Eleven bits, then the version, and layer III.
  const version = a === 0xff && b >= 0xe0 && (b & 6) === 2 ? VERSIONS[(b >> 3) & 3] : undefined
  const kbps = version?.kbps[c >> 4] ?? 0
  const rate = (RATES[(c >> 2) & 3] ?? 0) / (version?.slower ?? 1)
  if (version === undefined || kbps === 0 || rate === 0) return undefined
  const { samples } = version
  const length = Math.floor((samples * kbps * 125) / rate) + ((c >> 1) & 1)
  return { bytes: length, milliseconds: (1_000 * samples) / rate }
}

/** Behind ID3v2 tags, whose length has seven bits a byte. */
function behindTags(bytes: Uint8Array): number {
  if (Buffer.from(bytes.subarray(0, 3)).toString('latin1') !== 'ID3') return 0
  const length = bytes.subarray(6, ID3_BYTES).reduce((sum, one) => sum * 128 + (one & 127), 0)
  return Math.min(bytes.length, ID3_BYTES + length)
}

/** The first frame may be silence that tells of the others. */
function isAbout(frame: Uint8Array): boolean {
  const text = Buffer.from(frame.subarray(0, 64)).toString('latin1')
  return text.includes('Xing') || text.includes('Info') || text.includes('VBRI')
}
