/** Names of what an audit notes. The node says them in English; the other languages come when an operator looks. */
import type { Deed } from '#model/audit-words.ts'
import type { Language } from './words.ts'

/** Every deed in one language. */
export type DeedNames = Readonly<Record<Deed, string>>

const LOADERS: Readonly<Record<Exclude<Language, 'en'>, () => Promise<DeedNames>>> = {
  fr: async () => (await import('./deeds/fr.ts')).fr,
  ar: async () => (await import('./deeds/ar.ts')).ar,
  uk: async () => (await import('./deeds/uk.ts')).uk,
  es: async () => (await import('./deeds/es.ts')).es,
}

/** The names in a language; undefined in English, which is the node's own. */
export async function deedNames(language: Language): Promise<DeedNames | undefined> {
  return language === 'en' ? undefined : LOADERS[language]()
}

/** The name of a deed; undefined for one that only a newer node knows. */
export function deedName(names: DeedNames | undefined, deed: string): string | undefined {
  return names !== undefined && isNamed(names, deed) ? names[deed] : undefined
}

function isNamed(names: DeedNames, deed: string): deed is Deed {
  return Object.hasOwn(names, deed)
}
