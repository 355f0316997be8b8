/** What can be fuzzed: one reader of bytes from outside, its samples, and what must hold of every input. */
import type { Chance } from './chance.ts'

/** How an input is built, so that it can be bent without falling apart. */
export type Form = 'bytes' | 'msgpack' | 'json' | 'text'

/** One reader. */
export interface Target {
  /** Lower-case words. */
  readonly name: string
  readonly open: () => Promise<Subject>
}

/** A reader that is ready. */
export interface Subject extends Partial<AsyncDisposable> {
  readonly form: Form
  /** Good inputs, made by the code itself. */
  readonly samples: readonly Uint8Array[]
  /** Whatever is wrong with how an input was taken; undefined when nothing is. What it throws is wrong, too. */
  readonly check: (input: Uint8Array) => Promise<string | undefined> | string | undefined
  /** Another way to bend, where the form does not say it all. */
  readonly bend?: (input: Uint8Array, other: Uint8Array, chance: Chance) => Uint8Array
  /** Begins anew; what was taken since counts for the next input. Without it, each input stands alone. */
  readonly reset?: () => Promise<string | undefined>
}

/** Inputs after which a reader that remembers begins anew: a fault is printed with all that led to it. */
export const RESET_EVERY = 60
