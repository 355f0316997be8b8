/**
 * One line after the other: dials until a server answers, serves the line until it ends, dials again.
 *
 * Pauses grow to `backOffMaxMs` and are cut short when the modem says that the link is up. Both edges matter:
 * what was dialled before the link came up is in the long pauses of TCP, so it is dropped and dialled anew.
 */
import type { Socket } from 'node:net'
import { EdgeError } from '#base/errors.ts'
import { backOffMs } from './nats-back-off.ts'
import { dialLine, type Line } from './nats-line.ts'
import type { NatsOptions, NatsPorts } from './nats-options.ts'

/** What a link works with. */
export interface LinkParts {
  readonly options: Pick<
    NatsOptions,
    | 'name'
    | 'servers'
    | 'backOffMaxMs'
    | 'connectTimeoutMs'
    | 'tls'
    | 'user'
    | 'passwordFile'
    | 'nkeySeedFile'
    | 'isOnDemand'
  >
  readonly ports: Pick<NatsPorts, 'clock' | 'random' | 'log'>
  /** Uses a line until it ends. */
  readonly serve: (line: Line) => Promise<void>
}

/** The way to one post office. */
export interface Link {
  /** Runs until `stop` aborts; then nothing of it is left. */
  readonly run: (stop: AbortSignal) => Promise<void>
  /** The modem says that there is a way: dial now. A line that stands stays. */
  readonly linkUp: () => void
  /** The modem says that there is no way: the line is dead, and dialling can wait. */
  readonly linkDown: () => void
  /** Somebody wants a line from now on. */
  readonly open: () => void
  /** Nobody wants one any more: the line and any dial end, and no other begins. */
  readonly close: () => void
  /** Bytes of all lines and dials so far, both ways, with the headers that they need. */
  readonly usedBytes: () => number
}

interface State {
  line: Line | undefined
  failures: number
  isDown: boolean
  isWanted: boolean
  /** Bytes of sockets that are closed, and of headers. */
  goneBytes: number
  readonly sockets: Set<Socket>
  /** Ends the present dial or pause. */
  hurry: AbortController
}

/** A line that ended sooner was of no use: the next dial waits as after a failure. */
const USEFUL_LINE_MS = 5_000

/** Headers of IP and TCP with time stamps. */
const HEADER_BYTES = 52
/** One packet, and every other time an acknowledgement alone. */
const TURN_BYTES = 1.5 * HEADER_BYTES
/** Packets of a dial: three before TLS, its flights, the greeting, and the end. */
const DIAL_BYTES = 13 * HEADER_BYTES
/** What a full packet holds. */
const PACKET_BYTES = 1_400

/** A link that does not dial yet. */
export function openLink(parts: LinkParts): Link {
  const state: State = {
    line: undefined,
    failures: 0,
    isDown: false,
    isWanted: parts.options.isOnDemand !== true,
    goneBytes: 0,
    sockets: new Set(),
    hurry: new AbortController(),
  }
  return {
    run: async (stop) => {
      while (!stop.aborted) {
        state.hurry = new AbortController()
        // oxlint-disable-next-line no-await-in-loop -- one line after the other
        if (state.isWanted) await tryOnce(parts, state, stop)
        // oxlint-disable-next-line no-await-in-loop -- one line after the other
        await pause(parts, state, stop)
      }
    },
    linkUp: () => {
      state.isDown = false
      state.failures = 0
      if (state.line?.over.aborted !== false) state.hurry.abort()
    },
    linkDown: () => {
      state.isDown = true
      state.line?.drop()
    },
    open: () => {
      if (state.isWanted) return
      state.isWanted = true
      state.failures = 0
      state.hurry.abort()
    },
    close: () => {
      state.isWanted = false
      state.line?.drop()
      state.hurry.abort()
    },
    usedBytes: () => usedBytesOf(state),
  }
}

/** Dials the next server and serves the line, if there is one. */
async function tryOnce(parts: LinkParts, state: State, stop: AbortSignal): Promise<void> {
  const { options, ports, serve } = parts
  const { clock, log } = ports
  const server = options.servers[state.failures % options.servers.length] ?? ''
  const carrier = options.name
  try {
    const signal = AbortSignal.any([stop, state.hurry.signal])
    const onSocket = (socket: Socket): void => count(state, socket)
    const line = await dialLine(server, options, { clock, log, onSocket, signal })
    const dropAtStop = (): void => line.drop()
    stop.addEventListener('abort', dropAtStop)
    if (signal.aborted) line.drop()
    state.line = line
    const beganMs = clock.monotonicMs()
    log.info('nats.connected', { carrier, version: line.version.join('.') })
    await serve(line).finally(() => {
      line.drop()
      stop.removeEventListener('abort', dropAtStop)
      state.goneBytes += line.turns() * TURN_BYTES
      state.line = undefined
    })
    const lastedMs = Math.round(clock.monotonicMs() - beganMs)
    log.info('nats.disconnected', { carrier, durationMs: lastedMs })
    state.failures = lastedMs < USEFUL_LINE_MS ? state.failures + 1 : 0
  } catch (error) {
    if (!(error instanceof EdgeError)) throw error
    if (stop.aborted || state.hurry.signal.aborted) return
    state.failures += 1
    const reason = String(error.facts.reason ?? error.code)
    log.warn('nats.dial-failed', { carrier, reason, attempt: state.failures })
  }
}

/** Waits before the next dial: not at all after a line that was of use, for long while the modem says no. */
async function pause(
  { options, ports }: LinkParts,
  state: State,
  stop: AbortSignal,
): Promise<void> {
  if (state.hurry.signal.aborted) return
  const { failures, isDown, isWanted } = state
  if (failures === 0 && !isDown && isWanted) return
  if (!isWanted) return aborted(AbortSignal.any([stop, state.hurry.signal]))
  const tries = isDown ? Number.MAX_SAFE_INTEGER : failures
  const waitMs = backOffMs(tries, options.backOffMaxMs, ports.random)
  await ports.clock.sleep(waitMs, AbortSignal.any([stop, state.hurry.signal]))
}

/** Counts what goes over a socket for as long as it is open, and keeps what it was. */
function count(state: State, socket: Socket): void {
  state.sockets.add(socket)
  state.goneBytes += DIAL_BYTES
  socket.once('close', () => {
    state.sockets.delete(socket)
    state.goneBytes += bytesOf(socket)
  })
}

/** Of a full packet's bytes one packet in the turn is counted already. */
function bytesOf({ bytesRead, bytesWritten }: Socket): number {
  const bytes = bytesRead + bytesWritten
  return bytes + Math.floor(bytes / PACKET_BYTES) * HEADER_BYTES
}

function usedBytesOf({ goneBytes, sockets, line }: State): number {
  const open = [...sockets].reduce((sum, socket) => sum + bytesOf(socket), 0)
  return Math.ceil(goneBytes + open + (line?.turns() ?? 0) * TURN_BYTES)
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve()
  return new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true })
  })
}
