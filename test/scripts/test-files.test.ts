import { join } from 'node:path'
import { test, type Test } from 'tap'
import { readTapResults, type FileResult } from '../../scripts/lib/tap-results.ts'
import { runTestFiles } from '../../scripts/lib/test-files.ts'

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

test('a file that dies, says nothing or never ends has failed', async (t) => {
  const results = await resultsOf(t, {
    'dies.mjs': `${TAP}test('is', async (t) => t.ok(true))\ntest('dies', async () => process.exit(3))`,
    'empty.mjs': '',
    'ends.mjs': `${TAP}test('is', async (t) => t.ok(true))\nprocess.on('exit', () => { process.exitCode = 5 })`,
    'killed.mjs': "process.kill(process.pid, 'SIGKILL')",
    'lasting.mjs': `${TAP}test('waits', async () => new Promise(() => setInterval(() => {}, 50)))`,
    'stuck.mjs': `${TAP}test('is', async () => { for (;;); })`,
    'throws.mjs': "throw new Error('at once')",
  })

  t.match(
    results.map(({ file, failed }) => [file, failed > 0]),
    ['dies', 'empty', 'ends', 'killed', 'lasting', 'stuck', 'throws'].map((name) => [
      `${name}.mjs`,
      true,
    ]),
  )
  const whyOf = (name: string) => results.find(({ file }) => file === name)?.failures.join('\n')
  t.match(whyOf('empty.mjs'), 'holds no test')
  t.match(whyOf('ends.mjs'), 'exit code 5')
  t.match(whyOf('killed.mjs'), 'signal SIGKILL')
  t.match(whyOf('stuck.mjs'), 'out of time')
})

test('a file that asks for more time gets it', async (t) => {
  const results = await resultsOf(t, {
    'slow.mjs': `import { t, test } from 'tap'
t.setTimeout(60_000)
test('takes longer', { timeout: 60_000 }, async (t) => {
  await new Promise((resolve) => setTimeout(resolve, 2500))
  t.ok(true)
})`,
  })

  t.match(results, [{ file: 'slow.mjs', passed: 1, failed: 0 }])
})

/** What becomes of files with these texts, each of which has a second and a little more; by name. */
async function resultsOf(
  t: Test,
  texts: Readonly<Record<string, string>>,
): Promise<readonly FileResult[]> {
  const cwd = join(t.testdir(texts))
  const running = { cwd, environment: process.env, jobs: 2, timeoutMs: 1000, graceMs: 1000 }
  const results = await readTapResults(runTestFiles(Object.keys(texts), running), () => undefined)
  return results.toSorted((a, b) => a.file.localeCompare(b.file))
}
