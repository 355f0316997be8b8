import type { Catalogue } from './en.ts'
import { en } from './en.ts'
/** The words. */
export const ar: Catalogue = en
