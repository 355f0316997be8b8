/**
 * Answers that are long in coming: nothing moves on their connections meanwhile, and here as at whatever stands between that
 * is a reason to give them up. So the client is told from time to time that it is worked at (102, RFC 2518), which it passes over.
 */
import type { Clock } from '#ports/clock.ts'
import { IDLE_CONNECTION_MS } from './limits.ts'
import type { Call } from './route.ts'

/** Answers when `work` is done, however long that takes. */
export async function patiently<T>(
  { reply }: Pick<Call, 'reply'>,
  clock: Pick<Clock, 'sleep'>,
  work: () => Promise<T>,
): Promise<T> {
  const done = new AbortController()
  const telling = keepTelling(reply, clock, done.signal)
  try {
    return await work()
  } finally {
    done.abort()
    await telling
  }
}

async function keepTelling(
  { raw }: Call['reply'],
  clock: Pick<Clock, 'sleep'>,
  signal: AbortSignal,
): Promise<void> {
  for (;;) {
    await clock.sleep(IDLE_CONNECTION_MS / 4, signal)
    if (signal.aborted || raw.destroyed) return
    raw.writeProcessing()
  }
}
