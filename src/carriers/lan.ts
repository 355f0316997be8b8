/**
 * The LAN peer carrier: two nodes directly, over one WebSocket, with no server between them; also kit to hub over any
 * IP path. Custody is the peer's own word, given in a session whose keys only the two nodes have.
 *
 * This file connects the parts: lan-dial finds peers, lan-session talks to one over a socket, lan-peer chooses among
 * sessions and keeps what is under way, lan-outgoing and lan-incoming cut and join parcels.
 */
import { WebSocket } from 'ws'
import { EdgeError } from '#base/errors.ts'
import type { NodeId } from '#base/ids.ts'
import { ENVELOPE_BYTES_MAX } from '#base/limits.ts'
import type { Carrier, Contact, LinkRoom, PeerId } from '#ports/carrier.ts'
import type { Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'
import type { Random } from '#ports/random.ts'
import { validityOf, type Identity } from '#trust/identity.ts'
import type { Roster } from '#trust/roster.ts'
import type { SessionParty, SessionRole } from '#trust/session.ts'
import { openArrivalQueue, type ArrivalQueue } from './arrival-queue.ts'
import { openContactQueue, type ContactQueue } from './contact-queue.ts'
import { keepDialling, type DialEnd } from './lan-dial.ts'
import { HINT_FAILURES_MAX, openHints } from './lan-hints.ts'
import { FRAME_BYTES_MAX } from './lan-message.ts'
import { openLanMeter, type LanMeter } from './lan-meter.ts'
import { unreachable } from './lan-outgoing.ts'
import { openLanPeer, type LanPeer } from './lan-peer.ts'
import { openRefusals, type Refusals } from './lan-refusals.ts'
import { reportEnd } from './lan-report.ts'
import { openLanSession, type LanSession, type SessionEnd } from './lan-session.ts'
import { openStrangers } from './lan-strangers.ts'

/** How this node takes part in the LAN. */
export interface LanOptions {
  readonly name: 'lan'
  readonly identity: Identity
  /** Shared with the node: who is revoked gets no session. */
  readonly roster: Roster
  /** Base addresses of peers to dial, `ws://host:port` or `wss://host:port`; without TLS there, `wss:` becomes `ws:`. */
  readonly dial: readonly string[]
  readonly envelopeBytesMax?: number
  readonly receiptDelayMs?: number
  /** Longest delay between two tries of one address; 30 s unless given. */
  readonly backOffMaxMs?: number
  /** How long a session may be idle before its initiator looks whether the peer is still there. Never unless given: idle costs nothing. */
  readonly keepAliveMs?: number | undefined
}

/** The effects the carrier needs. */
export interface LanPorts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Opens a WebSocket to a URL; tests put their own network here. */
  readonly connect?: (url: string) => WebSocket
}

/** The carrier, and the door for peers that dial us. */
export interface LanCarrier extends Carrier {
  /** Takes over a socket that a client opened at LAN_PEER_PATH. Closes it when the client is no peer. */
  readonly accept: (socket: WebSocket, remoteAddress: string) => void
  /** A peer is said to be at `host:port`: it is dialled for as long as somebody of ours answers there. */
  readonly hint: (address: string) => void
  /** Ends the sessions of a node that was revoked; it gets no other. */
  readonly hangUp: (node: NodeId) => void
}

/** Where a node takes the sockets of its peers. */
export const LAN_PEER_PATH = '/api/holdfast/v1/peer'
/** Arrivals that may wait for the node, of all peers together. */
const WAITING_MAX = { arrivalsMax: 1_024, bytesMax: 8_000_000 }
const RECEIPT_DELAY_MS = 200
const BACK_OFF_MAX_MS = 30_000
const PARCEL_AIRTIME_MS = 4_000
/** A smaller one is mostly seal and signature. */
const PARCEL_BYTES_LEAST = 1_024

/**
 * Opens the carrier and starts to dial.
 * @throws EdgeError CONFIG_INVALID when an address is no WebSocket URL
 */
