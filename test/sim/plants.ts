/** Looks for everything that can be planted: how many seeds it takes until a checker finds it. */
import { HARMLESS, PLANTS, type Given, type Plant } from './options.ts'
import { runSeeds } from './pool.ts'

/** What came of one plant. */
export interface Find {
  readonly plant: Plant
  /** The first seed that finds it; undefined when none did. */
  readonly seed: number | undefined
  /** How many seeds were run. */
  readonly seeds: number
  /** The promise that it broke there. */
  readonly broken: string
}

/** Each must be found within so many seeds. */
const SEEDS_TO_FIND_MAX = 500

/** What must be found. */
export const HARMFUL: readonly Plant[] = PLANTS.filter((plant) => !HARMLESS.includes(plant))

/** Plants one after another, each from seed 1 on until it is found. */
export async function findPlants(
  options: Given,
  onFind: (find: Find) => void,
): Promise<readonly Find[]> {
  const finds: Find[] = []
  for (const plant of HARMFUL) {
    const seeds = Array.from({ length: SEEDS_TO_FIND_MAX }, (_, index) => 1 + index)
    const find = await findPlant(plant, { options, seeds })
    onFind(find)
    finds.push(find)
  }
  return finds
}

/** Runs seeds in their order until a run fails. */
export async function findPlant(
  plant: Plant,
  { options, seeds }: { readonly options: Given; readonly seeds: readonly number[] },
): Promise<Find> {
  const results = await runSeeds({
    seeds,
    options: { ...options, planted: [plant] },
    isEnough: (result) => !result.ok,
  })
  const found = results.find((result) => !result.ok)
  return {
    plant,
    seed: found?.seed,
    seeds: results.length,
    broken: found?.failure?.broken ?? 'nothing',
  }
}
