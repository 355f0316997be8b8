/** The project's own text files, and what they look like without comments or strings. */
import { globSync, readFileSync } from 'node:fs'
import path from 'node:path'

const ROOT = path.resolve(import.meta.dirname, '../..')

/** One file: its path from the root with `/`, and its text. */
export interface Source {
  readonly path: string
  readonly text: string
}

/** The files that `pattern` names, in order of path. */
export function sources(pattern: string): readonly Source[] {
  return globSync(pattern, { cwd: ROOT, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(path.relative(ROOT, entry.parentPath), entry.name))
    .toSorted()
    .map((name) => ({ path: name, text: readFileSync(path.join(ROOT, name), 'utf8') }))
}

const COMMENT = String.raw`\/\*[\s\S]*?\*\/|\/\/.*`
const STRING = String.raw`'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*"`
const TEMPLATE = '`' + String.raw`(?:\\[\s\S]|\$\{[^}]*\}|[^` + '`' + String.raw`\\])*` + '`'
const PATTERN = String.raw`(?<=[(,=:[!&|?;{}\n]\s*)\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/*\\\n[])+\/`
const TOKEN = new RegExp([COMMENT, STRING, TEMPLATE, PATTERN].join('|'), 'g')

/** `text` with its comments blanked; every line keeps its number. */
export function withoutComments(text: string): string {
  return text.replace(TOKEN, (token) => (/^\/[/*]/.test(token) ? blank(token) : token))
}

/** `text` with comments, strings and patterns blanked, but for the code inside templates. */
export function codeOnly(text: string): string {
  return text.replace(TOKEN, (token) =>
    token.startsWith('`')
      ? token.replace(/(\$\{[^}]*\})|[^\n]/g, (_, code?: string) => code ?? ' ')
      : blank(token),
  )
}

function blank(token: string): string {
  return token.replace(/[^\n]/g, ' ')
}
