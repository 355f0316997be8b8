/** A real NATS server with JetStream on a free port of this machine, to start, stop, kill and wipe. */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'

/** A server under test. Disposing it ends the process and removes its folder. */
export interface NatsServer extends AsyncDisposable {
  readonly port: number
  /** `nats://<host>:<port>` */
  readonly url: string
  /** Where leaf servers connect; 0 unless the config has a listener for them. */
  readonly leafPort: number
  /** Its folder: config, store, and what a test puts there. It is the server's working folder. */
  readonly folder: string
  /** Ends it as an operator does. */
  readonly stop: () => Promise<void>
  /** Ends it as a power loss does (kill -9). */
  readonly kill: () => Promise<void>
  /** Starts it again on the same port. */
  readonly start: () => Promise<void>
  /** Has it read its config file again, and waits until it has. */
  readonly reload: () => Promise<void>
  /** Removes everything it has stored; to be called while it is down. */
  readonly wipe: () => Promise<void>
}

/** What differs from a bare server. */
export interface NatsServerOptions {
  /** Lines of a config file, after the ones for address and store. */
  readonly config?: string
  /** A config file of its own, used as it is. Its folder becomes the server's working folder. */
  readonly configFile?: string
  /** Where it listens; this machine alone unless given. */
  readonly host?: string
}

const BINARY = findBinary()
const STORE = 'jetstream'

/** Put into a test's options: false, or why tests that need the server are skipped. */
export const withoutNatsServer: string | false =
  BINARY === undefined
    ? 'no nats-server: set HOLDFAST_NATS_SERVER, or run scripts/test, which fetches one'
    : false

/** What `nats-server -t` says about a config file, with `folder` as its working folder: undefined when it is good. */
export function natsConfigFault(
  file: string,
  folder: string,
  env: Readonly<Record<string, string>> = {},
): string | undefined {
  const { status, stderr, stdout } = spawnSync(binary(), ['-t', '-c', file], {
    cwd: folder,
    env: { ...process.env, ...env },
    encoding: 'utf8',
  })
  return status === 0 ? undefined : `${stdout}${stderr}`
}

/** Starts a server and waits until it is ready. */
export async function startNatsServer(options: NatsServerOptions = {}): Promise<NatsServer> {
  const folder =
    options.configFile === undefined
      ? await mkdtemp(path.join(tmpdir(), 'holdfast-nats-'))
      : path.dirname(options.configFile)
  const file = options.configFile ?? path.join(folder, 'server.conf')
  if (options.configFile === undefined)
    await writeFile(file, `jetstream { store_dir: "${STORE}" }\n${options.config ?? ''}\n`)

  const { host = '127.0.0.1' } = options
  const first = await launch(file, folder, { host, port: -1 })
  const { port, leafPort } = first
  let { child } = first
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
  }
  return {
    port,
    leafPort,
    url: `nats://${host}:${port}`,
    folder,
    stop: () => end('SIGTERM'),
    kill: () => end('SIGKILL'),
    start: async () => {
      ;({ child } = await launch(file, folder, { host, port }))
    },
    reload: async () => {
      const lines = createInterface({ input: child.stderr ?? process.stdin })
      child.kill('SIGHUP')
      // oxlint-disable-next-line no-unreachable-loop -- until it has said so
      for await (const line of lines) if (line.includes('Reloaded server config')) break
      child.stderr?.resume()
    },
    wipe: () => rm(path.join(folder, STORE), { recursive: true, force: true }),
    [Symbol.asyncDispose]: async () => {
      await end('SIGKILL')
      await rm(folder, { recursive: true, force: true })
    },
  }
}

interface Launched {
  readonly child: ChildProcess
  readonly port: number
  readonly leafPort: number
}

/** A server ends with the test process, even if that is ended for taking too long. */
function leaveWithUs(child: ChildProcess): void {
  const leave = (): void => void child.kill('SIGKILL')
  const onSignal = (signal: NodeJS.Signals): void => {
    leave()
    process.kill(process.pid, signal)
  }
  const signals: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGHUP']
  process.once('exit', leave)
  signals.forEach((signal) => process.once(signal, onSignal))
  child.once('exit', () => {
    process.off('exit', leave)
    signals.forEach((signal) => process.off(signal, onSignal))
  })
}

async function launch(
  file: string,
  folder: string,
  at: { readonly host: string; readonly port: number },
): Promise<Launched> {
  const args = ['-c', file, '-a', at.host, '-p', String(at.port)]
  const child = spawn(binary(), args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  leaveWithUs(child)
  const said: string[] = []
  let [port, leafPort] = [0, 0]
  for await (const line of createInterface({ input: child.stderr })) {
    said.push(line)
    port = Number(/client connections on [^ ]*:(\d+)$/.exec(line)?.[1] ?? port)
    leafPort = Number(/leafnode connections on [^ ]*:(\d+)$/.exec(line)?.[1] ?? leafPort)
    if (!line.includes('Server is ready')) continue
    child.stderr.resume()
    return { child, port, leafPort }
  }
  throw new Error(`nats-server did not start:\n${said.join('\n')}`)
}

function binary(): string {
  if (BINARY === undefined) throw new Error(String(withoutNatsServer))
  return BINARY
}

function findBinary(): string | undefined {
  const root = path.resolve(import.meta.dirname, '../..')
  const inPath = (process.env.PATH ?? '').split(path.delimiter)
  return [
    process.env.HOLDFAST_NATS_SERVER,
    ...inPath.map((folder) => path.join(folder, 'nats-server')),
    path.join(root, '.servers/usr/sbin/nats-server'),
    path.join(root, '.servers/nats-server'),
  ].find((file) => file !== undefined && existsSync(file))
}
