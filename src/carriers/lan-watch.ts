/**
 * Notices that the other side of a session is gone: TCP alone may take 15 minutes.
 *
 * Any frame from the peer is a sign of life. While an answer is awaited, a silence brings a ping, and a longer one after it the
 * end. How long depends on what is on its way and on what the link has shown (lan-pace), so that no link is too thin. An
 * idle session sends nothing, unless it is told to.
 */
import type { Clock } from '#ports/clock.ts'

/** What the watch needs to know and to do. */
export interface WatchTask {
  /** Milliseconds of silence after which even an idle peer is pinged; never unless given. */
  readonly idleMs: number | undefined
  /** Whether the peer owes us something. */
  readonly isAwaiting: () => boolean
  /** How long the peer may be silent while all is well, in milliseconds. */
  readonly patienceMs: () => number
  readonly ping: () => void
  /** The peer is gone. Called once. */
  readonly onSilent: () => void
}

/** What happens on the session. */
export interface Watch {
  /** A frame came in. */
  readonly heard: () => void
  /** A frame went out. */
  readonly sent: () => void
  /** Find out now: ping, unless a ping is under way. */
  readonly probe: () => void
}

/** Milliseconds of silence after which a peer that owes an answer is pinged, at the soonest. */
export const QUIET_MS = 5_000
/** Milliseconds a ping may take, at least. */
export const PING_MS = 10_000
const TICK_MS = 2_500

/** Watches until `signal` aborts. */
export function openWatch(task: WatchTask, clock: Clock, signal: AbortSignal): Watch {
  let heardAt = clock.monotonicMs()
  let pingedAt: number | undefined
  let sentAt: number | undefined
  const ping = (): void => {
    if (pingedAt !== undefined) return
    pingedAt = clock.monotonicMs()
    task.ping()
  }
  const quietMs = (now: number): number =>
    task.isAwaiting() ? now - Math.max(heardAt, sentAt ?? heardAt) : 0
  const look = (now: number): boolean => {
    const patienceMs = task.patienceMs()
    if (pingedAt !== undefined) return now - pingedAt >= Math.max(PING_MS, patienceMs)
    const isIdle = now - heardAt >= (task.idleMs ?? Infinity)
    if (isIdle || quietMs(now) >= Math.max(QUIET_MS, patienceMs)) ping()
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
    },
    sent: () => {
      sentAt ??= clock.monotonicMs()
    },
    probe: ping,
  }
}