export function openLanCarrier(options: LanOptions, ports: LanPorts): LanCarrier {
  const urls = options.dial.map(peerUrl)
  const house = openHouse(options, ports, urls)
  const strangers = openStrangers()
  const stop = new AbortController()
  const dialTask = {
    backOffMaxMs: options.backOffMaxMs ?? BACK_OFF_MAX_MS,
    dial: (url: string) => dialOnce(house, url),
    contactOver: (peer: NodeId) => contactOver(house, peer),
  }
  const dialling = urls.map((url) => keepDialling({ url, ...dialTask }, ports, stop.signal))
  const hints = openHints(urls, (url) =>
    keepDialling({ url, ...dialTask, failuresMax: HINT_FAILURES_MAX }, ports, stop.signal),
  )
  return {
    name: options.name,
    envelopeBytesMax: house.envelopeBytesMax,
    receiptDelayMs: options.receiptDelayMs ?? RECEIPT_DELAY_MS,
    usedBytes: house.meter.usedBytes,
    room: (peer) => roomAt(house.peers.get(peer)?.bytesPerMs()),
    refusals: house.refusals,
    contacts: () => withCertificates(house),
    arrivals: house.arrivals.arrivals,
    accept: (socket, remoteAddress) => {
      const leave = stop.signal.aborted ? undefined : strangers.enter(remoteAddress)
      if (leave === undefined) return turnAway(socket)
      runSession(house, { socket, role: 'responder', onOpen: leave, onEnd: leave })
    },
    hint: (address) => {
      if (!stop.signal.aborted) hints.take(peerUrl(`wss://${address}`))
    },
    hangUp: (node) => {
      for (const [session, owner] of house.owners) if (owner === node) session.end('revoked')
    },
    send: async (peer, { bytes, lane, number }, signal) => {
      const bytesMax = house.envelopeBytesMax
      if (bytes.length > bytesMax)
        throw new EdgeError('ENVELOPE_TOO_LARGE', { bytes: bytes.length, bytesMax })
      const known = house.peers.get(peer)
      if (known === undefined) throw unreachable(peer)
      return known.send({ bytes, lane, number }, signal)
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      const open = [...house.sessions]
      for (const session of open) session.end('closing')
      house.contacts.close()
      house.arrivals.close()
      await Promise.all([...dialling, hints.over(), ...open.map(({ closed }) => closed)])
    },
  }
}

/** Pieces make way for flash, so a parcel may take longer than one: it costs less, but more is lost when the contact ends. */
function roomAt(bytesPerMs = 0): LinkRoom {
  const parcelBytes = Math.max(PARCEL_BYTES_LEAST, Math.round(bytesPerMs * PARCEL_AIRTIME_MS))
  return { parcelBytes, underWayBytes: 3 * parcelBytes }
}

/** What all sessions of the carrier share. */
interface House {
  readonly options: LanOptions
  readonly ports: LanPorts
  readonly envelopeBytesMax: number
  readonly meter: LanMeter
  readonly refusals: Refusals
  readonly contacts: ContactQueue
  readonly arrivals: ArrivalQueue
  readonly peers: Map<PeerId, LanPeer>
  readonly certificates: Map<PeerId, Uint8Array>
  /** Until their sockets are closed. */
  readonly sessions: Set<LanSession>
  /** Who is at the other end of an open session. */
  readonly owners: Map<LanSession, NodeId>
}

function openHouse(options: LanOptions, ports: LanPorts, urls: readonly string[]): House {
  return {
    options,
    ports,
    envelopeBytesMax: options.envelopeBytesMax ?? ENVELOPE_BYTES_MAX,
    meter: openLanMeter(),
    refusals: openRefusals(urls, ports.clock),
    contacts: openContactQueue(),
    arrivals: openArrivalQueue(WAITING_MAX),
    peers: new Map(),
    certificates: new Map(),
    sessions: new Set(),
    owners: new Map(),
  }
}

function peerOf(house: House, peer: NodeId): LanPeer {
  const known = house.peers.get(peer)
  if (known !== undefined) return known
  const self = house.options.identity.certificate.node
  const made = openLanPeer({ ...house, self, peer, log: house.ports.log })
  house.peers.set(peer, made)
  return made
}

