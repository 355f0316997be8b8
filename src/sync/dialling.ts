/**
 * Lines that are dialled on demand: opened when what waits is worth a session, or is urgent, or a set time has come; filled; and closed
 * when nothing moves any more. Airtime that is billed is booked before it begins, step by step, so a budget ends a session and is
 * never overspent by one. A line that stands is opened as soon as the budget allows, and closed when it is spent.
 */
import type { Instant } from '#base/ids.ts'
import { connectUse } from '#tariff/profile.ts'
import { opensNext } from '#tariff/windows.ts'
import { settleUse, type Mark } from './affording.ts'
import { openBell, type Bell } from './bell.ts'
import { key } from './keys.ts'
import type { LinkState } from './links.ts'
import { isDrillDue } from './pace.ts'
import { untilDone } from './patience.ts'
import type { Tx } from './replica.ts'
import { markOf, type Bench } from './service.ts'
import { leftOf, reserve, spentIn, type Allowed } from './spending.ts'
import { waitingFor, type DialledCarrier, type Wanted } from './worth.ts'

const DAY_MS = 86_400_000
const MINUTE_MS = 60_000
/** Longest time between two looks at what waits. Looking sends nothing. */
const LOOK_MS_MAX = 3_600_000
/** How often a line that is open is looked at; one that stands. */
const WATCH_MS = 1_000
const WATCH_STANDING_MS = 60_000
/** A line on which nobody answers is closed after so long. */
const NO_ANSWER_MS = 180_000
/** Pause after a line on which nobody answered; it doubles. */
const PAUSE_MS = 60_000
const PAUSE_MS_MAX = 3_600_000

interface Desk {
  readonly bench: Bench
  readonly carrier: DialledCarrier
  readonly signal: AbortSignal
  readonly bell: Bell
  readonly mark: Mark
  /** When a set time was followed last. */
  followedAt: Instant
  /** When the last session in which somebody answered began, by the running time. */
  calledMs: number
  failures: number
}

/** Keeps a line until `signal` aborts. */
export async function keepLine(
  bench: Bench,
  carrier: DialledCarrier,
  signal: AbortSignal,
): Promise<void> {
  const bell = openBell()
  const mark = markOf(bench, carrier.name)
  const followedAt = bench.context.now()
  const desk: Desk = { bench, carrier, signal, bell, mark, followedAt, calledMs: 0, failures: 0 }
  bench.bells.add(bell)
  signal.addEventListener('abort', bell.ring)
  while (!signal.aborted) {
    // oxlint-disable-next-line no-await-in-loop -- one session after the other
    await pause(desk, await turn(desk))
  }
  signal.removeEventListener('abort', bell.ring)
  bench.bells.delete(bell)
}

/** How long to wait before the next look. */
interface Wait {
  readonly ms: number
  /** Nobody answered: what is urgent waits as well, each dial costs. */
  readonly isDeaf?: true
}

/** A session when it is time for one. */
async function turn(desk: Desk): Promise<Wait> {
  const { at, isFlash } = await wantedAt(desk)
  const ms = at - desk.bench.context.now()
  return ms > 0 ? { ms } : session(desk, isFlash)
}

async function pause({ bench, bell, signal }: Desk, { ms, isDeaf }: Wait): Promise<void> {
  if (ms <= 0) return
  if (isDeaf === true) return bench.clock.sleep(ms, signal)
  const over = new AbortController()
  const ringLater = async (): Promise<void> => {
    await bench.clock.sleep(Math.min(ms, LOOK_MS_MAX), AbortSignal.any([signal, over.signal]))
    if (!over.signal.aborted) bell.ring()
  }
  void ringLater()
  await bell.rung()
  over.abort()
}

/** From when on a session is worth it. */
async function wantedAt(desk: Desk): Promise<Wanted> {
  const { bench, carrier } = desk
  const { context } = bench
  const { terms, line, name } = carrier
  const now = context.now()
  if (isDrillDue(context.pace, name))
    return { at: opensNext(terms.profile.opens, now), isFlash: false }
  const waiting = await commit(desk, (tx) => waitingFor(tx, context, desk))
  const { isFlash, at } = waiting ?? { isFlash: false, at: Infinity }
  const isStanding = terms.profile.line === 'stands'
  // By the disk: in memory stands who was met in a commit that failed, too.
  const isKnown = (await context.replica.read.get(key.peer(line.peer))) !== undefined
  const pausedUntil = isFlash ? 0 : (context.shut.get(carrier.name)?.until ?? 0)
  const wanted = isStanding || !isKnown ? now : Math.min(Math.max(at, pausedUntil), setTime(desk))
  return { at: opensNext(terms.profile.opens, Math.max(now, wanted)), isFlash }
}

