/**
 * WebM (RFC 9559) with one sound in it, as browsers record it: parts of unknown length are walked through, as what they hold says where
 * it ends. What has a moving picture is no sound.
 */
import { channelsOf, packetMs, type OpusSound } from './opus.ts'
import type { Packet } from './loudness.ts'
import { PACKETS_MAX } from './limits.ts'

/** Parts that are gone into: segment, cluster, tracks, one track, its sound, information, a group of blocks. */
const OPENED = new Set([0x18538067, 0x1f43b675, 0x1654ae6b, 0xae, 0xe1, 0x1549a966, 0xa0])
const TRACK = 0xae
const TRACK_NUMBER = 0xd7
const TRACK_TYPE = 0x83
const CODEC = 0x86
const CODEC_HEAD = 0x63a2
const TICK = 0x2ad7b1
const CLUSTER_AT = 0xe7
const SIMPLE_BLOCK = 0xa3
const BLOCK = 0xa1
const PICTURE_TYPE = 1
const LACED = 0x06
/** Nanoseconds, unless the file says otherwise. */
const USUAL_TICK = 1_000_000
const NS_OF_MS = 1_000_000

interface Track {
  readonly number: number
  readonly type: number
  readonly codec: string
  readonly channels: number
}

/** What is known so far. */
interface Walk {
  readonly tracks: Track[]
  readonly packets: Packet[]
  tick: number
  clusterAt: number
}

/** The Opus sound in a WebM file; undefined for another codec, for a film, and for what is none. */
export function webmSound(bytes: Uint8Array): OpusSound | undefined {
  const walk: Walk = { tracks: [], packets: [], tick: USUAL_TICK, clusterAt: 0 }
  for (const { id, content } of elementsOf(bytes)) note(walk, id, content)
  const sound = opusIn(walk.tracks)
  const last = walk.packets.at(-1)
  if (sound === undefined || last === undefined) return undefined
  const milliseconds = last.atMs + last.ms
  return { milliseconds, packets: walk.packets, channels: sound.channels }
}

interface Element {
  readonly id: number
  readonly content: Uint8Array
}

function* elementsOf(bytes: Uint8Array): Generator<Element, void> {
  let at = 0
  while (at < bytes.length) {
    const id = numberAt(bytes, at, { keepsMark: true, bytesMax: 4 })
    const length = id && numberAt(bytes, at + id.length, { keepsMark: false, bytesMax: 8 })
    if (id === undefined || length === undefined) return
    at += id.length + length.length
    const isOpened = OPENED.has(id.value)
    const end = isOpened ? at : Math.min(bytes.length, at + length.value)
    yield { id: id.value, content: bytes.subarray(at, end) }
    at = end
  }
}

/** A number whose first byte says how many there are. */
function numberAt(
  bytes: Uint8Array,
  at: number,
  { keepsMark, bytesMax }: { readonly keepsMark: boolean; readonly bytesMax: number },
): { readonly value: number; readonly length: number } | undefined {
  const first = bytes[at] ?? 0
  const length = Math.clz32(first) - 23
  if (length > bytesMax || at + length > bytes.length) return undefined
  let value = keepsMark ? first : first & ((1 << (8 - length)) - 1)
  for (let index = 1; index < length; index += 1) value = value * 256 + (bytes[at + index] ?? 0)
  return { value, length }
}

function note(walk: Walk, id: number, content: Uint8Array): void {
  switch (id) {
    case TRACK:
      walk.tracks.push({ number: 0, type: 0, codec: '', channels: 0 })
      return
    case TRACK_NUMBER:
      return ofTrack(walk, { number: numberIn(content) })
    case TRACK_TYPE:
      return ofTrack(walk, { type: numberIn(content) })
    case CODEC:
      return ofTrack(walk, { codec: Buffer.from(content.subarray(0, 32)).toString('latin1') })
    case CODEC_HEAD:
      return ofTrack(walk, { channels: channelsOf(content) })
    case TICK:
      walk.tick = numberIn(content)
      return
    case CLUSTER_AT:
      walk.clusterAt = numberIn(content)
      return
    case SIMPLE_BLOCK:
    case BLOCK:
      return noteBlock(walk, content)
  }
}

function ofTrack({ tracks }: Walk, known: Partial<Track>): void {
  const track = tracks.pop()
  if (track !== undefined) tracks.push({ ...track, ...known })
}

function noteBlock(walk: Walk, content: Uint8Array): void {
  const { tracks, packets, tick, clusterAt } = walk
  const track = numberAt(content, 0, { keepsMark: false, bytesMax: 8 })
  const head = (track?.length ?? 0) + 3
  if (content.length <= head || packets.length >= PACKETS_MAX) return
  const sound = opusIn(tracks)
  const flags = content[head - 1] ?? 0
  if (sound === undefined || track?.value !== sound.number || (flags & LACED) !== 0) return
  const view = new DataView(content.buffer, content.byteOffset, content.length)
  const ticks = clusterAt + view.getInt16(head - 3)
  const bytes = content.subarray(head)
  packets.push({ atMs: Math.max(0, (ticks * tick) / NS_OF_MS), ms: packetMs(bytes), bytes })
}

/** The first sound, where there is no picture. */
function opusIn(tracks: readonly Track[]): Track | undefined {
  if (tracks.some(({ type }) => type === PICTURE_TYPE)) return undefined
  return tracks.find(({ codec }) => codec.startsWith('A_OPUS'))
}

function numberIn(content: Uint8Array): number {
  return content.subarray(0, 6).reduce((value, byte) => value * 256 + byte, 0)
}
