/** Fleets of real nodes: three hundred seeds of them. Those that were red once are in `sim-red.test.ts`. */
import { t as file, test } from 'tap'
import { neverHit } from './marks.ts'
import { passSeeds, seedsFrom, SHORT, RUN_MS_MAX } from './seeds-suite.ts'

// A machine that does other things at the same time may need far longer than the two minutes this takes alone.
file.setTimeout(RUN_MS_MAX)

test(
  'no promise is broken in any of 300 seeds, and they took every rare branch',
  { timeout: RUN_MS_MAX },
  async (t) => {
    const three = await passSeeds(t, seedsFrom(1, 260))
    const four = await passSeeds(t, seedsFrom(261, 300), { ...SHORT, nodes: 4 })

    t.strictSame(neverHit([...three, ...four]), [], 'branches that no run took')
  },
)

test(
  'no budget is overspent in 10 seeds, and all arrives when there is no limit',
  { timeout: RUN_MS_MAX },
  async (t) => {
    const results = await passSeeds(t, seedsFrom(41, 50), { ...SHORT, also: ['budgets'] })

    const hit = results.flatMap(({ marks }) => Object.keys(marks))
    for (const mark of ['budget.parcel', 'budget.nearly-spent']) t.ok(hit.includes(mark), mark)
  },
)

test('disks that are put back end in repair, in 16 seeds', { timeout: RUN_MS_MAX }, async (t) => {
  const results = await passSeeds(t, seedsFrom(17, 32), { ...SHORT, also: ['put-back'] })

  const hit = results.flatMap(({ marks }) => Object.keys(marks))
  for (const mark of ['put-back.files', 'put-back.whole', 'put-back.office', 'node.reborn'])
    t.ok(hit.includes(mark), mark)
})
