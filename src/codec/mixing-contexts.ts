/**
 * What the guesser looks at: each context as a number. In a script of several bytes a letter most of them go by letters, since two bytes
 * of one say next to nothing; so what was learned of a script is worth as much there as in English.
 */
import { isWide, type Place } from './mixing-place.ts'
import { hash } from './mixing-tables.ts'

/** Contexts with a history for every bit. */
export const HISTORIES = 5
/** Contexts with what always followed. */
export const RUNS = 3

/** The contexts at one place. */
export interface Contexts {
  readonly histories: Int32Array
  readonly runs: Int32Array
  /** What a passage that goes on like this one ended with. */
  passage: number
}

/** A longer one is rather many words without spaces. */
const WORD_BYTES_MAX = 15

/** Before the first byte. */
export function noContexts(): Contexts {
  return { histories: new Int32Array(HISTORIES), runs: new Int32Array(RUNS), passage: 0 }
}

/** Sets the contexts behind a byte; of the last four the last one is the lowest, `fifth` is the one before them. */
export function setContexts(
  contexts: Contexts,
  place: Place,
  { four, fifth }: { readonly four: number; readonly fifth: number },
): void {
  const { word, wordBefore, isText, item, kind, part } = place
  const { histories, runs } = contexts
  runs[0] = contexts.passage = hash(four, 4)
  runs[2] = hash(hash(word, wordBefore), 7)
  if (isWide(place)) return setLetters(contexts, place)
  runs[1] = hash(hash(four, fifth), 6)
  histories[0] = hash(four & 0xff, 1)
  histories[1] = hash(four & 0xffff, 2)
  histories[2] = hash(four & 0xff_ffff, 3)
  histories[3] = hash(word, 5)
  histories[4] = isText
    ? hash(hash(wordBefore, four & 0xff), 8)
    : hash(hash(16 * item + part, kind), 9)
}

function setLetters(contexts: Contexts, place: Place): void {
  const { letter, before, beforeThat, third, word, wordBytes } = place
  const { histories, runs } = contexts
  const two = hash(letter, before)
  const three = hash(two, beforeThat)
  const four = hash(three, third)
  // Between letters, the script of the last one.
  histories[0] = hash(letter === 0 ? before >>> 6 : letter, 10)
  histories[1] = hash(two, 11)
  histories[2] = hash(three, 12)
  histories[3] = wordBytes > WORD_BYTES_MAX ? hash(four, 13) : hash(word, 5)
  histories[4] = hash(hash(letter, beforeThat), 14)
  runs[1] = contexts.passage = hash(four, 15)
}
