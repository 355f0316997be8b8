/** Fleets of real nodes, three hundred seeds of them: here the first, in `sim-more.test.ts` the rest. */
import { t as file, test } from 'tap'
import { neverHit } from './marks.ts'
import { runSeeds } from './pool.ts'
import { passSeeds, redSeeds, seedsFrom, SHORT, sweepSeeds, RUN_MS_MAX } from './seeds-suite.ts'

// A machine that does other things at the same time may need far longer than the minute this takes alone.
file.setTimeout(RUN_MS_MAX)

test(
  'no promise is broken in any of 100 seeds, and they took every rare branch',
  { timeout: RUN_MS_MAX },
  async (t) => {
    const results = await sweepSeeds(t, seedsFrom(1, 100))

    t.strictSame(neverHit(results), [], 'branches that no run took')
  },
)

test('seeds that were red once stay green', { timeout: RUN_MS_MAX }, async (t) => {
  const red = redSeeds()

  t.ok(red.length > 0)
  for (const { seed, options } of red) await passSeeds(t, [seed], options)
})

test('a seed replays the same run, another one another', { timeout: RUN_MS_MAX }, async (t) => {
  const once = await runSeeds({ seeds: [3, 11], options: SHORT })
  const again = await runSeeds({ seeds: [11, 3], options: SHORT })

  t.strictSame(
    once.map(({ traceHash, steps }) => [traceHash, steps]),
    again.map(({ traceHash, steps }) => [traceHash, steps]),
  )
  t.not(once[0]?.traceHash, once[1]?.traceHash)
})
