/**
 * Reads what `test-files.ts` gives, and gives one result per test file as soon as the file is through.
 *
 * A test is what a file calls `test(...)` for at its top level. A file that fails as a whole, or holds no test, counts as
 * one failed test, so that a crash never looks like success.
 */
import type { Readable } from 'node:stream'
import { Parser, type Result } from 'tap-parser'

/** What one test file came to. */
export interface FileResult {
  readonly file: string
  readonly passed: number
  readonly failed: number
  readonly skipped: number
  readonly milliseconds: number
  /** One readable text per failure: where, what was expected, what was found. */
  readonly failures: readonly string[]
  /** What is known to be broken and is still to do, wherever it stands in a test that passes. */
  readonly known: readonly string[]
}

/** Reads to the end; `onFile` hears each file at once. */
export async function readTapResults(
  tap: Readable,
  onFile: (result: FileResult) => void,
): Promise<readonly FileResult[]> {
  const results: FileResult[] = []
  const points = new Map<string, Result[]>()
  const failures = new Map<string, string[]>()
  const known = new Map<string, string[]>()
  const parser = new Parser()
  parser.on('child', (file: Parser) => {
    file.on('assert', (point: Result) => listIn(points, file.name).push(point))
    collectFailures(file, listIn(failures, file.name))
    collectKnown(file, listIn(known, file.name))
  })
  parser.on('assert', (point: Result) => {
    const file = point.name
    const result = {
      ...toFileResult(point, points.get(file) ?? [], failures.get(file) ?? []),
      known: known.get(file) ?? [],
    }
    results.push(result)
    onFile(result)
  })
  for await (const chunk of tap) parser.write(chunk as Buffer)
  parser.end()
  return results
}

function toFileResult(
  point: Result,
  tests: readonly Result[],
  failures: readonly string[],
): Omit<FileResult, 'known'> {
  const skipped = tests.filter((test) => test.skip !== false || test.todo !== false)
  const failed = tests.filter((test) => !test.ok && !skipped.includes(test))
  const isEmpty = tests.length === 0
  const failedAsWhole = failed.length === 0 && (!point.ok || isEmpty)
  const reason = point.ok ? 'holds no test' : `failed as a whole: ${wholeReason(point)}`
  return {
    file: point.name,
    passed: tests.length - skipped.length - failed.length,
    failed: failed.length + (failedAsWhole ? 1 : 0),
    skipped: skipped.length,
    milliseconds: point.time ?? 0,
    failures: failedAsWhole ? [...failures, reason] : failures,
  }
}

function wholeReason({ diag }: Result): string {
  const { expired, exitCode, signal } = (diag ?? {}) as Readonly<Record<string, unknown>>
  if (expired !== undefined) return 'out of time'
  return `exit code ${String(exitCode)}, signal ${String(signal)}; its output stands above`
}

/** Failed assertions in `parser` and all below it; a test that only passes on a failure of its own is left out. */
function collectFailures(parser: Parser, into: string[]): void {
  let failedBelow = 0
  parser.on('child', (child: Parser) => {
    const before = into.length
    collectFailures(child, into)
    child.on('complete', () => (failedBelow = into.length - before))
  })
  parser.on('assert', (point: Result) => {
    const isEcho = failedBelow > 0
    failedBelow = 0
    if (point.ok || isEcho || point.skip !== false || point.todo !== false) return
    into.push(`${parser.fullname} > ${point.name}\n${diagnosis(point)}`)
  })
}

/** Assertions that fail and are marked as still to do, in `parser` and all below it. */
function collectKnown(parser: Parser, into: string[]): void {
  parser.on('child', (child: Parser) => collectKnown(child, into))
  parser.on('assert', ({ ok, todo, name }: Result) => {
    if (!ok && todo !== false) into.push(name)
  })
}

function diagnosis({ diag }: Result): string {
  if (typeof diag !== 'object' || diag === null) return ''
  return ['message', 'stack', 'source', 'diff', 'found', 'wanted', 'error', 'code', 'signal']
    .filter((key) => key in diag)
    .map((key) => text((diag as Record<string, unknown>)[key]))
    .join('\n')
    .replaceAll(/^/gm, '  ')
}

function text(value: unknown): string {
  return typeof value === 'string' ? value.trimEnd() : JSON.stringify(value, undefined, 2)
}

function listIn<T>(lists: Map<string, T[]>, key: string): T[] {
  const list = lists.get(key) ?? []
  lists.set(key, list)
  return list
}
