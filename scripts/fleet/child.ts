/** Processes of this program: commands that end, and nodes that run until they are told, or killed. */
import { spawn, type ChildProcess, type StdioOptions } from 'node:child_process'
import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { text } from 'node:stream/consumers'

/** A process that runs. */
export interface Running {
  readonly pid: number
  /** The first line it wrote. */
  readonly firstLine: string
  /** Sends the signal and waits for the end. */
  readonly end: (signal: NodeJS.Signals) => Promise<void>
  /** Resolves with a word about how it ended. */
  readonly ended: Promise<string>
}

/** How a node is started. */
export interface Launch {
  readonly words: readonly string[]
  /** Gets what it says on standard error, behind what is there. */
  readonly logFile: string
  /** How much faster than life the process lives; as in life unless given. */
  readonly speed?: number
}

/** What scripts/holdfast gives Node, so that a started node is the one that people start. */
const AS_THE_DOOR = ['--max-semi-space-size=2', '--optimize-for-size']
const ITS_MEMORY = { MALLOC_ARENA_MAX: '2' }
const MAIN = join(import.meta.dirname, '..', '..', 'src', 'main.ts')
const QUICK_TIME = new URL('quick-time.ts', import.meta.url)

/** Runs one command with --json to its end and gives what it wrote. Throws when it does not end well. */
export async function command(words: readonly string[]): Promise<unknown> {
  const child = begin([MAIN, ...words, '--json'], ['ignore', 'pipe', 'pipe'])
  const { stdout, stderr } = child
  const [out, error, [code]] = await Promise.all([
    stdout === null ? '' : text(stdout),
    stderr === null ? '' : text(stderr),
    once(child, 'close') as Promise<[number | null]>,
  ])
  if (code !== 0) throw new Error(`holdfast ${words.join(' ')} ended with ${code}: ${error}`)
  return JSON.parse(out) as unknown
}

/** Starts a process of this program and resolves with its first line. */
export async function launch({ words, logFile, speed = 1 }: Launch): Promise<Running> {
  const quick = speed === 1 ? [] : ['--import', `${QUICK_TIME.href}?speed=${speed}`]
  // Through this process: a limit on the child's files is none on its log.
  const child = begin([...AS_THE_DOOR, ...quick, MAIN, ...words], ['ignore', 'pipe', 'pipe'])
  child.stderr?.pipe(createWriteStream(logFile, { flags: 'a' }))
  const ended = once(child, 'exit').then(([code, signal]) =>
    signal === null ? `exit code ${code}` : String(signal),
  )
  const lines = createInterface({ input: child.stdout ?? process.stdin })
  const firstLine = await Promise.race([
    once(lines, 'line').then(([line]) => String(line)),
    ended.then((how) => {
      throw new Error(`holdfast ${words.join(' ')} ended (${how}); see ${logFile}`)
    }),
  ])
  return {
    pid: child.pid ?? 0,
    firstLine,
    ended,
    end: async (signal) => {
      child.kill(signal)
      await ended
    },
  }
}

/** A child leaves with this process, however that ends. Of our own settings it gets the log level only. */
function begin(args: readonly string[], stdio: StdioOptions): ChildProcess {
  const kept = Object.fromEntries(Object.entries(process.env).filter(([name]) => isForChild(name)))
  const env = { ...kept, ...ITS_MEMORY }
  const child = spawn(process.execPath, args, { env, stdio })
  const leave = (): void => void child.kill('SIGKILL')
  process.once('exit', leave)
  child.once('exit', () => process.off('exit', leave))
  return child
}

function isForChild(name: string): boolean {
  return !name.startsWith('HOLDFAST_') || name === 'HOLDFAST_LOG_LEVEL'
}
