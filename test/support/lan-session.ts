/** A session without a socket: it keeps what it was told to send, and ends when told to. */
import { PIECE_BYTES_MAX, type LanMessage } from '#carriers/lan-message.ts'
import type { LanSession, SessionEnd } from '#carriers/lan-session.ts'

/** One end of a session in the hands of a test. */
export interface TestSession extends LanSession {
  readonly sent: readonly LanMessage[]
  readonly probes: () => number
  /** Why it ended, if it has. */
  readonly endReason: () => SessionEnd | undefined
  /** Room for so many more messages; none are sent beyond it. */
  readonly giveRoom: (messages: number) => void
}

/** A session that is open, with room for everything unless `giveRoom` says otherwise. */
export function aSession(
  role: LanSession['role'],
  onEnd: (session: LanSession) => void = () => undefined,
): TestSession {
  const sent: LanMessage[] = []
  const over = new AbortController()
  let room = Infinity
  let probes = 0
  let endReason: SessionEnd | undefined
  const session: TestSession = {
    role,
    sent,
    probes: () => probes,
    endReason: () => endReason,
    giveRoom: (messages) => {
      room = messages
    },
    send: (message) => {
      if (over.signal.aborted) return
      sent.push(message)
      room -= 1
    },
    allowance: () =>
      room > 0 && !over.signal.aborted
        ? { isFlashOnly: false, pieceBytes: PIECE_BYTES_MAX }
        : undefined,
    bytesPerMs: () => undefined,
    probe: () => {
      probes += 1
    },
    end: (reason) => {
      if (over.signal.aborted) return
      endReason = reason
      over.abort()
      onEnd(session)
    },
    over: over.signal,
    pause: () => undefined,
    resume: () => undefined,
    closed: Promise.resolve(),
  }
  return session
}
