/**
 * Headquarters' end of short burst data: the Iridium gateway calls us with what modems sent, and we call it with what is for them.
 *
 * DirectIP proves nothing about who calls: only addresses that are allowed are heard, and what comes in frames is sealed and signed.
 */
import { connect, createServer, type Server, type Socket } from 'node:net'
import { concatBytes } from '#base/bytes.ts'
import { EdgeError } from '#base/errors.ts'
import type { PeerId } from '#ports/carrier.ts'
import type { Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'
import type { Random } from '#ports/random.ts'
import {
  DIRECT_IP_HEAD_BYTES,
  directIpLength,
  moConfirmation,
  moFrom,
  mtConfirmationFrom,
  mtMessage,
  MT_HIGH_PRIORITY,
} from './direct-ip.ts'
import type { FramePort } from './frame-carrier.ts'
import type { FrameLine } from './frame-line.ts'
import { backOffMs } from './nats-back-off.ts'
import type { SbdMeter } from './sbd-billing.ts'

/** Where a gateway is, and which modems are whose. */
export interface SbdGatewayOptions {
  /** Where the gateway calls us. */
  readonly listen: { readonly host: string; readonly port: number }
  /** Addresses it may call from; any when empty. */
  readonly allowFrom: readonly string[]
  /** Where we call it. */
  readonly gateway: { readonly host: string; readonly port: number }
  readonly modems: readonly { readonly imei: string; readonly peer: PeerId }[]
  /** Largest message to a modem. */
  readonly bytesMax: number
  readonly gatherMs: number
}

/** What it works with. */
export interface SbdGatewayPorts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly meter: SbdMeter
}

/** The gateway as ports of frames, one for each modem. */
export interface SbdGateway extends AsyncDisposable {
  readonly ports: readonly FramePort[]
  /** Where it listens. */
  readonly port: number
}

/** Longest time without a byte in a call. */
const SILENCE_MS_MAX = 30_000
/**
 * Calls at once; a gateway makes one for each message, which takes no time. One more, and the oldest has to go: nobody keeps a
 * place by being slow.
 */
const CALLS_MAX = 64
const PAUSE_MS_MAX = 600_000
/** No message is longer: 1,960 bytes, and headers. */
const MESSAGE_BYTES_MAX = 4_096
const IDLE_MS_MAX = 3_600_000
/** The modem's queue is full: 50 messages. It has to fetch some first. */
const QUEUE_FULL = -5
/** The modem takes one in 10 to 20 s, and asking is free. */
const FULL_MS = 30_000

/**
 * Begins to listen. Its ports have to run for anything to be taken.
 * @throws EdgeError PORT_IN_USE
 */
export async function openSbdGateway(
  options: SbdGatewayOptions,
  ports: SbdGatewayPorts,
): Promise<SbdGateway> {
  const lines = new Map<string, FrameLine>()
  const calls = new Set<Socket>()
  const server = createServer((socket) => {
    const address = (socket.remoteAddress ?? '').replace(/^::ffff:/, '')
    const isAllowed = options.allowFrom.length === 0 || options.allowFrom.includes(address)
    const [oldest] = calls
    if (calls.size >= CALLS_MAX && isAllowed) oldest?.destroy()
    if (!isAllowed) {
      ports.log.warn('sbd.call-refused', { carrier: 'sbd', count: calls.size })
      socket.destroy()
      return
    }
    calls.add(socket)
    socket.on('close', () => calls.delete(socket))
    void hear(socket, { ports, lines })
  })
  const port = await listen(server, options.listen)
  return {
    port,
    ports: options.modems.map(({ imei, peer }) => ({
      peer,
      bytesMax: options.bytesMax,
      run: async (line, signal) => {
        lines.set(imei, line)
        await keepSending({ options, ports, imei, line, signal })
        lines.delete(imei)
      },
    })),
    [Symbol.asyncDispose]: async () => {
      for (const socket of calls) socket.destroy()
      await new Promise<void>((resolve) => {
        server.close(() => resolve())
      })
    },
  }
}

function listen(server: Server, at: { host: string; port: number }): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(new EdgeError('PORT_IN_USE', { ...at, reason: cause.message }, { cause })),
    )
    server.listen(at.port, at.host, () => {
      const address = server.address()
      resolve(typeof address === 'object' && address !== null ? address.port : at.port)
    })
  })
}

/** One call of the gateway: one message, and what we say to it. */
async function hear(
  socket: Socket,
  { ports, lines }: { readonly ports: SbdGatewayPorts; readonly lines: Map<string, FrameLine> },
): Promise<void> {
  const message = await messageFrom(socket)
  const mo = message && moFrom(message)
  if (mo === undefined) {
    ports.log.warn('sbd.call', { carrier: 'sbd', bytes: message?.length ?? 0 })
    return void socket.destroy()
  }
  const line = lines.get(mo.imei)
  if (line === undefined) {
    ports.log.warn('sbd.stranger', { carrier: 'sbd', seq: mo.momsn })
    return void socket.end(moConfirmation(false))
  }
  const { length = 0 } = mo.payload ?? {}
  ports.log.info('sbd.heard', { carrier: 'sbd', peer: line.peer, bytes: length, seq: mo.momsn })
  ports.meter.session(undefined, mo.payload && length)
  // A modem that sends has a way to us.
  line.begin()
  if (mo.payload !== undefined && length > 0) await line.take(mo.payload)
  socket.end(moConfirmation(true))
}

