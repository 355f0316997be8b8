/**
 * The handshake of a session, one message at a time: what to answer to the peer's hello and to its proof.
 * The responder answers a hello with its own and its proof at once; the initiator proves itself last.
 */
import {
  beginSession,
  readHello,
  readProof,
  type Meeting,
  type Session,
  type SessionParty,
  type SessionRefusal,
  type SessionRole,
} from '#trust/session.ts'

/** What a message of the peer led to. `messages` are to be sent, in this order. */
export type Step =
  | { readonly kind: 'refused'; readonly reason: SessionRefusal }
  | { readonly kind: 'met'; readonly messages: readonly Uint8Array[] }
  | { readonly kind: 'proven'; readonly session: Session; readonly messages: readonly Uint8Array[] }

/** A handshake under way. */
export interface Handshake {
  /** What the initiator says first; nothing for the responder. */
  readonly firstMessages: readonly Uint8Array[]
  /** Takes the peer's hello, then its proof. */
  readonly take: (bytes: Uint8Array) => Step
}

/** Begins a handshake; `random` is OPENING_RANDOM_BYTES fresh bytes. */
export function openHandshake(
  party: SessionParty,
  role: SessionRole,
  random: Uint8Array,
): Handshake {
  const opening = beginSession(party, role, random)
  let meeting: Meeting | undefined
  const takeHello = (bytes: Uint8Array): Step => {
    const result = readHello(opening, bytes)
    if (!result.ok) return { kind: 'refused', reason: result.reason }
    meeting = result.meeting
    return { kind: 'met', messages: role === 'responder' ? [opening.hello, meeting.proof] : [] }
  }
  const takeProof = (met: Meeting, bytes: Uint8Array): Step => {
    const result = readProof(met, bytes)
    if (!result.ok) return { kind: 'refused', reason: result.reason }
    const messages = role === 'initiator' ? [met.proof] : []
    return { kind: 'proven', session: result.session, messages }
  }
  return {
    firstMessages: role === 'initiator' ? [opening.hello] : [],
    take: (bytes) => (meeting === undefined ? takeHello(bytes) : takeProof(meeting, bytes)),
  }
}
