/** PROTOCOL.md, “Frames”: what a link of a few hundred bytes carries. */
import { hash, must, readWhole, type Reader } from './bytes.ts'

export type FrameItem =
  | { readonly kind: 'whole'; readonly number: number; readonly bytes: string }
  | {
      readonly kind: 'first'
      readonly number: number
      readonly total: number
      readonly check: number
      readonly bytes: string
    }
  | {
      readonly kind: 'more'
      readonly number: number
      readonly offset: number
      readonly bytes: string
    }

export interface Hole {
  readonly number: number
  readonly gaps: readonly { readonly from: number; readonly length: number }[]
}

export type Acks =
  | { readonly tag: number; readonly isKnown: false }
  | {
      readonly tag: number
      readonly isKnown: true
      readonly base: number
      /** How far behind the base each settled number lies. */
      readonly settled: readonly number[]
      readonly holes: readonly Hole[]
    }

export interface Frame {
  readonly tag: number
  readonly isFresh: boolean
  readonly isAnswerWanted: boolean
  readonly acks?: Acks
  readonly items: readonly FrameItem[]
}

const [HOLES_MAX, GAPS_MAX, BYTES_MAX] = [8, 16, 65_535]

export function readFrame(bytes: Uint8Array): Frame {
  return readWhole(bytes, (reader) => {
    const head = reader.take(2).readUInt16BE()
    must(!bit(head, 15), 'a frame of another version')
    const acks = bit(head, 14) ? readAcks(reader) : undefined
    const items: FrameItem[] = []
    if (bit(head, 12)) items.push(readItem(reader, true))
    else while (reader.left() > 0) items.push(readItem(reader, false))
    return {
      tag: head % 2_048,
      isFresh: bit(head, 11),
      isAnswerWanted: bit(head, 13),
      ...(acks === undefined ? {} : { acks }),
      items,
    }
  })
}

/** The first two bytes of an envelope's hash, as a number. */
export function checkOf(envelope: Uint8Array): number {
  return hash(envelope).readUInt16BE()
}

function readItem(reader: Reader, isOnly: boolean): FrameItem {
  const said = reader.byte()
  const number = said % 128
  const take = (): string => (isOnly ? reader.rest() : reader.block(BYTES_MAX)).toString('hex')
  if (said < 128) return { kind: 'whole', number, bytes: take() }
  const offset = reader.uint(BYTES_MAX)
  const first =
    offset === 0
      ? { total: reader.uint(BYTES_MAX), check: reader.take(2).readUInt16BE() }
      : undefined
  const bytes = take()
  must(bytes.length > 0, 'a piece of nothing')
  return first === undefined
    ? { kind: 'more', number, offset, bytes }
    : { kind: 'first', number, ...first, bytes }
}

function readAcks(reader: Reader): Acks {
  const said = reader.take(2).readUInt16BE()
  const tag = said % 2_048
  if (bit(said, 15)) {
    must(said >> 11 === 16, 'an unknown stream of which more is said')
    return { tag, isKnown: false }
  }
  const base = reader.byte()
  must(base < 128, 'a number above 127')
  const bits = reader.take((said >> 11) & 7)
  must(bits.at(-1) !== 0, 'bits that end with nothing')
  const settled = Array.from({ length: bits.length * 8 }, (_, at) => at).filter((at) =>
    bit(bits[at >> 3] ?? 0, at % 8),
  )
  const holes = bit(said, 14) ? readHoles(reader) : []
  return { tag, isKnown: true, base, settled: settled.map((at) => at + 1), holes }
}

function readHoles(reader: Reader): readonly Hole[] {
  const count = reader.uint(HOLES_MAX)
  must(count > 0, 'no holes')
  return Array.from({ length: count }, () => {
    const number = reader.byte()
    must(number < 128, 'a number above 127')
    let end = 0
    const gaps = Array.from({ length: reader.uint(GAPS_MAX) }, () => {
      const from = end + reader.uint(BYTES_MAX)
      const length = reader.uint(BYTES_MAX)
      end = from + length
      return { from, length }
    })
    must(
      gaps.slice(0, -1).every(({ length }) => length > 0),
      'a gap without an end before another',
    )
    return { number, gaps }
  })
}

function bit(value: number, at: number): boolean {
  return ((value >> at) & 1) === 1
}