interface Sending {
  readonly options: SbdGatewayOptions
  readonly ports: SbdGatewayPorts
  readonly imei: string
  readonly line: FrameLine
  readonly signal: AbortSignal
}

/** Hands what is for one modem to the gateway, as long as the carrier is open. */
async function keepSending(sending: Sending): Promise<void> {
  const { options, ports, line, signal } = sending
  const { clock, random } = ports
  let failures = 0
  let sinceMs: number | undefined
  while (!signal.aborted) {
    line.begin()
    const urgency = line.urgency()
    if (urgency === undefined) sinceMs = undefined
    else sinceMs ??= clock.monotonicMs()
    const isUrgent = urgency === 'flash' || urgency === 'immediate'
    const leftMs =
      sinceMs === undefined ? IDLE_MS_MAX : sinceMs + options.gatherMs - clock.monotonicMs()
    if (leftMs > 0 && !isUrgent) {
      // oxlint-disable-next-line no-await-in-loop -- until there is something to do
      await line.changed(leftMs, signal)
      continue
    }
    sinceMs = undefined
    // oxlint-disable-next-line no-await-in-loop -- one message after another
    const result = await sendOne(sending, urgency === 'flash' ? MT_HIGH_PRIORITY : 0)
    failures = result === 'sent' ? 0 : failures + 1
    if (result === 'sent' || signal.aborted) continue
    if (result === 'failed') line.end()
    const pauseMs = backOffMs(failures, PAUSE_MS_MAX, random)
    // oxlint-disable-next-line no-await-in-loop -- until it may work again
    await clock.sleep(result === 'full' ? Math.max(FULL_MS, pauseMs) : pauseMs, signal)
  }
}

/** Hands one frame to the gateway. */
async function sendOne(
  { options, ports, imei, line, signal }: Sending,
  flags: number,
): Promise<'sent' | 'full' | 'failed'> {
  const frame = line.next(options.bytesMax)
  if (frame === undefined) return 'sent'
  const [a = 0, b = 0, c = 0, d = 0] = ports.random.bytes(4)
  const id = ((a & 127) << 24) | (b << 16) | (c << 8) | d
  const message = mtMessage({ id, imei, payload: frame.bytes, flags })
  const answer = await ask(options.gateway, message, signal)
  const said = answer && mtConfirmationFrom(answer)
  const status = said?.id === id && said.imei === imei ? said.status : undefined
  const facts = { carrier: 'sbd', peer: line.peer, bytes: frame.bytes.length }
  if (status !== undefined && status >= 0) {
    frame.sent()
    const cost = ports.meter.session(frame.bytes.length, undefined)
    ports.log.info('sbd.handed', { ...facts, queued: status, count: cost })
    return 'sent'
  }
  ports.meter.failed()
  if (!signal.aborted) ports.log.warn('sbd.not-handed', { ...facts, status: status ?? 'no answer' })
  return status === QUEUE_FULL ? 'full' : 'failed'
}

/** Calls the gateway with a message. Its answer; undefined when there is none. */
async function ask(
  { host, port }: SbdGatewayOptions['gateway'],
  message: Uint8Array,
  signal: AbortSignal,
): Promise<Uint8Array | undefined> {
  if (signal.aborted) return undefined
  const socket = connect({ host, port, noDelay: true })
  const onAbort = (): void => void socket.destroy()
  signal.addEventListener('abort', onAbort)
  socket.write(message)
  const answer = await messageFrom(socket)
  signal.removeEventListener('abort', onAbort)
  socket.destroy()
  return answer
}

/** The first message that comes; undefined when the call ends, or falls silent, before it is there. */
function messageFrom(socket: Socket): Promise<Uint8Array | undefined> {
  return new Promise((resolve) => {
    let came: Uint8Array = new Uint8Array(0)
    const fail = (): void => {
      socket.destroy()
      resolve(undefined)
    }
    socket.setTimeout(SILENCE_MS_MAX, fail)
    socket.on('error', fail)
    socket.on('close', fail)
    socket.on('end', () => came.length === 0 && fail())
    socket.on('data', (bytes: Uint8Array) => {
      came = concatBytes(came, bytes)
      if (came.length < DIRECT_IP_HEAD_BYTES) return
      const length = directIpLength(came)
      if (length === undefined || length > MESSAGE_BYTES_MAX) fail()
      else if (came.length >= length) resolve(came.subarray(0, length))
    })
  })
}
