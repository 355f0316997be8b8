/** Chance of one run: everything in it follows from the seed and the target's name. */
import { chanceFrom } from '../link/schedule.ts'

/** Whole numbers and picks. */
export interface Chance {
  /** From 0 up to, not including, `limit`. */
  readonly below: (limit: number) => number
  readonly pick: <T>(items: readonly [T, ...T[]]) => T
  /** True once in `times`. */
  readonly once: (times: number) => boolean
}

/** The chance that a seed and a name stand for. */
export function chanceOf(seed: number, name: string): Chance {
  let mixed = seed
  for (const character of name) mixed = Math.imul(mixed ^ character.charCodeAt(0), 0x01000193)
  const next = chanceFrom(mixed)
  const below = (limit: number): number => Math.floor(next() * limit)
  return {
    below,
    pick: (items) => items[below(items.length)] ?? items[0],
    once: (times) => below(times) === 0,
  }
}
