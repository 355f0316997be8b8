/** The power goes at writes spread over the whole of the scripted run; by hand at every one (`--power-cut-at-every-write`). */
import { t as file, test } from 'tap'
import { countWrites, cutAtEveryWrite } from './every-write.ts'
import { RUN_MS_MAX } from './seeds-suite.ts'

file.setTimeout(RUN_MS_MAX)

/** Writes at which it goes here, each before and after its sync. */
const WRITES = 8
const SEED = 5

test(
  'wherever the power goes between founding and a revocation, no promise is broken',
  { timeout: RUN_MS_MAX },
  async (t) => {
    const { writes } = await countWrites({ seed: SEED, options: {} })
    const step = Math.ceil(writes / WRITES)
    const [whole, ...cut] = await cutAtEveryWrite({ seed: SEED, options: {}, step })
    const happened = (mark: string): number =>
      cut.filter(({ marks }) => (marks[mark] ?? 0) > 0).length

    t.match(whole, { ok: true, marks: { 'capture.revoked': 1 } })
    t.ok(writes > 300, `${writes} writes`)
    for (const { ok, options, failure } of cut)
      t.ok(ok, `${options.powerCut}: ${failure?.broken ?? 'green'} ${failure?.found ?? ''}`)
    t.equal(happened('disk.write-lost'), cut.length / 2, 'each run had its cut')
    t.equal(happened('disk.write-kept-unacknowledged'), cut.length / 2)
  },
)
