/** A post office where pieces of files lie apart, and what may befall it: in the simulation, with what is drawn of it from a few seeds. */
import { t as file, test } from 'tap'
import { passSeeds, RUN_MS_MAX, seedsFrom } from './seeds-suite.ts'

file.setTimeout(RUN_MS_MAX)

const SEEDS = 5

test(
  'files come from the shelf of a post office that forgets, to nodes whose lines and power go',
  { timeout: RUN_MS_MAX },
  async (t) => {
    const results = await passSeeds(t, seedsFrom(1, SEEDS), { story: 'shelf' })

    for (const { seed, marks } of results) {
      t.match(marks, { 'story.all-there': 1 }, `seed ${seed}`)
      t.ok((marks['shelf.fetched'] ?? 0) > 10, `seed ${seed} fetched files`)
    }
    for (const rare of ['post.wiped', 'shelf.begun-anew', 'log.file.not-there'])
      t.ok(
        results.some(({ marks }) => (marks[rare] ?? 0) > 0),
        rare,
      )
  },
)
