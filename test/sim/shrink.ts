/**
 * Makes a failing run smaller: without faults it does not need, with fewer nodes, hours and actions. Whatever still
 * breaks the same promise is kept. Faults draw from generators of their own, so the rest stays as it was.
 */
import { FAULTS, type SimOptions } from './options.ts'
import type { Result } from './run.ts'

/** Runs one seed. */
export type RunOnce = (seed: number, options: SimOptions) => Promise<Result>

/** The smallest failing run that was found, and how many runs it took. */
export interface Shrunk {
  readonly result: Result
  readonly runs: number
}

/** Rounds of trying everything once more; each round must have made the run smaller. */
const ROUNDS_MAX = 4
const HOURS = [0.5, 1, 2, 3] as const
const ACTIONS = [2, 4, 8, 15, 30, 60] as const

/** Shrinks `failed`, which is a failing result. */
export async function shrink(failed: Result, run: RunOnce): Promise<Shrunk> {
  let best = failed
  let runs = 0
  const attempt = async (options: SimOptions): Promise<boolean> => {
    runs += 1
    const result = await run(failed.seed, options)
    const isSame = result.failure?.broken === failed.failure?.broken
    if (isSame) best = result
    return isSame
  }
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const before = JSON.stringify(best.options)
    for (const fault of FAULTS) {
      const { options } = best
      if (!options.without.includes(fault))
        await attempt({ ...options, without: [...options.without, fault] })
    }
    await smallest([2, 3], (nodes) => ({ ...best.options, nodes }))
    await smallest(HOURS, (hours) => ({ ...best.options, hours }))
    await smallest(ACTIONS, (actions) => ({ ...best.options, actions }))
    if (JSON.stringify(best.options) === before) break
  }
  return { result: best, runs }

  async function smallest(
    values: readonly number[],
    optionsWith: (value: number) => SimOptions,
  ): Promise<void> {
    for (const value of values) {
      const options = optionsWith(value)
      if (sizeOf(options) < sizeOf(best.options) && (await attempt(options))) return
    }
  }
}

function sizeOf({ nodes, hours, actions }: SimOptions): number {
  return nodes * 1_000_000 + hours * 10_000 + actions
}
