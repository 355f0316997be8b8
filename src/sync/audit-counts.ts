/**
 * Audit of what others cause as often as they like: refused envelopes, failed sign-ins, suspect peers. The first of a kind
 * is an entry at once, the others of that kind are counted and written as one entry a minute. So nobody fills disk or
 * link with refusals, and counts are exact; only a power cut within that minute loses some.
 */
import { AUDIT_TALLIES_MAX, AUDIT_TALLY_MS } from '#base/limits.ts'
import type { AuditFacts } from '#model/audit-content.ts'
import type { Clock } from '#ports/clock.ts'
import { audit, type AuditNote } from './audit.ts'
import type { SyncContext } from './context.ts'

/** Counting what others cause. */
export interface AuditCounts extends AsyncDisposable {
  /**
   * Notes something that others can cause as often as they like, in a commit of its own. Returns at once; work of a
   * commit that may yet fail calls it in `tx.afterwards`.
   */
  readonly count: (note: AuditNote) => void
  /** Called after the commit that brought new entries, of whatever node. Returns how to stop. */
  readonly onNew: (listener: () => void) => () => void
  /** There are new entries. */
  readonly tellNew: () => void
}

/** The counting part. Disposing it writes what was counted; do that before the replica is closed. */
export function openAuditCounts(contextOf: () => SyncContext, clock: Clock): AuditCounts {
  const tallies = new Map<string, Tally>()
  const listeners = new Set<() => void>()
  const under = new Set<Promise<void>>()
  const stop = new AbortController()
  let isWaiting = false

  const write = (tally: Tally, count: number): void => {
    const withinMs = Math.ceil(clock.monotonicMs() - tally.sinceMs)
    const facts: AuditFacts = { ...tally.note.facts, ...(count > 1 ? { withinMs } : {}) }
    const context = contextOf()
    const work = context.replica.commit((tx) => audit(tx, context, { ...tally.note, facts }, count))
    const done = work
      .catch((error: unknown) => {
        tally.count += count // it is tried again with those that come
        context.log.error('audit.not-kept', { count, error: String(error) })
        wait()
      })
      .finally(() => under.delete(done))
    under.add(done)
  }
  const flush = (): void => {
    const now = clock.monotonicMs()
    for (const [name, tally] of tallies) {
      const { count } = tally
      tally.count = 0
      if (count > 0) write(tally, count)
      else if (now - tally.sinceMs >= AUDIT_TALLY_MS) tallies.delete(name)
      if (count > 0) tally.sinceMs = now
    }
  }
  const wait = (): void => {
    if (isWaiting || stop.signal.aborted) return
    isWaiting = true
    void clock.sleep(AUDIT_TALLY_MS, stop.signal).then(() => {
      isWaiting = false
      if (!stop.signal.aborted) flush()
    })
  }
  const tallyOf = (note: AuditNote): Tally => {
    const known = tallies.get(nameOf(note))
    if (known !== undefined) return known
    const isCrowded = tallies.size >= AUDIT_TALLIES_MAX
    const { deed, result = 'done', reason } = note
    const kept = isCrowded ? { deed, result, ...(reason === undefined ? {} : { reason }) } : note
    const tally = tallies.get(nameOf(kept)) ?? { note: kept, count: 0, sinceMs: -Infinity }
    tallies.set(nameOf(kept), tally)
    return tally
  }
  return {
    count: (note) => {
      const tally = tallyOf(note)
      const now = clock.monotonicMs()
      if (tally.count === 0 && now - tally.sinceMs >= AUDIT_TALLY_MS) {
        tally.sinceMs = now
        return write(tally, 1)
      }
      tally.count += 1
      wait()
    },
    onNew: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    tellNew: () => {
      for (const listener of listeners) listener()
    },
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      flush()
      await Promise.all(under)
    },
  }
}

/** What of one kind was counted since it was last written. */
interface Tally {
  readonly note: AuditNote
  count: number
  /** By the monotonic clock. */
  sinceMs: number
}

function nameOf({ deed, result, by, subjects = [], facts, reason }: AuditNote): string {
  return JSON.stringify([deed, result, by, subjects.map(({ id }) => id), facts, reason])
}
