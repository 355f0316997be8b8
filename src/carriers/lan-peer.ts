/** One peer on the LAN: its contact, what is on its way there, and what comes in over each of its sessions. */
import type { NodeId } from '#base/ids.ts'
import type { Arrival, Handover, Parcel } from '#ports/carrier.ts'
import type { Log } from '#ports/log.ts'
import type { ArrivalQueue } from './arrival-queue.ts'
import type { ContactQueue } from './contact-queue.ts'
import { openChoice } from './lan-choice.ts'
import { openDelivery } from './lan-delivery.ts'
import { openIncoming, type Incoming, type Piece } from './lan-incoming.ts'
import type { ParcelName } from './lan-message.ts'
import { openOutgoing, unreachable, type Outgoing } from './lan-outgoing.ts'
import type { LanSession, SessionUser } from './lan-session.ts'
import type { PeerMessage } from './lan-talk.ts'

/** What a peer needs of its carrier. */
export interface PeerTask {
  readonly self: NodeId
  readonly peer: NodeId
  readonly envelopeBytesMax: number
  readonly contacts: ContactQueue
  readonly arrivals: ArrivalQueue
  readonly log: Log
}

/** One other node, in contact or not. */
export interface LanPeer {
  readonly isUp: () => boolean
  /** Resolves when the contact of now ends. */
  readonly contactEnd: () => Promise<void>
  /** As of `Choice`. */
  readonly isWanted: () => boolean
  readonly adopt: (session: LanSession) => SessionUser
  readonly lose: (session: LanSession) => void
  /** Bytes a millisecond as measured; undefined while nothing is known. */
  readonly bytesPerMs: () => number | undefined
  /** @throws EdgeError as `Carrier.send` does */
  readonly send: (parcel: Parcel, signal: AbortSignal) => Promise<Handover>
}

/** A peer without a session. */
export function openLanPeer(task: PeerTask): LanPeer {
  const { peer, contacts } = task
  const outgoing = openOutgoing(peer)
  let ending = Promise.withResolvers<void>()
  const choice = openChoice(task, {
    onBegin: () => contacts.begin(peer, false),
    onEnd: () => {
      outgoing.giveBack()
      contacts.end(peer)
      ending.resolve()
      ending = Promise.withResolvers()
    },
    onMove: () => outgoing.restart(),
  })
  const pump = (): void => {
    for (;;) {
      const allowance = choice.current()?.allowance()
      const piece = allowance === undefined ? undefined : outgoing.next(allowance)
      if (piece === undefined) return
      choice.current()?.send(piece)
    }
  }
  return {
    isUp: () => choice.current() !== undefined,
    contactEnd: () => ending.promise,
    isWanted: choice.isWanted,
    adopt: (session) => {
      choice.adopt(session)
      pump()
      return {
        isAwaiting: () => session === choice.current() && outgoing.isAwaiting(),
        onMessage: listen(session, { task, outgoing, pump }),
        onRoom: pump,
      }
    },
    lose: choice.lose,
    bytesPerMs: () => choice.current()?.bytesPerMs(),
    send: async (parcel, signal) => {
      if (choice.current() === undefined) throw unreachable(peer)
      const handover = outgoing.add(parcel, signal)
      pump()
      return handover
    },
  }
}

interface PeerParts {
  readonly task: PeerTask
  readonly outgoing: Outgoing
  readonly pump: () => void
}

/** What to do with the messages of one session. */
function listen(
  session: LanSession,
  { task, outgoing, pump }: PeerParts,
): (message: PeerMessage) => void {
  const { peer, log } = task
  const incoming = openIncoming(task.envelopeBytesMax)
  const deliver = openDelivery(task.arrivals, session)
  const takePiece = (piece: Piece): void => {
    const received = incoming.take(piece)
    switch (received.kind) {
      case 'unfinished':
        return
      case 'too-large':
        log.warn('lan.parcel-too-large', { peer, ...received.name, bytes: received.total })
        return session.send({ kind: 'refused', ...received.name })
      case 'broken':
        log.warn('lan.parcel-broken', { peer, reason: received.reason })
        return session.end('broken-parcel')
      case 'parcel':
        return deliver(arrivalOf(received, { peer, session, incoming }))
    }
  }
  const takeAnswer = (name: ParcelName, answer: 'custody' | 'refused'): void => {
    const { lane, number } = name
    if (!outgoing.answered(name, answer)) log.warn('lan.answer-unasked', { peer, lane, number })
    pump()
  }
  return (message) => {
    if (message.kind === 'first' || message.kind === 'more') takePiece(message)
    else takeAnswer(message, message.kind)
  }
}

/** Custody is accepted or refused once, on the session that brought the parcel. */
function arrivalOf(
  { name, bytes }: { readonly name: ParcelName; readonly bytes: Uint8Array },
  way: { readonly peer: NodeId; readonly session: LanSession; readonly incoming: Incoming },
): Arrival {
  const { peer, session, incoming } = way
  const answer = (kind: 'custody' | 'refused') => (): void => {
    if (incoming.answer(name)) session.send({ kind, ...name })
  }
  const { lane } = name
  const answers = { acceptCustody: answer('custody'), refuse: answer('refused') }
  return { peer, bytes, lane, bookmark: [], ...answers }
}
