/** The catalogue: one list of keys, one file for each language, loaded when it is wanted. English is the measure. */
import { signal, type Signal } from '@preact/signals'
import { once, timesIn, type Times } from '#web/core/times.ts'
import { en, type Catalogue, type Key } from './en.ts'

/** The languages, each by its own name. */
export const LANGUAGES = {
  en: 'English',
  fr: 'Français',
  ar: 'العربية',
  uk: 'Українська',
  es: 'Español',
} as const

/** One of them. */
export type Language = keyof typeof LANGUAGES

/** What goes into the gaps of a sentence. `n` also chooses the form of the plural. */
export type Gaps = Readonly<Record<string, string | number>>

/** The words of one language. */
export interface Words {
  readonly language: Language
  readonly isRightToLeft: boolean
  readonly say: (key: Key, gaps?: Gaps) => string
  readonly times: Times
}

const LOADERS: Readonly<Record<Language, () => Promise<Catalogue>>> = {
  en: async () => en,
  fr: async () => (await import('./fr.ts')).fr,
  ar: async () => (await import('./ar.ts')).ar,
  uk: async () => (await import('./uk.ts')).uk,
  es: async () => (await import('./es.ts')).es,
}

/** The words that are shown. */
export const words: Signal<Words> = signal(wordsOf('en', en))

/** Shows another language. */
export async function speak(language: Language): Promise<void> {
  if (language === words.value.language) return
  words.value = wordsOf(language, await LOADERS[language]())
}

/** One sentence in the language that is shown. */
export function say(key: Key, gaps?: Gaps): string {
  return words.value.say(key, gaps)
}

/** Times in the language that is shown. */
export function times(): Times {
  return words.value.times
}

/** The first of the wanted languages that there is; English otherwise. */
export function languageFor(wanted: readonly string[]): Language {
  for (const one of wanted) {
    const short = one.split('-')[0] ?? ''
    if (isLanguage(short)) return short
  }
  return 'en'
}

/** Whether there is a catalogue of this name. */
export function isLanguage(name: unknown): name is Language {
  return typeof name === 'string' && Object.hasOwn(LANGUAGES, name)
}

/** The words of a catalogue. */
export function wordsOf(language: Language, catalogue: Catalogue): Words {
  const plurals = once(() => new Intl.PluralRules(language))
  const ownTimes = timesIn(language)
  return {
    language,
    isRightToLeft: language === 'ar',
    times: ownTimes,
    say: (key, gaps = {}) => {
      const entry = catalogue[key]
      const form =
        typeof entry === 'string'
          ? entry
          : (entry[plurals().select(Number(gaps.n ?? 0))] ?? entry.other)
      return form.replace(/\{(\w+)\}/g, (whole, name: string) => {
        const value = gaps[name]
        return typeof value === 'number' ? ownTimes.number(value) : (value ?? whole)
      })
    },
  }
}
