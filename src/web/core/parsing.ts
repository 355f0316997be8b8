/** Markdown as plain values. The parser is marked's lexer; what it takes for HTML stays the text that somebody typed. */
import { Lexer, type MarkedOptions, type Token, type Tokens } from 'marked'
import { withMentions, type Box, type Piece } from './markup.ts'

const OPTIONS: MarkedOptions = { gfm: true, breaks: true }
/** Deeper than this, text is shown as it was typed. */
const DEPTH_MAX = 6
const SAFE_LINK = /^(?:https?:\/\/|mailto:)/i

/** The pieces of a message. */
export function parsedPieces(source: string): readonly Piece[] {
  return blocks(new Lexer(OPTIONS).lex(source), { depth: 0, items: new Map() })
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
  if (place.depth > DEPTH_MAX) return withMentions(token.raw)
  const inside = (): readonly Piece[] =>
    'tokens' in token && token.tokens
      ? blocks(token.tokens, deeper(place))
      : withMentions(rawText(token))
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
      return 'tokens' in token && token.tokens ? inside() : withMentions(rawText(token))
    case 'escape':
      return withMentions(rawText(token))
    default:
      // Pictures are shown as what was typed: nothing is fetched from elsewhere. So is what looks like HTML.
      return withMentions(token.raw)
  }
}

function linkOf(token: Tokens.Link, inside: () => readonly Piece[]): readonly Piece[] {
  const { href } = token
  return SAFE_LINK.test(href) ? [{ kind: 'link', href, inside: inside() }] : withMentions(token.raw)
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
