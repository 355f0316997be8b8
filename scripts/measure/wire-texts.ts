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

/**
 * Sentences of one meaning in several languages, by language, and messages beside what was sent before they were put into English, by
 * event. Of a file that has neither nothing is there.
 */
export async function readLanguages(
  ...inputs: readonly (string | undefined)[]
): Promise<ReadonlyMap<string, readonly Sentence[]>> {
  const languages = new Map<string, Sentence[]>()
  for (const input of new Set(inputs))
    // oxlint-disable-next-line no-await-in-loop -- there are two
    for (const line of input === undefined ? [] : await linesOf(input)) {
      const { name, text, english } = sentenceOf(line)
      if (typeof name !== 'string' || typeof text !== 'string' || typeof english !== 'string')
        continue
      const known = languages.get(name) ?? []
      known.push({ text, english })
      languages.set(name, known)
    }
  return new Map([...languages].map(([name, sentences]) => [name, evenly(sentences)]))
}

const ORIGINAL = 'original_'

/** Whether a name is that of messages beside what was sent before. */
export function isOriginal(name: string): boolean {
  return name.startsWith(ORIGINAL)
}

function sentenceOf({ lang, text, en, original, event }: Readonly<Record<string, unknown>>): {
  readonly name: unknown
  readonly text: unknown
  readonly english: unknown
} {
  if (original === undefined) return { name: lang, text, english: en }
  return { name: `${ORIGINAL}${String(event)}`, text: original, english: text }
}

/** A language is measured with so many sentences. */
const SENTENCES_MAX = 300

/** In their order, evenly out of all. */
function evenly(sentences: readonly Sentence[]): readonly Sentence[] {
  const step = Math.max(1, sentences.length / SENTENCES_MAX)
  const count = Math.min(sentences.length, SENTENCES_MAX)
  return Array.from({ length: count }, (_, at) => sentences[Math.floor(at * step)]).filter(
    (sentence) => sentence !== undefined,
  )
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
