/**
 * One peer on the LAN: its sessions, which of them carries our parcels, and what comes in over each.
 *
 * When both nodes dial each other there are two sessions for a moment. The one that the smaller node id initiated
 * wins; its responder closes the other, since only the responder knows that both sides have the winner. The
 * parcels move over without a word to anybody. When a peer dials anew it has lost the session we still hold,
 * and our contact with it ends and begins again.
 */
import type { NodeId } from '#base/ids.ts'
import type { Arrival, Contact, Handover, Parcel } from '#ports/carrier.ts'
import type { Log } from '#ports/log.ts'
import { openIncoming, type Incoming, type Piece } from './lan-incoming.ts'
import type { ParcelName } from './lan-message.ts'
import { openOutgoing } from './lan-outgoing.ts'
import type { LanSession, SessionUser } from './lan-session.ts'
import type { PeerMessage } from './lan-talk.ts'

/** What a peer reports. */
export interface PeerTask {
  readonly self: NodeId
  readonly peer: NodeId
  readonly envelopeBytesMax: number
  readonly onContact: (contact: Contact) => void
  /** False when there is no room for another arrival. */
  readonly onArrival: (arrival: Arrival) => boolean
  readonly log: Log
}

/** One other node, in contact or not. */
export interface LanPeer {
  readonly isUp: () => boolean
  /** Whether we should open another session that we initiated ourselves. Makes sure that the one we have is alive. */
  readonly isWanted: () => boolean
  readonly adopt: (session: LanSession) => SessionUser
  readonly lose: (session: LanSession) => void
  /** @throws EdgeError as `Carrier.send` does */
  readonly send: (parcel: Parcel, signal: AbortSignal) => Promise<Handover>
}

/** A peer without a session. */
export function openLanPeer(task: PeerTask): LanPeer {
  const { peer, log } = task
  const outgoing = openOutgoing({ peer })
  const sessions = new Set<LanSession>()
  let current: LanSession | undefined

  const pump = (): void => {
    while (current?.hasRoom() === true) {
      const piece = outgoing.next()
      if (piece === undefined) return
      current.send(piece)
    }
  }
  const raise = (session: LanSession | undefined): void => {
    current = session
    if (session !== undefined) task.onContact({ peer, isUp: true, mayHaveForgotten: false })
  }
  const drop = (): void => {
    current = undefined
    outgoing.giveBack()
    task.onContact({ peer, isUp: false, mayHaveForgotten: false })
  }
  const choose = (session: LanSession): void => {
    if (current === undefined) return raise(session)
    if (current.role === session.role) {
      drop()
      return raise(session)
    }
    if (!isPreferred(task, session)) return current.probe()
    current = session
    outgoing.restart()
  }
  return {
    isUp: () => current !== undefined,
    isWanted: () => {
      const isHeld =
        current !== undefined && (current.role === 'initiator' || isPreferred(task, current))
      if (isHeld) current?.probe()
      return !isHeld
    },
    adopt: (session) => {
      sessions.add(session)
      choose(session)
      closeOthers(sessions, session, current)
      pump()
      const incoming = openIncoming(task.envelopeBytesMax)
      const onMessage = (message: PeerMessage): void => {
        if (message.kind === 'first' || message.kind === 'more')
          return takePiece(message, { task, session, incoming })
        const isKnown = outgoing.answered(message, message.kind)
        if (!isKnown)
          log.warn('lan.answer-without-parcel', {
            peer,
            lane: message.lane,
            number: message.number,
          })
        pump()
      }
      return {
        isAwaiting: () => session === current && outgoing.isAwaiting(),
        onMessage,
        onRoom: pump,
      }
    },
    lose: (session) => {
      sessions.delete(session)
      if (session !== current) return
      drop()
      raise([...sessions].at(-1))
      pump()
    },
    send: (parcel, signal) => {
      const handover = outgoing.add(parcel, signal)
      pump()
      return handover
    },
  }
}

/** Whether the smaller of both node ids initiated the session. */
function isPreferred({ self, peer }: PeerTask, session: LanSession): boolean {
  const preferredRole = self < peer ? 'initiator' : 'responder'
  return session.role === preferredRole
}

/** The responder of the current session closes all others; nobody keeps more than one in reserve. */
function closeOthers(
  sessions: ReadonlySet<LanSession>,
  newest: LanSession,
  current: LanSession | undefined,
): void {
  const isOurs = newest === current && newest.role === 'responder'
  for (const other of [...sessions])
    if (other !== newest && other !== current && (isOurs || sessions.size > 2))
      other.end('superseded')
}

interface Receiver {
  readonly task: PeerTask
  readonly session: LanSession
  readonly incoming: Incoming
}

function takePiece(piece: Piece, { task, session, incoming }: Receiver): void {
  const received = incoming.take(piece)
  const { peer, log } = task
  switch (received.kind) {
    case 'unfinished':
      return
    case 'too-large':
      log.warn('lan.parcel-too-large', { peer, ...received.name, bytes: received.total })
      return session.send({ kind: 'refused', ...received.name })
    case 'broken':
      log.warn('lan.parcel-broken', { peer, reason: received.reason })
      return session.end('broken-parcel')
    case 'parcel': {
      const isTaken = task.onArrival(arrivalOf(received, { task, session, incoming }))
      return isTaken ? undefined : session.end('too-many-arrivals')
    }
  }
}

/** Custody is accepted or refused once, on the session that brought the parcel. */
function arrivalOf(
  { name, bytes }: { readonly name: ParcelName; readonly bytes: Uint8Array },
  { task, session, incoming }: Receiver,
): Arrival {
  const answer = (kind: 'custody' | 'refused') => (): void => {
    if (incoming.answer(name)) session.send({ kind, ...name })
  }
  const { peer } = task
  return { peer, bytes, bookmark: [], acceptCustody: answer('custody'), refuse: answer('refused') }
}
