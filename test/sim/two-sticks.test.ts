/** Three kits, two sticks, one radio, one hub: in the simulation, with what is drawn of it from a few seeds. */
import { t as file, test } from 'tap'
import { passSeeds, RUN_MS_MAX, seedsFrom } from './seeds-suite.ts'

file.setTimeout(RUN_MS_MAX)

const SEEDS = 4

test(
  'a stick is lost, one is copied, the radio comes and goes: all have everything, once',
  { timeout: RUN_MS_MAX },
  async (t) => {
    const results = await passSeeds(t, seedsFrom(1, SEEDS), { story: 'two-sticks' })

    for (const { seed, marks } of results) {
      t.match(marks, { 'story.all-there': 1, 'stick.is-lost': 1, 'stick.is-copied': 1 }, `${seed}`)
      t.ok((marks['stick.read-again'] ?? 0) > 0, 'sticks were read twice')
      // One of each node at the three others, looked at twice.
      t.match(marks, { 'file.handed-in': 4, 'file.came': 24 })
    }
  },
)
