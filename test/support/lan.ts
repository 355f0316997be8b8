/** Real LAN carriers on loopback, and a network between them that can be cut, held up and tampered with. */
import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import { createServer as createTlsServer, type Server as TlsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { WebSocket, WebSocketServer } from 'ws'
import { must } from '#base/assert.ts'
import { LAN_PEER_PATH, openLanCarrier, type LanCarrier, type LanOptions } from '#carriers/lan.ts'
import type { Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'
import { realClock } from '#ports/real.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import type { Identity } from '#trust/identity.ts'
import { openRoster } from '#trust/roster.ts'
import { hear, type CarrierSide } from './carrier-side.ts'
import { collectingLog, type CollectingLog } from './log.ts'
import { seededRandom } from './random.ts'

/** A node's LAN carrier and the server at which others reach it. */
export interface LanNode extends AsyncDisposable {
  readonly side: CarrierSide
  readonly log: CollectingLog
  /** Takes the sockets of another door than its own. */
  readonly accept: LanCarrier['accept']
  readonly hint: LanCarrier['hint']
  /** `ws://127.0.0.1:port` */
  readonly address: string
}

/** What a test may choose; the node listens in any case. */
export interface LanChoice {
  readonly dial?: readonly string[]
  readonly clock?: Clock
  readonly options?: Partial<LanOptions>
  /** What the carrier logs to, in front of the log that is collected. */
  readonly watch?: (log: Log) => Log
}

/** A door on loopback for WebSockets at the path of peers. */
export interface Door extends AsyncDisposable {
  readonly address: string
  /** Cuts all sockets and lets nobody in until `reopen`. */
  readonly shut: () => void
  readonly reopen: () => void
}

/** A network between one dialler and one door; frames pass one by one. */
export interface Relay extends AsyncDisposable {
  readonly address: string
  /** Frames that came from the dialler, and from the door, in order. */
  readonly fromDialler: readonly Uint8Array[]
  readonly fromDoor: readonly Uint8Array[]
  /** Resolves once the dialler has sent `count` frames. */
  readonly whenFromDialler: (count: number) => Promise<void>
  /** From now on frames are lost, but no socket closes. */
  readonly goDark: () => void
  /** Cuts all sockets as soon as the dialler has sent `count` frames; that frame is lost. */
  readonly cutAt: (count: number) => void
  /** Says something to the dialler in the door's name. */
  readonly forge: (bytes: Uint8Array) => void
}

let seed = 0

/** A running carrier for `identity`. */
export async function aLanNode(identity: Identity, choice: LanChoice = {}): Promise<LanNode> {
  const log = collectingLog()
  const clock = choice.clock ?? realClock()
  seed += 1
  const carrier = openLanCarrier(
    {
      name: 'lan',
      identity,
      roster: openRoster(identity.organisation),
      dial: choice.dial ?? [],
      backOffMaxMs: 20,
      ...choice.options,
    },
    { clock, random: seededRandom(seed), log: choice.watch?.(log) ?? log },
  )
  const door = await openDoor(carrier.accept)
  return {
    side: hear(carrier, openMemoryStore()),
    log,
    accept: carrier.accept,
    hint: carrier.hint,
    address: door.address,
    [Symbol.asyncDispose]: async () => {
      await carrier[Symbol.asyncDispose]()
      await door[Symbol.asyncDispose]()
    },
  }
}

/** A server that hands its sockets to `accept`; with a certificate it speaks TLS and nothing else. */
export async function openDoor(
  accept: LanCarrier['accept'],
  tls?: { readonly certificatePem: string; readonly keyPem: string },
): Promise<Door> {
  const server =
    tls === undefined
      ? createServer()
      : createTlsServer({ cert: tls.certificatePem, key: tls.keyPem })
  const sockets = new WebSocketServer({ server, path: LAN_PEER_PATH })
  let isShut = false
  sockets.on('connection', (socket, request) => {
    socket.on('error', () => socket.terminate())
    if (isShut) socket.terminate()
    else accept(socket, request.socket.remoteAddress ?? '')
  })
  const address = await listen(server)
  return {
    address,
    shut: () => {
      isShut = true
      for (const socket of sockets.clients) socket.terminate()
    },
    reopen: () => {
      isShut = false
    },
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets.clients) socket.terminate()
      sockets.close()
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

/** A network in front of the door at `target`, which may be known only when somebody dials. */
export async function openRelay(target: () => string): Promise<Relay> {
  const fromDialler: Uint8Array[] = []
  const fromDoor: Uint8Array[] = []
  const dialled = new Set<WebSocket>()
  let change = Promise.withResolvers<void>()
  let isDark = false
  let cutCount = Infinity
  let current: WebSocket | undefined
  const door = await openDoor((dialler) => {
    const socket = new WebSocket(target() + LAN_PEER_PATH)
    dialled.add(socket)
    const opened = new Promise((resolve) => void socket.once('open', resolve))
    dialler.on('message', (data) => {
      fromDialler.push(bytesOf(data))
      change.resolve()
      change = Promise.withResolvers()
      if (fromDialler.length >= cutCount) return cut()
      if (!isDark) void opened.then(() => socket.send(bytesOf(data)))
    })
    socket.on('message', (data) => {
      fromDoor.push(bytesOf(data))
      if (!isDark) dialler.send(bytesOf(data))
    })
    current = dialler
    dialler.on('close', () => isDark || socket.close())
    socket.on('close', () => isDark || dialler.close())
    socket.on('error', () => dialler.terminate())
  })
  const cut = (): void => {
    cutCount = Infinity
    door.shut()
    for (const socket of dialled) socket.terminate()
    door.reopen()
  }
  return {
    address: door.address,
    fromDialler,
    fromDoor,
    whenFromDialler: async (count) => {
      // oxlint-disable-next-line no-await-in-loop -- until they have come
      while (fromDialler.length < count) await change.promise
    },
    goDark: () => {
      isDark = true
    },
    cutAt: (count) => {
      cutCount = count
    },
    forge: (bytes) => must(current, 'somebody has dialled').send(bytes),
    [Symbol.asyncDispose]: async () => {
      for (const socket of dialled) socket.terminate()
      await door[Symbol.asyncDispose]()
    },
  }
}

function bytesOf(data: unknown): Uint8Array {
  return data instanceof Uint8Array ? data : Buffer.from(data as ArrayBuffer)
}

async function listen(server: Server | TlsServer): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
}
