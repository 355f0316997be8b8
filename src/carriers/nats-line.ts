/**
 * One connection to a NATS server, from its dial to its end: the only file that knows the NATS client.
 *
 * The client's own reconnecting, pinging and queueing are off: it dials for ever where it cannot succeed, hangs on a
 * half-open line, loses what is published meanwhile, and leaves the socket of a timed-out dial open (research/nats.md
 * 1, 3e, 3f). We get hold of every socket of a dial through Node's diagnostics channel and destroy it ourselves.
 */
import { AsyncLocalStorage } from 'node:async_hooks'
import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { readFile } from 'node:fs/promises'
import { Socket } from 'node:net'
import {
  connect,
  nkeyAuthenticator,
  type ConnectionOptions,
  type Msg,
  type NatsConnection,
} from '@nats-io/transport-node'
import { EdgeError } from '#base/errors.ts'
import type { Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'
import type { NatsAccess } from './nats-options.ts'
import { tlsOptions } from './nats-tls.ts'

/** A message from the server. */
export interface LineMessage {
  readonly subject: string
  /** Status of an answer without a message, such as 404; 0 for a message. */
  readonly status: number
  readonly header: (name: string) => string | undefined
  readonly bytes: Uint8Array
}

/** A connection that stands. It ends once, by itself or by `drop`. */
export interface Line {
  readonly serverId: string
  /** Of the server: major and minor. */
  readonly version: readonly [major: number, minor: number]
  /** Largest message the server takes. */
  readonly payloadBytesMax: number
  /** How long the dial took, in milliseconds. */
  readonly dialMs: number
  /** Hands bytes to the socket. What is published after the end is lost; whoever waits for an answer hears of it. */
  readonly publish: (subject: string, bytes: Uint8Array, reply: string) => void
  readonly listen: (subject: string, onMessage: (message: LineMessage) => void) => void
  /** True when the server answered one ping, false when the line ended first. */
  readonly ping: () => Promise<boolean>
  /** Bytes that came in so far, whatever they belong to. */
  readonly bytesRead: () => number
  /** Packets that went and came beside those of the dial: what is said in one breath is one. */
  readonly turns: () => number
  readonly drop: () => void
  /** Aborted when the line has ended. */
  readonly over: AbortSignal
}

/** What a dial needs besides the options. */
export interface DialPorts {
  readonly clock: Clock
  readonly log: Log
  /** Hears of each socket of a dial. */
  readonly onSocket?: (socket: Socket) => void
}

/** The client wants numbers; as long as a timer can be. */
const NEVER_MS = 2 ** 31 - 1

const dialled = new AsyncLocalStorage<Socket[]>()

/**
 * Dials one server. When `signal` aborts, nothing is left behind.
 * @throws EdgeError CARRIER_UNREACHABLE with the reason
 */
export async function dialLine(
  server: string,
  access: NatsAccess,
  { clock, log, onSocket, signal }: DialPorts & { readonly signal: AbortSignal },
): Promise<Line> {
  const sockets: Socket[] = []
  const ended = new AbortController()
  const quiet = new AbortController()
  const destroy = (): void => destroyAll(sockets)
  const note = (message: unknown): void => {
    if (dialled.getStore() === sockets && hasSocket(message)) {
      sockets.push(message.socket)
      onSocket?.(message.socket)
    }
    if (signal.aborted) destroy()
  }
  const beganMs = clock.monotonicMs()
  try {
    const options = await connectionOptions(server, access)
    subscribe('net.client.socket', note)
    const connecting = dialled.run(sockets, () => connect(options))
    const patience = { quietMs: access.connectTimeoutMs, clock, signal: ended.signal }
    void whenQuiet(sockets, patience).then(() => quiet.abort())
    const givenUp = AbortSignal.any([signal, quiet.signal])
    const connection = await unlessAborted(connecting, givenUp).finally(() => {
      ended.abort()
      void connecting.catch(destroy).finally(() => unsubscribe('net.client.socket', note))
    })
    return lineOf(connection, { sockets, dialMs: clock.monotonicMs() - beganMs, log })
  } catch (error) {
    destroy()
    throw new EdgeError('CARRIER_UNREACHABLE', { reason: reasonOf(error) }, { cause: error })
  }
}

/**
 * Destroys sockets in the phase of the event loop right before the one that closes them. In any other a write over TLS could end
 * in between: the next is then made on a closed socket, and its EBADF comes after the end that took all listeners, so that it would
 * end the process.
 */
function destroyAll(sockets: readonly Socket[]): void {
  setImmediate(() => sockets.forEach((socket) => void socket.destroy()))
}

/** Resolves once no byte has come in for so long: however thin the line, a dial that gets on is not given up. */
async function whenQuiet(
  sockets: readonly Socket[],
  patience: { readonly quietMs: number; readonly clock: Clock; readonly signal: AbortSignal },
): Promise<void> {
  for (let before = -1; before !== bytesReadBy(sockets);) {
    before = bytesReadBy(sockets)
    // oxlint-disable-next-line no-await-in-loop -- as long as bytes come in
    await patience.clock.sleep(patience.quietMs, patience.signal)
  }
}

function bytesReadBy(sockets: readonly Socket[]): number {
  return sockets.reduce((sum, socket) => sum + socket.bytesRead, 0)
}

/** The connection, or an error at once when `signal` aborts; a connection that stands too late is closed again. */
async function unlessAborted(
  connecting: Promise<NatsConnection>,
  signal: AbortSignal,
): Promise<NatsConnection> {
  const aborted = Promise.withResolvers<never>()
  const onAbort = (): void => aborted.reject(new Error('given up'))
  signal.addEventListener('abort', onAbort)
  if (signal.aborted) onAbort()
  try {
    return await Promise.race([connecting, aborted.promise])
  } catch (error) {
    connecting.then(
      (late) => late.close(),
      () => undefined,
    )
    throw error
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

interface LineParts {
  readonly sockets: readonly Socket[]
  readonly dialMs: number
  readonly log: Log
}

function lineOf(connection: NatsConnection, { sockets, dialMs, log }: LineParts): Line {
  const end = new AbortController()
  const drop = (): void => {
    connection.close().catch(() => undefined)
    destroyAll(sockets)
    end.abort()
  }
  void connection.closed().then(drop)
  void logErrors(connection, log)
  let turns = 0
  const say = openMouth(connection, () => (turns += 1))
  return {
    turns: () => turns,
    serverId: connection.info?.server_id ?? '',
    version: versionOf(connection.info?.version ?? ''),
    payloadBytesMax: connection.info?.max_payload ?? 0,
    dialMs,
    publish: (subject, bytes, reply) => say(() => connection.publish(subject, bytes, { reply })),
    listen: (subject, onMessage) => {
      const callback = (error: Error | null, message: Msg): void => {
        turns += 1
        if (error === null) onMessage(lineMessage(message))
        else log.error('nats.listening-refused', { subject, reason: error.message })
      }
      say(() => connection.subscribe(subject, { callback }))
    },
    ping: async () => {
      if (connection.isClosed()) return false
      const { promise, resolve } = Promise.withResolvers<boolean>()
      void connection.closed().then(() => resolve(false))
      say(() => {
        connection.flush().then(
          () => resolve(true),
          () => resolve(false),
        )
      })
      return promise
    },
    bytesRead: () => bytesReadBy(sockets),
    drop,
    over: end.signal,
  }
}

/**
 * The client hands to the socket what was said since its last breath, which is shorter than it takes to think: what is said in one
 * turn of the event loop goes together, in one packet and one seal instead of several. A closed connection says nothing.
 */
function openMouth(connection: NatsConnection, onTurn: () => void): (word: () => unknown) => void {
  const words: (() => unknown)[] = []
  return (word) => {
    words.push(word)
    if (words.length > 1) return
    setImmediate(() => {
      onTurn()
      for (const each of words.splice(0)) if (!connection.isClosed()) each()
    })
  }
}

/** Words of the server that belong to no answer, above all that a subject is not permitted. */
async function logErrors(connection: NatsConnection, log: Log): Promise<void> {
  for await (const status of connection.status())
    if (status.type === 'error') log.warn('nats.server-error', { reason: status.error.message })
}

async function connectionOptions(server: string, access: NatsAccess): Promise<ConnectionOptions> {
  const { user, passwordFile, nkeySeedFile } = access
  const needsTls = access.tls !== undefined || server.startsWith('tls://')
  return {
    servers: [server],
    reconnect: false,
    timeout: NEVER_MS,
    pingInterval: NEVER_MS,
    noEcho: true,
    ignoreAuthErrorAbort: true,
    ignoreClusterUpdates: true,
    ...(needsTls ? { tls: await tlsOptions(access.tls ?? {}) } : {}),
    ...(user === undefined ? {} : { user }),
    ...(passwordFile === undefined ? {} : { pass: await firstLine(passwordFile) }),
    ...(nkeySeedFile === undefined
      ? {}
      : { authenticator: nkeyAuthenticator(Buffer.from(await firstLine(nkeySeedFile))) }),
  }
}

async function firstLine(file: string): Promise<string> {
  const text = await readFile(file, 'utf8')
  return text.split(/\r?\n/, 1)[0] ?? ''
}

function lineMessage(message: Msg): LineMessage {
  const { headers } = message
  return {
    subject: message.subject,
    status: headers?.code ?? 0,
    header: (name) => (headers?.has(name) === true ? headers.get(name) : undefined),
    bytes: new Uint8Array(message.data),
  }
}

function versionOf(text: string): readonly [number, number] {
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(text) ?? []
  return [Number(major ?? 0), Number(minor ?? 0)]
}

function hasSocket(message: unknown): message is { readonly socket: Socket } {
  return (
    typeof message === 'object' &&
    message !== null &&
    'socket' in message &&
    message.socket instanceof Socket
  )
}

/** A word for the log: what is wrong with a file, the code of the deepest error that has one, else what the client says. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'the server closed the connection'
  if ('path' in error) return error.message
  if ('code' in error && typeof error.code === 'string') return error.code
  return error.cause instanceof Error ? reasonOf(error.cause) : error.message
}
