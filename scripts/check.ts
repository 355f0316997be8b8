/**
 * The whole gate: format, lint, types, unused code, then every test. With paths, only those test files or folders.
 *
 * The last line is `N passed, N failed` (and `, N skipped` if any): tests, where a failed gate, a test file that
 * crashed, ran out of time or held no test, and a run of no test at all each count as one failed. Before it stand the
 * seeds that are known to be red (`test/sim/known-red.txt`), if there are any.
 * Called by `scripts/test`, which sees to the right Node, the packages and nats-server.
 */
import { spawn } from 'node:child_process'
import { existsSync, globSync, readFileSync, statSync } from 'node:fs'
import path from 'node:path'
import { performance } from 'node:perf_hooks'
import { atOnce } from './lib/at-once.ts'
import { inGroups } from './lib/groups.ts'
import { readTapResults, type FileResult } from './lib/tap-results.ts'
import { runTestFiles } from './lib/test-files.ts'

const ROOT = path.resolve(import.meta.dirname, '..')

interface Gate {
  readonly name: string
  readonly command: readonly [tool: string, ...args: string[]]
}

const FOLDERS = ['src', 'test', 'scripts'].filter((folder) => existsSync(path.join(ROOT, folder)))

/** What a gate has looked at before and finds unchanged it does not look at again: by what is in the files, not by their dates. */
const INCREMENTAL = ['--incremental', '--tsBuildInfoFile']

const GATES: readonly Gate[] = [
  {
    name: 'format',
    command: [
      'prettier',
      '--check',
      '--log-level=warn',
      '--cache',
      '--cache-strategy=content',
      '.',
    ],
  },
  { name: 'lint', command: ['oxlint', '--deny-warnings', ...FOLDERS] },
  { name: 'types', command: ['tsc', ...INCREMENTAL, 'node_modules/.cache/types', '-p', '.'] },
  {
    name: 'types of the web client',
    command: ['tsc', ...INCREMENTAL, 'node_modules/.cache/types-web', '-p', 'src/web'],
  },
  { name: 'unused code', command: ['knip'] },
]

/** How many gates, and how many processes with test files, run at once. */
const JOBS = 2
/** Longest time for a test file that does not ask for more, and how long it may take to say that it has none left. */
const TIMEOUT_MS = 600_000
const GRACE_MS = 15_000
/** Whole fleets and whole processes take longest: they begin first, so that no core waits for one of them at the end. */
const LONG = ['test/sim/', 'test/scripts/', 'test/e2e/']

process.exitCode = await main(process.argv.slice(2))

async function main(wanted: readonly string[]): Promise<number> {
  const failedGates = wanted.length === 0 ? await runGates() : 0
  const files = testFiles(wanted)
  const results = files.length === 0 ? [] : await runTests(files)

  const total = (key: 'passed' | 'failed' | 'skipped') =>
    results.reduce((sum, result) => sum + result[key], 0)
  const ranNothing = total('passed') + total('failed') === 0
  if (ranNothing)
    console.log(`\nno test ran; looked for ${wanted.join(' ') || 'test/**/*.test.ts'}`)
  const failed = total('failed') + failedGates + (ranNothing ? 1 : 0)
  tellKnown(results.flatMap(({ known }) => known))
  const skipped = total('skipped') === 0 ? '' : `, ${total('skipped')} skipped`
  console.log(`\n${total('passed')} passed, ${failed} failed${skipped}`)
  return failed === 0 ? 0 : 1
}

/** What is broken and passes for now is named last, so that nobody takes it for whole. */
function tellKnown(known: readonly string[]): void {
  if (known.length === 0) return
  console.log(`\n${known.length} known red ${known.length === 1 ? 'seed' : 'seeds'}:`)
  for (const one of known) console.log(`    ${one}`)
}

