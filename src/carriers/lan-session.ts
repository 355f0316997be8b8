/**
 * One WebSocket between two nodes, from the first hello to the end.
 *
 * The initiator proves itself last, so that it can leave a second session with the same peer before the peer
 * counts on it. Whatever does not follow the protocol to the letter ends the session, and harms nothing else.
 */
import type { WebSocket } from 'ws'
import type { NodeId } from '#base/ids.ts'
import type { Clock } from '#ports/clock.ts'
import type { Random } from '#ports/random.ts'
import { OPENING_RANDOM_BYTES } from '#trust/session.ts'
import type { Session, SessionParty, SessionRefusal, SessionRole } from '#trust/session.ts'
import { openHandshake } from './lan-handshake.ts'
import { FRAME_BYTES_MAX, type LanMessage } from './lan-message.ts'
import type { Allowance } from './lan-pace.ts'
import { openTalk, type PeerMessage, type Talk } from './lan-talk.ts'

/** Why a session ended. */
export type SessionEnd =
  | SessionRefusal
  | 'unreachable'
  | 'no-handshake'
  | 'already-connected'
  | 'closed-by-peer'
  | 'wrong-seal'
  | 'broken-parcel'
  | 'reads-too-slowly'
  | 'silent'
  | 'superseded'
  | 'closing'
  /** The peer refuses us, and says why: a word of somebody who has not proven who it is. */
  | 'expired-says-peer'
  | 'revoked-says-peer'

/** One session: not yet open, open, or ended. */
export interface LanSession {
  readonly role: SessionRole
  /** Sends nothing unless the session is open. */
  readonly send: (message: LanMessage) => void
  /** What may be sent of parcels now; undefined while a frame waits in the socket, so that urgent ones pass the rest. */
  readonly allowance: () => Allowance | undefined
  /** Bytes a millisecond as measured; undefined while nothing is known. */
  readonly bytesPerMs: () => number | undefined
  /** Pings the peer: it may be gone. */
  readonly probe: () => void
  readonly end: (reason: SessionEnd) => void
  /** Aborts when the session ends. */
  readonly over: AbortSignal
  /** Stops reading from the socket, and starts again. */
  readonly pause: () => void
  readonly resume: () => void
  /** Resolves once the socket is closed. */
  readonly closed: Promise<void>
}

/** Who uses an open session. */
export interface SessionUser {
  /** Whether the peer owes an answer. */
  readonly isAwaiting: () => boolean
  readonly onMessage: (message: PeerMessage) => void
  /** There may be room again. */
  readonly onRoom: () => void
}

/** Who is at the other end, beyond doubt. */
interface ProvenPeer {
  readonly node: NodeId
  readonly certificateBytes: Uint8Array
}

/** Our end of a session. */
export interface SessionTask {
  readonly socket: WebSocket
  readonly role: SessionRole
  readonly party: SessionParty
  /** Milliseconds after which an idle session is pinged by its initiator, and after twice as many by its responder; never unless given. */
  readonly keepAliveMs: number | undefined
  /** Asked of the initiator only: it knows who the peer is, and the peer does not know it yet. */
  readonly isWanted: (peer: NodeId) => boolean
  readonly onOpen: (session: LanSession, peer: ProvenPeer) => SessionUser
  /** One message of so many bytes went to the socket, or came out of it. */
  readonly onMoved: (bytes: number) => void
  /** Called once; `peer` is known when it has proven itself, also if the session was never open. */
  readonly onEnd: (session: LanSession, reason: SessionEnd, peer: NodeId | undefined) => void
}

/** The effects a session needs. */
export interface SessionPorts {
  readonly clock: Clock
  readonly random: Random
}

/** Milliseconds without a word after which a session that is not open yet is given up: a thin link needs most of it for TLS. */
export const HANDSHAKE_QUIET_MS = 30_000
/** Milliseconds the peer has to agree to the end before the socket is cut. */
const CLOSE_MS = 2_000
/** Bytes of answers that may wait in the socket for a peer that does not read them. */
const WAITING_BYTES_MAX = 262_144
/** Close codes of a WebSocket: the normal one, and our own that tell the peer why it is refused. */
const CLOSE_NORMAL = 1_000
const CLOSE_CODES: Partial<Record<SessionEnd, number>> = { expired: 4_001, revoked: 4_002 }
const ENDS_BY_CODE: Partial<Record<number, SessionEnd>> = {
  4_001: 'expired-says-peer',
  4_002: 'revoked-says-peer',
}
/** `readyState` of a WebSocket. */
const OPEN = 1
const CLOSED = 3

