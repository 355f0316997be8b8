/**
 * One run: found an organisation, let people work while everything fails, then stop the faults, wait until nothing is
 * under way, and see whether the promises hold; then switch everything off and on, and look again.
 */
import type { Instant } from '#base/ids.ts'
import { AUDIT_TALLY_MS_MAX } from '#base/limits.ts'
import { range } from '#sync/keys.ts'
import { planCapture } from './capture.ts'
import { optionsOf } from './draw.ts'
import { checkEnd, mustCome } from './end-checks.ts'
import { checkFiles, filesComing } from './files.ts'
import type { Member } from './fleet.ts'
import { foundOrganisation } from './founding.ts'
import { isHoldingBack } from './leftovers.ts'
import { bytesOn, checkGrowth, checkIdle, drainMsMax, IDLE_MS } from './liveness.ts'
import type { Given, SimOptions } from './options.ts'
import { actOnce } from './people.ts'
import { planPurges } from './purges.ts'
import { actTogether } from './throngs.ts'
import { checkWord, openWorld, START_AT, type World } from './world.ts'
import { playScript, type Passing } from './script.ts'
import { markerOf, type Said } from './said.ts'
import { isByHand } from './topology.ts'
import { playShelf } from './shelf-story.ts'
import { playTwoSticks } from './two-sticks.ts'
import type { Failure } from './verdict.ts'
import type { View } from './view.ts'

/** What came of one seed. */
export interface Result {
  readonly ok: boolean
  readonly seed: number
  readonly options: SimOptions
  /** Alarms rung. */
  readonly steps: number
  /** Virtual milliseconds that passed. */
  readonly virtualMs: number
  /** Over everything that happened: the same for the same seed and options. */
  readonly traceHash: string
  readonly marks: Readonly<Record<string, number>>
  readonly failure: Failure | undefined
  /** The last lines of the trace of a failed run. */
  readonly tail: readonly string[]
  /** It did not come to an end by itself. */
  readonly isAborted: boolean
}

const MINUTE_MS = 60_000
/** With each thing that one person does, how likely it is that many do something at once. */
const THRONG_PROBABILITY = 0.05
const HOUR_MS = 60 * MINUTE_MS
/** Founding takes this long at most. */
const FOUNDING_MS_MAX = 2 * HOUR_MS
/** Nothing under way for this long means that nothing will be. */
const QUIET_MS = 10 * MINUTE_MS
/** What sticks bring goes on over links, and what comes over links onto sticks. */
const SHUTTLES = 3
/** A run that rings more alarms than this in a while is going round in circles. */
const STEPS_MAX = 20_000
const STEPS_WINDOW_MS = 10 * MINUTE_MS

/** Runs one seed to its end. `print` gets every line of the trace. */
export async function runSeed(
  seed: number,
  given: Given = {},
  print?: (line: string) => void,
): Promise<Result> {
  const { result } = await runWorld(seed, given, print)
  return result
}

/** Runs one seed to its end and gives the world as it stands then, for whoever looks for the cause of a failure. */
export async function runWorld(
  seed: number,
  given: Given,
  print?: (line: string) => void,
): Promise<{ readonly result: Result; readonly world: World }> {
  const options = optionsOf(seed, given)
  const world = openWorld(seed, options, print)
  const onCrash = (error: unknown): void => {
    const found = error instanceof Error ? (error.stack ?? error.message) : String(error)
    world.verdict.fail({ broken: 'no such error', where: 'the process', wanted: 'no error', found })
  }
  process.on('unhandledRejection', onCrash)
  process.on('uncaughtException', onCrash)
  try {
    await live(world)
  } finally {
    process.off('unhandledRejection', onCrash)
    process.off('uncaughtException', onCrash)
  }
  return { result: resultOf(world, seed), world }
}

function resultOf(world: World, seed: number): Result {
  const { timeline, trace, marks, verdict, options } = world
  const failure = verdict.failure()
  return {
    ok: failure === undefined,
    seed,
    options,
    steps: timeline.steps(),
    virtualMs: timeline.now() - START_AT,
    traceHash: trace.hash(),
    marks: marks.counts(),
    failure,
    tail: failure === undefined ? [] : trace.tail(),
    isAborted: false,
  }
}