/** Whoever the organisation's certificates are good for, by this node's clock. */
function partyOf({ identity, roster }: LanOptions, clock: Clock): SessionParty {
  return {
    identity,
    authority: roster.authority,
    objectionTo: (certificate) => {
      const isOut = roster.revokedSince(certificate.node) !== undefined
      if (isOut && !roster.awaitsWipe(certificate.node)) return 'revoked'
      // A clock by which we ourselves have expired is a wrong clock, and decides nothing.
      const now = clock.now()
      if (validityOf(identity.certificate, now) === 'expired') return undefined
      return validityOf(certificate, now) === 'expired' ? 'expired' : undefined
    },
  }
}

interface Visit {
  readonly socket: WebSocket
  readonly role: SessionRole
  /** What was dialled. */
  readonly url?: string
  readonly onOpen?: () => void
  readonly onEnd: (reason: SessionEnd, peer: NodeId | undefined) => void
}

function runSession(house: House, { socket, role, url, onOpen, onEnd }: Visit): void {
  const { ports, options, certificates, sessions, owners, meter, refusals } = house
  meter.connects()
  const session = openLanSession(
    {
      socket,
      role,
      party: partyOf(options, ports.clock),
      keepAliveMs: options.keepAliveMs,
      isWanted: (peer) => peerOf(house, peer).isWanted(),
      onMoved: meter.moved,
      onOpen: (opened, { node, certificateBytes }) => {
        onOpen?.()
        ports.log.info('lan.session-open', { peer: node, role })
        certificates.set(node, certificateBytes)
        owners.set(opened, node)
        refusals.met(node, url)
        return peerOf(house, node).adopt(opened)
      },
      onEnd: (ended, reason, peer) => {
        reportEnd(ports.log, { reason, role, ...(peer === undefined ? {} : { peer }) })
        if (peer !== undefined) peerOf(house, peer).lose(ended)
        refusals.ended(reason, peer, url)
        onEnd(reason, peer)
      },
    },
    ports,
  )
  sessions.add(session)
  void session.closed.then(() => owners.delete(session) || sessions.delete(session))
}

function dialOnce(house: House, url: string): Promise<DialEnd> {
  const { connect = connectTo } = house.ports
  return new Promise((resolve) => {
    const onEnd = (reason: SessionEnd, peer: NodeId | undefined): void => resolve({ reason, peer })
    runSession(house, { socket: connect(url), role: 'initiator', url, onEnd })
  })
}

async function contactOver(house: House, node: NodeId): Promise<void> {
  const peer = peerOf(house, node)
  // oxlint-disable-next-line no-await-in-loop -- a contact may begin again at once
  while (peer.isUp()) await peer.contactEnd()
}

async function* withCertificates({ contacts, certificates }: House): AsyncIterable<Contact> {
  for await (const contact of contacts.contacts()) {
    const certificate = contact.isUp ? certificates.get(contact.peer) : undefined
    yield certificate === undefined ? contact : { ...contact, certificate }
  }
}

/**
 * Whatever certificate the other side shows is taken: who it is, its session proves with the organisation's own keys,
 * and seals what it says (`#trust/session.ts`). TLS around it only hides from others on the way that it is a session.
 */
function connectTo(url: string): WebSocket {
  return new WebSocket(url, {
    perMessageDeflate: false,
    maxPayload: FRAME_BYTES_MAX,
    rejectUnauthorized: false,
  })
}

function peerUrl(address: string): string {
  if (!URL.canParse(address) || !/^wss?:\/\/[^/?#@]+\/?$/.test(address))
    throw new EdgeError('CONFIG_INVALID', {
      part: 'dial',
      found: address,
      wanted: 'ws://host:port',
    })
  return address.replace(/\/$/, '') + LAN_PEER_PATH
}

function turnAway(socket: WebSocket): void {
  socket.on('error', () => socket.terminate())
  socket.terminate()
}
