/**
 * What comes in by frames from one peer: pieces put together, in any order, twice or never, and what is to be told of it.
 *
 * A peer's envelopes are numbered in a stream, which has a tag; a new start of the peer is a new stream. What was settled of
 * the streams of late is on disk with what was settled, so nothing is taken twice. What is unfinished lies in memory: however
 * hostile a peer is, at most UNFINISHED_MAX envelopes of ENVELOPE_BYTES_MAX, in few ranges.
 */
import { bytesFromText, textFromBytes } from '#base/bytes.ts'
import { ENVELOPE_BYTES_MAX } from '#base/limits.ts'
import {
  checkOf,
  FRAME_GAPS_MAX,
  FRAME_HOLES_MAX,
  FRAME_NUMBERS,
  FRAME_TAGS,
  FRAME_WINDOW,
  headBytes,
  type Frame,
  type FrameAcks,
  type FrameHole,
  type FrameItem,
} from '#codec/frame.ts'
import { gapsIn, withRange, type Range } from './frame-ranges.ts'

/** An envelope that is all there. */
export interface Received {
  readonly bytes: Uint8Array
  /** What is to be on disk together with what it brought. */
  readonly bookmark: () => Uint8Array
  /** It is on disk, or given up by its sender. */
  readonly settle: () => void
  /**
   * It is not what the peer sent: noise, or somebody else's under this number. The real one may still come, so nothing is settled, but for a number
   * that is refused again and again: nothing behind it may wait for ever.
   */
  readonly refuse: () => void
}

/** The incoming half of a line of frames. */
export interface FrameIncoming {
  /** What is complete by this frame. */
  readonly take: (frame: Frame) => readonly Received[]
  /**
   * What is to be told of the stream that was heard last, or undefined when none was, for a frame of `bytesMax`, of which it takes
   * no more than half. `isAsked`: including what lacks at the end.
   */
  readonly acks: (isAsked: boolean, bytesMax: number) => FrameAcks | undefined
  /** What is complete and not settled yet. */
  readonly unsettled: () => readonly Received[]
}

/** How far a stream is settled. */
interface Settled {
  readonly tag: number
  /** All before this one. */
  readonly base: number
  /** And these behind it, in ascending order. */
  readonly beyond: readonly number[]
}

interface Stream {
  settled: Settled
  readonly unfinished: Map<number, Unfinished>
  /** Complete, and not settled. */
  readonly waiting: Map<number, Received>
  /** How often what came under a number was refused. */
  readonly refused: Map<number, number>
}

interface Unfinished {
  bytes: Uint8Array
  ranges: readonly Range[]
  total: number | undefined
  check: number
}

type Piece = Exclude<FrameItem, { kind: 'whole' }>

/** Envelopes of one peer of which some has come; one more, and the one that was begun first makes way. */
export const UNFINISHED_MAX = 8
/** Pieces of one envelope that do not touch: more is nobody's loss but a hostile peer's. */
const RANGES_MAX = 128
/** After so many refusals of what came under one number, that is settled. */
const REFUSALS_MAX = 3
/** The last stream, and the one before: its late frames change nothing. */
const STREAMS_MAX = 2

/** What was settled before, as `bookmark` gave it, or nothing. */
export function openFrameIncoming(saved: Uint8Array | undefined): FrameIncoming {
  const streams: Stream[] = readSettled(saved).map(streamOf)
  /** Of a stream whose beginning never came. */
  const unknown = { tag: -1 }
  return {
    take: (frame) => {
      const stream = streamFor(streams, frame)
      const isOfNothing = stream === undefined && !frame.isFresh
      unknown.tag = isOfNothing ? frame.tag : -1
      if (stream === undefined) return []
      return frame.items.flatMap((item) => {
        const done = takeItem(stream, item)
        return done === undefined ? [] : [receivedOf(streams, stream, done)]
      })
    },
    acks: (isAsked, bytesMax) => {
      if (unknown.tag >= 0) return { tag: unknown.tag, isKnown: false }
      const [stream] = streams
      return stream && fitting(acksOf(stream, isAsked), bytesMax >> 1)
    },
    unsettled: () => streams.flatMap(({ waiting }) => [...waiting.values()]),
  }
}

