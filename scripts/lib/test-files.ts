/**
 * Runs test files, some processes at once, and gives all they say as one stream of TAP with a subtest for each file. A file has
 * a process of its own, or shares one with others, which run after each other: what most small files take is the beginning.
 *
 * `tap run` has a process for each, too, but puts its own loader into it, and into every process that a test starts: that is
 * more than the whole of most of our files takes.
 */
import { spawn } from 'node:child_process'
import path from 'node:path'
import { performance } from 'node:perf_hooks'
import { PassThrough, type Readable } from 'node:stream'
import { atOnce } from './at-once.ts'
import { filesIn } from './tap-split.ts'

/** How test files are run. */
export interface Running {
  readonly cwd: string
  readonly environment: NodeJS.ProcessEnv
  /** How many processes at once. */
  readonly jobs: number
  /** Longest time for a file that does not ask for more with `setTimeout`. */
  readonly timeoutMs: number
  /** How long beyond its time a file may take to say by itself that it has none left. */
  readonly graceMs: number
}

interface Ended {
  readonly output: string
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly milliseconds: number
  readonly isTooLong: boolean
}

/** Writes one file as a test of the whole; it is given its number. */
type Tell = (text: (number: number) => string) => void

const SEVERAL = path.join(import.meta.dirname, 'several.ts')

/** Runs the files, in their order, those of a group in one process. The stream has each as soon as its process has ended. */
export function runTestFiles(groups: readonly (readonly string[])[], running: Running): Readable {
  const stream = new PassThrough()
  let count = 0
  const tell: Tell = (text) => {
    count += 1
    stream.write(text(count))
  }
  stream.write('TAP version 14\n')
  void atOnce(running.jobs, groups, async ([first, ...others]) => {
    if (first === undefined) return
    if (others.length > 0) return runGroup([first, ...others], running, tell)
    const ended = await runProcess([first], running)
    tell((number) => subtest(first, number, ended))
  }).then(() => stream.end(`1..${count}\n`))
  return stream
}

/** Where the process ends in the midst of a file, that file has failed, and those after it run in another. */
async function runGroup(group: readonly string[], running: Running, tell: Tell): Promise<void> {
  const ended = await runProcess([SEVERAL, ...group], running)
  const { files, rest } = filesIn(ended.output, group)
  for (const { textAs } of files) tell(textAs)
  const unended = group.slice(files.length)
  // One that ends its process by itself has already been told of as not good.
  const isTold = rest === undefined && files.at(-1)?.isGood === false
  const broken = isTold ? undefined : unended[0]
  const waiting = isTold ? unended : unended.slice(1)
  if (broken !== undefined) {
    const why = { ...ended, output: rest ?? '', code: ended.code === 0 ? null : ended.code }
    tell((number) => subtest(broken, number, why))
  } else if (!isTold && ended.code !== 0 && files.every(({ isGood }) => isGood)) {
    tell((number) => subtest(`one of ${group.join(', ')}`, number, { ...ended, output: '' }))
  }
  if (waiting.length > 0) await runGroup(waiting, running, tell)
}

function runProcess(words: readonly string[], running: Running): Promise<Ended> {
  const { cwd, environment, timeoutMs, graceMs } = running
  const startedAt = performance.now()
  const child = spawn(process.execPath, words, {
    cwd,
    env: { ...environment, TAP: '1', TAP_TIMEOUT: String(timeoutMs / 1000) },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  let isTooLong = false
  let alarm: NodeJS.Timeout | undefined
  const stopAfter = (ms: number): void => {
    clearTimeout(alarm)
    alarm = setTimeout(() => {
      isTooLong = true
      child.kill('SIGKILL')
    }, ms + graceMs)
  }
  stopAfter(timeoutMs)
  const chunks: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => {
    chunks.push(chunk)
    // Each of several has this time for itself; within it, tap watches over it.
    if (words.length > 1) stopAfter(timeoutMs)
  })
  child.on('message', ({ setTimeout: ms }: { readonly setTimeout?: number }) => {
    if (ms !== undefined && words.length === 1) stopAfter(ms)
  })
  return new Promise((resolve) => {
    child.on('close', (code, signal) => {
      clearTimeout(alarm)
      const milliseconds = performance.now() - startedAt
      resolve({ output: Buffer.concat(chunks).toString(), code, signal, milliseconds, isTooLong })
    })
  })
}

/** What a file said, and whether it ended well, as one test of a greater whole. */
function subtest(file: string, number: number, ended: Ended): string {
  const { output, code, signal, milliseconds, isTooLong } = ended
  const lines = output.split('\n').filter((line) => line !== '' && !/^TAP version \d+$/.test(line))
  const point = `${number} - ${file} # time=${Math.round(milliseconds)}ms\n`
  const said = `# Subtest: ${file}\n${lines.map((line) => `    ${line}\n`).join('')}`
  if (code === 0) return `${said}ok ${point}`
  const facts = isTooLong ? { expired: file } : { exitCode: code, signal }
  return `${said}not ok ${point}  ---\n${yaml(facts)}  ...\n`
}

function yaml(facts: Readonly<Record<string, unknown>>): string {
  return Object.entries(facts)
    .map(([name, value]) => `  ${name}: ${JSON.stringify(value)}\n`)
    .join('')
}
