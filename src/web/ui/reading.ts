/**
 * What a message says, as pieces or as a line. The parser of Markdown is a bundle of its own, fetched when a message wants it and in
 * any case once the page has time: until then a message stands as it was typed.
 */
import { signal } from '@preact/signals'
import { lineOf, plainPieces, typedPieces, type Parse, type Piece } from '#web/core/markup.ts'
import { shortened } from '#web/core/naming.ts'

/** What is in sight is drawn first, in milliseconds. */
const SOON_MS = 50

/** Undefined until it is here. */
export const parser = signal<Parse | undefined>(undefined)
let isFetching = false

/** Fetches the parser; does nothing when it is here, and may be tried again when it did not come. */
export async function fetchParser(): Promise<void> {
  if (isFetching || parser.value !== undefined) return
  isFetching = true
  try {
    const { parsedPieces } = await import('#web/core/parsing.ts')
    parser.value = parsedPieces
  } finally {
    isFetching = false
  }
}

/** The pieces of a message. Whoever draws them draws them again when the parser has come. */
export function piecesOf(source: string): readonly Piece[] {
  const plain = plainPieces(source)
  if (plain !== undefined) return plain
  const read = parser.value
  if (read !== undefined) return read(source)
  setTimeout(() => void fetchParser().catch(() => undefined), SOON_MS)
  return typedPieces(source)
}

/** The message in one line of plain text, for previews and announcements; the beginning of it where that has more letters. */
export function plainOf(source: string, lettersMax: number): string {
  return shortened(lineOf(piecesOf(source)), lettersMax)
}
