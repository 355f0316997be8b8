import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'tap'
import { ratesOf } from '../../scripts/measure/rates.ts'

const BENCH = join(import.meta.dirname, '..', '..', 'scripts', 'bench.ts')

test('trust is measured beside others, with a channel that changes its key', async (t) => {
  const words = ['trust', '--small', '--json']
  const { status, stdout } = spawnSync(process.execPath, [BENCH, ...words], { encoding: 'utf8' })

  t.equal(status, 0)
  const last = JSON.parse(stdout.trimEnd().split('\n').at(-1) ?? '') as Record<string, number>
  t.match(last, { bench: 'trust', catchup_changes: 200 })
  for (const name of [
    'sign_vs_tweetnacl_ratio',
    'verify_vs_tweetnacl_ratio',
    'seal_300_vs_tweetnacl_ratio',
    'fips_sign_ratio',
    'catchup_200_s',
    'first_rekey_5_b',
    'rekey_5_b',
    'rekey_5_ms',
  ])
    t.ok((last[name] ?? 0) > 0, `${name} ${last[name]}`)
  // A hybrid key exchange for each of four, once; then 49 bytes for each.
  const { first_rekey_5_b: first = 0, rekey_5_b: later = 0 } = last
  t.ok(first > 4 * 1_100 && later > 4 * 49 && later < 1_000, `${first} ${later}`)
})

test('rates are times a second, the median of the rounds, in the order given', async (t) => {
  let nowMs = 0
  const works = { slow: () => void (nowMs += 10), quick: () => void (nowMs += 1) }

  const rates = ratesOf(works, { nowMs: () => nowMs, ms: 100, rounds: 3 })

  t.strictSame(rates, { slow: 100, quick: 1000 })
})
