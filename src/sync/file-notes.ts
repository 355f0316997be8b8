/** Notes about files: what is wanted of them, and what of them lies on a shelf. */
import { isGiven } from '#codec/given.ts'
import { areWishes } from '#codec/wish.ts'
import { takeGiven } from './file-lying.ts'
import { takeWishes } from './file-wishes.ts'

/** What takes a note of a kind that is about files; undefined for all others. It gives why a note was not taken. */
export function takerOf(body: Uint8Array): typeof takeWishes | undefined {
  if (areWishes(body)) return takeWishes
  return isGiven(body) ? takeGiven : undefined
}
