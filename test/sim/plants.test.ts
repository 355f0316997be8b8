/** Proof that the checkers bite: each planted bug or lie is found, most of them by the seed that is known to find it. */
import { t as file, test } from 'tap'
import { HARMLESS, type Plant } from './options.ts'
import { findPlant, HARMFUL } from './plants.ts'
import { runOrders } from './pool.ts'
import { passSeeds, seedsFrom, RUN_MS_MAX } from './seeds-suite.ts'

// A machine that does other things at the same time may need far longer than the minute this takes alone.
file.setTimeout(RUN_MS_MAX)

/** Seeds that find what seed 1 does not, in runs as they are drawn; whoever changes what a seed draws looks for others. */
const KNOWN: Readonly<Partial<Record<Plant, number>>> = {
  'time-window-dedup': 30,
  'cursor-moved-early': 87,
  'lane-inversion': 6,
  'cursor-not-persisted': 8,
  'view-merged': 3,
  'purge-forgets-outbox': 16,
  'purge-forgets-view': 5,
  'disk-drops-batches': 3,
  'disk-tears-batches': 6,
  'disk-forgets-pending-ids': 14,
  'disk-forgets-receipts': 10,
  'disk-restored': 3,
  'post-forgets-silently': 79,
  'roster-never-revokes': 4,
  'roster-forgets-revocations': 4,
  'roster-calls-all-hubs': 10,
}
const SEEDS_MAX = 120

test('every plant is found', { timeout: RUN_MS_MAX }, async (t) => {
  // All by the pool at once, which saves a thread for each.
  const orders = HARMFUL.map((plant) => ({
    seed: KNOWN[plant] ?? 1,
    options: { planted: [plant] },
  }))
  const results = await runOrders({ orders })
  for (const plant of HARMFUL) {
    const result = results.find(({ options }) => options.planted[0] === plant)
    if (result !== undefined && !result.ok)
      t.pass(`${plant}: seed ${result.seed} broke ${result.failure?.broken ?? 'nothing'}`)
    else {
      const find = await findPlant(plant, { options: {}, seeds: seedsFrom(1, SEEDS_MAX) })
      t.ok(find.seed, `${plant}: ${find.seeds} seeds, the known one did not find it`)
    }
  }
})

for (const plant of HARMLESS) {
  test(`borne: ${plant}`, { timeout: RUN_MS_MAX }, async (t) => {
    const results = await passSeeds(t, seedsFrom(1, 12), { planted: [plant] })

    t.ok(results.some(({ marks }) => (marks['post.renumbered-duplicate'] ?? 0) > 0))
  })
}
