/** Runs seeds as one test and says of each that failed what broke and how to replay it. */
import type { Test } from 'tap'
import { readFileSync } from 'node:fs'
import { optionsOf } from './draw.ts'
import { argumentsOf, optionsFrom, type Given } from './options.ts'
import { runOrders, type Order } from './pool.ts'
import type { Result } from './run.ts'

/** Shorter than the runs of `scripts/sim`, so that three hundred are a part of the normal tests. */
export const SHORT: Given = { hours: 1.5, actions: 40 }

/** Longest time for one file of seeds, in milliseconds. */
export const RUN_MS_MAX = 1_800_000

/**
 * Fails `t` once for each of the seeds that breaks a promise. Those of `known-red.txt` are shown as still to do, and are to be
 * taken out there once they are green.
 */
export async function passSeeds(
  t: Test,
  seeds: readonly number[],
  options: Given = {},
): Promise<readonly Result[]> {
  return passOrders(
    t,
    seeds.map((seed) => ({ seed, options })),
  )
}

/** The same of runs that need not have the same options. */
export async function passOrders(t: Test, orders: readonly Order[]): Promise<readonly Result[]> {
  const known = new Set(seedsIn('known-red.txt').map(nameOf))
  const results = await runOrders({ orders })
  for (const result of results) {
    const isKnown = known.has(nameOf(result))
    if (!result.ok) t.fail(headline(result), isKnown ? { todo: 'test/sim/known-red.txt' } : {})
    else if (isKnown) t.fail(`${nameOf(result)} is green: take it out of test/sim/known-red.txt`)
  }
  t.equal(results.length, orders.length, 'every seed was run')
  return results
}

/** What stands in `seeds.txt`: seeds that were red once, and the options they were red with. */
export function redSeeds(): readonly Order[] {
  return seedsIn('seeds.txt')
}

function seedsIn(file: string): readonly Order[] {
  const lines = readFileSync(new URL(file, import.meta.url), 'utf8').split('\n')
  return lines.flatMap((line) => {
    const [seed, ...words] = (line.split('#')[0] ?? '').trim().split(/\s+/)
    return seed === undefined || seed === ''
      ? []
      : [{ seed: Number(seed), options: optionsFrom(words) }]
  })
}

/** All whole numbers from `first` to `last`. */
export function seedsFrom(first: number, last: number): readonly number[] {
  return Array.from({ length: last - first + 1 }, (_, index) => first + index)
}

/** A seed and its options, as both files have them. */
function nameOf({ seed, options }: Order): string {
  return [seed, ...argumentsOf(optionsOf(seed, options))].join(' ')
}

function headline({ seed, failure, options }: Result): string {
  const replay = ['scripts/sim', '--seeds', `${seed}-${seed}`, ...argumentsOf(options), '--trace']
  return `seed ${seed} broke ${failure?.broken ?? 'nothing'}: ${failure?.found ?? ''} (${replay.join(' ')})`
}
