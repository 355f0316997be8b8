/** The door's TLS: what it is told, and who may come in without it. */
import { BlockList, type Socket } from 'node:net'
import type { IncomingMessage } from 'node:http'
import { isProbe } from './probes.ts'

/** Certificate and key, PEM. */
interface Credentials {
  readonly certificatePem: string
  readonly keyPem: string
}

/** The two ends of a connection. */
type Ends = Pick<Socket, 'localAddress' | 'remoteAddress'>

/** What people need in order to know this kit: the organisation's certificate in every form. */
export interface TrustMaterial {
  readonly organisation: string
  readonly der: Uint8Array
  readonly pem: string
  /** Apple's configuration profile. */
  readonly appleProfile: Uint8Array
  /** SHA-256, in pairs of digits. */
  readonly fingerprint: string
  /** The first half of it in words that can be read out. */
  readonly spoken: string
}

/** How the door speaks TLS. */
export interface ServerTls {
  /** `auto`: TLS and plain HTTP on one port. `require`: plain HTTP only from this machine itself. */
  readonly mode: 'auto' | 'require'
  /** What plain HTTP from elsewhere gets under `auto`. */
  readonly plainHttp: 'redirect' | 'serve'
  /** Key exchange: X25519 with ML-KEM-768, or X25519 alone where each byte counts. */
  readonly kex: 'hybrid' | 'x25519'
  /** Whether people's devices must show a certificate of the organisation. */
  readonly clientCertificates: 'none' | 'required'
  readonly certificate: {
    readonly current: () => Credentials
    /** Hears of every later one; the function returned ends that. */
    readonly onChange: (listener: (credentials: Credentials) => void) => () => void
  }
  readonly trust: TrustMaterial
  /** Whether whoever asks by plain HTTP if they are online gets an answer (`welcome.ts`). */
  readonly isPortal?: boolean
  /** Whether the other end is this machine itself, unless it is to be told by the addresses. */
  readonly isThisMachine?: (ends: Ends) => boolean
}

/** What becomes of a request: `redirect` to https, or refused because it is plain or shows no certificate. */
export type Passage = 'pass' | 'redirect' | 'plain' | 'no-certificate'

/**
 * What needs no TLS: how to come in and trust this kit, and three exchanges between nodes that prove and seal themselves (a join
 * request is sealed under its code, a peer's session has its own keys, so has a release), so that X.509 could add
 * nothing to them.
 */
const OPEN =
  /^\/(?:trust(?:\/[a-z.-]*)?|welcome(?:\/qr\.png)?|api\/holdfast\/v1\/(?:join|peer|release))\/?(?:\?|$)/

const LOOPBACK = loopback()

/** Whether the request may come in. */
export function passageOf(tls: ServerTls | undefined, request: IncomingMessage): Passage {
  if (tls === undefined) return 'pass'
  const { socket } = request
  const isOpen = isOpenTo(tls, request.url ?? '')
  if ('encrypted' in socket) {
    const isKnown = 'authorized' in socket && socket.authorized === true
    return tls.clientCertificates === 'none' || isKnown || isOpen ? 'pass' : 'no-certificate'
  }
  if (isThisMachine(tls, socket)) return 'pass'
  if (tls.mode === 'require') return 'plain'
  const isServed = tls.plainHttp === 'serve' && tls.clientCertificates === 'none'
  if (isOpen || isServed) return 'pass'
  return ['GET', 'HEAD'].includes(request.method ?? '') ? 'redirect' : 'plain'
}

function isOpenTo({ isPortal = false }: ServerTls, url: string): boolean {
  return OPEN.test(url) || (isPortal && isProbe(url))
}

/** Whether it came over TLS that this node speaks itself. */
export function isSecure({ socket }: IncomingMessage): boolean {
  return 'encrypted' in socket
}

/** What this machine says to itself crosses no wire: the command line, or a proxy that speaks TLS for the node. */
export function isThisMachine(tls: ServerTls, ends: Ends): boolean {
  return (tls.isThisMachine ?? isFromHere)(ends)
}

/** Where a plain request is sent: the same place by https. What a stranger wrote into `Host` is not repeated. */
export function secureUrlOf({
  headers,
  url,
  socket,
}: Pick<IncomingMessage, 'headers' | 'url' | 'socket'>): string {
  const { localAddress = '', localPort = 0 } = socket
  const own = localAddress.includes(':') ? `[${localAddress}]` : localAddress
  const named = headers.host ?? ''
  const host = /^(?:[A-Za-z0-9.-]+|\[[0-9A-Fa-f:.]+\])(?::\d{1,5})?$/.test(named)
    ? named
    : `${own}:${localPort}`
  return `https://${host}${/^\/(?!\/)/.test(url ?? '') ? url : '/'}`
}

/** By the loopback, or from one of our own addresses to itself: nobody else can complete a TCP handshake from there. */
function isFromHere({ localAddress, remoteAddress }: Ends): boolean {
  if (remoteAddress === undefined) return false
  if (remoteAddress === localAddress) return true
  return LOOPBACK.check(remoteAddress, remoteAddress.includes(':') ? 'ipv6' : 'ipv4')
}

function loopback(): BlockList {
  const list = new BlockList()
  list.addSubnet('127.0.0.0', 8, 'ipv4')
  list.addSubnet('::ffff:127.0.0.0', 104, 'ipv6')
  list.addAddress('::1', 'ipv6')
  return list
}
