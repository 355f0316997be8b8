/** Fleets of real nodes: three hundred seeds of them. Those that were red once are in `sim-red.test.ts`. */
import { t as file, test } from 'tap'
import { neverHit } from './marks.ts'
import type { Order } from './pool.ts'
import { passOrders, seedsFrom, RUN_MS_MAX } from './seeds-suite.ts'

// A machine that does other things at the same time may need far longer than the two minutes this takes alone.
file.setTimeout(RUN_MS_MAX)

/** A list forks in one of several hundred runs: these two are known to come to it. */
const FORKING: readonly Order[] = [
  {
    seed: 8635,
    options: {
      nodes: 4,
      hours: 3.25,
      actions: 75,
      without: ['power-in-writes', 'strays', 'post-wipe', 'capture', 'swizzle', 'slow-consumers'],
      also: ['put-back', 'budgets'],
    },
  },
  { seed: 9, options: { nodes: 3, hours: 2, actions: 50, also: ['put-back'] } },
]

test(
  'no promise is broken in any of 300 seeds, and they took every rare branch',
  { timeout: RUN_MS_MAX },
  async (t) => {
    const drawn = seedsFrom(1, 300).map((seed) => ({ seed, options: {} }))
    const results = await passOrders(t, [...drawn, ...FORKING])

    t.strictSame(neverHit(results), [], 'branches that no run took')
  },
)
