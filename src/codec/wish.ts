/**
 * Who wants bytes of files says so by a note (`load.ts`) of its own kind, signed like all: which file by its name on the way, how large
 * it is, and what of it is wanted. No stretch: nothing any more. Notes may overtake each other, so each has a number.
 *
 *     5 | number | count | each: name 8 | bytes | flags 1 | with hops: count, nodes | bytes of a piece | count | each: gap, length
 */
import {
  bytesFromHex,
  byteReader,
  byteWriter,
  hexFromBytes,
  MalformedBytes,
  type ByteReader,
} from '#base/bytes.ts'
import { FILE_BYTES_MAX, WISH_SPANS_MAX, WISH_HOPS_MAX, WISHES_IN_NOTE_MAX } from '#base/limits.ts'
import { withoutSpans, type Spans } from '#base/spans.ts'
import type { FileName } from './piece.ts'
import { readSpans, writeSpans } from './spans-code.ts'

/** What is wanted of one file. */
export interface Wish {
  readonly name: FileName
  /** How large the file is. */
  readonly bytes: number
  /** Somebody asked for it; otherwise only what costs nothing is wanted. */
  readonly isAsked: boolean
  /** Through how many nodes it was passed on at least that want it for others: the asker itself is one, unless it is 0. */
  readonly hops: number
  /** Numbers of nodes that all of it came through, but for the asker: none of them is asked for it. */
  readonly through: readonly number[]
  /** No piece should be larger: a thin link follows. 0: as the link here allows. */
  readonly pieceBytes: number
  readonly spans: Spans
}

/** What a note says. */
export interface Wishes {
  /** Of two that name one file the one with the higher number counts, in one life of who says it. */
  readonly number: number
  readonly wishes: readonly Wish[]
}

const WISH_KIND = 5
const NAME_BYTES = 8
const ASKED = 1

/** The bytes of a note, to be signed. */
export function encodeWishes({ number, wishes }: Wishes): Uint8Array {
  const writer = byteWriter()
  writer.byte(WISH_KIND)
  writer.uint(number)
  writer.uint(wishes.length)
  for (const { name, bytes, isAsked, hops, through, pieceBytes, spans } of wishes) {
    writer.raw(bytesFromHex(name))
    writer.uint(bytes)
    writer.byte((isAsked ? ASKED : 0) | (hops << 1))
    if (hops > 0) writer.uint(through.length)
    for (const node of hops > 0 ? through : []) writer.uint(node)
    writer.uint(pieceBytes)
    writeSpans(writer, spans)
  }
  return writer.bytes()
}

/** Whether a note's bytes are of this kind. */
export function areWishes(body: Uint8Array): boolean {
  return body[0] === WISH_KIND
}

/** The wishes in a note's bytes; undefined when they are malformed. */
export function decodeWishes(body: Uint8Array): Wishes | undefined {
  try {
    return readWishes(body)
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined
    throw error
  }
}

/** Throws unless the bytes are a note of this kind. @throws MalformedBytes */
export function checkWishes(body: Uint8Array): Uint8Array {
  readWishes(body)
  return body
}

function readWishes(body: Uint8Array): Wishes {
  const reader = byteReader(body)
  if (reader.byte() !== WISH_KIND) throw new MalformedBytes('there is no such note')
  const number = reader.uint()
  const count = reader.uint()
  if (count > WISHES_IN_NOTE_MAX) throw new MalformedBytes('a note has too many wishes')
  const wishes = Array.from({ length: count }, () => readWish(reader))
  if (reader.left() > 0) throw new MalformedBytes('something follows a note')
  return { number, wishes }
}

function readWish(reader: ByteReader): Wish {
  const name = hexFromBytes(reader.raw(NAME_BYTES))
  const bytes = reader.uint()
  const flags = reader.byte()
  const hops = flags >> 1
  if (bytes > FILE_BYTES_MAX || hops > WISH_HOPS_MAX)
    throw new MalformedBytes('nobody wants such a file')
  const through = hops === 0 ? [] : readThrough(reader, hops)
  const pieceBytes = reader.uint()
  return {
    name,
    bytes,
    isAsked: (flags & ASKED) !== 0,
    hops,
    through,
    pieceBytes,
    spans: readSpans(reader, bytes),
  }
}

function readThrough(reader: ByteReader, hops: number): readonly number[] {
  const count = reader.uint()
  if (count > hops) throw new MalformedBytes('a wish has come through too many nodes')
  return Array.from({ length: count }, reader.uint)
}

/** The first stretches of a file that are not here, as many as a wish tells. */
export function wantedOf(bytes: number, have: Spans): Spans {
  return bytes === 0 ? [] : withoutSpans([[0, bytes]], have).slice(0, WISH_SPANS_MAX)
}
