/** The process: arguments go to the command line, signals to an abort, and errors end here as one line. */
import { enableCompileCache } from 'node:module'
import { join } from 'node:path'

// Stripping types and compiling is most of what a short command takes. What is kept of it lies beside the packages, where nobody but their
// owner can put anything; where it cannot be written, it is off.
enableCompileCache(join(import.meta.dirname, '..', 'node_modules', '.cache', 'compiled'))
const { CommanderError } = await import('commander')
const { isDebug, runCommandLine } = await import('#cli/command-line.ts')
const { askOnTerminal } = await import('#cli/question.ts')
const { exitCodeOf, explain, EXIT } = await import('#cli/explain.ts')

const stop = new AbortController()

/** The first signal stops in order, the second one at once. */
function halt(): void {
  if (stop.signal.aborted) process.exit(EXIT.failed)
  stop.abort()
}

/** Commander has written its own errors already. */
function tell(error: unknown): void {
  if (!(error instanceof CommanderError)) process.stderr.write(`${explain(error, isDebug())}\n`)
}

for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, halt)
// A file that may not grow is a full disk, and no end: Node ignores this, what else is loaded might not.
process.on('SIGXFSZ', () => undefined)

// A wrong node must not go on: what nobody awaited ends the process, with the same one line.
process.on('uncaughtException', (error) => {
  tell(error)
  process.exit(exitCodeOf(error))
})

// Whoever read our output may be gone; the node has other things to do.
process.stdout.on('error', () => undefined)
process.stderr.on('error', () => undefined)

try {
  process.exitCode = await runCommandLine(process.argv.slice(2), {
    terminal: {
      out: (text) => void process.stdout.write(text),
      error: (text) => void process.stderr.write(text),
      ask: askOnTerminal,
    },
    signal: stop.signal,
  })
} catch (error) {
  tell(error)
  process.exitCode = exitCodeOf(error)
}
