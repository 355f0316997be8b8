/** Bodies as JSON, with a refusal that says where they stop being it. */
import { EdgeError } from '#base/errors.ts'

/** Longest body in which the place of a mistake is looked for, in characters: it takes some 16 more parses. */
const SEARCHED_CHARACTERS_MAX = 65_536

/** The value of `text`; undefined for an empty body. @throws EdgeError INPUT_INVALID with line and column */
export function readJson(text: string): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new EdgeError(
      'INPUT_INVALID',
      { where: 'body', field: 'body', found: `a mistake ${placeIn(text)}`, wanted: 'JSON' },
      { cause: error },
    )
  }
}

function placeIn(text: string): string {
  if (text.length > SEARCHED_CHARACTERS_MAX) return 'somewhere'
  const lines = text.slice(0, offsetIn(text)).split('\n')
  return `at line ${lines.length}, column ${(lines.at(-1) ?? '').length + 1}`
}

/**
 * How much of `text` could still have become JSON: the longest beginning with nothing wrong but that it ends. V8 does
 * not say the offset of every mistake.
 */
function offsetIn(text: string): number {
  let good = 0
  let bad = text.length + 1
  while (bad - good > 1) {
    const middle = Math.floor((good + bad) / 2)
    if (isOnlyCutShort(text.slice(0, middle))) good = middle
    else bad = middle
  }
  return good
}

function isOnlyCutShort(text: string): boolean {
  try {
    JSON.parse(text)
    return true
  } catch (error) {
    const message = error instanceof Error ? error.message : ''
    if (/^(?:Unexpected end|Unterminated)/.test(message)) return true
    return Number(/at position (\d+)/.exec(message)?.[1]) >= text.length
  }
}
