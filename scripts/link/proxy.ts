/**
 * An emulated link: a TCP proxy on loopback that replays a trace, both directions, faster than life if wanted.
 *
 * The trace's rate is shared by all connections, first come, first served; half the round trip passes in each
 * direction; what is lost comes a round trip late. While the trace is down, connections freeze and new ones are
 * refused; after some seconds those that are there are reset. Congestion control, headers and the sender's own
 * socket buffers are not emulated: they are whatever this machine does on loopback.
 */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { EdgeError } from '#base/errors.ts'
import type { Clock } from '#ports/clock.ts'
import { openConnection, type Connection, type Direction, type LinkAccess } from './connection.ts'
import { chanceFrom, givenUpAt, leftAt, momentAt, openPacer } from './schedule.ts'
import type { LinkTrace } from './trace.ts'

/** What to emulate, and between whom. */
export interface LinkOptions {
  /** 0 for any. */
  readonly listenPort: number
  readonly targetHost: string
  readonly targetPort: number
  readonly trace: LinkTrace
  /** 20 for twenty times faster than life: rates times 20, delays and outages a twentieth. */
  readonly speed: number
  /** Decides what is lost. */
  readonly seed: number
  readonly clock: Clock
}

/** What went over the link so far. */
interface LinkStats {
  /** Payload that arrived at the target, and at clients. */
  readonly upBytes: number
  readonly downBytes: number
  /** Pieces in which it went, both ways: packets on a real line. */
  readonly pieces: number
  /** Connections accepted, those there now, those refused, and those reset by a cut or an outage. */
  readonly connections: number
  readonly open: number
  readonly refused: number
  readonly resets: number
  /** Times that `cut` was called or an outage had connections reset. */
  readonly cuts: number
  /** How far the trace has run, and whether it is up both ways. */
  readonly virtualMs: number
  readonly isUp: boolean
}

/** A running link. Disposing it resets what is connected. */
export interface Link extends AsyncDisposable {
  readonly port: number
  readonly stats: () => LinkStats
  /** Resets all connections and refuses new ones until `heal`. */
  readonly cut: () => void
  /** Lets nothing through any more, and tells nobody, until `heal` or `cut`. */
  readonly blackhole: () => void
  /** The connections there are swallow everything from now on and never end; new ones are as good as ever. */
  readonly strand: () => void
  /** Ends a cut or a blackhole; what the blackhole held comes through. */
  readonly heal: () => void
}

/** Virtual time after which TCP connections do not survive an outage. */
const OUTAGE_PATIENCE_MS = 8_000
/** What a connection may have on its way beside what the link itself holds: its queue at the bottleneck. */
const QUEUE_BYTES = 16 << 10
/** Real time that passes unnoticed between two timers; the window has to cover it. */
const TIMER_MS = 2

/** Opens a link from a port of this machine to a target. @throws EdgeError PORT_IN_USE */
export async function openLink(options: LinkOptions): Promise<Link> {
  const stop = new AbortController()
  const connections = new Set<Connection>()
  const counts = { up: 0, down: 0, pieces: 0, connections: 0, refused: 0, resets: 0, cuts: 0 }
  const hold = openHold()
  const access = accessTo(options, {
    hold,
    count: (direction, bytes) => {
      counts[direction] += bytes
      if (bytes > 0) counts.pieces += 1
    },
  })
  let isCut = false

  const isUp = (): boolean =>
    [options.trace.up, options.trace.down].every(
      (trace) => momentAt(trace, access.nowMs()).row.isUp,
    )
  const resetAll = (): void => {
    counts.cuts += 1
    counts.resets += connections.size
    for (const connection of connections) connection.reset()
    access.pacers.up.clear()
    access.pacers.down.clear()
  }
  const accept = (socket: Socket): void => {
    if (isCut || !isUp()) {
      counts.refused += 1
      socket.on('error', () => undefined)
      socket.resetAndDestroy()
      return
    }
    counts.connections += 1
    const connection = openConnection(socket, access)
    connections.add(connection)
    connection.gone.addEventListener('abort', () => connections.delete(connection), { once: true })
  }

  const server = createServer({ allowHalfOpen: true, pauseOnConnect: true }, accept)
  const port = await listen(server, options.listenPort)
  const watching = watchOutages({ options, access, signal: stop.signal, resetAll })
  return {
    port,
    stats: () => ({
      upBytes: counts.up,
      downBytes: counts.down,
      pieces: counts.pieces,
      connections: counts.connections,
      open: connections.size,
      refused: counts.refused,
      resets: counts.resets,
      cuts: counts.cuts,
      virtualMs: access.nowMs(),
      isUp: isUp() && !isCut && !hold.isOn(),
    }),
    cut: () => {
      isCut = true
      hold.off()
      resetAll()
    },
    blackhole: hold.on,
    strand: () => {
      for (const connection of connections) connection.strand()
    },
    heal: () => {
      isCut = false
      hold.off()
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      for (const connection of connections) connection.reset()
      hold.off()
      server.close()
      await Promise.all([once(server, 'close'), watching])
    },
  }
}

