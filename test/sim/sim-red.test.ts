/** Seeds that were red once, and that a seed says all there is to say of a run. */
import { t as file, test } from 'tap'
import { runSeeds } from './pool.ts'
import { passOrders, redSeeds, SHORT, RUN_MS_MAX } from './seeds-suite.ts'

// A machine that does other things at the same time may need far longer than the minute this takes alone.
file.setTimeout(RUN_MS_MAX)

test('seeds that were red once stay green', { timeout: RUN_MS_MAX }, async (t) => {
  const red = redSeeds()

  t.ok(red.length > 0)
  await passOrders(t, red)
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
