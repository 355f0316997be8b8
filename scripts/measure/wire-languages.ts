/** What a character costs in other languages, beside English: sentences of one meaning, each a post of its own on a thin link. */
import { planMessages, type InputMessage } from '../trial/messages.ts'
import { compress } from '#codec/compression.ts'
import { chanceFrom } from '../link/schedule.ts'
import { mean, median, rounded } from './statistics.ts'
import { readLanguages } from './wire-texts.ts'
import { aWorld, bodyOf, openPlace } from './wire-world.ts'

type Result = Readonly<Record<string, number>>

/**
 * `lang_<code>_char_ratio`: bytes of a character in this language over those of a character of the same sentences in English, without
 * seal and signature. Characters are code points. `lang_<code>_ratio`: the same of whole sentences.
 */
export async function languageRatios(input: string): Promise<Result> {
  const languages = await readLanguages(input)
  const rows = [...languages].map(([lang, sentences]) => {
    const [own, english] = [
      cost(sentences.map(({ text }) => text)),
      cost(sentences.map(({ english: text }) => text)),
    ]
    const [here, there] = [own.bytes / own.characters, english.bytes / english.characters]
    return { lang, perCharacter: here / there, perSentence: own.bytes / english.bytes }
  })
  if (rows.length === 0) return {}
  const ratios = rows.map(({ perCharacter }) => perCharacter)
  return {
    languages: rows.length,
    languages_char_ratio_mean: rounded(mean(ratios), 2),
    languages_char_ratio_median: rounded(median(ratios), 2),
    languages_char_ratio_max: rounded(Math.max(...ratios), 2),
    ...Object.fromEntries(
      rows.flatMap(({ lang, perCharacter, perSentence }) => [
        [`lang_${lang}_char_ratio`, rounded(perCharacter, 2)],
        [`lang_${lang}_ratio`, rounded(perSentence, 2)],
      ]),
    ),
  }
}

function cost(texts: readonly string[]): { readonly bytes: number; readonly characters: number } {
  const world = { ...aWorld(), isThin: true }
  const place = openPlace(world)
  const found = texts.map((text, at): InputMessage => {
    return { id: String(at), text, author: 'amira', channel: 'ops', replyTo: undefined }
  })
  const { messages } = planMessages(found, found.length, chanceFrom(1))
  const bodies = messages.map((message) => bodyOf(world, place.here, [place.write(message)]))
  return {
    bytes: mean(bodies.map((body) => compress(body, { isThin: true }).bytes.length)),
    characters: mean(texts.map((text) => Array.from(text).length)),
  }
}
