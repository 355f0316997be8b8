/**
 * Who wants bytes of files says so by a note (`load.ts`) of its own kind, signed like all: which file by its name on the way, how large
 * it is, and what of it is wanted. No stretch: nothing any more.
 *
 *     5 | count | each: name 8 | bytes | urgency and hops 1 | bytes of a piece | count | each: gap, length
 */
import {
  bytesFromHex,
  byteReader,
  byteWriter,
  hexFromBytes,
  MalformedBytes,
  type ByteReader,
} from '#base/bytes.ts'
import { FILE_BYTES_MAX, WISH_HOPS_MAX, WISH_SPANS_MAX, WISHES_IN_NOTE_MAX } from '#base/limits.ts'
import { withoutSpans, type Span, type Spans } from '#base/spans.ts'
import type { FileName } from './piece.ts'

/** What is wanted of one file. */
export interface Wish {
  readonly name: FileName
  /** How large the file is. */
  readonly bytes: number
  /** Somebody asked for it; otherwise only what costs nothing is wanted. */
  readonly isAsked: boolean
  /** Through how many nodes it was passed on that want it for others. */
  readonly hops: number
  /** No piece should be larger: a thin link follows. 0: as the link here allows. */
  readonly pieceBytes: number
  readonly spans: Spans
}

const WISH_KIND = 5
const NAME_BYTES = 8
const ASKED = 1

/** The bytes of a note, to be signed. */
export function encodeWishes(wishes: readonly Wish[]): Uint8Array {
  const writer = byteWriter()
  writer.byte(WISH_KIND)
  writer.uint(wishes.length)
  for (const { name, bytes, isAsked, hops, pieceBytes, spans } of wishes) {
    writer.raw(bytesFromHex(name))
    writer.uint(bytes)
    writer.byte((isAsked ? ASKED : 0) | (hops << 1))
    writer.uint(pieceBytes)
    const told = spans.slice(0, WISH_SPANS_MAX)
    writer.uint(told.length)
    let at = 0
    for (const [from, to] of told) {
      writer.uint(from - at)
      writer.uint(to - from)
      at = to
    }
  }
  return writer.bytes()
}

/** Whether a note's bytes are of this kind. */
export function areWishes(body: Uint8Array): boolean {
  return body[0] === WISH_KIND
}

/** The wishes in a note's bytes; undefined when they are malformed. */
export function decodeWishes(body: Uint8Array): readonly Wish[] | undefined {
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

function readWishes(body: Uint8Array): readonly Wish[] {
  const reader = byteReader(body)
  if (reader.byte() !== WISH_KIND) throw new MalformedBytes('there is no such note')
  const count = reader.uint()
  if (count > WISHES_IN_NOTE_MAX) throw new MalformedBytes('a note has too many wishes')
  const wishes = Array.from({ length: count }, () => readWish(reader))
  if (reader.left() > 0) throw new MalformedBytes('something follows a note')
  return wishes
}

function readWish(reader: ByteReader): Wish {
  const name = hexFromBytes(reader.raw(NAME_BYTES))
  const bytes = reader.uint()
  const flags = reader.byte()
  const pieceBytes = reader.uint()
  const hops = flags >> 1
  if (bytes > FILE_BYTES_MAX || hops > WISH_HOPS_MAX)
    throw new MalformedBytes('nobody wants such a file')
  const count = reader.uint()
  if (count > WISH_SPANS_MAX) throw new MalformedBytes('a file has too many holes')
  const spans: Span[] = []
  let at = 0
  for (let index = 0; index < count; index += 1) {
    const from = at + reader.uint()
    const to = from + reader.uint()
    if (to <= from || to > bytes || (index > 0 && from === at))
      throw new MalformedBytes('a stretch of a file is empty, or beyond its end')
    spans.push([from, to])
    at = to
  }
  return { name, bytes, isAsked: (flags & ASKED) !== 0, hops, pieceBytes, spans }
}

/** The first stretches of a file that are not here, as many as a wish tells. */
export function wantedOf(bytes: number, have: Spans): Spans {
  return bytes === 0 ? [] : withoutSpans([[0, bytes]], have).slice(0, WISH_SPANS_MAX)
}
