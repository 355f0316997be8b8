/**
 * Text as the index knows it: words without case and accents, parted by spaces.
 *
 * Scripts that write no spaces (Chinese, Japanese, Thai, Lao, Khmer, Burmese) are indexed character by character, and
 * looked for as phrases of characters: that finds any part of a sentence and needs no dictionary, which would part
 * a question in other places than the text. Marks of Latin, Greek, Cyrillic, Arabic and Hebrew are left out, those that
 * other scripts spell with stay (Unicode UAX 15, UAX 24).
 */
import { WORD_CHARACTERS_MAX } from './limits.ts'

const ASCII = /^[\0-\x7f]*$/
/** Marks without which a word is still the same to who looks for it; those of kana make another syllable. */
const ACCENTS =
  /[[[\p{sc=Zinh}\p{sc=Arab}\p{sc=Hebr}\p{sc=Grek}\p{sc=Cyrl}\p{sc=Syrc}]&&\p{Mn}]--[\u3099\u309a]]/gv
/** What shows nothing, and the stroke that only stretches Arabic words. */
const INVISIBLE = /[\p{Cf}\u0640]/gu
/** Spellings of one letter. */
const SAME: Readonly<Record<string, string>> = { ß: 'ss', ı: 'i', ς: 'σ', ى: 'ي', ة: 'ه', ٱ: 'ا' }
const SPELLINGS = /[ßıςىةٱ]/g

const WORD = /[\p{L}\p{M}\p{N}_]+|\p{Extended_Pictographic}/gu
/** A character that is a word to the index. */
const SINGLE =
  /[\p{scx=Han}\p{scx=Hiragana}\p{scx=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}\p{Extended_Pictographic}]/u
const PIECES = new RegExp(`${SINGLE.source}|(?:(?!${SINGLE.source}).)+`, 'gu')

const HASHTAG = /(?<![\p{L}\p{M}\p{N}_&/#])#(\p{L}[\p{L}\p{M}\p{N}_.-]*)/gu
const LINK = /\bhttps?:\/\/\S|\bwww\.\S/i

/** The words of a text in their order, as the index spells them. */
export function wordsOf(text: string): readonly string[] {
  const words: string[] = []
  for (const [run] of fold(text).matchAll(WORD)) {
    if (SINGLE.test(run)) for (const [piece] of run.matchAll(PIECES)) words.push(cut(piece))
    else words.push(cut(run))
  }
  return words
}

/** The hashtags of a text, each as one word, without its `#`. */
export function hashtagsOf(text: string): readonly string[] {
  return [...text.matchAll(HASHTAG)].map(([, tag = '']) => hashtagWord(tag))
}

/** A hashtag without its `#` as one word of the index. */
export function hashtagWord(tag: string): string {
  return cut(
    fold(tag)
      .replace(/[.-]+$/, '')
      .replace(/[.-]/g, '_'),
  )
}

/** Whether there is an address of a page in a text. */
export function hasLink(text: string): boolean {
  return LINK.test(text)
}

/** Pieces of a text as they were written, each with the words that the index has for it. */
export function* spelledIn(
  text: string,
): Generator<{ readonly spelled: string; readonly words: readonly string[] }> {
  for (const [spelled] of text.matchAll(WORD)) yield { spelled, words: wordsOf(spelled) }
}

function fold(text: string): string {
  if (ASCII.test(text)) return text.toLowerCase()
  return text
    .normalize('NFKD')
    .replace(ACCENTS, '')
    .replace(INVISIBLE, '')
    .normalize('NFC')
    .toLowerCase()
    .replace(ACCENTS, '') // of the capital İ
    .replace(SPELLINGS, (letter) => SAME[letter] ?? letter)
}

function cut(word: string): string {
  return word.length <= WORD_CHARACTERS_MAX
    ? word
    : word.slice(0, WORD_CHARACTERS_MAX).replace(/[\ud800-\udbff]$/, '')
}
