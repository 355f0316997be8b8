/**
 * Which of the sessions with one peer carries our parcels.
 *
 * When both nodes dial each other there are two for a moment. The one that the smaller node id initiated wins; its
 * responder closes the other, since only the responder knows that both sides have the winner. That is no end of
 * the contact. When the peer dials anew, however, it has lost the session we still hold: the contact ends and begins.
 */
import type { NodeId } from '#base/ids.ts'
import type { LanSession } from './lan-session.ts'

/** What becomes of the contact. */
export interface ChoiceEvents {
  readonly onBegin: () => void
  readonly onEnd: () => void
  /** The contact goes on over another session; what was sent over the former may not have arrived. */
  readonly onMove: () => void
}

/** All sessions with one peer. */
export interface Choice {
  readonly current: () => LanSession | undefined
  /** Whether a session that we initiate is of use. If not, makes sure that the one we have is alive. */
  readonly isWanted: () => boolean
  readonly adopt: (session: LanSession) => void
  readonly lose: (session: LanSession) => void
}

/** Sessions that one peer may have with us besides the current one. */
const RESERVE_MAX = 1

/** No session yet between `self` and `peer`. */
export function openChoice(
  { self, peer }: { readonly self: NodeId; readonly peer: NodeId },
  events: ChoiceEvents,
): Choice {
  const sessions = new Set<LanSession>()
  const preferredRole = self < peer ? 'initiator' : 'responder'
  let current: LanSession | undefined

  const begin = (session: LanSession): void => {
    current = session
    events.onBegin()
  }
  const end = (): void => {
    current = undefined
    events.onEnd()
  }
  const choose = (session: LanSession): void => {
    if (current === undefined) return begin(session)
    if (current.role === session.role) {
      end()
      return begin(session)
    }
    if (session.role !== preferredRole) return current.probe()
    current = session
    events.onMove()
  }
  const closeOthers = (newest: LanSession): void => {
    const isOurs = newest === current && newest.role === 'responder'
    const others = [...sessions].filter((other) => other !== current)
    const closing = isOurs ? others : others.slice(0, -RESERVE_MAX)
    for (const other of closing) other.end('superseded')
  }
  return {
    current: () => current,
    isWanted: () => {
      if (current === undefined) return true
      if (current.role === 'responder' && preferredRole === 'initiator') return true
      current.probe()
      return false
    },
    adopt: (session) => {
      sessions.add(session)
      choose(session)
      closeOthers(session)
    },
    lose: (session) => {
      sessions.delete(session)
      if (session !== current) return
      end()
      const reserve = [...sessions].at(-1)
      if (reserve !== undefined) begin(reserve)
    },
  }
}
