/**
 * Audit of what others cause as often as they like: refused envelopes, failed sign-ins, suspect peers. The first of a kind
 * is an entry at once, the others of that kind are counted and written as one entry a minute. So nobody fills disk or
 * link with refusals, and counts are exact; only a power cut within that minute loses some.
 */
import { AUDIT_TALLIES_MAX, AUDIT_TALLY_MS } from '#base/limits.ts'
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
  const bench: Bench = {
    contextOf,
    clock,
    tallies: new Map(),
    under: new Set(),
    stop: new AbortController(),
    isWaiting: false,
  }
  const listeners = new Set<() => void>()
  return {
    count: (note) => {
      const tally = tallyOf(bench, note)
      const now = clock.monotonicMs()
      tally.count += note.count ?? 1
      const isFirst = tally.count === 1 && now - tally.sinceMs >= AUDIT_TALLY_MS
      if (isFirst) write(bench, tally)
      else wait(bench)
    },
    onNew: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    tellNew: () => {
      for (const listener of listeners) listener()
    },
    [Symbol.asyncDispose]: async () => {
      bench.stop.abort()
      flush(bench)
      await Promise.all(bench.under)
    },
  }
}

/** What of one kind was counted since it was last written. */
interface Tally {
  readonly note: AuditNote
  count: number
  /** When that was, by the monotonic clock. */
  sinceMs: number
}

interface Bench {
  readonly contextOf: () => SyncContext
  readonly clock: Clock
  readonly tallies: Map<string, Tally>
  /** Commits under way. */
  readonly under: Set<Promise<void>>
  readonly stop: AbortController
  isWaiting: boolean
}

function tallyOf({ tallies }: Bench, note: AuditNote): Tally {
  const known = tallies.get(nameOf(note))
  if (known !== undefined) return known
  const isCrowded = tallies.size >= AUDIT_TALLIES_MAX
  const { deed, result = 'done', reason } = note
  const kept = isCrowded ? { deed, result, ...(reason === undefined ? {} : { reason }) } : note
  const tally = tallies.get(nameOf(kept)) ?? { note: kept, count: 0, sinceMs: -Infinity }
  tallies.set(nameOf(kept), tally)
  return tally
}

function write(bench: Bench, tally: Tally): void {
  const done = keep(bench, tally).finally(() => bench.under.delete(done))
  bench.under.add(done)
}

/** Writes what was counted so far; what cannot be written is counted on and tried again with what comes. */
async function keep(bench: Bench, tally: Tally): Promise<void> {
  const { contextOf, clock } = bench
  const { count, sinceMs, note } = tally
  const now = clock.monotonicMs()
  tally.count = 0
  tally.sinceMs = now
  const withinMs = Math.ceil(now - sinceMs)
  const facts = { ...note.facts, ...(Number.isFinite(withinMs) && count > 1 ? { withinMs } : {}) }
  const context = contextOf()
  try {
    await context.replica.commit((tx) => audit(tx, context, { ...note, facts, count }))
  } catch (error) {
    tally.count += count
    context.log.warn('audit.not-kept', { count, error: String(error) })
    wait(bench)
  }
}

function wait(bench: Bench): void {
  if (bench.isWaiting || bench.stop.signal.aborted) return
  bench.isWaiting = true
  void flushLater(bench)
}

async function flushLater(bench: Bench): Promise<void> {
  const { signal } = bench.stop
  await bench.clock.sleep(AUDIT_TALLY_MS, signal)
  bench.isWaiting = false
  if (!signal.aborted) flush(bench)
}

/** Writes all that was counted; forgets kinds that have been quiet for long. */
function flush(bench: Bench): void {
  const now = bench.clock.monotonicMs()
  for (const [name, tally] of bench.tallies) {
    if (tally.count > 0) write(bench, tally)
    else if (now - tally.sinceMs >= AUDIT_TALLY_MS) bench.tallies.delete(name)
  }
}

/** One kind: the same deed, ending, reason, people and places. */
function nameOf({
  deed,
  result = 'done',
  by,
  subjects = [],
  facts = {},
  reason,
}: AuditNote): string {
  return JSON.stringify([deed, result, by, subjects.map(({ id }) => id), facts, reason])
}