interface Hold {
  readonly on: () => void
  readonly off: () => void
  readonly isOn: () => boolean
  readonly whenOff: () => Promise<void>
}

function openHold(): Hold {
  let held: PromiseWithResolvers<void> | undefined
  return {
    on: () => {
      held ??= Promise.withResolvers()
    },
    off: () => {
      held?.resolve()
      held = undefined
    },
    isOn: () => held !== undefined,
    whenOff: async () => {
      if (held !== undefined) await held.promise
    },
  }
}

function accessTo(
  { clock, trace, speed, seed, targetHost, targetPort }: LinkOptions,
  { hold, count }: { readonly hold: Hold; readonly count: LinkAccess['count'] },
): LinkAccess {
  const startedMs = clock.monotonicMs()
  const nowMs = (): number => (clock.monotonicMs() - startedMs) * speed
  return {
    pacers: {
      up: openPacer(trace.up, chanceFrom(seed)),
      down: openPacer(trace.down, chanceFrom(seed + 1)),
    },
    nowMs,
    until: async (atMs, signal) => {
      const waitMs = (atMs - nowMs()) / speed
      if (waitMs > 0) await clock.sleep(waitMs, signal)
      await hold.whenOff()
    },
    windowBytes: (direction: Direction) => {
      const { rateBps, rttMs } = momentAt(trace[direction], nowMs()).row
      return QUEUE_BYTES + (rateBps * (1.5 * rttMs + TIMER_MS * speed)) / 8000
    },
    count,
    connectTarget: () => connect({ host: targetHost, port: targetPort, allowHalfOpen: true }),
  }
}

/** Resets the connections whenever an outage has lasted too long for them. */
async function watchOutages({
  options: { trace, clock, speed },
  access,
  signal,
  resetAll,
}: {
  readonly options: LinkOptions
  readonly access: LinkAccess
  readonly signal: AbortSignal
  readonly resetAll: () => void
}): Promise<void> {
  const traces = [trace.up, trace.down]
  for (let fromMs = access.nowMs(); ;) {
    const ends = traces.map((each) => givenUpAt(each, fromMs, OUTAGE_PATIENCE_MS) ?? Infinity)
    const atMs = Math.min(...ends)
    if (atMs === Infinity) return
    await clock.sleep((atMs - access.nowMs()) / speed, signal)
    if (signal.aborted) return
    resetAll()
    fromMs = Math.max(...traces.map((each) => leftAt(each, atMs, 1)))
  }
}

async function listen(server: Server, port: number): Promise<number> {
  server.listen(port, '127.0.0.1')
  try {
    await once(server, 'listening')
  } catch (error) {
    throw new EdgeError('PORT_IN_USE', { port }, { cause: error })
  }
  const address = server.address()
  return isAddress(address) ? address.port : port
}

function isAddress(address: AddressInfo | string | null): address is AddressInfo {
  return typeof address === 'object' && address !== null
}
