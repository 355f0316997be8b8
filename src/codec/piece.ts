/**
 * A piece of a file on its way: some of its bytes, made small, and sealed under a key that follows from the file's header. Who can
 * read the header can read it; everybody else can carry it, keep it and hand it on. Nothing in it is drawn: the same bytes of the same
 * file cut at the same places are the same piece, whoever cuts them, so pieces of several holders fit together.
 *
 *     4 | name 8 | from varint | length varint | sealed (compression 1, bytes) | tag 16        the body of an envelope
 *
 * The name of a file on the way says nothing of it; name and key both follow from its id, which was drawn, and its hash.
 */
import {
  bytesFromHex,
  bytesFromText,
  byteReader,
  byteWriter,
  concatBytes,
  hexFromBytes,
  MalformedBytes,
} from '#base/bytes.ts'
import { bytesFromId, type OrganisationId } from '#base/ids.ts'
import { FILE_BYTES_MAX, PIECE_BYTES_MAX } from '#base/limits.ts'
import type { FileHeader } from '#model/post-content.ts'
import type { Organisation } from '#trust/identity.ts'
import { derive } from '#trust/keys.ts'
import { openTwin, sealTwin, twinKey, type TwinKey } from '#trust/twin-seal.ts'
import { compress, decompress, type Compression } from './compression.ts'

/** What a file is called on its way: 16 hexadecimal digits. */
export type FileName = string

/** Where a piece stands. */
export interface PiecePlace {
  readonly name: FileName
  readonly from: number
  readonly to: number
}

/** A piece as anybody sees it. */
export interface Piece extends PiecePlace {
  readonly sealed: Uint8Array
}

/** What those who can read a file's header have. */
export interface FileKey {
  readonly name: FileName
  readonly organisation: OrganisationId
  readonly key: TwinKey
}

/** The first byte of a body that is a piece. */
export const PIECE_KIND = 4
const NAME_BYTES = 8
const KEY_BYTES = 32
/** Most files are small already: what nothing else makes smaller is not given to the slow coder. */
const WORTH_IT = 0.9
const COMPRESSIONS: readonly Compression[] = [0, 1, 2, 3]

/** Name and key of a file. */
export function fileKeyOf(
  { id: organisation, suite }: Pick<Organisation, 'id' | 'suite'>,
  { id, hash }: Pick<FileHeader, 'id' | 'hash'>,
): FileKey {
  const secret = concatBytes(bytesFromId(id), bytesFromHex(hash))
  const made = (label: string, length: number): Uint8Array =>
    derive(suite, secret, { label, length })
  const name = hexFromBytes(made('holdfast file name', NAME_BYTES))
  return { name, organisation, key: twinKey(suite, made('holdfast file key', KEY_BYTES)) }
}

/** The bytes from `from` on, as a piece; `isThin`: for a link where each byte counts. */
export function sealPiece(
  file: FileKey,
  { from, bytes, isThin }: { readonly from: number; readonly bytes: Uint8Array; isThin?: boolean },
): Piece {
  const place = { name: file.name, from, to: from + bytes.length }
  const quick = compress(bytes)
  const isWorthIt = isThin === true && quick.bytes.length < bytes.length * WORTH_IT
  const small = isWorthIt ? compress(bytes, { isThin }) : quick
  const plain = concatBytes(Uint8Array.of(small.compression), small.bytes)
  return { ...place, sealed: sealTwin(file.key, { bytes: plain, bound: boundOf(file, place) }) }
}

/** The bytes of a piece, or undefined when it is none of this file's. */
export function openPiece(file: FileKey, piece: Piece): Uint8Array | undefined {
  const plain = openTwin(file.key, { bytes: piece.sealed, bound: boundOf(file, piece) })
  const compression = COMPRESSIONS[plain?.[0] ?? COMPRESSIONS.length]
  if (plain === undefined || compression === undefined) return undefined
  const bytes = decompress({ compression, bytes: plain.subarray(1) })
  return bytes?.length === piece.to - piece.from ? bytes : undefined
}

/** The body of an envelope that brings a piece. */
export function encodePiece({ name, from, to, sealed }: Piece): Uint8Array {
  const writer = byteWriter()
  writer.byte(PIECE_KIND)
  writer.raw(bytesFromHex(name))
  writer.uint(from)
  writer.uint(to - from)
  writer.raw(sealed)
  return writer.bytes()
}

/** The piece in a body, not opened yet. @throws MalformedBytes */
export function decodePiece(body: Uint8Array): Piece {
  const reader = byteReader(body)
  if (reader.byte() !== PIECE_KIND) throw new MalformedBytes('there is no such content')
  const name = hexFromBytes(reader.raw(NAME_BYTES))
  const from = reader.uint()
  const length = reader.uint()
  if (length === 0 || length > PIECE_BYTES_MAX || from + length > FILE_BYTES_MAX)
    throw new MalformedBytes('no piece of a file is there')
  return { name, from, to: from + length, sealed: new Uint8Array(reader.raw(reader.left())) }
}

function boundOf({ organisation }: FileKey, { name, from, to }: PiecePlace): Uint8Array {
  const writer = byteWriter()
  writer.raw(bytesFromText('holdfast piece 1'))
  writer.raw(bytesFromId(organisation))
  writer.raw(bytesFromHex(name))
  writer.uint(from)
  writer.uint(to - from)
  return writer.bytes()
}
