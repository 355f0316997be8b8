/** Ogg (RFC 3533) with one sound in it. Opus is read packet by packet; of Vorbis only how long it is. */
import type { Preview } from '#model/preview.ts'
import { PACKETS_MAX } from './limits.ts'
import { soundPreview, type Packet } from './loudness.ts'
import { channelsOf, opusPreview, packetMs, type OpusSound } from './opus.ts'

const HEAD_BYTES = 27
const FULL = 255
/** Largest packet that is put together of several pages; one of Opus is far below. */
const PACKET_BYTES_MAX = 65_536

/** The preview of a sound in Ogg; undefined for a codec that is not known. */
export async function oggPreview(bytes: Uint8Array): Promise<Preview | undefined> {
  const pages = [...pagesOf(bytes)]
  const first = pages[0]?.content ?? new Uint8Array(0)
  if (channelsOf(first) > 0) return opusPreview(opusIn(pages, channelsOf(first)))
  if (Buffer.from(first.subarray(0, 7)).toString('latin1') !== '\u{1}vorbis') return undefined
  const rate =
    first.length < 16 ? 0 : new DataView(first.buffer, first.byteOffset).getUint32(12, true)
  const samples = Math.max(0, ...pages.slice(-1).map(({ position }) => position))
  return rate === 0 ? undefined : soundPreview((1_000 * samples) / rate, [])
}

interface Page {
  readonly position: number
  readonly lengths: Uint8Array
  readonly content: Uint8Array
}

/** The pages of the first stream. */
function* pagesOf(bytes: Uint8Array): Generator<Page, void> {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  let stream: number | undefined
  let at = 0
  while (at + HEAD_BYTES <= bytes.length && view.getUint32(at) === 0x4f676753) {
    const from = at + HEAD_BYTES + (bytes[at + 26] ?? 0)
    const lengths = bytes.subarray(at + HEAD_BYTES, from)
    const end = Math.min(bytes.length, from + lengths.reduce((sum, one) => sum + one, 0))
    stream ??= view.getUint32(at + 14)
    if (view.getUint32(at + 14) === stream)
      yield {
        position: Number(view.getBigInt64(at + 6, true)),
        lengths,
        content: bytes.subarray(from, end),
      }
    at = end
  }
}

/** What follows a head and a page of names. */
function opusIn(pages: readonly Page[], channels: number): OpusSound {
  const packets: Packet[] = []
  let milliseconds = 0
  let number = 0
  for (const bytes of packetsOf(pages)) {
    number += 1
    if (number <= 2 || packets.length >= PACKETS_MAX) continue
    const ms = packetMs(bytes)
    packets.push({ atMs: milliseconds, ms, bytes })
    milliseconds += ms
  }
  return { milliseconds, packets, channels }
}

function* packetsOf(pages: readonly Page[]): Generator<Uint8Array, void> {
  let parts: Uint8Array[] = []
  let bytes = 0
  for (const { lengths, content } of pages) {
    let at = 0
    for (const length of lengths) {
      bytes += length
      if (bytes <= PACKET_BYTES_MAX) parts.push(content.subarray(at, at + length))
      at += length
      if (length === FULL) continue
      yield parts.length === 1 ? (parts[0] ?? content) : new Uint8Array(Buffer.concat(parts))
      parts = []
      bytes = 0
    }
  }
}