/** Runs the session on `socket`, which may still be connecting. */
export function openLanSession(task: SessionTask, ports: SessionPorts): LanSession {
  const { socket, role } = task
  const over = new AbortController()
  const handshake = openHandshake(task.party, role, ports.random.bytes(OPENING_RANDOM_BYTES))
  let peer: NodeId | undefined
  let talk: Talk | undefined
  let user: SessionUser = NOBODY
  const end = (reason: SessionEnd): void => {
    if (over.signal.aborted) return
    over.abort()
    closeSocket(socket, ports.clock, CLOSE_CODES[reason])
    task.onEnd(self, reason, peer)
  }
  const put = (message: Uint8Array): void => say(task, message)
  const begin = (session: Session, proofs: readonly Uint8Array[]): void => {
    const saidBytes = proofs.reduce((sum, { length }) => sum + length, 0)
    const sides = { end, task, saidBytes, user: () => user }
    talk = talkOver(session, sides, { ...ports, signal: over.signal })
    user = task.onOpen(self, { node: session.peer.node, certificateBytes: session.peerBytes })
  }
  const shake = (bytes: Uint8Array): void => {
    const step = handshake.take(bytes)
    if (step.kind === 'refused') return end(step.reason)
    peer = step.kind === 'proven' ? step.session.peer.node : undefined
    const isRefused = role === 'initiator' && peer !== undefined && !task.isWanted(peer)
    if (isRefused) return end('already-connected')
    step.messages.forEach(put)
    if (step.kind === 'proven') begin(step.session, step.messages)
  }
  const hear = (frame: Uint8Array, open: Talk): void => {
    const wrong = heed(open.hear(frame), user)
    if (wrong !== undefined) end(wrong)
  }
  const self: LanSession = {
    role,
    send: (message) => void (over.signal.aborted || talk?.say(message)),
    allowance: () => (isDrained(socket) ? talk?.allowance() : undefined),
    bytesPerMs: () => talk?.bytesPerMs(),
    probe: () => void (over.signal.aborted || talk?.probe()),
    end,
    over: over.signal,
    pause: () => socket.pause(),
    resume: () => socket.resume(),
    closed: new Promise((resolve) => void socket.once('close', () => resolve())),
  }
  listen(socket, {
    onOpen: () => handshake.firstMessages.forEach(put),
    onBytes: (bytes) => {
      task.onMoved(bytes?.length ?? 0)
      if (over.signal.aborted) return
      if (bytes === undefined) end('malformed')
      else if (talk === undefined) shake(bytes)
      else hear(bytes, talk)
    },
    onClose: (wasOpen, code) =>
      end(wasOpen ? (ENDS_BY_CODE[code] ?? 'closed-by-peer') : 'unreachable'),
  })
  void untilStuck(socket, ports.clock, over.signal).then(() => talk ?? end('no-handshake'))
  return self
}

/** Resolves once nothing has come for a while. The peer of an open session has its own watch. */
async function untilStuck(socket: WebSocket, clock: Clock, signal: AbortSignal): Promise<void> {
  let hasComeOn = true
  const note = (): void => {
    hasComeOn = true
  }
  socket.once('open', note)
  socket.on('message', note)
  while (hasComeOn && !signal.aborted) {
    hasComeOn = false
    // oxlint-disable-next-line no-await-in-loop -- as long as something comes
    await clock.sleep(HANDSHAKE_QUIET_MS, signal)
  }
  socket.off('message', note)
}

const NOBODY: SessionUser = { isAwaiting: () => false, onMessage: () => {}, onRoom: () => {} }

/** Failed writes need no care of their own: the socket closes, and that is heard. */
function ignore(): void {}

/** Gives to its user what a frame says; what is wrong with it. */
function heed(heard: ReturnType<Talk['hear']>, user: SessionUser): SessionEnd | undefined {
  if (typeof heard === 'string') return heard
  if (heard === undefined) user.onRoom()
  else user.onMessage(heard)
  return undefined
}

/** Says something of the handshake. */
function say({ socket, onMoved }: SessionTask, message: Uint8Array): void {
  onMoved(message.length)
  socket.send(message, ignore)
}

interface TalkSides {
  readonly task: SessionTask
  /** Of the handshake, just now. */
  readonly saidBytes: number
  readonly user: () => SessionUser
  readonly end: (reason: SessionEnd) => void
}

function talkOver(
  session: Session,
  { task, saidBytes, user, end }: TalkSides,
  ports: { readonly clock: Clock; readonly signal: AbortSignal },
): Talk {
  const { socket, role, keepAliveMs } = task
  const talkTask = {
    saidBytes,
    idleMs: keepAliveMs === undefined || role === 'initiator' ? keepAliveMs : 2 * keepAliveMs,
    isAwaiting: () => user().isAwaiting(),
    onSilent: () => end('silent'),
    onRoom: () => user().onRoom(),
    put: (frame: Uint8Array) => {
      task.onMoved(frame.length)
      socket.send(frame, () => user().onRoom())
      if (socket.bufferedAmount > WAITING_BYTES_MAX) end('reads-too-slowly')
    },
  }
  return openTalk(session, talkTask, ports)
}

interface SocketEvents {
  readonly onOpen: () => void
  /** Undefined when the message is text. */
  readonly onBytes: (bytes: Uint8Array | undefined) => void
  readonly onClose: (wasOpen: boolean, code: number) => void
}

function listen(socket: WebSocket, events: SocketEvents): void {
  let wasOpen = socket.readyState === OPEN
  const opened = (): void => {
    wasOpen = true
    events.onOpen()
  }
  if (wasOpen) opened()
  else socket.once('open', opened)
  socket.on('message', (data, isBinary) => {
    events.onBytes(isBinary && Buffer.isBuffer(data) ? data : undefined)
  })
  socket.on('error', ignore)
  socket.once('close', (code) => events.onClose(wasOpen, code))
}

function isDrained(socket: WebSocket): boolean {
  return socket.readyState === OPEN && socket.bufferedAmount < FRAME_BYTES_MAX
}

function closeSocket(socket: WebSocket, clock: Clock, code = CLOSE_NORMAL): void {
  if (socket.readyState === CLOSED) return
  const closed = new AbortController()
  socket.once('close', () => closed.abort())
  socket.close(code)
  void clock.sleep(CLOSE_MS, closed.signal).then(() => socket.terminate())
}
