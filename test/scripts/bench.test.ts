import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { test, type Test } from 'tap'
import { readTexts } from '../../scripts/measure/wire-texts.ts'
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
    out: /^(?: {2}(?:client|files|first-sync|lan|nats|plan|receipts|search|store|sync|trust|wire) .*\n){12}$/,
  })
})

test('an unknown bench ends with 2 and says which there are', async (t) => {
  t.match(bench('nope'), { code: 2, out: '', error: /^found nope, wanted one of:\n {2}client/ })
})

test('posts together cost fewer bytes each than one by one, and ours fewer than those of others', async (t) => {
  const { code, out, error } = bench('wire', '--small', '--json')

  t.equal(code, 0)
  const last = JSON.parse(out.trimEnd().split('\n').at(-1) ?? '') as Record<string, number>
  t.match(last, { bench: 'wire', messages: 60 })
  const bytes = (name: string): number => last[name] ?? 0
  isFalling(t, [bytes('payload_1_b'), bytes('payload_10_b'), bytes('payload_100_b'), 0])
  isFalling(t, [bytes('single_b'), bytes('ten_b'), bytes('floor_ten_b'), 10])
  isFalling(t, [bytes('single_b') + 10, bytes('receipt_alone_b'), bytes('reaction_alone_b'), 80])
  isFalling(t, [20, bytes('receipt_b'), bytes('reaction_b'), 1])
  for (const other of [
    'mattermost_request',
    'automerge',
    'automerge_repo_unsealed',
    'cbor_deflate',
  ])
    isFalling(t, [bytes(`${other}_single_b`), bytes('single_b')])
  isFalling(t, [340 / 20, bytes('burst340_posts'), 1])
  t.ok(Object.values(last).every((value) => value !== null))
  t.match(error, /bytes a post +alone +in tens +times +times\n +ours .* 1\.00 +1\.00\n/)
})

function isFalling(t: Test, values: readonly number[]): void {
  t.ok(
    values.every((value, at) => at === 0 || value < (values[at - 1] ?? 0)),
    values.join(' > '),
  )
}

test('lines are chosen by their values; what is not measured is left to learn from', async (t) => {
  const folder = t.testdir({
    'texts.jsonl': Array.from({ length: 10 }, (_, at) =>
      JSON.stringify({ text: `text ${at}`, genre: at < 8 ? 'direct' : 'news' }),
    ).join('\n'),
  })
  const choice = { input: join(folder, 'texts.jsonl'), where: 'genre=direct' }

  const { measured, others } = await readTexts(choice, 4)

  t.strictSame(
    measured.map(({ text }) => text),
    ['text 1', 'text 3', 'text 5', 'text 7'],
  )
  t.strictSame(others, ['text 0', 'text 2', 'text 4', 'text 6'])
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
