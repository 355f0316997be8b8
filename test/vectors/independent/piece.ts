/** PROTOCOL.md, “Files on their way”: pieces, wishes and what lies on a shelf. */
import { brotliDecompressSync, inflateRawSync } from 'node:zlib'
import { bytesOf, concat, hex, must, readWhole, text, uint, type Reader } from './bytes.ts'
import { unmixed, type Learned } from './mixing.ts'
import { derive, untwin } from './suites.ts'

/** A piece, and what is in it. */
export interface PieceCase {
  readonly name: string
  readonly id: string
  readonly hash: string
  readonly from: number
  readonly plain: string
  readonly bytes: string
}

interface Texts {
  readonly organisation: Buffer
  readonly dictionary: Buffer
  readonly learned: Learned
}

const FILE_BYTES_MAX = 104_857_600
const PIECE_BYTES_MAX = 48_000

/** What a piece brings, by the id and the hash of its file. */
export function openedPiece({ name, id, hash, bytes }: PieceCase, texts: Texts): PieceCase {
  const secret = concat(bytesOf(id), hex(hash))
  const [called, key] = [derive(1, secret, 'holdfast file name', 8), derive(1, secret, 'holdfast file key')]
  const piece = readWhole(hex(bytes), (reader) => {
    must(reader.byte() === 4, 'no piece')
    must(Buffer.from(reader.take(8)).equals(called), 'of another file')
    const from = reader.uint(FILE_BYTES_MAX)
    const length = reader.uint(PIECE_BYTES_MAX)
    return { from, length, sealed: Buffer.from(reader.take(reader.left())) }
  })
  const { from, length, sealed } = piece
  const place = concat(uint(from), uint(length))
  const bound = concat(text('holdfast piece 1'), texts.organisation, called, place)
  const said = untwin(1, key, { bound, bytes: sealed })
  must(said !== undefined, 'it does not open')
  const plain = grown(said[0] ?? 255, said.subarray(1), texts)
  must(plain.length === length, 'another length')
  return { name, id, hash, from, plain: plain.toString('hex'), bytes }
}

function grown(compression: number, packed: Buffer, { dictionary, learned }: Texts): Buffer {
  if (compression === 0) return packed
  if (compression === 1)
    return inflateRawSync(packed, { dictionary: dictionary.subarray(-32_506) })
  if (compression === 2) return brotliDecompressSync(packed)
  must(compression === 3, 'another compression')
  return unmixed(packed, learned)
}

/** Wishes, as they are signed. */
export function openedWishes({ bytes }: { readonly bytes: string }): unknown {
  const said = readWhole(hex(bytes), (reader) => {
    must(reader.byte() === 5, 'no wishes')
    const number = reader.uint()
    return { number, wishes: Array.from({ length: reader.uint(64) }, () => readWish(reader)) }
  })
  return { ...said, bytes }
}

function readWish(reader: Reader) {
  const name = Buffer.from(reader.take(8)).toString('hex')
  const bytes = reader.uint(FILE_BYTES_MAX)
  const flags = reader.byte()
  const hops = flags >> 1
  must(hops <= 15, 'too many hops')
  const through: number[] = []
  for (let left = hops > 0 ? reader.uint(15) : 0; left > 0; left -= 1) through.push(reader.uint())
  const pieceBytes = reader.uint()
  const spans = readSpans(reader, bytes)
  return { name, bytes, isAsked: (flags & 1) === 1, hops, through, pieceBytes, spans }
}

/** What lies on a shelf, as it is signed. */
export function openedGiven({ bytes }: { readonly bytes: string }): unknown {
  const files = readWhole(hex(bytes), (reader) => {
    must(reader.byte() === 6, 'nothing of a shelf')
    return Array.from({ length: reader.uint(64) }, () => ({
      name: Buffer.from(reader.take(8)).toString('hex'),
      spans: readSpans(reader, FILE_BYTES_MAX),
    }))
  })
  return { files, bytes }
}

function readSpans(reader: Reader, bytes: number): readonly [number, number][] {
  const spans: [number, number][] = []
  let at = 0
  for (let left = reader.uint(256); left > 0; left -= 1) {
    const from = at + reader.uint(bytes)
    const to = from + reader.uint(bytes)
    must(to > from && to <= bytes && (from > at || spans.length === 0), 'no such stretch')
    spans.push([from, to])
    at = to
  }
  return spans
}
