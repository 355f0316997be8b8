/**
 * Runs test files, each as a process of its own, some at once, and gives all they say as one stream of TAP with a subtest for each file.
 *
 * `tap run` does the same, but puts its own loader into every process, and into every process that a test starts: that is more
 * than the whole of most of our files takes.
 */
import { spawn } from 'node:child_process'
import { performance } from 'node:perf_hooks'
import { PassThrough, type Readable } from 'node:stream'
import { atOnce } from './at-once.ts'

/** How test files are run. */
export interface Running {
  readonly cwd: string
  readonly environment: NodeJS.ProcessEnv
  /** How many files at once. */
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

/** Runs the files, in their order. The stream has each as soon as it has ended. */
export function runTestFiles(files: readonly string[], running: Running): Readable {
  const stream = new PassThrough()
  let count = 0
  stream.write('TAP version 14\n')
  void atOnce(running.jobs, files, async (file) => {
    const ended = await runFile(file, running)
    count += 1
    stream.write(subtest(file, count, ended))
  }).then(() => stream.end(`1..${files.length}\n`))
  return stream
}

function runFile(file: string, { cwd, environment, timeoutMs, graceMs }: Running): Promise<Ended> {
  const startedAt = performance.now()
  const child = spawn(process.execPath, [file], {
    cwd,
    env: { ...environment, TAP: '1', TAP_TIMEOUT: String(timeoutMs / 1000) },
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  })
  let isTooLong = false
  const stop = (): void => {
    isTooLong = true
    child.kill('SIGKILL')
  }
  let alarm = setTimeout(stop, timeoutMs + graceMs)
  child.on('message', ({ setTimeout: ms }: { readonly setTimeout?: number }) => {
    if (ms === undefined) return
    clearTimeout(alarm)
    alarm = setTimeout(stop, ms + graceMs)
  })
  const chunks: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => chunks.push(chunk))
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
