/**
 * The one watchdog of a line. It runs while something is unanswered, and only then: an idle line costs no byte.
 *
 * An overdue answer costs one ping: a pong means that only the answer was lost, nothing at all means that the line is
 * dead, and it is dropped. TCP alone would take most of a minute to notice, or never (research/nats.md 3e). Bytes that keep
 * coming in may be that very answer, half a minute long on a thin line: the pong stands behind it.
 */
import type { Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'
import type { Line } from './nats-line.ts'

/** What the watchdog has to know of a line. */
export interface Ward {
  readonly carrier: string
  readonly line: Line
  readonly clock: Clock
  readonly log: Log
  /** Asks an idle line for life after this many milliseconds; never unless given. */
  readonly idleProbeMs: number | undefined
  /** How long an answer may take now, in milliseconds. */
  readonly patienceMs: () => number
  /** When the answer that is out longest was last heard of; undefined when none is out. */
  readonly oldestAt: () => number | undefined
  /** Gives up all answers that have been away for so long: they will be asked for again. */
  readonly giveUp: (afterMs: number) => void
  /** Aborted with the next question. */
  readonly nextQuestion: () => AbortSignal
}

/** An answer that stays away while other bytes come in gets this many times the patience. */
const PATIENCE_ON_A_BUSY_LINE = 4
/** Longest time between two looks: the patience shrinks as the line proves faster. */
const LOOK_EVERY_MS = 4_000

/** Looks after the line until it ends. */
export async function watchOver(ward: Ward): Promise<void> {
  const { line, clock } = ward
  let seen = { bytes: line.bytesRead(), atMs: clock.monotonicMs() }
  while (!line.over.aborted) {
    // oxlint-disable-next-line no-await-in-loop -- one thing after another, as long as the line lives
    const isWork = ward.oldestAt() !== undefined || (await nextQuestion(ward))
    const now = clock.monotonicMs()
    const bytes = line.bytesRead()
    if (bytes !== seen.bytes) seen = { bytes, atMs: now }
    const patienceMs = ward.patienceMs()
    const oldestAt = ward.oldestAt()
    if (isWork && oldestAt === undefined) continue
    const isLate = now - (oldestAt ?? now) >= PATIENCE_ON_A_BUSY_LINE * patienceMs
    const leftMs = Math.max(seen.atMs, oldestAt ?? seen.atMs) + patienceMs - now
    if (isWork && leftMs > 0 && !isLate) {
      // oxlint-disable-next-line no-await-in-loop -- one thing after another, as long as the line lives
      await clock.sleep(Math.min(leftMs, LOOK_EVERY_MS), line.over)
      continue
    }
    // oxlint-disable-next-line no-await-in-loop -- one thing after another, as long as the line lives
    if (await isAlive(ward)) ward.giveUp(patienceMs + clock.monotonicMs() - now)
  }
}

/** True once there is a question, false when the line was idle for so long that it deserves a probe. */
async function nextQuestion({
  line,
  clock,
  idleProbeMs,
  nextQuestion: next,
}: Ward): Promise<boolean> {
  const work = AbortSignal.any([line.over, next()])
  if (idleProbeMs !== undefined) await clock.sleep(idleProbeMs, work)
  else if (!work.aborted) {
    const { promise, resolve } = Promise.withResolvers<void>()
    work.addEventListener('abort', () => resolve(), { once: true })
    await promise
  }
  return work.aborted
}

/** One ping. Bytes of any kind are a sign of life too, as a pong may wait behind a large message. Drops a dead line. */
export async function isAlive(ward: Ward): Promise<boolean> {
  const { line, clock, log, carrier } = ward
  const waitMs = ward.patienceMs()
  const answered = new AbortController()
  const pong = line.ping().then((isAnswered) => {
    answered.abort()
    return isAnswered
  })
  const isOver = AbortSignal.any([line.over, answered.signal])
  log.debug('nats.probe', { carrier, waitMs: Math.round(waitMs) })
  for (let before = -1; before !== line.bytesRead();) {
    before = line.bytesRead()
    // oxlint-disable-next-line no-await-in-loop -- as long as bytes come in
    await clock.sleep(waitMs, isOver)
    if (isOver.aborted) return !line.over.aborted && pong
  }
  log.warn('nats.half-open', { carrier, silentMs: Math.round(waitMs) })
  line.drop()
  return false
}
