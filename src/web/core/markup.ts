/**
 * A message as plain values, to be drawn as elements: text never becomes HTML, so nothing in it can do anything. Most of what people
 * write needs no parser; the one for Markdown (`parsing.ts`) is handed in by whoever has it.
 */

/** The box of an item of a checklist, as a node asks for it. */
export interface Box {
  /** The item's words, as written. */
  readonly item: string
  /** How many items of the same words stand before it. */
  readonly before: number
  readonly isTicked: boolean
}

/** A piece of a message. */
export type Piece =
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'break' }
  | { readonly kind: 'mention'; readonly name: string }
  | { readonly kind: 'code'; readonly text: string }
  | { readonly kind: 'block'; readonly text: string; readonly language: string }
  | { readonly kind: 'link'; readonly href: string; readonly inside: readonly Piece[] }
  | { readonly kind: 'rule' }
  | {
      readonly kind: 'strong' | 'em' | 'del' | 'paragraph' | 'quote' | 'heading'
      readonly inside: readonly Piece[]
    }
  | { readonly kind: 'item'; readonly box: Box | undefined; readonly inside: readonly Piece[] }
  | {
      readonly kind: 'list'
      readonly isOrdered: boolean
      readonly start: number
      readonly inside: readonly Piece[]
    }
  | { readonly kind: 'table'; readonly rows: readonly (readonly (readonly Piece[])[])[] }

/** Reads Markdown. */
export type Parse = (source: string) => readonly Piece[]

const MENTION = /(?<![a-z0-9._-])@([a-z][a-z0-9._-]{0,63})/gi

/** One line in which nothing can be Markdown: no sign that means anything, no list, no address. */
const PLAIN = /^(?![-+=\s]|\d{1,9}[.)])(?!.*(?::\/\/|www\.|\s$))[^*_`~<>[\]\\#|&@\p{Cc}]+$/iu

/** The pieces of a message in which nothing can be Markdown, by far quicker on an old phone; undefined for all others. */
export function plainPieces(source: string): readonly Piece[] | undefined {
  if (!PLAIN.test(source)) return undefined
  return [{ kind: 'paragraph', inside: [{ kind: 'text', text: source }] }]
}

/** The pieces of a message as it was typed, line by line, for as long as there is no parser. */
export function typedPieces(source: string): readonly Piece[] {
  const inside = source
    .split('\n')
    .flatMap((line, index): readonly Piece[] =>
      index === 0 ? withMentions(line) : [{ kind: 'break' }, ...withMentions(line)],
    )
  return [{ kind: 'paragraph', inside }]
}

/** The pieces of a message in one line of plain text, for previews and announcements. */
export function lineOf(pieces: readonly Piece[]): string {
  return textOf(pieces).replace(/\s+/g, ' ').trim()
}

function textOf(pieces: readonly Piece[]): string {
  return pieces
    .map((piece) => {
      if (piece.kind === 'mention') return `@${piece.name}`
      if (piece.kind === 'table') return piece.rows.flat().map(textOf).join(' ')
      if ('text' in piece) return piece.text
      if (piece.kind === 'item') return `${signOf(piece.box)}${textOf(piece.inside)} `
      return 'inside' in piece ? `${textOf(piece.inside)} ` : ' '
    })
    .join('')
}

function signOf(box: Box | undefined): string {
  if (box === undefined) return ''
  return box.isTicked ? '☑ ' : '☐ '
}

/** Text with its mentions apart. */
export function withMentions(source: string): readonly Piece[] {
  const pieces: Piece[] = []
  let from = 0
  for (const found of source.matchAll(MENTION)) {
    const name = (found[1] ?? '').replace(/[._-]+$/, '')
    if (found.index > from) pieces.push({ kind: 'text', text: source.slice(from, found.index) })
    pieces.push({ kind: 'mention', name })
    from = found.index + name.length + 1
  }
  if (from < source.length) pieces.push({ kind: 'text', text: source.slice(from) })
  return pieces
}
