/**
 * One trial: sets up a fleet, writes while everything breaks, waits until all is mended and through, and compares.
 *
 * Everything is real but the links: processes of this program, a NATS server, sockets, disks. What happens when follows
 * from the seed; how the processes take it does not, so a run cannot be replayed exactly.
 */
import type { Clock } from '#ports/clock.ts'
import { chanceFrom } from '../link/schedule.ts'
import { compare, type Verdict } from './comparison.ts'
import type { Display } from './display.ts'
import { openFaults, planFaults, type Faults } from './faults.ts'
import { nodesOf, openFleet, type Fleet } from './fleet.ts'
import { planMessages, readMessages } from './messages.ts'
import { openMeter, type Meter } from './meter.ts'
import type { TrialOptions } from './options.ts'
import { OWN_MESSAGES } from './own-messages.ts'
import { pauseBy, type Pause } from './pause.ts'
import { settle, type People } from './people.ts'
import { openPosting, type Posting } from './posting.ts'
import { isGood, type Result } from './result.ts'
import { openTicks, type Ticks } from './ticks.ts'
import { viewOf } from './views.ts'

/** What a trial needs from outside. */
export interface TrialPorts {
  readonly clock: Clock
  readonly display: Display
  readonly stop: AbortSignal
}

/** Messages a second, as far as there is no reason to be slower. */
const POSTS_PER_SECOND = 40
/** A fault needs this long to strike and to be mended while messages are being written. */
const MS_PER_FAULT = 1_500
/** Messages whose delivery words are watched. */
const WATCHED_MAX = 400
/** Without any progress for so long, what is missing is taken for lost. */
const PATIENCE_MS = 150_000
const LOOK_MS = 500
const VIEW_MS = 2_000

/** Runs one trial. Throws Stopped when told to stop. */
export async function runTrial(options: TrialOptions, ports: TrialPorts): Promise<Result> {
  const { display, clock } = ports
  // A part that fails ends the others.
  const failing = new AbortController()
  const stop = AbortSignal.any([ports.stop, failing.signal])
  const pause = pauseBy(clock, stop)
  const chance = chanceFrom(options.seed)
  const { link: trace, speed, seed } = options
  const input =
    options.input === undefined
      ? OWN_MESSAGES
      : await readMessages(options.input, options.count ?? Infinity)
  const plan = planMessages(input, options.count ?? input.length, chance)

  await using fleet = await openFleet({ trace, speed, seed, stop })
  if (options.keep) fleet.keepFolder()
  display.tell(`the fleet is set up in ${fleet.folder}, link ${trace.name}`)
  const people = await settle(fleet, plan, pause)
  display.tell(`${people.writers.length} people in ${people.channels.length} channels`)

  const wished = planFaults(options, chance)
  const durationMs = Math.max(
    (plan.messages.length / POSTS_PER_SECOND) * 1000,
    wished.length * MS_PER_FAULT,
  )
  const kits = fleet.kits
  const posting = openPosting({ kits, plan, people, durationMs, chance, clock, pause })
  const faults = openFaults({
    fleet,
    faults: wished,
    progress: () => posting.done() / posting.total,
    pause,
    tell: display.tell,
  })
  const ticks = openTicks({
    kits: kits.map(({ node }) => node),
    all: nodesOf(fleet),
    posted: posting.posted,
    share: Math.min(1, WATCHED_MAX / posting.total),
    chance,
    pause,
  })
  const meter = await openMeter(fleet)
  const trial = { fleet, people, posting, faults, ticks, meter, pause, ports }
  try {
    const result = await observe(trial, failing)
    if (!isGood(result)) fleet.keepFolder()
    for (const line of [...result.verdict.examples, ...ticks.examples()]) display.tell(line)
    if (options.keep || !isGood(result)) display.tell(`data and logs stay in ${fleet.folder}`)
    return result
  } catch (error) {
    failing.abort()
    if (!ports.stop.aborted) {
      fleet.keepFolder()
      display.tell(`data and logs stay in ${fleet.folder}`)
    }
    throw error
  }
}

interface Trial {
  readonly fleet: Fleet
  readonly people: People
  readonly posting: Posting
  readonly faults: Faults
  readonly ticks: Ticks
  readonly meter: Meter
  readonly pause: Pause
  readonly ports: TrialPorts
}

