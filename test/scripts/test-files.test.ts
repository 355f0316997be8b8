import { join } from 'node:path'
import { t as whole, test, type Test } from 'tap'
import { readTapResults, type FileResult } from '../../scripts/lib/tap-results.ts'
import { runTestFiles, type Running } from '../../scripts/lib/test-files.ts'

// Some of these files are waited for until they are out of time.
whole.setTimeout(240_000)

const TAP = "import { test } from 'tap'\n"

test('files run beside each other and each is told of by itself', async (t) => {
  const results = await resultsOf(t, {
    'good.mjs': `${TAP}test('is', async (t) => t.ok(true))\ntest('is, too', async (t) => t.ok(true))`,
    'late.mjs': `${TAP}test('is not', { todo: 'later' }, async (t) => t.ok(false))`,
    'wrong.mjs': `${TAP}test('is', async (t) => t.ok(true))\ntest('is not', async (t) => t.equal(1, 2))`,
  })

  t.match(results, [
    { file: 'good.mjs', passed: 2, failed: 0, skipped: 0, failures: [] },
    { file: 'late.mjs', passed: 0, failed: 0, skipped: 1 },
    { file: 'wrong.mjs', passed: 1, failed: 1, failures: [/is not > should be equal/] },
  ])
})

test('a file that dies or says nothing has failed', async (t) => {
  const results = await resultsOf(t, {
    'dies.mjs': `${TAP}test('is', async (t) => t.ok(true))\ntest('dies', async () => process.exit(3))`,
    'empty.mjs': '',
    'ends.mjs': `${TAP}test('is', async (t) => t.ok(true))\nprocess.on('exit', () => { process.exitCode = 5 })`,
    'killed.mjs': "process.kill(process.pid, 'SIGKILL')",
    'throws.mjs': "throw new Error('at once')",
  })

  t.match(
    results.map(({ file, failed }) => [file, failed > 0]),
    ['dies', 'empty', 'ends', 'killed', 'throws'].map((name) => [`${name}.mjs`, true]),
  )
  const whyOf = (name: string) => results.find(({ file }) => file === name)?.failures.join('\n')
  t.match(whyOf('empty.mjs'), 'holds no test')
  t.match(whyOf('ends.mjs'), 'exit code 5')
  t.match(whyOf('killed.mjs'), 'signal SIGKILL')
})

test('a file that never ends has failed, by itself or with others', async (t) => {
  const texts = {
    'lasting.mjs': `${TAP}test('waits', async () => new Promise(() => setInterval(() => {}, 50)))`,
    'stuck.mjs': `${TAP}test('is', async () => { for (;;); })`,
  }
  const names = Object.keys(texts)

  for (const groups of [names.map((name) => [name]), [names], [names.toReversed()]]) {
    const results = await resultsOf(t, texts, { groups, timeoutMs: 1000 })
    t.match(results, [
      { file: 'lasting.mjs', failed: 1, failures: [/timeout|out of time/] },
      { file: 'stuck.mjs', failed: 1, failures: [/timeout|out of time/] },
    ])
  }
})

test('a file that asks for more time gets it', async (t) => {
  const texts = {
    'slow.mjs': `import { t, test } from 'tap'
t.setTimeout(60_000)
test('takes longer', { timeout: 60_000 }, async (t) => {
  await new Promise((resolve) => setTimeout(resolve, 7500))
  t.ok(true)
})`,
  }

  const results = await resultsOf(t, texts, { timeoutMs: 6000, graceMs: 1000 })

  t.match(results, [{ file: 'slow.mjs', passed: 1, failed: 0 }])
})

