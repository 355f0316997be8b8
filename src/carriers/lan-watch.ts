/**
 * Notices that the other side of a session is gone: TCP alone may take 15 minutes.
 *
 * Any frame from the peer is a sign of life. While an answer is awaited, a short silence brings a ping. How long the
 * answer to a ping may take depends on what was sent before it: two pieces need half a minute on a thin link
 * (9.6 kbit/s, 1.2 bytes a millisecond), and each piece is acknowledged. Nothing is sent on an idle session
 * for `idleMs`.
 */
import type { Clock } from '#ports/clock.ts'
import { FRAME_BYTES_MAX } from './lan-message.ts'

/** What the watch needs to know and to do. */
export interface WatchTask {
  /** Milliseconds of silence after which even an idle peer is pinged. */
  readonly idleMs: number
  /** Whether the peer owes us something. */
  readonly isAwaiting: () => boolean
  readonly ping: () => void
  /** The peer is gone. Called once. */
  readonly onSilent: () => void
}

/** What happens on the session. */
export interface Watch {
  /** A frame came in. */
  readonly heard: () => void
  readonly sent: (bytes: number) => void
  /** Find out now: ping, unless a ping is under way. */
  readonly probe: () => void
}

/** Milliseconds of silence after which a peer that owes an answer is pinged. */
export const QUIET_MS = 5_000
/** Milliseconds a ping may take when nothing stands before it. */
export const PING_MS = 10_000
const SLOWEST_BYTES_PER_MS = 1
/** More than this is on its way only when the link has shown how fast it is, see lan-pace. */
const UNPROVEN_BYTES_MAX = 2 * FRAME_BYTES_MAX
const TICK_MS = 2_500

/** Watches until `signal` aborts. */
export function openWatch(task: WatchTask, clock: Clock, signal: AbortSignal): Watch {
  let heardAt = clock.monotonicMs()
  let pingedAt: number | undefined
  let sentAt: number | undefined
  let bytesSent = 0
  const ping = (): void => {
    if (pingedAt !== undefined) return
    pingedAt = clock.monotonicMs()
    task.ping()
  }
  const quietMs = (now: number): number =>
    task.isAwaiting() ? now - Math.max(heardAt, sentAt ?? now) : 0
  const look = (now: number): boolean => {
    const bytesBefore = Math.min(bytesSent, UNPROVEN_BYTES_MAX)
    if (pingedAt !== undefined)
      return now - pingedAt >= PING_MS + bytesBefore / SLOWEST_BYTES_PER_MS
    if (quietMs(now) >= QUIET_MS || now - heardAt >= task.idleMs) ping()
    return false
  }
  const watch = async (): Promise<void> => {
    while (!signal.aborted) {
      await clock.sleep(TICK_MS, signal)
      if (!signal.aborted && look(clock.monotonicMs())) return task.onSilent()
    }
  }
  void watch()
  return {
    heard: () => {
      heardAt = clock.monotonicMs()
      pingedAt = sentAt = undefined
      bytesSent = 0
    },
    sent: (bytes) => {
      sentAt ??= clock.monotonicMs()
      bytesSent += bytes
    },
    probe: ping,
  }
}
