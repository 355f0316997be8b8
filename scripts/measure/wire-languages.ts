/** What a character costs in other languages, beside English: sentences of one meaning, each a post of its own on a thin link. */
import { table } from '#cli/terminal.ts'
import { planMessages, type InputMessage } from '../trial/messages.ts'
import { compress } from '#codec/compression.ts'
import { DICTIONARY_TEXT } from '#codec/dictionary-text.ts'
import { learnedText } from '#codec/mixing-text.ts'
import { dropCoder, trainedDictionary } from '#codec/trained-dictionary.ts'
import { chanceFrom } from '../link/schedule.ts'
import { mean, median, rounded } from './statistics.ts'
import { openFloor } from './wire-floor.ts'
import { isOriginal, type Sentence } from './wire-texts.ts'
import { aWorld, bodyOf, openPlace } from './wire-world.ts'

type Result = Readonly<Record<string, number>>

/**
 * `lang_<code>_char_ratio`: bytes of a character in this language over those of a character of the same sentences in English, without
 * seal and signature. Characters are code points. `lang_<code>_ratio`: the same of whole sentences, which is the one to look at where a
 * character is a syllable or a word. `…_trained_…`: the last third of the sentences, by a channel that has a dictionary of the others, over
 * the same in English; `languages_trained_near` is how many of these are at most 1.3 a character. Of the others a character may say more
 * than a letter does; what is possible there is told by the model of `wire-floor.ts`, which has read the same in both languages:
 * `lang_<code>_floor_char_ratio`, and `languages_far` is how many are above 1.3 and above that. All of it is told as a table.
 * `sentences_trained_char_ratio` and `originals_trained_char_ratio`: the same over all languages together, of the sentences and of what was
 * sent before it was put into English.
 */
export function languageRatios(
  languages: ReadonlyMap<string, readonly Sentence[]>,
  tell: (line: string) => void,
): Result {
  const costOf = costsOf()
  const rows = [...languages].map(([lang, sentences]): Row => {
    const texts = sentences.map(({ text }) => text)
    const [own, english] = [costOf(texts), costOf(sentences.map(({ english: text }) => text))]
    const ratio = (of: (cost: Cost) => number): number => of(own) / of(english)
    const trained = ratio((one) => one.trained / one.trainedCharacters)
    return {
      lang,
      perCharacter: ratio(({ bytes, characters }) => bytes / characters),
      perSentence: ratio(({ bytes }) => bytes),
      trained,
      trainedSentence: ratio((one) => one.trained),
      own,
      english,
      floor: trained <= NEAR ? undefined : ratio(({ floor }) => floor()),
    }
  })
  if (rows.length === 0) return {}
  for (const line of tableOf(rows)) tell(line)
  const untrained = rows.map(({ perCharacter }) => perCharacter)
  const trained = rows.map((row) => row.trained)
  return {
    languages: rows.length,
    languages_char_ratio_mean: rounded(mean(untrained), 2),
    languages_char_ratio_median: rounded(median(untrained), 2),
    languages_char_ratio_max: rounded(Math.max(...untrained), 2),
    languages_trained_char_ratio_median: rounded(median(trained), 2),
    languages_trained_char_ratio_max: rounded(Math.max(...trained), 2),
    languages_trained_near: trained.filter((ratio) => ratio <= NEAR).length,
    languages_far: rows.filter(isFar).length,
    ...together(
      'sentences',
      rows.filter(({ lang }) => !isOriginal(lang)),
    ),
    ...together(
      'originals',
      rows.filter(({ lang }) => isOriginal(lang)),
    ),
    ...Object.fromEntries(
      rows.flatMap((row) => [
        [`lang_${row.lang}_char_ratio`, rounded(row.perCharacter, 2)],
        [`lang_${row.lang}_ratio`, rounded(row.perSentence, 2)],
        [`lang_${row.lang}_trained_char_ratio`, rounded(row.trained, 2)],
        [`lang_${row.lang}_trained_ratio`, rounded(row.trainedSentence, 2)],
        ...(row.floor === undefined
          ? []
          : [[`lang_${row.lang}_floor_char_ratio`, rounded(row.floor, 2)]]),
      ]),
    ),
  }
}

