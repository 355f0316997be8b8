/** The texts that are measured, and those of the same file that are not: what something may learn from beforehand. */
import { readFile } from 'node:fs/promises'
import { readMessages, type InputMessage } from '../trial/messages.ts'
import { OWN_MESSAGES } from '../trial/own-messages.ts'

/** Which lines of which file. */
export interface TextChoice {
  /** JSON Lines with a text; our own messages unless given. */
  readonly input: string | undefined
  /** Only lines that have these values: `genre=direct,event=flood`. */
  readonly where: string | undefined
}

/** Messages in the order of the file. */
export interface Texts {
  /** Evenly out of all that were chosen, at most so many. */
  readonly measured: readonly InputMessage[]
  readonly others: readonly string[]
}

const LINES_MAX = 100_000

/** @throws EdgeError INPUT_INVALID with file and line */
export async function readTexts({ input, where }: TextChoice, most: number): Promise<Texts> {
  const all = input === undefined ? OWN_MESSAGES : await readMessages(input, LINES_MAX)
  const isChosen = await chooser(input, where)
  const usable = all.filter((message, at) => message.text !== '' && isChosen(at))
  const isMeasured = (at: number): boolean =>
    Math.floor(((at + 1) * most) / usable.length) > Math.floor((at * most) / usable.length)
  return {
    measured: usable.filter((_, at) => isMeasured(at)),
    others: usable.filter((_, at) => !isMeasured(at)).map(({ text }) => text),
  }
}

/** Sentences of one meaning in several languages, by language; those of a file that names none are not there. */
export async function readLanguages(
  input: string,
): Promise<ReadonlyMap<string, readonly Sentence[]>> {
  const languages = new Map<string, Sentence[]>()
  for (const { lang, text, en } of await linesOf(input)) {
    if (typeof lang !== 'string' || typeof text !== 'string' || typeof en !== 'string') continue
    const known = languages.get(lang) ?? []
    known.push({ text, english: en })
    languages.set(lang, known)
  }
  return languages
}

/** A text and what it means in English. */
export interface Sentence {
  readonly text: string
  readonly english: string
}

async function chooser(
  input: string | undefined,
  where: string | undefined,
): Promise<(at: number) => boolean> {
  if (input === undefined || where === undefined) return () => true
  const wanted = where.split(',').map((pair) => pair.split('='))
  const lines = await linesOf(input)
  return (at) => wanted.every(([key = '', value]) => String(lines[at]?.[key]) === value)
}

async function linesOf(input: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const content = await readFile(input, 'utf8')
  return content
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>)
}
