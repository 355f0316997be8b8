/** How often a second each of several pieces of work can be done, side by side: what one disturbs, disturbs all. */
import { median } from './statistics.ts'

/** Pieces of work by name, in the order they are measured. */
export type Works = Readonly<Record<string, () => unknown>>

/** How long and how often. */
export interface RateOptions {
  /** Milliseconds that never go back. */
  readonly nowMs: () => number
  /** Of each piece in each round. */
  readonly ms: number
  readonly rounds: number
}

/** Times a second, by the same names: the median of all rounds, after one that does not count. */
export function ratesOf(works: Works, options: RateOptions): Readonly<Record<string, number>> {
  const found = new Map<string, number[]>(Object.keys(works).map((name) => [name, []]))
  for (let round = 0; round <= options.rounds; round += 1) {
    for (const [name, work] of Object.entries(works)) {
      const rate = rateOf(work, options)
      if (round > 0) found.get(name)?.push(rate)
    }
  }
  return Object.fromEntries([...found].map(([name, rates]) => [name, median(rates)]))
}

function rateOf(work: () => unknown, { nowMs, ms }: RateOptions): number {
  const beganMs = nowMs()
  let [count, step, elapsedMs] = [0, 1, 0]
  while (elapsedMs < ms) {
    for (let left = step; left > 0; left -= 1) work()
    count += step
    elapsedMs = nowMs() - beganMs
    // Cheap work is done many times between two looks at the clock, which is not cheap beside it.
    if (elapsedMs < ms / 8) step *= 2
  }
  return (count * 1000) / elapsedMs
}