test('files that share a process are told of as if each had its own', async (t) => {
  const texts = {
    'asks.mjs': `import { t, test } from 'tap'\ntest('is', async (t) => t.ok(t))`,
    'begins.mjs': `${TAP}globalThis.begun = process.pid
test('is', async (t) => t.ok(true))\ntest('is, too', async (t) => t.ok(true))`,
    'empty.mjs': '',
    'late.mjs': `${TAP}test('is not', { todo: 'later' }, async (t) => t.ok(false))`,
    'shares.mjs': `${TAP}test('the process', async (t) => t.equal(globalThis.begun, process.pid))`,
    'strays.mjs': `${TAP}test('is', async (t) => {
  void Promise.reject(new Error('stray'))
  await new Promise((resolve) => setTimeout(resolve, 50))
  t.ok(true)
})`,
    'throws.mjs': "throw new Error('at once')",
    'wrong.mjs': `${TAP}test('is', async (t) => t.ok(true))\ntest('is not', async (t) => t.equal(1, 2))`,
  }

  const results = await resultsOf(t, texts, { groups: [Object.keys(texts)] })

  t.match(results, [
    { file: 'asks.mjs', passed: 0, failed: 1, failures: [/export named 't'/] },
    { file: 'begins.mjs', passed: 2, failed: 0, failures: [] },
    { file: 'empty.mjs', passed: 0, failed: 1, failures: ['holds no test'] },
    { file: 'late.mjs', passed: 0, failed: 0, skipped: 1 },
    { file: 'shares.mjs', passed: 1, failed: 0 },
    { file: 'strays.mjs', passed: 0, failed: 1, failures: [/is > stray/] },
    { file: 'throws.mjs', passed: 0, failed: 1, failures: [/at once/] },
    { file: 'wrong.mjs', passed: 1, failed: 1, failures: [/is not > should be equal/] },
  ])
})

test('a file that ends its process has failed, and those after it run', async (t) => {
  const good = `${TAP}test('is', async (t) => t.ok(true))`
  const texts = {
    'a.mjs': good,
    'b.mjs': `${good}\ntest('dies', async () => process.exit(3))`,
    'c.mjs': good,
    'd.mjs': `${good}\ntest('dies', async () => process.kill(process.pid, 'SIGKILL'))`,
    'e.mjs': good,
    'f.mjs': `${good}\ntest('ends well', async () => process.reallyExit(0))`,
    'g.mjs': good,
  }

  const results = await resultsOf(t, texts, { groups: [Object.keys(texts)] })

  t.strictSame(
    results.map(({ file, passed, failed }) => [file, passed, failed > 0]),
    [
      ['a.mjs', 1, false],
      ['b.mjs', 1, true],
      ['c.mjs', 1, false],
      ['d.mjs', 1, true],
      ['e.mjs', 1, false],
      ['f.mjs', 1, true],
      ['g.mjs', 1, false],
    ],
  )
  t.match(results[3]?.failures.join('\n'), 'signal SIGKILL')
})

test('what keeps a shared process from ending well is a failure of one of its files', async (t) => {
  const good = `${TAP}test('is', async (t) => t.ok(true))`
  const texts = {
    'a.mjs': `${good}\nprocess.on('exit', () => { process.exitCode = 5 })`,
    'b.mjs': good,
    'c.mjs': `${good}\nsetInterval(() => {}, 50)`,
    'd.mjs': good,
  }

  const groups = [
    ['a.mjs', 'b.mjs'],
    ['c.mjs', 'd.mjs'],
  ]
  const results = await resultsOf(t, texts, { groups, timeoutMs: 6000 })

  t.match(
    results.filter(({ failed }) => failed > 0),
    [
      { file: 'one of a.mjs, b.mjs', failed: 1, failures: [/exit code 5/] },
      { file: 'one of c.mjs, d.mjs', failed: 1, failures: [/exit code|out of time/] },
    ],
  )
})

/** What becomes of files with these texts, by name. */
async function resultsOf(
  t: Test,
  texts: Readonly<Record<string, string>>,
  how: Partial<Pick<Running, 'timeoutMs' | 'graceMs'>> & {
    readonly groups?: readonly (readonly string[])[]
  } = {},
): Promise<readonly FileResult[]> {
  const cwd = join(t.testdir(texts))
  const {
    groups = Object.keys(texts).map((name) => [name]),
    timeoutMs = 60_000,
    graceMs = timeoutMs,
  } = how
  const running = { cwd, environment: process.env, jobs: 2, timeoutMs, graceMs }
  const results = await readTapResults(runTestFiles(groups, running), () => undefined)
  return results.toSorted((a, b) => a.file.localeCompare(b.file))
}
