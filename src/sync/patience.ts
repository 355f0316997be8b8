/** Waiting out a full disk. */
import { codeOf } from '#base/errors.ts'
import type { Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'

/** How long to try, and who hears of it. */
export interface Patience {
  readonly log: Log
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** Wait after a failed disk write, so that a full disk is not hammered. */
const RETRY_MS = 2_000

/** Tries until the disk takes it, and says so once, not at every try: the log may lie on the same disk. What the world does wrong is waited out, a wrong program rises. Undefined when told to stop. */
export async function untilDone<T>(
  patience: Patience,
  work: () => Promise<T>,
): Promise<T | undefined> {
  const { log, clock, signal } = patience
  let isTold = false
  while (!signal.aborted) {
    try {
      const done = await work()
      if (isTold) log.info('sync.disk-again')
      return done
    } catch (error) {
      const code = codeOf(error)
      if (code === 'STOPPING') return undefined
      if (code === undefined) throw error
      if (!isTold) log.error('sync.disk', { code })
      isTold = true
      await clock.sleep(RETRY_MS, signal)
    }
  }
  return undefined
}
