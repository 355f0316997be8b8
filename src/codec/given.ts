/**
 * Who has put pieces of files on the shelf of a post office says so by a note (`load.ts`) of its own kind, signed like all: pieces there
 * come to nobody who does not fetch them.
 *
 *     6 | count | each: name 8 | count | each: gap, length
 */
import { bytesFromHex, byteReader, byteWriter, hexFromBytes, MalformedBytes } from '#base/bytes.ts'
import { FILE_BYTES_MAX, WISHES_IN_NOTE_MAX } from '#base/limits.ts'
import type { Spans } from '#base/spans.ts'
import type { FileName } from './piece.ts'
import { readSpans, writeSpans } from './spans-code.ts'

/** What lies there of one file. */
export interface Given {
  readonly name: FileName
  readonly spans: Spans
}

const GIVEN_KIND = 6
const NAME_BYTES = 8

/** The bytes of a note, to be signed. */
export function encodeGiven(given: readonly Given[]): Uint8Array {
  const writer = byteWriter()
  writer.byte(GIVEN_KIND)
  writer.uint(given.length)
  for (const { name, spans } of given) {
    writer.raw(bytesFromHex(name))
    writeSpans(writer, spans)
  }
  return writer.bytes()
}

/** Whether a note's bytes are of this kind. */
export function isGiven(body: Uint8Array): boolean {
  return body[0] === GIVEN_KIND
}

/** What a note's bytes say; undefined when they are malformed. */
export function decodeGiven(body: Uint8Array): readonly Given[] | undefined {
  try {
    return readGiven(body)
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined
    throw error
  }
}

/** Throws unless the bytes are a note of this kind. @throws MalformedBytes */
export function checkGiven(body: Uint8Array): Uint8Array {
  readGiven(body)
  return body
}

function readGiven(body: Uint8Array): readonly Given[] {
  const reader = byteReader(body)
  if (reader.byte() !== GIVEN_KIND) throw new MalformedBytes('there is no such note')
  const count = reader.uint()
  if (count > WISHES_IN_NOTE_MAX) throw new MalformedBytes('a note tells of too many files')
  const given = Array.from({ length: count }, () => ({
    name: hexFromBytes(reader.raw(NAME_BYTES)),
    spans: readSpans(reader, FILE_BYTES_MAX),
  }))
  if (reader.left() > 0) throw new MalformedBytes('something follows a note')
  return given
}
