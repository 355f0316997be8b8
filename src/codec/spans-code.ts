/** Stretches of a file in a note: count | each: gap to the one before, length. */
import { MalformedBytes, type ByteReader, type ByteWriter } from '#base/bytes.ts'
import { WISH_SPANS_MAX } from '#base/limits.ts'
import type { Span, Spans } from '#base/spans.ts'

/** Writes the first of them, as many as a note tells of one file. */
export function writeSpans(writer: ByteWriter, spans: Spans): void {
  const told = spans.slice(0, WISH_SPANS_MAX)
  writer.uint(told.length)
  let at = 0
  for (const [from, to] of told) {
    writer.uint(from - at)
    writer.uint(to - from)
    at = to
  }
}

/** Reads stretches of a file of so many bytes. @throws MalformedBytes */
export function readSpans(reader: ByteReader, bytes: number): Spans {
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
  return spans
}