/** The next of the times that an operator has set. */
function setTime({ carrier, followedAt, bench }: Desk): Instant {
  const times = carrier.terms.dialling?.atMinutes ?? []
  const now = bench.context.now()
  const day = Math.floor(followedAt / DAY_MS) * DAY_MS
  const next = times
    .flatMap((minute) => [day + minute * MINUTE_MS, day + DAY_MS + minute * MINUTE_MS])
    .filter((at) => at > followedAt)
  return Math.min(Infinity, ...next.map((at) => Math.max(at, now)))
}

/** One session. How long to wait before the next is thought of. */
async function session(desk: Desk, isFlash: boolean): Promise<Wait> {
  const { bench, carrier } = desk
  const { context, clock } = bench
  const begun = await begin(desk, isFlash)
  if (begun === undefined) return { ms: 0 }
  if (!begun.ok) {
    context.shut.set(carrier.name, { why: 'no budget until', until: begun.until })
    return { ms: Math.max(1, begun.until - context.now()) }
  }
  desk.followedAt = context.now()
  const { calledMs } = desk
  desk.calledMs = context.time.nowMs()
  const startedMs = clock.monotonicMs()
  carrier.line.open()
  context.log.info('line.opened', { carrier: carrier.name })
  const isAnswered = await fill(desk, { startedMs, isFlash })
  carrier.line.close()
  const durationMs = Math.round(clock.monotonicMs() - startedMs)
  context.log.info('line.closed', { carrier: carrier.name, durationMs })
  await commit(desk, (tx) => settleUse(tx, context, { carrier, mark: desk.mark }))
  // What could not even be offered waits as before.
  if (!isAnswered) desk.calledMs = calledMs
  desk.failures = isAnswered ? 0 : desk.failures + 1
  noteFailing(desk)
  if (isAnswered) return { ms: 0 }
  return { ms: Math.min(PAUSE_MS_MAX, PAUSE_MS * 2 ** (desk.failures - 1)), isDeaf: true }
}

/** Rules that name the carrier hear whether anybody answers on its line. */
function noteFailing({ bench: { context }, carrier, failures }: Desk): void {
  const { failing, wake } = context.pace
  if (failures === 0) failing.delete(carrier.name)
  else {
    const at = context.now()
    failing.set(carrier.name, { since: failing.get(carrier.name)?.since ?? at, at })
  }
  wake()
}

function commit<T>({ bench, signal }: Desk, work: (tx: Tx) => Promise<T>): Promise<T | undefined> {
  const { context, clock } = bench
  return untilDone({ log: context.log, clock, signal }, () => context.replica.commit(work))
}

/** Books the least that a session costs. */
function begin(desk: Desk, isFlash: boolean): Promise<Allowed | undefined> {
  const { bench, carrier, mark } = desk
  const { context } = bench
  return commit(desk, async (tx) => {
    await settleUse(tx, context, { carrier, mark })
    const { profile } = carrier.terms
    const { bytes } = connectUse(profile)
    const ms = profile.tariff.shape === 'minutes' ? stepOf(profile.tariff) : 0
    const lane = isFlash ? 'flash' : undefined
    const use = { used: { bytes, ms }, lane, isNewSession: true } as const
    const allowed = await reserve(tx, context, { carrier, use })
    if (allowed.ok) tx.afterwards(() => (mark.beganBytes = mark.lastBytes))
    return allowed
  })
}

/** Airtime that is booked at once. */
function stepOf({ stepMs, leastMs }: Readonly<Record<'stepMs' | 'leastMs', number>>): number {
  return Math.max(stepMs, leastMs, WATCH_MS)
}

/** A session at work. */
interface Filling {
  readonly isFlash: boolean
  readonly startedMs: number
  /** Airtime that is booked; without end where it costs nothing. */
  bookedMs: number
  /** Bytes both ways at its beginning. */
  readonly bytesBefore: number
  bytes: number
  isUp: boolean
  wasUp: boolean
  isBusy: boolean
  movedMs: number
}

