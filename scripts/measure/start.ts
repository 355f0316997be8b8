/** How long a node takes from its start until a person reads, and how much memory it then holds. */
import { readFile } from 'node:fs/promises'
import { execFile } from 'node:child_process'
import { promisify } from 'node:util'
import type { Clock } from '#ports/clock.ts'
import type { Node } from '../fleet/node.ts'
import type { Built } from './build.ts'

/** One start. */
export interface Start {
  /** From the process's start until the newest messages of a channel have been read. */
  readonly ms: number
  /** Resident memory after the node has been idle for a while. */
  readonly rssMb: number
}

const NEWEST = 60
const IDLE_MS = 2_000
const LOOK_MS = 4
const PATIENCE_MS = 60_000

/** Starts the node, reads, waits, and stops it again. The node keeps the port it had. */
export async function measureStart(node: Node, built: Built, clock: Clock): Promise<Start> {
  const beganMs = clock.monotonicMs()
  const starting = node.start()
  // Ending early only matters to whoever waits for `starting` below.
  starting.catch(() => undefined)
  await until(clock, beganMs, async () => {
    const { status } = await node.ask({ method: 'GET', path: '/api/v4/system/ping' })
    return status === 200
  })
  const path = `/api/v4/channels/${built.channels[0]}/posts?per_page=${NEWEST}`
  const { status, value } = await node.ask({ method: 'GET', path, token: built.tokens[0] ?? '' })
  const ms = clock.monotonicMs() - beganMs
  await starting
  if (status !== 200 || !isPage(value))
    throw new Error(`the newest messages were answered with ${status}`)
  await clock.sleep(IDLE_MS, new AbortController().signal)
  const rssMb = await residentMb(node.pid())
  await node.stop()
  return { ms, rssMb }
}

async function until(clock: Clock, beganMs: number, check: () => Promise<boolean>): Promise<void> {
  while (!(await check())) {
    if (clock.monotonicMs() - beganMs > PATIENCE_MS) throw new Error('the node does not start')
    await clock.sleep(LOOK_MS, new AbortController().signal)
  }
}

function isPage(value: unknown): boolean {
  const { order } = value as { readonly order?: unknown }
  return Array.isArray(order) && order.length === NEWEST
}

/**
 * What of it is the process's own, where /proc has it: the rest is the program and the store's tables as they lie on the disk, which
 * the system takes back whenever it needs the room.
 */
export async function ownMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => '')
  const found = /^RssAnon:\s+(\d+) kB$/m.exec(status)?.[1]
  return found === undefined ? residentMb(pid) : Number(found) / 1024
}

/** VmRSS where /proc has it, otherwise what ps says. */
export async function residentMb(pid: number): Promise<number> {
  const status = await readFile(`/proc/${pid}/status`, 'utf8').catch(() => undefined)
  const found = /^VmRSS:\s+(\d+) kB$/m.exec(status ?? '')?.[1]
  if (found !== undefined) return Number(found) / 1024
  const { stdout } = await promisify(execFile)('ps', ['-o', 'rss=', '-p', String(pid)])
  return Number(stdout.trim()) / 1024
}