async function live(world: World): Promise<void> {
  await during(world, 'founding', { ms: FOUNDING_MS_MAX, work: foundOrganisation(world) })
  if (world.verdict.failure() !== undefined) return
  const { powerCut, story } = world.options
  if (story === 'two-sticks') await playTwoSticks(world, passingOf(world))
  else if (story === 'shelf') await playShelf(world, passingOf(world))
  else if (powerCut !== undefined) await playScript(world, passingOf(world))
  else await faultyHours(world)
  if (world.verdict.failure() !== undefined) return
  world.trace.note('world', 'faults stop')
  world.sticks.end(world)
  world.faults.end(world)
  world.budgets.lift()
  await comeToRest(world)
  await checkAll(world)
  if (world.verdict.failure() !== undefined) return
  world.trace.note('world', 'all off and on')
  for (const member of world.members) world.fleet.cutPower(member)
  for (const member of world.members) world.fleet.switchOn(member)
  await comeToRest(world)
  await checkAll(world)
  if (world.verdict.failure() !== undefined) return
  // What others caused is counted for an hour at most before it is told.
  await advance(world, world.timeline.now() + AUDIT_TALLY_MS_MAX + QUIET_MS)
  const before = world.lastTrafficAt()
  const honest = world.members.filter(({ capturedAt }) => capturedAt === undefined)
  const sizes = honest.map((member) => [member, bytesOn(member)] as const)
  await advance(world, world.timeline.now() + IDLE_MS)
  for (const [member, bytes] of sizes) checkGrowth(world, member, bytes)
  // What is lost, or goes on from what is, is asked for again and again, as somebody may yet bring it.
  if (!world.members.some(isWaiting)) checkIdle(world, before)
}

function isWaiting({ disk, capturedAt }: Member): boolean {
  if (capturedAt !== undefined) return false
  return [range.allWaiting, range.holes].some((one) => disk.durable(one).length > 0)
}

function passingOf(world: World): Passing {
  const pass = (ms: number): Promise<void> => advance(world, world.timeline.now() + ms)
  return { pass, calm: () => drain(world) }
}

/** People act at random times; kits are switched on for the first time one by one; faults come and go. */
async function faultyHours(world: World): Promise<void> {
  const { timeline, chance, options, members } = world
  const lengthMs = options.hours * HOUR_MS
  const draw = chance.fork('people')
  for (const member of members) {
    const atMs = draw.happens(0.7) ? draw.between(0, MINUTE_MS) : draw.between(0, lengthMs / 2)
    timeline.after(atMs, () => world.fleet.switchOn(member))
  }
  let atMs = 0
  for (let count = 0; count < options.actions; count += 1) {
    // Bursts, with pauses between them.
    atMs = draw.happens(0.6) ? atMs + draw.between(0, 3_000) : draw.between(0, lengthMs)
    const own = chance.fork(`act ${count}`)
    timeline.after(Math.min(atMs, lengthMs), () => actOnce(world, own.pick(members), own))
    const throng = chance.fork(`throng ${count}`)
    if (throng.happens(THRONG_PROBABILITY))
      timeline.after(throng.between(0, lengthMs), () => actTogether(world, members, throng))
  }
  world.faults.begin(world)
  planCapture(world)
  planPurges(world, lengthMs)
  world.sticks.begin(world, lengthMs)
  sweepWords(world, timeline.now() + lengthMs)
  await advance(world, timeline.now() + lengthMs)
}

/** Asks every few minutes, on every node, how some messages stand. */
function sweepWords(world: World, until: Instant): void {
  const { timeline, chance, members, book } = world
  const draw = chance.fork('sweep')
  const sweep = (): void => {
    const saved = book.all().filter((said) => said.fate === 'saved')
    for (const member of members) {
      for (let count = 0; count < 6 && saved.length > 0; count += 1) {
        checkWord(world, member, draw.pick(saved))
      }
    }
    if (timeline.now() < until) timeline.after(draw.between(MINUTE_MS, 6 * MINUTE_MS), sweep)
  }
  sweep()
}

/**
 * Whoever took a kit that is shut out knocks no more: each knock is counted in an audit, as it must be, and that travels. So a
 * world in which somebody knocks never comes to rest.
 */
function giveUp({ members, fleet }: World): void {
  for (const member of members)
    if (member.isShutOut && member.boot !== undefined) fleet.cutPower(member)
}

/** Where only sticks reach a kit, somebody carries them once the others have nothing to say any more, and they hear of it. */
async function comeToRest(world: World): Promise<void> {
  const { sticks, members, topology, marks } = world
  await drain(world)
  const [headquarters] = members
  const far = members.filter(({ index }) => isByHand(topology, index))
  if (headquarters === undefined || far.length === 0) return
  for (let times = 0; times < SHUTTLES; times += 1)
    for (const member of far) {
      if (world.verdict.failure() !== undefined) break
      if (member.capturedAt !== undefined) return
      const work = sticks.shuttle(world, [headquarters, member])
      await during(world, 'sticks to and fro', { ms: HOUR_MS, work })
      await drain(world)
    }
  marks.count('stick.far-for-good')
}

