/** More seeds, in a file of their own, so that each file stays well within its time. */
import { test } from 'tap'
import { passSeeds, seedsFrom } from './seeds-suite.ts'

test('no promise is broken in any of 130 more seeds', async (t) => {
  await passSeeds(t, seedsFrom(71, 200))
})
