/**
 * What a rehearsal foretells beside what it costs then, on every link profile that comes with the program: a kit, its carrier as it is, and
 * a real NATS server behind an emulated link of that profile, or the emulated Iridium; time is the link's own. Counted is TCP's payload
 * at the link, and headers by its packets: 52 bytes each, and an acknowledgement alone for every other.
 *
 * Time goes faster than life, and everything in it, but not the machine: one that is busy with other things for a second stands for a link that is
 * silent for several, and such a line is hung up. So it is watched how late timers are while something goes over the link (and not while
 * messages are written and rehearsed before), and a run in which they were is made again.
 */
import { globSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { must } from '#base/assert.ts'
import { openNatsCarrier } from '#carriers/nats.ts'
import { readLink } from '#config/links.ts'
import { realClock, realRandom } from '#ports/real.ts'
import { openMemoryStore } from '#storage/memory-store.ts'
import type { Rehearsal } from '#sync/rehearsal.ts'
import type { LinkProfile } from '#tariff/profile.ts'
import { billOf, type Used } from '#tariff/tariff.ts'
import type { Terms } from '#tariff/terms.ts'
import { collectingLog } from '../../test/support/log.ts'
import { member, openSite } from '../../test/support/nats-site.ts'
import { withoutNatsServer } from '../../test/support/nats-server.ts'
import { openLink, type Link } from '../link/proxy.ts'
import { quickClock } from '../link/quick-clock.ts'
import { constantTrace } from '../link/trace.ts'
import { watchLateness } from './lateness.ts'
import { rounded } from './statistics.ts'
import { postAndForetell, type Outcome } from './plan-posts.ts'
import { channelOf, enter, textsOf } from './sync-posts.ts'
import { identities, openTrustNode } from './trust-node.ts'
import { measurePlanSbd } from './plan-sbd.ts'

/** What the bench may be told. */
export interface PlanBenchOptions {
  /** Messages, JSON Lines with a text; our own unless given. */
  readonly input?: string | undefined
  /** The one profile that is measured, by its name; all of them unless given. */
  readonly only?: string | undefined
  readonly isSmall: boolean
  readonly tell: (line: string) => void
}

const LINKS = join(import.meta.dirname, '..', '..', 'edge-config', 'links')
const HEADER_BYTES = 52
const ACKNOWLEDGED = 1.5
/** Messages on a link: about as much as half a minute of a thin one carries, or a whole window of a fat one. */
const MESSAGES = { thin: 120, fat: 600 }
/** So many times as much where time is billed in steps: one step more or less is then a small part of the bill. */
const STEPPED = 5
const THIN_BPS = 1_000_000
/** What takes less is over before this machine has thought: its time says nothing about the link. */
const LEAST_MS = 5_000
const LOOK_MS = 5
/** How often a profile is measured on a machine that is busy, and how late its timers may be of all the time. */
const RUNS_MAX = 3
const LATE_SHARE_MAX = 0.02
/** Longer than a line on which nothing moved is left alone. */
const REDIAL_MS = 75_000
const never = new AbortController().signal

/** Measures. */
export async function measurePlan(
  options: PlanBenchOptions,
): Promise<Readonly<Record<string, number>>> {
  const { tell, isSmall } = options
  if (withoutNatsServer !== false) {
    tell(`nothing measured: ${withoutNatsServer}`)
    return {}
  }
  const all = globSync('*.json', { cwd: LINKS }).map((name) => name.replace('.json', ''))
  const only = options.only ?? (isSmall ? 'geo-vsat' : undefined)
  const names = all.toSorted().filter((name) => name === (only ?? name))
  if (names.length === 0) {
    tell(`nothing measured: found --only ${only}, wanted one of ${all.toSorted().join(', ')}`)
    return {}
  }
  const result: Record<string, number> = {}
  let lateProfiles = 0
  for (const name of names) {
    // oxlint-disable-next-line no-await-in-loop -- one after another: each has the machine to itself
    const profile = { ...(await readLink(undefined, name)), opens: undefined }
    const count = profile.upBps < THIN_BPS ? MESSAGES.thin : MESSAGES.fat
    const steps = profile.tariff.shape === 'minutes' ? STEPPED : 1
    const texts = await textsFor(options.input, isSmall ? 20 : count * steps)
    const measure = profile.tariff.shape === 'messages' ? measurePlanSbd : measureIp
    const { outcome, isLate } = await calmest(profile, () => measure(profile, texts), tell)
    lateProfiles += Number(isLate)
    const errors = errorsOf(outcome)
    const { foretold, real } = outcome
    tell(`${name}: ${JSON.stringify(foretold)} foretold, ${JSON.stringify(real)} real`)
    for (const [what, error] of Object.entries(errors))
      result[`${name.replaceAll('-', '_')}_${what}_error_ratio`] = rounded(error, 3)
  }
  // Of a profile with no run in which the machine kept up, the errors are this machine's.
  const worst = Math.max(...Object.values(result))
  return { ...result, late_profiles: lateProfiles, worst_error_ratio: worst }
}

/** The first run in which the machine kept up; the one in which it was least late when there is none. */
async function calmest(
  profile: LinkProfile,
  measure: () => Promise<Outcome>,
  tell: PlanBenchOptions['tell'],
): Promise<{ readonly outcome: Outcome; readonly isLate: boolean }> {
  const runs: { readonly outcome: Outcome; readonly lateMs: number }[] = []
  while (runs.length < RUNS_MAX) {
    // oxlint-disable-next-line no-await-in-loop -- one after another
    const outcome = await measure()
    const lateMs = outcome.lateMs * speedOf(profile)
    runs.push({ outcome, lateMs })
    if (lateMs <= LATE_SHARE_MAX * Math.max(LEAST_MS, outcome.real.ms))
      return { outcome, isLate: false }
    tell(`this machine was late by ${lateMs} ms of the link's time: run ${runs.length}`)
  }
  const [best] = runs.toSorted((a, b) => a.lateMs - b.lateMs)
  return { outcome: must(best, 'there was one').outcome, isLate: true }
}

function errorsOf({ foretold, real }: Outcome): Readonly<Record<string, number>> {
  const error = (key: keyof Outcome['real']): number =>
    real[key] === 0 ? Number(foretold[key] !== 0) : Math.abs(foretold[key] - real[key]) / real[key]
  return {
    bytes: error('bytes'),
    ...(real.ms >= LEAST_MS && { time: error('ms') }),
    money: error('micros'),
  }
}

async function textsFor(input: string | undefined, count: number): Promise<readonly string[]> {
  if (input === undefined) return textsOf(count, 1)
  const lines = (await readFile(input, 'utf8')).split('\n', count)
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- JSON Lines with a text, as --help says
  return lines
    .filter((line) => line !== '')
    .map((line) => (JSON.parse(line) as { text: string }).text)
}

/** Time as much faster as the slowest part of this machine bears. */
function speedOf({ upBps }: LinkProfile): number {
  return upBps < 1_000_000 ? 3 : 1
}

async function measureIp(profile: LinkProfile, texts: readonly string[]): Promise<Outcome> {
  await using stack = new AsyncDisposableStack()
  const speed = speedOf(profile)
  const clock = quickClock(speed)
  const site = stack.use(await openSite({ A: [member(1), member(2)] }))
  const maker = stack.use(await site.open(1))
  await maker.nextContact(true)
  const up = constantTrace({ rateBps: profile.upBps, rttMs: profile.roundTripMs, loss: 0 })
  const down = constantTrace({ rateBps: profile.downBps, rttMs: profile.roundTripMs, loss: 0 })
  const trace = { name: 'profile', up: up.up, down: down.down }
  const to = { listenPort: 0, targetHost: '127.0.0.1', targetPort: site.server.port }
  const link = stack.use(await openLink({ ...to, trace, speed, seed: 1, clock: realClock() }))
  const log = collectingLog()
  const inner = stack.use(
    await openNatsCarrier(
      {
        ...(await site.optionsFor(2)),
        servers: [`tls://127.0.0.1:${link.port}`],
        isOnDemand: true,
        receiptDelayMs: 3_600_000,
        connectTimeoutMs: 120_000,
      },
      { clock, random: realRandom(), log, store: openMemoryStore() },
    ),
  )
  const terms: Terms = {
    link: 'measured',
    profile,
    budget: undefined,
    // Only what fills a session is dialled for: an audit that comes late is not.
    dialling: { atMinutes: [], gatherMsMax: 6 * 3_600_000 },
  }
  const carrier = { ...inner, terms }
  const members = identities(2, clock.now())
  const kit = stack.use(
    await openTrustNode(must(members[1], 'there are two'), members, {
      clock,
      carriers: [carrier],
      log,
    }),
  )
  await enter(kit, channelOf(kit))
  const quiet = (): Promise<number> => settled(link, { clock, profile, isOpen: () => isOpen(log) })
  await quiet()
  const before = usedOn(link)
  const callsBefore = log.named('line.closed').length
  const peer = must(carrier.line, 'it has a line').peer
  const foretold = await postAndForetell(kit, texts, {
    carrier,
    peer,
    isUp: profile.line === 'stands',
  })
  // What was written and rehearsed before is this machine's work, and not the line's.
  const watch = watchLateness()
  const beganMs = clock.monotonicMs()
  const isOver = (): boolean => log.named('line.closed').length > callsBefore
  if (profile.line === 'on demand') await until(isOver)
  const lastMs = profile.line === 'on demand' ? 0 : await quiet()
  const lateMs = watch.stop()
  const { durationMs } = log.named('line.closed').at(-1)?.facts ?? {}
  const ms = profile.line === 'stands' ? lastMs - beganMs : Number(durationMs)
  const real: Used = { bytes: usedOn(link) - before, ms }
  // A line that stands goes on with its session: only what comes on top is billed.
  const sofar = { bytes: profile.line === 'stands' ? before : 0, ms: 0 }
  return { ...compared(profile, foretold, { real, sofar }), lateMs }
}

/** What a rehearsal said, and what the operator would bill of what it was. */
function compared(
  { tariff }: LinkProfile,
  { used, bill }: Rehearsal,
  { real, sofar }: { readonly real: Used; readonly sofar: Used },
): Omit<Outcome, 'lateMs'> {
  const all = billOf(tariff, { bytes: sofar.bytes + real.bytes, ms: real.ms }).micros
  const before = sofar.bytes === 0 ? 0 : billOf(tariff, sofar).micros
  return {
    foretold: { ...used, micros: bill.micros },
    real: { ...real, micros: all - before },
  }
}

function isOpen(log: ReturnType<typeof collectingLog>): boolean {
  return log.named('line.opened').length > log.named('line.closed').length
}

async function until(isSo: () => boolean): Promise<void> {
  // oxlint-disable-next-line no-await-in-loop -- one look after the other
  while (!isSo()) await realClock().sleep(LOOK_MS, never)
}

/** Until nothing goes over the link any more, and a line on demand is closed. When the last byte went. */
async function settled(
  link: Link,
  of: {
    readonly clock: ReturnType<typeof quickClock>
    readonly profile: LinkProfile
    readonly isOpen: () => boolean
  },
): Promise<number> {
  const { clock, profile } = of
  // A line on demand may be about to be dialled again.
  const quietMs = 3 * profile.roundTripMs + (profile.line === 'stands' ? 8_000 : REDIAL_MS)
  let [bytes, lastMs] = [-1, clock.monotonicMs()]
  for (;;) {
    const now = usedOn(link)
    if (now !== bytes) [bytes, lastMs] = [now, clock.monotonicMs()]
    const isClosed = profile.line === 'stands' || !of.isOpen()
    if (isClosed && clock.monotonicMs() - lastMs > quietMs && bytes > 0) return lastMs
    // oxlint-disable-next-line no-await-in-loop -- until it is quiet
    await realClock().sleep(LOOK_MS, never)
  }
}

/** Bytes of IP. */
function usedOn(link: Link): number {
  const { upBytes, downBytes, pieces, connections } = link.stats()
  const packets = pieces * ACKNOWLEDGED + connections * 5
  return Math.round(upBytes + downBytes + packets * HEADER_BYTES)
}
