/** Proof that the checkers bite: each planted lie is caught within a bounded number of seeds. */
import { t as file, test } from 'tap'
import { PLANTS, type Plant } from './options.ts'
import { runSeeds } from './pool.ts'
import { passSeeds, seedsFrom, SHORT, RUN_MS_MAX } from './seeds-suite.ts'

// A machine that does other things at the same time may need far longer than the minute this takes alone.
file.setTimeout(RUN_MS_MAX)

/** Lies that nodes must bear. */
const HARMLESS: readonly Plant[] = ['renumbered-duplicates']
const SEEDS_MAX = 80

for (const plant of PLANTS.filter((one) => !HARMLESS.includes(one))) {
  test(`caught: ${plant}`, { timeout: RUN_MS_MAX }, async (t) => {
    const results = await runSeeds({
      seeds: seedsFrom(1, SEEDS_MAX),
      options: { ...SHORT, planted: [plant] },
      isEnough: (result) => !result.ok,
    })

    const caught = results.find((result) => !result.ok)
    t.ok(caught, `${results.length} seeds`)
    t.comment(`seed ${caught?.seed ?? 'none'}: ${caught?.failure?.broken ?? 'nothing'}`)
  })
}

for (const plant of HARMLESS) {
  test(`borne: ${plant}`, { timeout: RUN_MS_MAX }, async (t) => {
    const results = await passSeeds(t, seedsFrom(1, 12), { ...SHORT, planted: [plant] })

    t.ok(results.some(({ marks }) => (marks['post.renumbered-duplicate'] ?? 0) > 0))
  })
}
