/**
 * One trial: sets up a fleet, writes while everything breaks, waits until all is mended and through, and compares.
 *
 * Everything is real but the links: processes of this program, a NATS server, sockets, disks. What happens when follows
 * from the seed; how the processes take it does not, so a run cannot be replayed exactly.
 */
import type { Clock } from '#ports/clock.ts'
import { chanceFrom } from '../link/schedule.ts'
import { longestOutageMs } from '../link/trace.ts'
import { compare, type Verdict } from './comparison.ts'
import type { Display } from './display.ts'
import { openFaults, planFaults, type Faults } from './faults.ts'
import { nodesOf, openFleet, type Fleet } from './fleet.ts'
import { readLogs } from './logs.ts'
import { openLosses } from './losses.ts'
import { planMessages, readMessages } from './messages.ts'
import { openMeter, type Meter } from './meter.ts'
import type { TrialOptions } from './options.ts'
import { OWN_MESSAGES } from './own-messages.ts'
import { pauseBy, type Pause } from './pause.ts'
import { settle, type People } from './people.ts'
import { openPosting, type Posting } from './posting.ts'
import { isGood, type Result } from './result.ts'
import { openTicks, type Ticks } from './ticks.ts'
import { shownBy, viewOf } from './views.ts'

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
/** So long authors wait for what they answer, and so long people and channels may need; longer where outages are long. */
const WAIT_MS = 150_000
const WAIT_OUTAGES = 4
/**
 * Without any progress for so much longer, what is missing is taken for lost: nodes that miss something ask for it after
 * 1, 2, 4 and 8 minutes of their time. Computing takes what it takes, so never less than the second, in real time.
 */
const PATIENCE_MS = 1_200_000
const PATIENCE_REAL_MS_MIN = 180_000
const LOOK_MS = 500
const VIEW_MS = 2_000