async function observe(trial: Trial, failing: AbortController): Promise<Result> {
  const { posting, faults, ticks, meter, ports } = trial
  const { clock } = ports
  const beganMs = clock.monotonicMs()
  const secondsSince = (ms: number): number => (clock.monotonicMs() - ms) / 1000
  const end = new AbortController()
  const guarded = <T>(work: Promise<T>): Promise<T> =>
    work.catch((error: unknown) => {
      failing.abort()
      throw error
    })
  const looking = guarded(ticks.run(end.signal))
  const showing = guarded(showUntil(trial, beganMs, end.signal))
  const work = (async (): Promise<{ verdict: Verdict; writtenMs: number; isDrained: boolean }> => {
    await Promise.all([guarded(posting.run()), guarded(faults.run())])
    const writtenMs = clock.monotonicMs()
    ports.display.tell('everything is written and mended; waiting until it is everywhere')
    return { ...(await drain(trial)), writtenMs }
  })()
  const [{ verdict, writtenMs, isDrained }] = await settled([
    guarded(work).finally(() => end.abort()),
    looking,
    showing,
  ])
  const drainedSeconds = secondsSince(writtenMs)
  const readings = await meter.read()
  const wentBack = ticks.backCount()
  return {
    messages: posting.posted.size,
    refused: posting.refused().length,
    verdict,
    falseTicks: ticks.falseCount() + wentBack,
    wentBack,
    checkedTicks: ticks.checked(),
    unsettled: ticks.unsettled(),
    cuts: faults.cuts(),
    kills: faults.kills(),
    wipes: faults.wipes(),
    accidents: faults.accidents().length,
    wireBytes: meter.wireBytes(),
    envelopeBytes: readings.reduce((sum, { sentBytes }) => sum + sentBytes, 0),
    resent: posting.resent(),
    seconds: secondsSince(beganMs),
    drainedSeconds,
    isDrained,
  }
}

/** All of them; the first failure, once all have ended. */
async function settled<T extends readonly [unknown, ...unknown[]]>(work: {
  readonly [K in keyof T]: Promise<T[K]>
}): Promise<T> {
  await Promise.allSettled(work)
  return Promise.all(work)
}

async function showUntil(
  { ports, meter, posting, pause }: Trial,
  beganMs: number,
  end: AbortSignal,
): Promise<void> {
  while (!end.aborted) {
    const readings = await meter.read()
    ports.display.show({
      seconds: (ports.clock.monotonicMs() - beganMs) / 1000,
      posted: posting.posted.size,
      total: posting.total,
      wireBytes: meter.wireBytes(),
      readings,
    })
    await pause.for(LOOK_MS)
  }
}

/** Waits until everybody has everything and every watched word says so, or until nothing moves any more. */
async function drain({ fleet, people, posting, ticks, meter, pause, ports }: Trial): Promise<{
  readonly verdict: Verdict
  readonly isDrained: boolean
}> {
  const { clock } = ports
  let movedMs = clock.monotonicMs()
  let before = ''
  let verdict: Verdict | undefined
  for (;;) {
    const readings = await meter.read()
    const hasAll = readings.every(({ messages }) => messages >= posting.posted.size)
    if (hasAll && (verdict === undefined || verdict.lost > 0)) {
      verdict = await compareAll(fleet, people, posting)
      if (verdict.lost === 0)
        ports.display.tell('every message is everywhere; waiting until every watched word says so')
    }
    if (verdict?.lost === 0 && ticks.unsettled() === 0)
      return { verdict: await compareAll(fleet, people, posting), isDrained: true }
    const now = JSON.stringify([
      readings.map(({ messages, queued, waiting }) => [messages, queued, waiting]),
      ticks.unsettled(),
    ])
    if (now !== before) movedMs = clock.monotonicMs()
    before = now
    if (clock.monotonicMs() - movedMs > PATIENCE_MS)
      return { verdict: await compareAll(fleet, people, posting), isDrained: false }
    await pause.for(VIEW_MS / 4)
  }
}

async function compareAll(fleet: Fleet, people: People, { posted }: Posting): Promise<Verdict> {
  const views = await Promise.all(nodesOf(fleet).map((node) => viewOf(node, people.channels)))
  return compare(posted, views)
}
