import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test } from 'tap'
import { mean, median, quantile, rounded } from '../../scripts/measure/statistics.ts'

const BENCH = join(import.meta.dirname, '..', '..', 'scripts', 'bench.ts')

function bench(...words: readonly string[]): { code: number | null; out: string; error: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [BENCH, ...words], {
    encoding: 'utf8',
  })
  return { code: status, out: stdout, error: stderr }
}

test('without a name the benches are listed', async (t) => {
  t.match(bench(), {
    code: 0,
    out: /^ {2}nats .*\n {2}receipts .*\n {2}store .*\n {2}sync .*\n {2}trust .*\n {2}wire .*\n$/,
  })
})

test('an unknown bench ends with 2 and says which there are', async (t) => {
  t.match(bench('nope'), { code: 2, out: '', error: /^found nope, wanted one of:\n {2}nats/ })
})

test('posts together cost fewer bytes each than one by one', async (t) => {
  const { code, out } = bench('wire', '--json')

  t.equal(code, 0)
  const last = JSON.parse(out.trimEnd().split('\n').at(-1) ?? '') as Record<string, number>
  t.match(last, { bench: 'wire', messages: 60 })
  const { payload_1_b: one = 0, payload_10_b: ten = 0, payload_100_b: hundred = 0 } = last
  t.ok(one > ten && ten > hundred && hundred > 0, `${one} ${ten} ${hundred}`)
  t.ok(Object.values(last).every((value) => value !== null))
})

test('middle, mean and quantile are what they say', async (t) => {
  t.equal(median([5, 1, 3]), 3)
  t.equal(mean([1, 2, 6]), 3)
  t.equal(
    quantile(
      Array.from({ length: 100 }, (_, index) => index + 1),
      0.99,
    ),
    100,
  )
  t.equal(median([]), 0)
  t.equal(rounded(1.2345, 2), 1.23)
})
