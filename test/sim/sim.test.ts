/** Fleets of real nodes: three hundred seeds of them. Those that were red once are in `sim-red.test.ts`. */
import { t as file, test } from 'tap'
import { neverHit } from './marks.ts'
import { passSeeds, seedsFrom, RUN_MS_MAX } from './seeds-suite.ts'

// A machine that does other things at the same time may need far longer than the two minutes this takes alone.
file.setTimeout(RUN_MS_MAX)

test(
  'no promise is broken in any of 300 seeds, and they took every rare branch',
  { timeout: RUN_MS_MAX },
  async (t) => {
    const results = await passSeeds(t, seedsFrom(1, 300))

    t.strictSame(neverHit(results), [], 'branches that no run took')
  },
)