/** The stream that a frame belongs to, which is the first of `streams` from then on. */
function streamFor(streams: Stream[], { tag, isFresh, items }: Frame): Stream | undefined {
  const at = streams.findIndex(({ settled }) => settled.tag === tag)
  if (at < 0 && (!isFresh || items.length === 0)) return undefined
  const [known] = at < 0 ? [] : streams.splice(at, 1)
  const stream = known ?? streamOf({ tag, base: 0, beyond: [] })
  streams.unshift(stream)
  streams.length = Math.min(streams.length, STREAMS_MAX)
  return stream
}

function streamOf(settled: Settled): Stream {
  return { settled, unfinished: new Map(), waiting: new Map(), refused: new Map() }
}

/** The number and bytes of what this item makes complete. */
function takeItem(
  { settled, unfinished, waiting }: Stream,
  item: FrameItem,
): { readonly number: number; readonly bytes: Uint8Array } | undefined {
  const number = settled.base + distance(settled.base, item.number)
  const isPast = number < settled.base || settled.beyond.includes(number)
  if (isPast || number - settled.base >= FRAME_WINDOW || waiting.has(number)) return undefined
  if (item.kind === 'whole') {
    unfinished.delete(number)
    return { number, bytes: item.bytes }
  }
  const one = unfinished.get(number) ?? begin(unfinished, number)
  const bytes = fill(one, item)
  if (bytes === undefined) return undefined
  unfinished.delete(number)
  // Pieces that do not belong together: none of them counts, and all are asked for again.
  return checkOf(bytes) === one.check ? { number, bytes } : undefined
}

function begin(unfinished: Map<number, Unfinished>, number: number): Unfinished {
  const [oldest] = unfinished.keys()
  if (unfinished.size >= UNFINISHED_MAX && oldest !== undefined) unfinished.delete(oldest)
  const one = { bytes: new Uint8Array(0), ranges: [], total: undefined, check: 0 }
  unfinished.set(number, one)
  return one
}

/** The whole of it, once the last piece is there. */
function fill(one: Unfinished, item: Piece): Uint8Array | undefined {
  if (item.kind === 'first') Object.assign(one, { total: item.total, check: item.check })
  const from = item.kind === 'first' ? 0 : item.offset
  const to = from + item.bytes.length
  const most = Math.min(one.total ?? ENVELOPE_BYTES_MAX, ENVELOPE_BYTES_MAX)
  // What was here before it is of another envelope.
  if ((one.ranges.at(-1)?.to ?? 0) > most) one.ranges = []
  const ranges = withRange(one.ranges, { from, to })
  if (to > most || ranges.length > RANGES_MAX) return undefined
  if (to > one.bytes.length) one.bytes = grown(one.bytes, to)
  one.bytes.set(item.bytes, from)
  one.ranges = ranges
  return gapsIn(ranges, one.total ?? Infinity).length === 0
    ? one.bytes.slice(0, one.total)
    : undefined
}

/** At least twice as long as before, so that many pieces are not copied many times. */
function grown(bytes: Uint8Array, length: number): Uint8Array {
  const larger = new Uint8Array(Math.min(ENVELOPE_BYTES_MAX, Math.max(length, 2 * bytes.length)))
  larger.set(bytes)
  return larger
}

function receivedOf(
  streams: readonly Stream[],
  stream: Stream,
  { number, bytes }: { readonly number: number; readonly bytes: Uint8Array },
): Received {
  const received: Received = {
    bytes,
    bookmark: () =>
      writeSettled(
        streams.map((one) => (one === stream ? withNumber(one.settled, number) : one.settled)),
      ),
    settle: () => {
      if (!stream.waiting.delete(number)) return
      stream.refused.delete(number)
      stream.settled = withNumber(stream.settled, number)
    },
    refuse: () => {
      const times = 1 + (stream.refused.get(number) ?? 0)
      if (times >= REFUSALS_MAX) return received.settle()
      if (stream.waiting.delete(number)) stream.refused.set(number, times)
    },
  }
  stream.waiting.set(number, received)
  return received
}

