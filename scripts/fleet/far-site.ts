/**
 * A place behind cables of the kernel's own: a network namespace in which the post office runs, one cable (veth) for
 * each kit, shaped by tbf both ways, and a free one for the hub. Real TCP then queues, loses and sends again on them.
 * To be opened inside `unshare --user --map-root-user --net`, which needs no rights where user namespaces are allowed.
 */
import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { promisify } from 'node:util'

/** How fast a cable is, in bits per second. */
export interface CableRate {
  readonly up: number
  readonly down: number
}

/** A running place. Disposing it ends it, with its cables. */
export interface FarSite extends AsyncDisposable {
  /** Words before a command that let it run there. */
  readonly inside: readonly string[]
  /** Of the place, by the cable: 0 is the hub's, which is not shaped. */
  readonly address: (cable: number) => string
}

/** What waits before a cable, in bytes: as much as the buffer of a modem. */
const QUEUE_BYTES = 16 << 10
/** One packet, and what the kernel may send between two looks at its clock. */
const BURST_BYTES = 1_600
const BURST_S = 0.01

/** Makes the place with one shaped cable for each rate. Throws when the kernel does not allow it. */
export async function openFarSite(rates: readonly CableRate[]): Promise<FarSite> {
  const keeper = spawn('unshare', ['--net', 'sleep', 'infinity'], { stdio: 'ignore' })
  const leave = (): void => void keeper.kill('SIGKILL')
  process.once('exit', leave)
  const ended = once(keeper, 'exit').then(() => void process.off('exit', leave))
  const pid = String(keeper.pid)
  const inside = ['nsenter', `--net=/proc/${pid}/ns/net`]
  try {
    await run('ip', 'link', 'set', 'lo', 'up')
    await untilApart(pid)
    for (const [cable, rate] of [undefined, ...rates].entries()) {
      const [here, there] = [`near${cable}`, `far${cable}`]
      await run('ip', 'link', 'add', 'name', here, 'type', 'veth', 'peer', 'name', there)
      await run('ip', 'link', 'set', there, 'netns', pid)
      await connect([], here, `10.77.${cable}.1`)
      await connect(inside, there, farEnd(cable))
      if (rate === undefined) continue
      await shape([], here, rate.up)
      await shape(inside, there, rate.down)
    }
  } catch (error) {
    leave()
    throw error
  }
  return {
    inside,
    address: farEnd,
    [Symbol.asyncDispose]: async () => {
      leave()
      await ended
    },
  }
}

function farEnd(cable: number): string {
  return `10.77.${cable}.2`
}

async function connect(where: readonly string[], name: string, address: string): Promise<void> {
  await run(...where, 'ip', 'address', 'add', `${address}/24`, 'dev', name)
  await run(...where, 'ip', 'link', 'set', name, 'up')
}

async function shape(where: readonly string[], name: string, rateBps: number): Promise<void> {
  const burst = Math.round(Math.max(BURST_BYTES, (rateBps / 8) * BURST_S))
  const limits = [
    'rate',
    `${Math.round(rateBps)}bit`,
    'burst',
    `${burst}`,
    'limit',
    `${QUEUE_BYTES}`,
  ]
  await run(...where, 'tc', 'qdisc', 'add', 'dev', name, 'root', 'tbf', ...limits)
}

/** `unshare` needs a moment: until then the namespace of the keeper is ours. */
async function untilApart(pid: string): Promise<void> {
  const own = await run('readlink', '/proc/self/ns/net')
  for (;;) {
    const name = await run('readlink', `/proc/${pid}/ns/net`)
    if (name !== '' && name !== own) return
  }
}

async function run(...words: readonly string[]): Promise<string> {
  const [file = '', ...args] = words
  const { stdout } = await promisify(execFile)(file, args)
  return stdout.trim()
}