/** How many gates failed. */
async function runGates(): Promise<number> {
  let failed = 0
  await atOnce(JOBS, GATES.filter(isThere), async (gate) => {
    const startedAt = performance.now()
    const { code, output } = await run(gate.command)
    console.log(line(code === 0 ? 'ok' : 'FAILED', gate.name, secondsSince(startedAt)))
    if (code === 0) return
    console.log(output.trimEnd())
    failed += 1
  })
  return failed
}

/** A folder with its own tsconfig may not be there yet. */
function isThere({ command: [name, ...args] }: Gate): boolean {
  return name !== 'tsc' || existsSync(path.join(ROOT, args.at(-1) ?? '.'))
}

/** Test files relative to the root. A path is looked for from where the person stands, then from the root. */
function testFiles(wanted: readonly string[]): string[] {
  if (wanted.length === 0) return globSync('test/**/*.test.ts', { cwd: ROOT }).toSorted()
  return wanted.flatMap((name) => {
    const found = [path.resolve(name), path.resolve(ROOT, name)].find((file) => existsSync(file))
    if (found === undefined) return [name]
    const relative = path.relative(ROOT, found)
    if (!statSync(found).isDirectory()) return [relative]
    return globSync(`${relative}/**/*.test.ts`, { cwd: ROOT }).toSorted()
  })
}

async function runTests(files: readonly string[]): Promise<readonly FileResult[]> {
  const textOf = (file: string) => {
    const name = path.join(ROOT, file)
    return existsSync(name) ? readFileSync(name, 'utf8') : ''
  }
  const tap = runTestFiles(inGroups(files.toSorted(longFirst), textOf), {
    cwd: ROOT,
    // Hundreds of processes read the same source: what the first has compiled, the others take over.
    environment: {
      NODE_COMPILE_CACHE: path.join(ROOT, 'node_modules/.cache/compiled'),
      ...process.env,
    },
    jobs: JOBS,
    timeoutMs: TIMEOUT_MS,
    graceMs: GRACE_MS,
  })
  const results = [...(await readTapResults(tap, print))]
  const silent = files.filter((file) => !results.some((result) => result.file === file))
  results.push(...silent.map((file) => missing(file, 'gave no result')))
  return results
}

/** Those of `LONG` before all others; else as they were. */
function longFirst(a: string, b: string): number {
  return rankOf(a) - rankOf(b)
}

function rankOf(file: string): number {
  const rank = LONG.findIndex((folder) => file.startsWith(folder))
  return rank < 0 ? LONG.length : rank
}

/** A file that should have a result and has none. */
function missing(file: string, why: string): FileResult {
  const result = {
    file,
    passed: 0,
    failed: 1,
    skipped: 0,
    milliseconds: 0,
    failures: [why],
    known: [],
  }
  print(result)
  return result
}

function print(result: FileResult): void {
  const tests = result.passed + result.failed + result.skipped
  const name = `${result.file} (${tests}${result.skipped > 0 ? `, ${result.skipped} skipped` : ''})`
  console.log(line(result.failed === 0 ? 'ok' : 'FAILED', name, result.milliseconds / 1000))
  for (const failure of result.failures) console.log(failure.replaceAll(/^/gm, '    '))
}

function line(word: string, name: string, seconds: number): string {
  return `${word.padEnd(6)} ${name.padEnd(60)} ${seconds.toFixed(1).padStart(6)} s`
}

function secondsSince(startedAt: number): number {
  return (performance.now() - startedAt) / 1000
}

function tool(name: string): string {
  return path.join(ROOT, 'node_modules/.bin', name)
}

/** Runs one tool of node_modules in the root and gives what it printed. */
async function run([name, ...args]: Gate['command']): Promise<{ code: number; output: string }> {
  const child = spawn(process.execPath, [tool(name), ...args], {
    cwd: ROOT,
    env: { ...process.env, NO_COLOR: '1' },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const chunks: Buffer[] = []
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk))
  child.stderr.on('data', (chunk: Buffer) => chunks.push(chunk))
  const code = await new Promise<number>((resolve) => {
    child.on('close', (exitCode) => resolve(exitCode ?? 1))
  })
  return { code, output: Buffer.concat(chunks).toString() }
}
