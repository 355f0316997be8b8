/**
 * Audit of what others cause as often as they like: refused envelopes, failed sign-ins, suspect peers. A kind of which
 * nothing was written for a day is an entry at once. Everything else is counted and written together: a minute after what
 * was written last, then two, four, up to an hour while it keeps coming; every quiet hour makes the next pause half as
 * long. So whoever varies an attack gets no entry for each variation, and nobody fills disk or link with refusals. Counts
 * are exact; only a power cut loses what was counted since.
 */
import {
  AUDIT_NEWS_MS,
  AUDIT_TALLIES_MAX,
  AUDIT_TALLY_MS,
  AUDIT_TALLY_MS_MAX,
} from '#base/limits.ts'
import { reasonNumber } from '#model/audit-words.ts'
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
    news: new Map(),
    under: new Set(),
    stop: new AbortController(),
    steps: 0,
    writtenMs: -Infinity,
    isWaiting: false,
  }
  const listeners = new Set<() => void>()
  return {
    count: (note) => count(bench, note),
    onNew: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    tellNew: () => {
      for (const listener of listeners) listener()
    },
    [Symbol.asyncDispose]: async () => {
      bench.stop.abort()
      writeTallies(bench)
      await Promise.all(bench.under)
    },
  }
}

/** What was counted of the same deed, ending, reason, people and places, and is not written yet. */
interface Tally {
  readonly note: AuditNote
  /** When the first of it was counted, by the monotonic clock. */
  readonly sinceMs: number
  count: number
}

interface Bench {
  readonly contextOf: () => SyncContext
  readonly clock: Clock
  readonly tallies: Map<string, Tally>
  /** When something of a kind was written last: of as many kinds as there are deeds, endings and reasons. */
  readonly news: Map<string, number>
  /** Commits under way. */
  readonly under: Set<Promise<void>>
  readonly stop: AbortController
  /** How often the pause was doubled: 0 for none, 1 for the shortest. */
  steps: number
  /** When the pause began. */
  writtenMs: number
  isWaiting: boolean
}

function count(bench: Bench, note: AuditNote): void {
  const now = bench.clock.monotonicMs()
  const times = note.count ?? 1
  const isPause = bench.isWaiting || now < endOfPause(bench)
  if (isPause && isNews(bench, note, now))
    return write(bench, [{ note, sinceMs: now, count: times }])
  tallyOf(bench, note, now).count += times
  if (isPause) return wait(bench)
  const quietHours = Math.floor((now - bench.writtenMs) / AUDIT_TALLY_MS_MAX)
  bench.steps = Math.max(0, bench.steps - quietHours)
  writeAll(bench)
}

/** Where a note is counted: by itself while there is room, then with its kind, then with its deed. */
function tallyOf({ tallies }: Bench, note: AuditNote, sinceMs: number): Tally {
  const { deed, result = 'done', reason } = note
  const ofKind = { deed, result, ...(reason === undefined ? {} : { reason }) }
  const isKnown = (one: AuditNote): boolean => tallies.has(nameOf(one))
  const [kept = { deed, result }] = [note, ofKind].filter(
    (one, at) => isKnown(one) || tallies.size < (at + 1) * AUDIT_TALLIES_MAX,
  )
  const tally = tallies.get(nameOf(kept)) ?? { note: kept, sinceMs, count: 0 }
  tallies.set(nameOf(kept), tally)
  return tally
}

function isNews({ news }: Bench, note: AuditNote, now: number): boolean {
  const writtenMs = news.get(kindOf(note))
  return writtenMs === undefined || now - writtenMs >= AUDIT_NEWS_MS
}

function endOfPause({ steps, writtenMs }: Bench): number {
  const pauseMs = steps === 0 ? 0 : AUDIT_TALLY_MS * 2 ** (steps - 1)
  return writtenMs + Math.min(AUDIT_TALLY_MS_MAX, pauseMs)
}

/** The longest pause is reached after so many doublings. */
const STEPS_MAX = 1 + Math.ceil(Math.log2(AUDIT_TALLY_MS_MAX / AUDIT_TALLY_MS))

function writeAll(bench: Bench): void {
  bench.steps = Math.min(STEPS_MAX, bench.steps + 1)
  bench.writtenMs = bench.clock.monotonicMs()
  writeTallies(bench)
}

function writeTallies(bench: Bench): void {
  const tallies = [...bench.tallies.values()]
  bench.tallies.clear()
  write(bench, tallies)
}

/** Writes what was counted in one commit. */
function write(bench: Bench, tallies: readonly Tally[]): void {
  if (tallies.length === 0) return
  const now = bench.clock.monotonicMs()
  for (const { note } of tallies) bench.news.set(kindOf(note), now)
  const done = keep(bench, tallies, now).finally(() => bench.under.delete(done))
  bench.under.add(done)
}

/** What cannot be written is counted on and tried again with what comes. */
async function keep(bench: Bench, tallies: readonly Tally[], now: number): Promise<void> {
  const context = bench.contextOf()
  try {
    await context.replica.commit(async (tx) => {
      for (const tally of tallies) await audit(tx, context, noteFrom(tally, now))
    })
  } catch (error) {
    for (const { note, sinceMs, count: again } of tallies)
      tallyOf(bench, note, sinceMs).count += again
    context.log.warn('audit.not-kept', { count: tallies.length, error: String(error) })
    wait(bench)
  }
}

function noteFrom({ note, count: times, sinceMs }: Tally, now: number): AuditNote {
  const within = times > 1 && now > sinceMs ? { withinMs: Math.ceil(now - sinceMs) } : {}
  return { ...note, facts: { ...note.facts, ...within }, count: times }
}

function wait(bench: Bench): void {
  if (bench.isWaiting || bench.stop.signal.aborted) return
  bench.isWaiting = true
  void writeLater(bench)
}

async function writeLater(bench: Bench): Promise<void> {
  const { clock, stop } = bench
  // A disk that is full is not asked without end, either.
  const leftMs = Math.max(endOfPause(bench) - clock.monotonicMs(), AUDIT_TALLY_MS / 60)
  await clock.sleep(leftMs, stop.signal)
  bench.isWaiting = false
  if (!stop.signal.aborted) writeAll(bench)
}

/** The deed, its ending and its reason: all three from closed lists. */
function kindOf({ deed, result = 'done', reason }: AuditNote): string {
  return JSON.stringify([deed, result, reason === undefined ? undefined : reasonNumber(reason)])
}

/** What is counted together: the same kind, people and places. */
function nameOf(note: AuditNote): string {
  const { by, subjects = [], facts = {} } = note
  return JSON.stringify([kindOf(note), by, subjects.map(({ id }) => id), facts])
}
