/**
 * Markdown as plain values, to be drawn as elements: text never becomes HTML, so nothing in it can do anything. The
 * parser is marked's lexer; what it takes for HTML stays the text that somebody typed.
 */
import { Lexer, type MarkedOptions, type Token, type Tokens } from 'marked'

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

const OPTIONS: MarkedOptions = { gfm: true, breaks: true }
/** Deeper than this, text is shown as it was typed. */
const DEPTH_MAX = 6
const SAFE_LINK = /^(?:https?:\/\/|mailto:)/i
const MENTION = /(?<![a-z0-9._-])@([a-z][a-z0-9._-]{0,63})/gi

/** One line in which nothing can be Markdown: no sign that means anything, no list, no address. */
const PLAIN = /^(?![-+=\s]|\d{1,9}[.)])(?!.*(?::\/\/|www\.|\s$))[^*_`~<>[\]\\#|&@\p{Cc}]+$/iu

/** The pieces of a message. */
export function piecesOf(source: string): readonly Piece[] {
  // Most of what people write, and by far quicker on an old phone.
  if (PLAIN.test(source)) return [{ kind: 'paragraph', inside: [{ kind: 'text', text: source }] }]
  return blocks(new Lexer(OPTIONS).lex(source), { depth: 0, items: new Map() })
}

/** The message in one line of plain text, for previews and announcements. */
export function plainOf(source: string): string {
  return textOf(piecesOf(source)).replace(/\s+/g, ' ').trim()
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

/** Where in a message a token stands. */
interface Place {
  readonly depth: number
  /** How many items with a box came before, by their words. */
  readonly items: Map<string, number>
}

function blocks(tokens: readonly Token[], place: Place): readonly Piece[] {
  return tokens.flatMap((token) => pieceOf(token, place))
}

function deeper({ depth, items }: Place): Place {
  return { depth: depth + 1, items }
}

function pieceOf(token: Token, place: Place): readonly Piece[] {
  if (place.depth > DEPTH_MAX) return plain(token.raw)
  const inside = (): readonly Piece[] =>
    'tokens' in token && token.tokens ? blocks(token.tokens, deeper(place)) : plain(rawText(token))
  switch (token.type) {
    case 'space':
    case 'def':
      return []
    case 'paragraph':
    case 'heading':
    case 'strong':
    case 'em':
    case 'del':
      return [{ kind: token.type, inside: inside() }]
    case 'blockquote':
      return [{ kind: 'quote', inside: inside() }]
    case 'list':
      return [listOf(token as Tokens.List, place)]
    case 'table':
      return [tableOf(token as Tokens.Table, place)]
    case 'code':
      return [{ kind: 'block', text: rawText(token), language: (token as Tokens.Code).lang ?? '' }]
    default:
      return inlineOf(token, inside)
  }
}

function inlineOf(token: Token, inside: () => readonly Piece[]): readonly Piece[] {
  switch (token.type) {
    case 'codespan':
      return [{ kind: 'code', text: rawText(token) }]
    case 'br':
      return [{ kind: 'break' }]
    case 'hr':
      return [{ kind: 'rule' }]
    case 'link':
      return linkOf(token as Tokens.Link, inside)
    case 'text':
      return 'tokens' in token && token.tokens ? inside() : plain(rawText(token))
    case 'escape':
      return plain(rawText(token))
    default:
      // Pictures are shown as what was typed: nothing is fetched from elsewhere. So is what looks like HTML.
      return plain(token.raw)
  }
}

function linkOf(token: Tokens.Link, inside: () => readonly Piece[]): readonly Piece[] {
  const { href } = token
  return SAFE_LINK.test(href) ? [{ kind: 'link', href, inside: inside() }] : plain(token.raw)
}

function listOf(token: Tokens.List, place: Place): Piece {
  const inside = token.items.map((item): Piece => {
    const box = item.task ? boxOf(item, place) : undefined
    const rest = item.tokens.filter(({ type }) => type !== 'checkbox')
    return { kind: 'item', box, inside: blocks(rest, deeper(place)) }
  })
  const start = typeof token.start === 'number' ? token.start : 1
  return { kind: 'list', isOrdered: token.ordered, start, inside }
}

function boxOf({ text, checked }: Tokens.ListItem, { items }: Place): Box {
  const item = (text.split('\n', 1)[0] ?? '').trim()
  const before = items.get(item) ?? 0
  items.set(item, before + 1)
  return { item, before, isTicked: checked === true }
}

function tableOf(token: Tokens.Table, place: Place): Piece {
  const rows = [token.header, ...token.rows].map((row) =>
    row.map((cell) => blocks(cell.tokens, deeper(place))),
  )
  return { kind: 'table', rows }
}

function rawText(token: Token): string {
  return 'text' in token && typeof token.text === 'string' ? token.text : token.raw
}

/** Text with its mentions apart. */
function plain(source: string): readonly Piece[] {
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
