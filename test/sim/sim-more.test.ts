/** More seeds, in a file of their own, so that each file stays well within its time. */
import { t as file, test } from 'tap'
import { RUN_MS_MAX, seedsFrom, SHORT, sweepSeeds } from './seeds-suite.ts'

// A machine that does other things at the same time may need far longer than the minute this takes alone.
file.setTimeout(RUN_MS_MAX)

test('no promise is broken in any of 160 more seeds', { timeout: RUN_MS_MAX }, async (t) => {
  await sweepSeeds(t, seedsFrom(101, 260))
})

test('nor in 40 with four nodes', { timeout: RUN_MS_MAX }, async (t) => {
  await sweepSeeds(t, seedsFrom(261, 300), { ...SHORT, nodes: 4 })
})
