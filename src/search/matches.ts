/** What in a text was looked for, as it is spelled there: clients show it in another colour. */
import { MATCHES_MAX } from './limits.ts'
import type { Query, Term } from './query.ts'
import { spelledIn } from './words.ts'

/** Each spelling once, in the order of the text. */
export function matchesIn(text: string, { wanted }: Pick<Query, 'wanted'>): readonly string[] {
  const found = new Set<string>()
  for (const { spelled, words } of spelledIn(text)) {
    if (found.size >= MATCHES_MAX) break
    const [word = ''] = words
    // What is written without spaces is found by its characters, and shown as it was asked for.
    if (words.length === 1 && wanted.some((term) => means(term, word))) found.add(spelled)
  }
  for (const { typed } of wanted)
    if (found.size < MATCHES_MAX && typed !== '' && text.includes(typed)) found.add(typed)
  return [...found]
}

function means({ words, isPrefix }: Term, word: string): boolean {
  return words.some((one, number) =>
    isPrefix && number === words.length - 1 ? word.startsWith(one) : word === one,
  )
}
