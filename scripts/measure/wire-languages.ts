/** What a character costs in other languages, beside English: sentences of one meaning, each a post of its own on a thin link. */
import { planMessages, type InputMessage } from '../trial/messages.ts'
import { compress } from '#codec/compression.ts'
import { dropCoder, trainedDictionary } from '#codec/trained-dictionary.ts'
import { chanceFrom } from '../link/schedule.ts'
import { mean, median, rounded } from './statistics.ts'
import { readLanguages } from './wire-texts.ts'
import { aWorld, bodyOf, openPlace } from './wire-world.ts'

type Result = Readonly<Record<string, number>>

/**
 * `lang_<code>_char_ratio`: bytes of a character in this language over those of a character of the same sentences in English, without
 * seal and signature. Characters are code points. `lang_<code>_ratio`: the same of whole sentences. `lang_<code>_trained_char_ratio`: the
 * last third of the sentences, by a channel that has a dictionary of the others, over the same in English; `languages_trained_near` is how
 * many of these are at most 1.3.
 */
export async function languageRatios(input: string): Promise<Result> {
  const languages = await readLanguages(input)
  const rows = [...languages].map(([lang, sentences]) => {
    const [own, english] = [
      cost(sentences.map(({ text }) => text)),
      cost(sentences.map(({ english: text }) => text)),
    ]
    const [here, there] = [own.bytes / own.characters, english.bytes / english.characters]
    const trained = own.trained / english.trained
    return { lang, perCharacter: here / there, perSentence: own.bytes / english.bytes, trained }
  })
  if (rows.length === 0) return {}
  const ratios = rows.map(({ perCharacter }) => perCharacter)
  const trained = rows.map((row) => row.trained)
  return {
    languages: rows.length,
    languages_char_ratio_mean: rounded(mean(ratios), 2),
    languages_char_ratio_median: rounded(median(ratios), 2),
    languages_char_ratio_max: rounded(Math.max(...ratios), 2),
    languages_trained_char_ratio_median: rounded(median(trained), 2),
    languages_trained_char_ratio_max: rounded(Math.max(...trained), 2),
    languages_trained_near: trained.filter((ratio) => ratio <= NEAR).length,
    ...Object.fromEntries(
      rows.flatMap((row) => [
        [`lang_${row.lang}_char_ratio`, rounded(row.perCharacter, 2)],
        [`lang_${row.lang}_trained_char_ratio`, rounded(row.trained, 2)],
        [`lang_${row.lang}_ratio`, rounded(row.perSentence, 2)],
      ]),
    ),
  }
}

/** A character of another language may cost so many times one of English. */
const NEAR = 1.3

interface Cost {
  readonly bytes: number
  readonly characters: number
  /** Bytes a character of the last third, once a channel has learned from what was before it. */
  readonly trained: number
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
    trained: mean(sizes) / charactersOf(texts.slice(third)),
  }
}

function charactersOf(texts: readonly string[]): number {
  return mean(texts.map((text) => Array.from(text).length))
}
