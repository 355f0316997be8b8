/**
 * TLS and plain HTTP on one port. The first byte tells them apart: 0x16 begins a TLS record with a handshake in it
 * (RFC 8446 §5.1), and no HTTP method.
 *
 * One HTTP server serves both, so limits, WebSockets and closing are the same for either. TLS 1.3 only; key exchange
 * is hybrid (X25519MLKEM768) first, as what is recorded today may be opened later.
 */
import type { Server } from 'node:http'
import type { Socket } from 'node:net'
import { createServer as createTlsServer, type TlsOptions } from 'node:tls'
import { assert } from '#base/assert.ts'
import type { Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'
import { EARLY_CONNECTIONS_MAX, FIRST_BYTE_MS, HANDSHAKE_MS } from './limits.ts'
import { isThisMachine, type ServerTls } from './tls.ts'

/** Groups by choice, the first preferred. */
const GROUPS = { hybrid: 'X25519MLKEM768:X25519', x25519: 'X25519' } as const
const HANDSHAKE_RECORD = 0x16

type Serve = (socket: Socket) => void

/** Has `http` speak TLS as well from now on. The function returned ends every connection that is not yet HTTP. */
export function speakTls(
  http: Server,
  tls: ServerTls,
  { clock, log }: { readonly clock: Clock; readonly log: Log },
): () => void {
  const serve = takeOver(http)
  const secure = createTlsServer(optionsOf(tls))
  const early = new Map<string, Socket>()
  const begin = (socket: Socket): void => {
    early.delete(nameOf(socket))
    serve(socket)
  }
  secure.on('secureConnection', begin)
  secure.on('tlsClientError', (error, socket) => {
    socket.destroy()
    log.debug('tls.handshake-failed', { reason: reasonOf(error) })
  })
  http.on('connection', (socket) => {
    if (early.size >= EARLY_CONNECTIONS_MAX) return void socket.destroy()
    const name = nameOf(socket)
    early.set(name, socket)
    socket.once('close', () => void early.delete(name))
    void firstByte(socket, clock).then((byte) => {
      if (byte === HANDSHAKE_RECORD) return void secure.emit('connection', socket)
      const isWelcome = tls.mode === 'auto' || isThisMachine(tls, socket)
      return byte === undefined || !isWelcome ? void socket.destroy() : begin(socket)
    })
  })
  const unfollow = tls.certificate.onChange(() => secure.setSecureContext(optionsOf(tls)))
  return () => {
    unfollow()
    for (const socket of early.values()) socket.destroy()
  }
}

/** What the HTTP server does with a new connection; from now on it does that only when it is told to. */
function takeOver(http: Server): Serve {
  const [serve] = http.listeners('connection')
  assert(serve !== undefined, 'an HTTP server serves its connections')
  http.removeAllListeners('connection')
  return (socket) => void Reflect.apply(serve, http, [socket])
}

/** The first byte, put back again; undefined when there was none in time. */
async function firstByte(socket: Socket, clock: Clock): Promise<number | undefined> {
  const { promise, resolve } = Promise.withResolvers<number | undefined>()
  const done = new AbortController()
  const destroy = (): void => void socket.destroy()
  const onReadable = (): void => {
    const chunk: unknown = socket.read()
    if (!Buffer.isBuffer(chunk)) return
    socket.off('readable', onReadable)
    socket.unshift(chunk)
    resolve(chunk[0])
  }
  const onEnd = (): void => resolve(undefined)
  socket.on('error', destroy).on('readable', onReadable).once('end', onEnd).once('close', onEnd)
  void clock.sleep(FIRST_BYTE_MS, done.signal).then(onEnd)
  const byte = await promise
  done.abort()
  socket.off('error', destroy).off('readable', onReadable).off('end', onEnd).off('close', onEnd)
  return byte
}

function optionsOf({ certificate, kex, clientCertificates, trust }: ServerTls): TlsOptions {
  const { certificatePem, keyPem } = certificate.current()
  return {
    cert: certificatePem,
    key: keyPem,
    minVersion: 'TLSv1.3',
    ecdhCurve: GROUPS[kex],
    ALPNProtocols: ['http/1.1'],
    handshakeTimeout: HANDSHAKE_MS,
    // Whether one was shown and holds is looked at with each request, as some need none.
    ...(clientCertificates === 'required'
      ? { requestCert: true, rejectUnauthorized: false, ca: trust.pem }
      : {}),
  }
}

/** The same for a connection before and after its handshake. */
function nameOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`
}

function reasonOf(error: Error): string {
  return 'code' in error ? String(error.code) : error.message
}