function acksOf(
  { settled, unfinished, waiting }: Stream,
  isAsked: boolean,
): FrameAcks & { readonly isKnown: true } {
  const { tag, base, beyond } = settled
  const whole: readonly FrameHole[] = [...waiting.keys()].map((number) => ({ number, gaps: [] }))
  const partly = [...unfinished].flatMap(([number, one]) => holeOf(number, one, isAsked))
  const holes = [...partly, ...whole]
    .slice(0, FRAME_HOLES_MAX)
    .map(({ number, gaps }) => ({ number: number % FRAME_NUMBERS, gaps }))
  const distances = beyond.map((number) => number - base)
  return { tag, isKnown: true, base: base % FRAME_NUMBERS, settled: distances, holes }
}

/** With fewer gaps, then fewer holes, until it is small enough. What is left out is told another time, or sent twice. */
function fitting(acks: FrameAcks & { readonly isKnown: true }, bytesMax: number): FrameAcks {
  for (let gapsMax = FRAME_GAPS_MAX; gapsMax > 0; gapsMax >>= 1) {
    const holes = acks.holes.map(({ number, gaps }) => ({ number, gaps: gaps.slice(0, gapsMax) }))
    if (headBytes({ ...acks, holes }) <= bytesMax) return { ...acks, holes }
  }
  return { ...acks, holes: [] }
}

/** What lacks of an envelope: what is not there lacks when something behind it is, or when all that was sent must be here. */
function holeOf(number: number, one: Unfinished, isAsked: boolean): readonly FrameHole[] {
  const end = one.ranges.at(-1)?.to ?? 0
  const gaps = gapsIn(one.ranges, end)
    .slice(0, FRAME_GAPS_MAX - 1)
    .map(({ from, to }) => ({ from, length: to - from }))
  const isMore = one.total === undefined || end < one.total
  if (isAsked && isMore) return [{ number, gaps: [...gaps, { from: end, length: 0 }] }]
  return gaps.length > 0 ? [{ number, gaps }] : []
}

function withNumber({ tag, base, beyond }: Settled, number: number): Settled {
  const settled = new Set([...beyond, number])
  let next = base
  while (settled.delete(next)) next += 1
  return {
    tag,
    base: next,
    beyond: [...settled].filter((one) => one > next).toSorted((a, b) => a - b),
  }
}

/** From a number to one of which the last 7 bits are known: -64 to 63. */
export function distance(from: number, to: number): number {
  const ahead = (((to - from) % FRAME_NUMBERS) + FRAME_NUMBERS) % FRAME_NUMBERS
  return ahead >= FRAME_NUMBERS / 2 ? ahead - FRAME_NUMBERS : ahead
}

function writeSettled(streams: readonly Settled[]): Uint8Array {
  return bytesFromText(JSON.stringify(streams))
}

/** Nothing when it cannot be read: then all comes again. */
function readSettled(bytes: Uint8Array | undefined): readonly Settled[] {
  try {
    const value: unknown = JSON.parse(textFromBytes(bytes ?? new Uint8Array(0)))
    return Array.isArray(value) ? value.filter(isSettled).slice(0, STREAMS_MAX) : []
  } catch {
    return []
  }
}

function isSettled(value: unknown): value is Settled {
  const { tag, base, beyond } = value as Partial<Settled>
  const isShort = Array.isArray(beyond) && beyond.length < FRAME_WINDOW
  return isShort && Number(tag) < FRAME_TAGS && [tag, base, ...beyond].every(isCount)
}

function isCount(value: unknown): boolean {
  return Number.isSafeInteger(value) && Number(value) >= 0
}
