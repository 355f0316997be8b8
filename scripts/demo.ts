/**
 * A hub and two kits on a link that keeps breaking: shows that nothing is lost, doubled or falsely ticked.
 * Called by `scripts/demo`, which sees to the right Node, the packages and nats-server.
 * Exits with 1 when a promise was broken, with 2 when the trial could not be made.
 */
import { spawn } from 'node:child_process'
import { realClock } from '#ports/real.ts'
import { natsServerFile } from './fleet/post-office.ts'
import { openDisplay } from './trial/display.ts'
import { readOptions } from './trial/options.ts'
import { Stopped } from './trial/pause.ts'
import { closingLine, isGood, jsonOf } from './trial/result.ts'
import { runTrial } from './trial/run.ts'

/** Says that this process has a network namespace to itself. */
const APART = 'HOLDFAST_DEMO_APART'

// Not by itself: after sockets were reset in the midst of being shut down, as an emulated link does, Node 24.21 may
// wait for ever while it tidies up, in Environment::CleanupHandles (seen 2026-11-21 after many cuts).
process.exit(await main())

/** The same again in a network namespace of its own, as its root. */
async function apart(): Promise<number> {
  const words = ['--user', '--map-root-user', '--net', process.execPath, ...process.argv.slice(1)]
  const env = { ...process.env, [APART]: '1' }
  const child = spawn('unshare', words, { env, stdio: 'inherit' })
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const)
    process.on(name, () => void child.kill(name))
  return new Promise((resolve) => {
    child.once('error', (error) => {
      console.error(error.message)
      resolve(2)
    })
    child.once('exit', (code) => resolve(code ?? 2))
  })
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2))
  if (options.namespaces && process.env[APART] === undefined) return apart()
  if (natsServerFile() === undefined) {
    console.error('found no nats-server; wanted one in HOLDFAST_NATS_SERVER, or run scripts/demo')
    return 2
  }
  const stop = new AbortController()
  const halt = (): void => {
    if (stop.signal.aborted) process.exit(1)
    stop.abort()
  }
  for (const name of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(name, halt)
  const display = openDisplay(process.stdout)
  try {
    const result = await runTrial(options, { clock: realClock(), display, stop: stop.signal })
    console.log(`\n${closingLine(result)}`)
    if (options.json) console.log(JSON.stringify(jsonOf(result)))
    return isGood(result) ? 0 : 1
  } catch (error) {
    if (error instanceof Stopped && stop.signal.aborted) console.log('\nStopped.')
    else console.error(error)
    return stop.signal.aborted ? 130 : 2
  }
}
