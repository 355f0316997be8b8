/** Real processes of this program, on loopback ports and in folders of their test. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { setTimeout as sleep } from 'node:timers/promises'
import type { Test } from 'tap'
import { runCommandLine } from '#cli/command-line.ts'
import { exitCodeOf, explain } from '#cli/explain.ts'

/** How a command ended. */
export interface Ended {
  readonly code: number | null
  readonly out: string
  readonly error: string
}

/** A node that runs. */
export interface RunningNode {
  /** What `start --json` said. */
  readonly started: Readonly<Record<string, unknown>>
  /** Sends the signal and waits for the end. */
  readonly end: (signal: NodeJS.Signals) => Promise<Ended>
}

/** A message as `read --json` shows it. */
export interface Shown {
  readonly author: string
  readonly text: string
  readonly lane: string
  readonly deliveries: readonly { readonly destinationName: string; readonly word: string }[]
}

/** What must not outlive the test, however it ends. */
const children = new Set<ChildProcess>()
process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

const MAIN = join(import.meta.dirname, '..', '..', 'src', 'main.ts')

/** Runs one command to its end. */
export async function holdfast(...words: readonly string[]): Promise<Ended> {
  return ended(begin(words))
}

/** Runs one command for a person who types this line once something is asked that holds `question`. */
export async function holdfastAsked(
  typing: { readonly question: string; readonly answer: () => Promise<string> },
  ...words: readonly string[]
): Promise<Ended> {
  const child = begin(words, 'pipe')
  let asked = ''
  child.stderr?.on('data', (chunk: Buffer) => {
    const before = asked.includes(typing.question)
    asked += chunk.toString('utf8')
    if (before || !asked.includes(typing.question)) return
    void typing.answer().then((line) => child.stdin?.end(`${line}\n`))
  })
  return ended(child)
}

/** Runs one command with --json; the value it wrote. Throws when it does not end well. */
export async function holdfastJson(...words: readonly string[]): Promise<unknown> {
  return valueOf(words, await holdfast(...words, '--json'))
}

/** Runs one command in this process: for what is asked until the answer is another. */
export async function look(...words: readonly string[]): Promise<Ended> {
  let [out, error] = ['', '']
  const terminal = {
    out: (text: string) => void (out += text),
    error: (text: string) => void (error += text),
  }
  const { signal } = new AbortController()
  try {
    const code = await runCommandLine(words, { terminal, signal, environment: {} })
    return { code, out, error }
  } catch (thrown) {
    return { code: exitCodeOf(thrown), out, error: `${error}${explain(thrown, false)}\n` }
  }
}

/** The same with --json; the value it wrote. Throws when it does not end well. */
export async function lookJson(...words: readonly string[]): Promise<unknown> {
  return valueOf(words, await look(...words, '--json'))
}

function valueOf(words: readonly string[], { code, out, error }: Ended): unknown {
  if (code !== 0) throw new Error(`holdfast ${words.join(' ')} ended with ${code}: ${error}`)
  return JSON.parse(out)
}

/** Founds the organisation Relief with one node that listens on the loopback. */
export async function initNode(
  data: string,
  { name, role, port }: { readonly name: string; readonly role: string; readonly port: number },
): Promise<void> {
  const words = ['--name', name, '--role', role, '--host', '127.0.0.1', '--port', String(port)]
  await holdfastJson('init', ...words, '--organisation', 'Relief', '--data', data)
}

/** The message with this text in the first channel of a running node, if it is there. */
export async function found(data: string, text: string): Promise<Shown | undefined> {
  const messages = (await lookJson('read', '--data', data)) as readonly Shown[]
  return messages.find((message) => message.text === text)
}

/** Starts a node and waits until it says that it runs. It ends with the test at the latest. */
export async function startNode(t: Test, ...words: readonly string[]): Promise<RunningNode> {
  const child = begin(['start', ...words, '--json'])
  // Until it is gone it may write into the folder that the test removes next.
  const gone = new Promise((resolve) => child.once('close', resolve))
  t.teardown(async () => {
    child.kill('SIGKILL')
    await gone
  })
  const end = ended(child)
  const lines = createInterface({ input: child.stdout ?? process.stdin })
  const line = await Promise.race([
    once(lines, 'line').then(([text]) => String(text)),
    end.then(({ code, error }) => {
      throw new Error(`holdfast start ${words.join(' ')} ended with ${code}: ${error}`)
    }),
  ])
  return {
    started: JSON.parse(line) as Readonly<Record<string, unknown>>,
    end: async (signal) => {
      child.kill(signal)
      return end
    },
  }
}

/** Tries again after so many milliseconds. */
const PAUSE_MS = 50

/** Runs `attempt` until it has an answer; a test that gets none runs into its time limit. */
export async function eventually<T>(attempt: () => Promise<T | undefined>): Promise<T> {
  for (;;) {
    const answer = await attempt()
    if (answer !== undefined) return answer
    await sleep(PAUSE_MS)
  }
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

function begin(words: readonly string[], input: 'ignore' | 'pipe' = 'ignore'): ChildProcess {
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('HOLDFAST_'))
  const child = spawn(process.execPath, [MAIN, ...words], {
    env: Object.fromEntries(own),
    stdio: [input, 'pipe', 'pipe'],
  })
  children.add(child)
  child.once('close', () => children.delete(child))
  return child
}

async function ended(child: ChildProcess): Promise<Ended> {
  const out: Buffer[] = []
  const error: Buffer[] = []
  child.stdout?.on('data', (chunk: Buffer) => out.push(chunk))
  child.stderr?.on('data', (chunk: Buffer) => error.push(chunk))
  await once(child, 'close')
  return { code: child.exitCode, out: textOf(out), error: textOf(error) }
}

function textOf(chunks: readonly Buffer[]): string {
  return Buffer.concat(chunks).toString('utf8')
}