/** Until nothing moves any more, or may. Whether it was of any use. */
async function fill(
  desk: Desk,
  { startedMs, isFlash }: { readonly startedMs: number; readonly isFlash: boolean },
): Promise<boolean> {
  const { bench, carrier, signal } = desk
  const { clock } = bench
  const { tariff, line } = carrier.terms.profile
  const bytesBefore = movedBytes(linkOf(desk))
  const filling: Filling = {
    isFlash,
    startedMs,
    bookedMs: tariff.shape === 'minutes' ? stepOf(tariff) : Infinity,
    bytesBefore,
    bytes: bytesBefore,
    isUp: false,
    wasUp: false,
    isBusy: false,
    movedMs: startedMs,
  }
  const watchMs = line === 'stands' ? WATCH_STANDING_MS : WATCH_MS
  let goesOn = true
  while (!signal.aborted && goesOn) {
    // oxlint-disable-next-line no-await-in-loop -- one look after the other
    await clock.sleep(watchMs, signal)
    look(desk, filling)
    // oxlint-disable-next-line no-await-in-loop -- see above
    goesOn = await mayGoOn(desk, filling)
  }
  if (filling.bytes > bytesBefore || line === 'stands') return true
  // Nothing waited, or what waits cannot go now: that is not dialled for again and again.
  return filling.wasUp && (await wantedAt(desk)).at > bench.context.now()
}

/** Notes what has moved since the last look. */
function look(desk: Desk, filling: Filling): void {
  const link = linkOf(desk)
  const bytes = movedBytes(link)
  const isUp = link?.isUp === true
  if (bytes !== filling.bytes || isUp !== filling.isUp)
    filling.movedMs = desk.bench.clock.monotonicMs()
  const isBusy = link?.unansweredSince !== undefined
  Object.assign(filling, { bytes, isUp, isBusy, wasUp: filling.wasUp || isUp })
}

async function mayGoOn(desk: Desk, filling: Filling): Promise<boolean> {
  const { bench, carrier } = desk
  const { profile } = carrier.terms
  const now = bench.context.now()
  if (opensNext(profile.opens, now) > now) return false
  if (profile.line === 'stands') return !(await isSpent(desk))
  const nowMs = bench.clock.monotonicMs()
  const patienceMs = filling.isUp && !filling.isBusy ? profile.idleMs : NO_ANSWER_MS
  if (nowMs - filling.movedMs >= patienceMs) return false
  const isOver = nowMs - filling.startedMs + WATCH_MS >= filling.bookedMs
  return !isOver || bookStep(desk, filling)
}

function linkOf({ bench, carrier }: Desk): LinkState | undefined {
  const { line, name } = carrier
  return bench.links.all().find((one) => one.carrier === name && one.peer === line.peer)
}

function movedBytes(link: LinkState | undefined): number {
  return (link?.sentBytes ?? 0) + (link?.receivedBytes ?? 0)
}

/** Books the next step of airtime. */
async function bookStep(desk: Desk, filling: Filling): Promise<boolean> {
  const { bench, carrier } = desk
  const { context } = bench
  const { tariff } = carrier.terms.profile
  const ms = tariff.shape === 'minutes' ? Math.max(WATCH_MS, tariff.stepMs) : 0
  const lane = filling.isFlash ? 'flash' : undefined
  const allowed = await commit(desk, (tx) =>
    reserve(tx, context, { carrier, use: { used: { bytes: 0, ms }, lane } }),
  )
  if (allowed?.ok === true) filling.bookedMs += ms
  if (allowed?.ok === false)
    context.shut.set(carrier.name, { why: 'no budget until', until: allowed.until })
  return allowed?.ok === true
}

/** Whether nothing is left of the budget, by what the carrier has counted. */
async function isSpent(desk: Desk): Promise<boolean> {
  const { bench, carrier, mark } = desk
  const { context } = bench
  const isOut = await commit(desk, async (tx) => {
    await settleUse(tx, context, { carrier, mark })
    const { spent } = await spentIn(tx, context, carrier)
    return Object.values(leftOf(carrier.terms.budget, spent, true)).includes(0)
  })
  return isOut === true
}
