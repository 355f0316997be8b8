/**
 * JSON of a file that a person edits. V8 names line and column of some mistakes only, so the place is found here:
 * the text is cut into tokens and followed with a stack up to the first one that cannot stand where it stands.
 */

/** Where a text stops being JSON, counted from 1, and why. */
export interface JsonMistake {
  readonly line: number
  readonly column: number
  readonly found: string
  readonly wanted: string
}

/** The value of `text`, or its first mistake. A key that stands twice in one object is a mistake too. */
export function parseJson(
  text: string,
): { readonly ok: true; readonly value: unknown } | ({ readonly ok: false } & JsonMistake) {
  const mistake = findMistake(text)
  if (mistake === undefined) return { ok: true, value: JSON.parse(text) }
  const before = text.slice(0, mistake.at).split('\n')
  return {
    ok: false,
    line: before.length,
    column: (before.at(-1) ?? '').length + 1,
    found: mistake.found,
    wanted: mistake.wanted,
  }
}

interface Mistake {
  readonly at: number
  readonly found: string
  readonly wanted: string
}

/** What may come next. `value?` and `key?` stand after an opening bracket, where it may close at once. */
type State = 'value' | 'value?' | 'key' | 'key?' | 'colon' | 'comma' | 'end'

type Token = 'string' | 'scalar' | '{' | '}' | '[' | ']' | ':' | ',' | 'end' | 'other'

interface Place {
  state: State
  /** The open brackets; an object's holds the keys seen in it. */
  readonly open: (Set<string> | 'list')[]
}

/** Unescaped characters of a string: RFC 8259 §7. */
const TOKEN =
  /[ \t\r\n]*(?:("(?:[ !#-[\]-\u{10ffff}]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null)(?!\w))|([{}[\]:,])|($)|([^\s,:[\]{}]+|.))/suy
const WANTED: Readonly<Record<State, string>> = {
  value: 'a value',
  'value?': 'a value or ]',
  key: 'a key in double quotes',
  'key?': 'a key in double quotes or }',
  colon: 'a colon',
  comma: 'a comma or the closing bracket',
  end: 'nothing more',
}

function findMistake(text: string): Mistake | undefined {
  const place: Place = { state: 'value', open: [] }
  TOKEN.lastIndex = 0
  for (let match = TOKEN.exec(text); match !== null; match = TOKEN.exec(text)) {
    const token = tokenOf(match)
    const word = match[0].trimStart()
    if (token === 'end' && place.state === 'end') return undefined
    const wanted = step(place, token, word)
    if (wanted !== undefined)
      return { at: TOKEN.lastIndex - word.length, found: show(token, word), wanted }
  }
  return undefined
}

function tokenOf(match: RegExpExecArray): Token {
  if (match[1] !== undefined) return 'string'
  if (match[2] !== undefined) return 'scalar'
  if (match[3] !== undefined) return match[3] as Token
  return match[4] === undefined ? 'other' : 'end'
}

/** Moves on by one token; what was wanted instead when it cannot stand here. */
function step(place: Place, token: Token, word: string): string | undefined {
  switch (place.state) {
    case 'key':
    case 'key?':
      return stepKey(place, token, word)
    case 'colon':
      place.state = 'value'
      return token === ':' ? undefined : WANTED.colon
    case 'comma':
      return stepComma(place, token)
    case 'end':
      return WANTED.end
    case 'value':
    case 'value?':
      return stepValue(place, token)
  }
}

function stepComma(place: Place, token: Token): string | undefined {
  const isList = place.open.at(-1) === 'list'
  if (token === ',') place.state = isList ? 'value' : 'key'
  else if (token === (isList ? ']' : '}')) close(place)
  else return WANTED.comma
  return undefined
}

function stepKey(place: Place, token: Token, word: string): string | undefined {
  const keys = place.open.at(-1)
  if (token === '}' && place.state === 'key?') {
    close(place)
    return undefined
  }
  if (token !== 'string' || keys === undefined || keys === 'list') return WANTED[place.state]
  if (keys.has(word)) return 'each key once'
  keys.add(word)
  place.state = 'colon'
  return undefined
}

function stepValue(place: Place, token: Token): string | undefined {
  if (token === '{' || token === '[') {
    place.open.push(token === '{' ? new Set() : 'list')
    place.state = token === '{' ? 'key?' : 'value?'
    return undefined
  }
  if (token === ']' && place.state === 'value?') {
    close(place)
    return undefined
  }
  if (token !== 'string' && token !== 'scalar') return WANTED[place.state]
  place.state = place.open.length === 0 ? 'end' : 'comma'
  return undefined
}

function close(place: Place): void {
  place.open.pop()
  place.state = place.open.length === 0 ? 'end' : 'comma'
}

function show(token: Token, word: string): string {
  if (token === 'end') return 'the end of the file'
  if (word.startsWith('//') || word.startsWith('/*')) return 'a comment, which JSON has not'
  return word.length > 30 ? `${word.slice(0, 30)}…` : word
}
