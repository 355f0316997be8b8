import { test } from 'tap'
import { ar } from '#web/words/ar.ts'
import { en, type Catalogue, type Entry } from '#web/words/en.ts'
import { es } from '#web/words/es.ts'
import { fr } from '#web/words/fr.ts'
import { uk } from '#web/words/uk.ts'
import { isLanguage, languageFor, say, speak, wordsOf, words } from '#web/words/words.ts'
import { sources } from '../../tidy/sources.ts'

const OTHERS: Readonly<Record<string, Catalogue>> = { fr, ar, uk, es }
const KEYS = Object.keys(en) as (keyof Catalogue)[]
/** What is nothing but gaps, or a word that languages share. */
const SAME_MAX = 20

function formsOf(entry: Entry): readonly string[] {
  return typeof entry === 'string' ? [entry] : Object.values(entry)
}

function gapsOf(form: string): readonly string[] {
  return [...form.matchAll(/\{(\w+)\}/g)].map(([, name = '']) => name).toSorted()
}

for (const [language, catalogue] of Object.entries(OTHERS)) {
  test(`${language} has every sentence, with the same gaps and its own plurals`, async (t) => {
    t.strictSame(Object.keys(catalogue).toSorted(), KEYS.toSorted())
    const categories = new Intl.PluralRules(language).resolvedOptions().pluralCategories
    // Spanish and French say "many" of millions only, as they say "other".
    const wanted = categories.filter((one) => one !== 'many' || ['ar', 'uk'].includes(language))
    for (const key of KEYS) {
      const [english, entry] = [en[key] as Entry, catalogue[key]]
      t.equal(typeof entry, typeof english, key)
      const gaps = gapsOf(typeof english === 'string' ? english : english.other)
      for (const form of formsOf(entry)) {
        t.not(form.trim(), '', key)
        const found = gapsOf(form)
        // One and two may be said by the word alone.
        t.ok(
          gaps.every((gap) => gap === 'n' || found.includes(gap)),
          `${key}: ${form}`,
        )
        t.ok(
          found.every((gap) => gaps.includes(gap)),
          `${key}: ${form}`,
        )
      }
      if (typeof entry !== 'string')
        t.strictSame(
          wanted.filter((one) => !(one in entry)),
          [],
          key,
        )
    }
  })

  test(`${language} is no copy of English`, async (t) => {
    const same = KEYS.filter((key) => JSON.stringify(catalogue[key]) === JSON.stringify(en[key]))
    t.ok(same.length < SAME_MAX, same.join(', '))
  })
}

test('no sentence is left over', async (t) => {
  const text = sources('src/web/**/*.{ts,tsx}')
    .filter(({ path }) => !path.startsWith('src/web/words/'))
    .map((source) => source.text)
    .join('\n')
  const isUsed = (key: string): boolean =>
    text.includes(`'${key}'`) || new RegExp(`\`${key.split('.')[0]}\\.\\$\\{`).test(text)

  t.strictSame(
    KEYS.filter((key) => !isUsed(key)),
    [],
  )
})

test('the number chooses the form and is written as the language writes it', async (t) => {
  const english = wordsOf('en', en)
  t.equal(english.say('message.replies', { n: 1 }), '1 reply')
  t.equal(english.say('message.replies', { n: 1_200 }), '1,200 replies')
  t.equal(english.say('origin.from', { node: 'bravo' }), 'from bravo')
  t.ok(wordsOf('ar', ar).isRightToLeft)
})

test('a language is chosen by what the browser wants, and can be changed', async (t) => {
  t.strictSame(
    [
      languageFor(['de-AT', 'fr-CA']),
      languageFor(['de']),
      isLanguage('uk'),
      isLanguage('__proto__'),
    ],
    ['fr', 'en', true, false],
  )
  await speak('es')
  t.equal(words.value.language, 'es')
  t.not(say('save'), 'Save')
  await speak('en')
})
