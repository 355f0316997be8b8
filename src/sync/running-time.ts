/**
 * How long this node has been at work, in milliseconds: it never goes back and does not jump when somebody sets the clock.
 * While the node runs the monotonic clock moves it; the time it was down is added at the start, as far as the wall clock can
 * tell. What is due at a time of this kind survives a kit that wakes in 1970 or in 2060.
 */
import type { Instant } from '#base/ids.ts'
import { EARLIEST_CREDIBLE_AT } from '#base/limits.ts'
import type { Clock } from '#ports/clock.ts'
import { key } from './keys.ts'
import { pack, unpack, type RunningTimeRecord } from './records.ts'
import type { Reader, Tx } from './replica.ts'

/** The time of one node. It stands at 0 until `begin`. */
export interface RunningTime {
  readonly nowMs: () => number
  /** Goes on from where it stood when the node ran last. */
  readonly begin: (reader: Pick<Reader, 'get'>) => Promise<void>
  /** Notes in a commit where it stands, unless that was done lately. */
  readonly keep: (tx: Pick<Tx, 'put'>) => void
}

/** How often it is noted at most. */
const KEEP_MS = 60_000

/** The running time by this clock. */
export function openRunningTime(clock: Clock): RunningTime {
  const startedMs = clock.monotonicMs()
  let baseMs = 0
  let keptMs = -Infinity
  const nowMs = (): number => Math.floor(baseMs + clock.monotonicMs() - startedMs)
  return {
    nowMs,
    begin: async (reader) => {
      const known = unpack<RunningTimeRecord>(await reader.get(key.runningTime))
      if (known !== undefined) baseMs = known.ms + downMs(known.at, clock.now())
    },
    keep: (tx) => {
      const ms = nowMs()
      if (ms - keptMs < KEEP_MS) return
      keptMs = ms
      tx.put(key.runningTime, pack({ ms, at: clock.now() } satisfies RunningTimeRecord))
    },
  }
}

/** Time that a node was down; none where either end cannot be right. */
function downMs(from: Instant, to: Instant): number {
  return from < EARLIEST_CREDIBLE_AT || to < from ? 0 : to - from
}