/** A character of another language may cost so many times one of English. */
const NEAR = 1.3
interface Row {
  readonly lang: string
  readonly perCharacter: number
  readonly perSentence: number
  readonly trained: number
  readonly trainedSentence: number
  readonly own: Cost
  readonly english: Cost
  /** As `trained`, by a model that costs more than any node can pay; of what is above NEAR. */
  readonly floor: number | undefined
}

/** Over all that was measured of a kind: what a character costs, over what one of the same in English does. */
function together(name: string, rows: readonly Row[]): Result {
  if (rows.length === 0) return {}
  const [own, english] = [rows.map((row) => row.own), rows.map((row) => row.english)]
  return { [`${name}_trained_char_ratio`]: rounded(characterOf(own) / characterOf(english), 2) }
}

/** Bytes of a character of all. */
function characterOf(costs: readonly Cost[]): number {
  const bytes = costs.reduce((sum, { trained }) => sum + trained, 0)
  return bytes / costs.reduce((sum, { trainedCharacters }) => sum + trainedCharacters, 0)
}

function isFar({ trained, floor }: Row): boolean {
  return floor !== undefined && trained > floor
}

/** The dearest last. */
function tableOf(rows: readonly Row[]): readonly string[] {
  return table([
    ['times English', 'character', 'sentence', 'trained', 'trained', 'possible'],
    ...rows
      .toSorted((a, b) => a.trained - b.trained)
      .map((row) => [
        row.lang,
        shown(row.perCharacter),
        shown(row.perSentence),
        shown(row.trained),
        shown(row.trainedSentence),
        row.floor === undefined ? '' : shown(row.floor),
      ]),
  ])
}

function shown(ratio: number): string {
  return ratio.toFixed(2)
}

interface Cost {
  /** Of a sentence. */
  readonly bytes: number
  readonly characters: number
  /** Of a sentence in the last third, once a channel has learned from what was before it. */
  readonly trained: number
  readonly trainedCharacters: number
  /** Of a character of these, by the model that tells what is possible. */
  readonly floor: () => number
}

/** What texts cost, each once: most languages stand beside the same English. */
function costsOf(): (texts: readonly string[]) => Cost {
  const known = new Map<string, Cost>()
  return (texts) => {
    const name = texts.join('\n')
    const found = known.get(name) ?? cost(texts)
    known.set(name, found)
    return found
  }
}

function cost(texts: readonly string[]): Cost {
  const world = { ...aWorld(), isThin: true }
  const place = openPlace(world)
  const found = texts.map((text, at): InputMessage => {
    return { id: String(at), text, author: 'amira', channel: 'ops', replyTo: undefined }
  })
  const { messages } = planMessages(found, found.length, chanceFrom(1))
  const changes = messages.map(place.write)
  const bodies = changes.map((change) => bodyOf(world, place.here, [change]))
  const third = Math.ceil((texts.length * 2) / 3)
  const { document } = place.here
  const said = changes.slice(0, third).map((change) => ({ ...change, document }))
  const dictionary = trainedDictionary(said)
  const sizes = bodies
    .slice(third)
    .map((body) => compress(body, { isThin: true, dictionary }).bytes.length)
  if (dictionary !== undefined) dropCoder(dictionary)
  return {
    bytes: mean(bodies.map((body) => compress(body, { isThin: true }).bytes.length)),
    characters: charactersOf(texts),
    trained: mean(sizes),
    trainedCharacters: charactersOf(texts.slice(third)),
    floor: () => floorOf(texts.slice(0, third), texts.slice(third)),
  }
}

/** Bytes of a character once the model has read what our coders have, and what was sent before. */
function floorOf(before: readonly string[], texts: readonly string[]): number {
  const read = learnedText(Buffer.from(DICTIONARY_TEXT))
  const model = openFloor(Buffer.concat([read, Buffer.from(before.join('\n'))]))
  return mean(texts.map((text) => model.bytesFor(Buffer.from(text)))) / charactersOf(texts)
}

function charactersOf(texts: readonly string[]): number {
  return mean(texts.map((text) => Array.from(text).length))
}
