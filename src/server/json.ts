/** Bodies as JSON, with a refusal that says where they stop being it. */
import { EdgeError } from '#base/errors.ts'

/** The value of `text`; undefined for an empty body. @throws EdgeError INPUT_INVALID with line and column */
export function readJson(text: string): unknown {
  if (text === '') return undefined
  try {
    return JSON.parse(text)
  } catch (error) {
    throw new EdgeError(
      'INPUT_INVALID',
      { where: 'body', field: 'body', found: placeOf(error, text), wanted: 'JSON' },
      { cause: error },
    )
  }
}

/** V8 says the offset for most mistakes, and nothing for a text that ends too early. */
function placeOf(error: unknown, text: string): string {
  const message = error instanceof Error ? error.message : ''
  const offset = Number(/at position (\d+)/.exec(message)?.[1] ?? text.length)
  const lines = text.slice(0, offset).split('\n')
  return `a mistake at line ${lines.length}, column ${(lines.at(-1) ?? '').length + 1}`
}
