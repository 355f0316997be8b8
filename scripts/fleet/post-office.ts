/** A NATS server with JetStream as a real process in a folder, to kill, wipe and start again on the same port. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { backUp, putBack } from './backup.ts'
import type { FarSite } from './far-site.ts'

/** A NATS server. Disposing it ends its process at once; its folder stays. */
export interface PostOffice extends AsyncDisposable {
  readonly port: number
  /** By which the hub reaches it, unhindered. */
  readonly url: string
  /** By which the kit in this place reaches it. */
  readonly hostFor: (kit: number) => string
  /** Starts it again on the same port. */
  readonly start: () => Promise<void>
  /** Ends it as a power loss does. */
  readonly kill: () => Promise<void>
  /** Removes everything it has stored, while it is down. */
  readonly wipe: () => Promise<void>
  /** Ends it as an operator does. */
  readonly stop: () => Promise<void>
  /** Backs up what it has stored; to be done while it is down. */
  readonly copy: () => Promise<void>
  /** Puts what it has stored back to the last backup; to be done while it is down. */
  readonly putBack: () => Promise<void>
}

const LOOPBACK = '127.0.0.1'
const ROOT = join(import.meta.dirname, '..', '..')
const STORE = 'jetstream'
const CONFIG = `
jetstream { store_dir: "${STORE}", max_file_store: 2G }
write_deadline: "60s"
`

/** The server that the door of this script has found or fetched; undefined when there is none. */
export function natsServerFile(): string | undefined {
  const files = [process.env['HOLDFAST_NATS_SERVER'], join(ROOT, '.servers/usr/sbin/nats-server')]
  return files.find((file) => file !== undefined && existsSync(file))
}

/**
 * Starts a server in `folder`, on a free port of this machine or of `site`. Throws when there is no server here, or it
 * does not start.
 */
export async function openPostOffice(folder: string, site?: FarSite): Promise<PostOffice> {
  await writeFile(join(folder, 'nats-server.conf'), CONFIG)
  let { child, port } = await launch({ folder, site, wantedPort: -1 })
  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.exitCode !== null || child.signalCode !== null) return
    const exited = once(child, 'exit')
    child.kill(signal)
    await exited
  }
  const store = join(folder, STORE)
  return {
    port,
    url: `nats://${site?.address(0) ?? LOOPBACK}:${port}`,
    hostFor: (kit) => site?.address(kit + 1) ?? LOOPBACK,
    start: async () => {
      ;({ child, port } = await launch({ folder, site, wantedPort: port }))
    },
    kill: () => end('SIGKILL'),
    wipe: () => rm(store, { recursive: true, force: true }),
    stop: () => end('SIGTERM'),
    copy: () => backUp(store),
    putBack: () => putBack(store),
    [Symbol.asyncDispose]: () => end('SIGKILL'),
  }
}

interface Launched {
  readonly child: ChildProcess
  readonly port: number
}

interface Launch {
  readonly folder: string
  readonly site: FarSite | undefined
  /** -1 for any. */
  readonly wantedPort: number
}

/** Resolves once the server is ready. It leaves with this process, however that ends. */
async function launch({ folder, site, wantedPort }: Launch): Promise<Launched> {
  const file = natsServerFile()
  if (file === undefined) throw new Error('there is no nats-server: run this by scripts/demo')
  const host = site === undefined ? LOOPBACK : '0.0.0.0'
  const words = [file, '-c', 'nats-server.conf', '-a', host, '-p', String(wantedPort)]
  const [command = file, ...args] = [...(site?.inside ?? []), ...words]
  const child = spawn(command, args, { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] })
  const leave = (): void => void child.kill('SIGKILL')
  process.once('exit', leave)
  child.once('exit', () => process.off('exit', leave))
  const said: string[] = []
  let port = 0
  for await (const line of createInterface({ input: child.stderr })) {
    said.push(line)
    port = Number(/client connections on [^ ]*:(\d+)$/.exec(line)?.[1] ?? port)
    if (!line.includes('Server is ready')) continue
    child.stderr.resume()
    return { child, port }
  }
  throw new Error(`nats-server did not start:\n${said.join('\n')}`)
}