/** Waits until all nodes are open and nothing has been under way for a while. */
async function drain(world: World): Promise<void> {
  const { timeline, verdict, members } = world
  const from = timeline.now()
  const wantedMs = drainMsMax(world)
  const limit = from + wantedMs + QUIET_MS
  const honest = (): readonly Member[] =>
    members.filter(({ capturedAt }) => capturedAt === undefined)
  const isQuiet = (): boolean =>
    timeline.now() - Math.max(from, world.lastTrafficAt()) >= QUIET_MS &&
    honest().every((member) => member.boot?.node !== undefined && member.people.length > 0) &&
    !honest().some(isHoldingBack) &&
    filesComing(world, 'links').length === 0
  while (!isQuiet() && timeline.now() < limit && verdict.failure() === undefined) {
    for (const member of honest().filter((one) => one.people.length === 0)) {
      actOnce(world, member, world.chance.fork(`late ${member.index} ${timeline.now()}`))
    }
    await advance(world, timeline.now() + MINUTE_MS)
    if (timeline.now() >= from + wantedMs / 2) giveUp(world)
  }
  if (isQuiet()) return
  const off = honest().filter(({ boot }) => boot?.node === undefined)
  verdict.fail({
    broken: 'liveness: everything drains',
    where: 'the world',
    wanted: `nothing under way ${Math.round(wantedMs / 1_000)} s after the faults stopped`,
    found: off.length > 0 ? `${off[0]?.name} is not open` : underWay(world),
  })
}

function underWay(world: World): string {
  const [coming] = filesComing(world, 'links')
  if (coming === undefined) return 'parcels are still under way'
  return `file ${coming.file} has not come to ${coming.member.name}`
}

async function checkAll(world: World): Promise<void> {
  const { verdict, members, book, deliveries, evidence, secrecy, marks, topology } = world
  if (verdict.failure() !== undefined) return
  const work = async (): Promise<void> => {
    const { sealingOf } = evidence
    const { allHeardAt } = secrecy
    const reference = await checkEnd({
      members,
      topology,
      said: book.all(),
      verdict,
      sealingOf,
      allHeardAt,
    })
    await checkFiles(world)
    for (const member of members) world.purges.check(member)
    if (secrecy.check() > 0) marks.count('secrecy.tried')
    if (reference !== undefined) nameAgain(reference, book.all())
    for (const said of book.all().filter(mustBeShown)) {
      const channel = reference?.channels.get(said.channel)
      // Who was taken out of a channel is not told how a message stands, and whoever asks so is counted in an audit, which travels.
      const mayAsk = channel?.kind === 'public' || channel?.members.includes(said.author) === true
      if (!mayAsk) continue
      for (const member of members)
        if (member.capturedAt === undefined) await deliveries.check(member, said, true)
      const home = members[said.home]
      if (home?.capturedAt !== undefined || home === undefined) continue
      const ground = { members, topology }
      const expected = members.filter(
        (member) => member !== home && mustCome(ground, { home, member, channel }),
      )
      await deliveries.checkFinal(home, said, expected)
    }
  }
  await during(world, 'the last checks', { ms: HOUR_MS, work: work() })
  checkAnswers(world)
}

function mustBeShown({ fate, id, purge }: Said): boolean {
  return fate === 'saved' && id !== undefined && purge === 'none'
}

/** What was written again in a new life has another id by now: it is known by its number. */
function nameAgain({ channels }: View, all: readonly Said[]): void {
  for (const said of all.filter(({ isUnsure }) => isUnsure)) {
    const messages = channels.get(said.channel)?.messages ?? []
    const message = messages.find(({ body }) => body.includes(markerOf(said.number)))
    if (said.id !== undefined && said.id !== message?.id) said.earlierIds.add(said.id)
    said.id = message?.id
  }
}

/** Everything that was asked of a node that is on has been answered. */
function checkAnswers({ verdict, asked }: World): void {
  for (const { member, boot, what } of asked) {
    if (!boot.life.isAlive()) continue
    const found = 'no answer yet'
    verdict.fail({
      broken: 'promise 11: bounded',
      where: member.name,
      wanted: `an answer: ${what}`,
      found,
    })
  }
}

/** Lets time pass until `work` is done. */
async function during(
  world: World,
  name: string,
  { ms, work }: { readonly ms: number; readonly work: Promise<void> },
): Promise<void> {
  const { timeline, verdict } = world
  let isDone = false
  const fail = (found: string): void =>
    verdict.fail({ broken: 'no such error', where: name, wanted: 'no error', found })
  work.then(
    () => void (isDone = true),
    (error: unknown) =>
      fail(error instanceof Error ? (error.stack ?? error.message) : String(error)),
  )
  await timeline.run(timeline.now() + ms, () => isDone || verdict.failure() !== undefined)
  if (!isDone) fail(`not done after ${ms} ms`)
}

/** Lets time pass until true time `until`, or the first failure. */
async function advance(world: World, until: Instant): Promise<void> {
  const { timeline, verdict } = world
  let from = { steps: timeline.steps(), at: timeline.now() }
  const isOver = (): boolean => {
    if (timeline.now() - from.at > STEPS_WINDOW_MS)
      from = { steps: timeline.steps(), at: timeline.now() }
    if (timeline.steps() - from.steps > STEPS_MAX) {
      verdict.fail({
        broken: 'promise 11: bounded',
        where: 'the world',
        wanted: `at most ${STEPS_MAX} steps in ${STEPS_WINDOW_MS / MINUTE_MS} minutes`,
        found: `more than that in ${timeline.now() - from.at} ms`,
      })
    }
    return verdict.failure() !== undefined
  }
  await timeline.run(until, isOver)
}
