/**
 * Receivers of audits: a syslog server over UDP (RFC 5426), TCP (RFC 6587, counted octets) or TLS (RFC 5425), and a file of
 * JSON lines.
 *
 * Syslog has no receipts. Over TCP and TLS a batch has a connection of its own, and counts as taken when the receiver,
 * told that there is no more, closes its side without an error: then it has read to the end.
 */
import { createSocket } from 'node:dgram'
import { open, readFile } from 'node:fs/promises'
import { connect as connectTcp, isIP, isIPv6, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { EdgeError } from '#base/errors.ts'
import { auditLine, syslogLine } from '#model/audit-line.ts'
import type { Clock } from '#ports/clock.ts'
import type { AuditSink } from './audit-feed.ts'

/** Where a syslog server is. */
export interface SyslogOptions {
  readonly host: string
  readonly port: number
  readonly transport: 'udp' | 'tcp' | 'tls'
  /** Certificate authority of the server, PEM; without it the system's are trusted. */
  readonly caFile?: string | undefined
}

/** How long a receiver may take for one batch, in milliseconds. */
const PATIENCE_MS = 30_000

/** A syslog server. Another host or port is another receiver and served from the beginning. */
export function openSyslogSink(
  options: SyslogOptions,
  { clock }: { readonly clock: Clock },
): AuditSink {
  const { host, port, transport } = options
  return {
    name: `syslog ${transport} ${host} ${port}`,
    send: async (records, signal) => {
      const lines = records.map(syslogLine)
      if (transport === 'udp') return sendDatagrams(options, lines)
      const framed = lines.map((line) => `${Buffer.byteLength(line)} ${line}`).join('')
      await sendAll(await dial(options), framed, { clock, signal, host })
    },
  }
}

/** A file that lines are added to; it may be moved away at any time. */
export function openFileSink(file: string): AuditSink {
  return {
    name: `file ${file}`,
    send: async (records) => {
      const text = records.map((record) => `${auditLine(record)}\n`).join('')
      try {
        await using handle = await open(file, 'a', 0o600)
        await handle.write(text)
        await handle.sync()
      } catch (cause) {
        throw new EdgeError('STORE_FULL', { what: 'audit file', found: reasonOf(cause) }, { cause })
      }
    },
  }
}

async function dial({ host, port, transport, caFile }: SyslogOptions): Promise<Socket> {
  if (transport === 'tcp') return connectTcp({ host, port })
  const ca = caFile === undefined ? {} : { ca: await readFile(caFile) }
  const name = isIP(host) === 0 ? { servername: host } : {}
  return connectTls({ host, port, ...ca, ...name })
}

interface Sending {
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly host: string
}

async function sendAll(
  socket: Socket,
  text: string,
  { clock, signal, host }: Sending,
): Promise<void> {
  const done = new AbortController()
  const { promise, resolve, reject } = Promise.withResolvers<void>()
  const fail = (found: string, cause?: unknown): void =>
    reject(new EdgeError('CARRIER_UNREACHABLE', { what: 'syslog', host, found }, { cause }))
  let hasEnded = false
  socket.on('error', (error) => fail(reasonOf(error), error))
  socket.on('end', () => {
    if (!hasEnded) fail('closed by the receiver')
  })
  socket.on('close', (hadError) => (hadError || !hasEnded ? fail('broken off') : resolve()))
  socket.on('data', () => undefined) // syslog servers say nothing; what is not read would hold up the end
  socket.once(isSecure(socket) ? 'secureConnect' : 'connect', () => {
    socket.write(text, () => {
      hasEnded = true
      socket.end()
    })
  })
  const giveUp = async (): Promise<void> => {
    await clock.sleep(PATIENCE_MS, AbortSignal.any([signal, done.signal]))
    fail(signal.aborted ? 'stopped' : 'too slow')
    socket.destroy()
  }
  void giveUp()
  try {
    await promise
  } finally {
    done.abort()
    socket.destroy()
  }
}

function isSecure(socket: Socket): boolean {
  return 'encrypted' in socket
}

async function sendDatagrams(
  { host, port }: SyslogOptions,
  lines: readonly string[],
): Promise<void> {
  const socket = createSocket(isIPv6(host) ? 'udp6' : 'udp4')
  try {
    for (const line of lines) {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      socket.send(line, port, host, (error) => (error === null ? resolve() : reject(error)))
      await promise
    }
  } catch (cause) {
    const facts = { what: 'syslog', host, found: reasonOf(cause) }
    throw new EdgeError('CARRIER_UNREACHABLE', facts, { cause })
  } finally {
    socket.close()
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown'
  return 'code' in error ? String(error.code) : error.name
}