/** Runs one trial. Throws Stopped when told to stop. */
export async function runTrial(options: TrialOptions, ports: TrialPorts): Promise<Result> {
  const { display, clock } = ports
  // A part that fails ends the others.
  const failing = new AbortController()
  const stop = AbortSignal.any([ports.stop, failing.signal])
  const { link: trace, speed, seed } = options
  const waitMs = WAIT_MS + (WAIT_OUTAGES * longestOutageMs(trace)) / speed
  const pause = pauseBy(clock, stop, waitMs)
  const chance = chanceFrom(seed)
  const input =
    options.input === undefined
      ? OWN_MESSAGES
      : await readMessages(options.input, options.count ?? Infinity)
  const plan = planMessages(input, options.count ?? input.length, chance)

  const isProbing = options.halfOpens > 0
  const isFar = options.namespaces
  await using fleet = await openFleet({ trace, speed, seed, stop, isProbing, isFar })
  if (options.keep) fleet.keepFolder()
  display.tell(`the fleet is set up in ${fleet.folder}`)
  const people = await settle(fleet, plan, pause)
  await fleet.goOut()
  display.tell(
    `${people.writers.length} people in ${people.channels.length} channels go out, link ${trace.name}`,
  )

  const wished = planFaults(options, chance)
  const durationMs = Math.max(
    (plan.messages.length / POSTS_PER_SECOND) * 1000,
    options.minutes * 60_000,
    wished.length * MS_PER_FAULT,
  )
  const ground = { kits: fleet.kits.map(({ node }) => node), all: nodesOf(fleet), pause }
  const posting = openPosting({
    kits: fleet.kits,
    plan,
    people,
    losses: (posted) =>
      openLosses({ ...ground, posted, shownBy: (node) => shownBy(node, people.channels) }),
    patienceMs: waitMs,
    durationMs,
    chance,
    clock,
    pause,
  })
  const { posted, losses } = posting
  const share = Math.min(1, WATCHED_MAX / posting.total)
  const ticks = openTicks({ ...ground, posted, gone: losses.gone, share, chance })
  const faults = openFaults({
    fleet,
    faults: wished,
    progress: () => posting.done() / posting.total,
    pause,
    witness: {
      tell: display.tell,
      copying: losses.copying,
      killed: ({ name }) => ticks.killed(name),
      diskLost: async (node) => {
        await losses.diskLost(node)
        ticks.restored(node.name)
      },
    },
  })
  const meter = await openMeter(fleet)
  const patienceMs = waitMs + Math.max(PATIENCE_REAL_MS_MIN, PATIENCE_MS / speed)
  const trial = { fleet, people, posting, faults, ticks, meter, patienceMs, pause, ports }
  try {
    const result = await observe(trial, failing)
    if (!isGood(result)) fleet.keepFolder()
    const examples = [...result.verdict.examples, ...ticks.examples(), ...result.logs.examples]
    for (const line of examples) display.tell(line)
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
  readonly patienceMs: number
  readonly pause: Pause
  readonly ports: TrialPorts
}

async function observe(trial: Trial, failing: AbortController): Promise<Result> {
  const { posting, faults, ticks, meter, ports, fleet } = trial
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
  const [{ verdict: drained, writtenMs, isDrained }] = await settled([
    guarded(work).finally(() => end.abort()),
    looking,
    showing,
  ])
  const drainedSeconds = secondsSince(writtenMs)
  const readings = await meter.read()
  const wentBack = ticks.backCount()
  const verdict = drained.lost > 0 ? drained : await compareDisks(trial)
  const posts = [...posting.posted.values()]
  return {
    messages: posts.length,
    threads: new Set(posts.map(({ root }) => root)).size - 1,
    replies: posts.filter(({ root }) => root !== '').length,
    refused: posting.refused().length,
    fullAnswers: posting.fullAnswers(),
    verdict,
    logs: await readLogs(nodesOf(fleet)),
    undoneTicks: ticks.undone(),
    falseTicks: ticks.falseCount() + wentBack,
    wentBack,
    checkedTicks: ticks.checked(),
    unsettled: ticks.unsettled(),
    faults,
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
async function drain(trial: Trial): Promise<{
  readonly verdict: Verdict
  readonly isDrained: boolean
}> {
  const { posting, ticks, meter, pause, patienceMs, ports } = trial
  const { clock } = ports
  const promised = (): number => posting.posted.size - posting.losses.gone.size
  let movedMs = clock.monotonicMs()
  let before = ''
  let verdict: Verdict | undefined
  for (;;) {
    const readings = await meter.read()
    const hasAll = readings.every(({ messages }) => messages >= promised())
    if (hasAll && (verdict === undefined || verdict.lost > 0)) {
      verdict = await compareAll(trial)
      if (verdict.lost === 0)
        ports.display.tell('every message is everywhere; waiting until every watched word says so')
    }
    if (verdict?.lost === 0 && ticks.unsettled() === 0)
      return { verdict: await compareAll(trial), isDrained: true }
    const now = JSON.stringify([
      readings.map(({ messages, queued, waiting }) => [messages, queued, waiting]),
      ticks.unsettled(),
    ])
    if (now !== before) movedMs = clock.monotonicMs()
    before = now
    if (clock.monotonicMs() - movedMs > patienceMs)
      return { verdict: await compareAll(trial), isDrained: false }
    await pause.for(VIEW_MS / 4)
  }
}

async function compareAll({ fleet, people, posting }: Trial): Promise<Verdict> {
  const views = await Promise.all(nodesOf(fleet).map((node) => viewOf(node, people.channels)))
  return compare(posting.posted, views, posting.losses.gone)
}

/** What is shown may be in memory only: everybody is killed, and shows what its disk has. */
async function compareDisks(trial: Trial): Promise<Verdict> {
  const { fleet, ports } = trial
  ports.display.tell('all nodes are killed, and everything is compared again from their disks')
  for (const { link } of fleet.kits) link.cut()
  await Promise.all(nodesOf(fleet).map((node) => node.kill()))
  await Promise.all(nodesOf(fleet).map((node) => node.start()))
  return compareAll(trial)
}
