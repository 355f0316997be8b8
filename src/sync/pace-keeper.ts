/**
 * Keeps watch over the rules of PACE: looks at all of them whenever a link turns, something waits, or a timer runs out, and notes each
 * change of letter in the commit that makes it.
 */
import { codeOf } from '#base/errors.ts'
import type { DocumentId, Instant } from '#base/ids.ts'
import { LANES } from '#model/precedence.ts'
import type { Carrier, PeerId } from '#ports/carrier.ts'
import { audit } from './audit.ts'
import { openBell, type Bell } from './bell.ts'
import { isNode, type SyncContext } from './context.ts'
import { range } from './keys.ts'
import type { LinkState } from './links.ts'
import { carriersUnderRules, letterWith, ruleOf } from './pace.ts'
import { keepStanding } from './pace-desk.ts'
import { beginDrills, endDrills } from './pace-drill.ts'
import {
  decidePace,
  LETTERS,
  type CarrierFacts,
  type Letter,
  type PaceFacts,
  type PaceRule,
  type PaceState,
} from './pace-rules.ts'
import { lackingAt } from './queue.ts'
import { unpack, type OutboxRecord } from './records.ts'
import type { Bench } from './service.ts'

/** Longest time between two looks. Looking sends nothing. */
const LOOK_MS_MAX = 3_600_000
/** Longest where a rate is watched, which changes without a ring. */
const WATCH_MS = 30_000

/** A call that nobody answered tells nothing after so long: no letter may be lost for good by one, and who waits for it tries more often. */
const FAILED_TELLS_MS = 7_200_000

/** What the state of a carrier is read from. */
type Side = Pick<Carrier, 'name' | 'terms' | 'line' | 'onQuiet'>

/** Tells the rules how carriers are. */
export function lookAtCarriers(
  { context, links }: Pick<Bench, 'context' | 'links'>,
  carriers: readonly Side[],
): void {
  const startedAt = context.now()
  const known = new Map(carriers.map((carrier) => [carrier.name, carrier]))
  context.pace.look = (name, toward) => {
    const side = known.get(name)
    if (side === undefined) return undefined
    const mine = links
      .all()
      .filter((one) => one.carrier === name && isToward(context, one.peer, toward))
    return { ...presence(context, side, { mine, startedAt }), ...measured(context, name, mine) }
  }
  context.pace.carriersTo = (peer) => {
    const linked = links.all().flatMap((one) => (one.peer === peer ? one.carrier : []))
    const dialled = carriers.flatMap(({ line, name }) => (line?.peer === peer ? name : []))
    return [...new Set([...linked, ...dialled])]
  }
  // A stick is proved by carrying it.
  context.pace.canDrill = (name) => known.has(name) && known.get(name)?.onQuiet === undefined
}

function isToward({ roster }: SyncContext, peer: PeerId, toward: string | undefined): boolean {
  if (toward === undefined) return true
  return toward === (isNode(peer) ? roster.byNode(peer)?.name : peer.slice('post:'.length))
}

/** A stick is there whenever somebody takes one, a line on demand unless nobody answers on it. */
function presence(
  { pace, now }: SyncContext,
  { name, terms, line, onQuiet }: Side,
  { mine, startedAt }: { readonly mine: readonly LinkState[]; readonly startedAt: Instant },
): Pick<CarrierFacts, 'isUp' | 'since' | 'isDialled'> {
  const up = mine.filter(({ isUp }) => isUp)
  if (up.length > 0)
    return { isUp: true, isDialled: false, since: Math.min(...up.map(({ since }) => since)) }
  const failing = pace.failing.get(name)
  const isFailing = failing !== undefined && Math.abs(now() - failing.at) < FAILED_TELLS_MS
  const isOnDemand = line !== undefined && terms?.profile.line === 'on demand'
  const isDialled = onQuiet !== undefined || isOnDemand
  if (isDialled)
    return { isUp: !isFailing, isDialled, since: isFailing ? failing.since : startedAt }
  return { isUp: false, isDialled, since: Math.max(startedAt, ...mine.map(({ since }) => since)) }
}

function measured(
  { shut, now }: SyncContext,
  name: string,
  mine: readonly LinkState[],
): Pick<CarrierFacts, 'rate' | 'pause'> {
  const pause = shut.get(name)
  const rates = mine.flatMap(({ bulk }) => bulk ?? [])
  const newest = rates.toSorted((a, b) => b.at - a.at)[0]
  const rate = newest && { bps: newest.bytesPerSecond * 8, at: newest.at }
  return { rate, pause: pause !== undefined && pause.until > now() ? pause.why : undefined }
}

/** Keeps watch until `signal` aborts. */
export async function keepPace(bench: Bench, signal: AbortSignal): Promise<void> {
  const { context, bells } = bench
  const { pace } = context
  if (pace.rules.length === 0) return
  const bell = openBell()
  pace.wake = bell.ring
  bells.add(bell)
  signal.addEventListener('abort', bell.ring)
  while (!signal.aborted) {
    // oxlint-disable-next-line no-await-in-loop -- one look after the other
    const lookAgainAt = await lookAtAll(bench)
    if (signal.aborted) break
    // oxlint-disable-next-line no-await-in-loop -- see above
    await waitFor(bench, bell, lookAgainAt)
  }
  signal.removeEventListener('abort', bell.ring)
  bells.delete(bell)
}

async function waitFor(
  { clock, context }: Bench,
  bell: Bell,
  lookAgainAt: Instant | undefined,
): Promise<void> {
  const { pace, now } = context
  const isWatching = pace.rules.some(({ letters }) =>
    letters.some(({ rateBpsMin }) => rateBpsMin !== undefined),
  )
  const most = isWatching ? WATCH_MS : LOOK_MS_MAX
  const ms = Math.min(most, Math.max(1, (lookAgainAt ?? Infinity) - now()))
  const over = new AbortController()
  const ringLater = async (): Promise<void> => {
    await clock.sleep(ms, over.signal)
    if (!over.signal.aborted) bell.ring()
  }
  void ringLater()
  await bell.rung()
  over.abort('rung')
}

/** Looks at every rule. What the disk refuses now is tried again at the next look. */
async function lookAtAll({ context }: Bench): Promise<Instant | undefined> {
  const times: (Instant | undefined)[] = []
  try {
    times.push(drillWhatIsDue(context))
    times.push(await endDrills(context))
    for (const rule of context.pace.rules) times.push(await lookAt(context, rule))
  } catch (error) {
    const code = codeOf(error)
    if (code !== 'STOPPING') context.log.warn('sync.disk', { code: code ?? 'unknown' })
    return context.now() + WATCH_MS
  }
  const known = times.filter((at) => at !== undefined)
  return known.length === 0 ? undefined : Math.min(...known)
}

async function lookAt(context: SyncContext, rule: PaceRule): Promise<Instant | undefined> {
  const { pace } = context
  const before = pace.states.get(rule.name)
  const oldest = await queuesUnder(context, rule)
  const facts: PaceFacts = {
    now: context.now(),
    carrier: pace.look,
    oldest: (letter) => oldest.get(letter) ?? [],
  }
  const { state, lookAgainAt } = decidePace(rule, before, facts)
  // An operator may have chosen meanwhile.
  if (pace.states.get(rule.name) !== before) return facts.now
  const isOther = before !== undefined && before.letter !== state.letter
  if (isOther || before?.hand !== state.hand) await change(context, { rule, state, isOther })
  else pace.states.set(rule.name, state)
  return lookAgainAt
}

/** Writes and audits where a rule stands now. */
async function change(
  context: SyncContext,
  of: { readonly rule: PaceRule; readonly state: PaceState; readonly isOther: boolean },
): Promise<void> {
  const { pace, replica, log } = context
  const { rule, state, isOther } = of
  const { letter, why } = state
  await replica.commit(async (tx) => {
    keepStanding(tx, rule.name, state)
    const facts = { letter: LETTERS.indexOf(letter), number: pace.rules.indexOf(rule) }
    if (isOther) await audit(tx, context, { deed: 'letter changed', result: 'found', facts })
    tx.afterwards(() => {
      pace.states.set(rule.name, state)
      if (isOther) pace.changes.set(rule.name, (pace.changes.get(rule.name) ?? 0) + 1)
      if (isOther) log.info('pace.changed', { rule: rule.name, letter, reason: why })
      context.emit({ kind: 'pace', rule: rule.name })
      context.ring()
    })
  })
}

/** Since when the oldest waits that each letter with a trigger for it would carry, by lane. */
async function queuesUnder(
  context: SyncContext,
  rule: PaceRule,
): Promise<ReadonlyMap<Letter, (Instant | undefined)[]>> {
  const found = new Map<Letter, (Instant | undefined)[]>()
  const watched = rule.letters.filter(({ queue }) => queue !== undefined)
  if (watched.length === 0) return found
  const { replica, peers, pace } = context
  for (const peer of peers) {
    const by = pace.carriersTo(peer).flatMap((name) => letterWith(rule, name)?.letter ?? [])
    for (const [place, bytes] of by.length === 0
      ? []
      : await replica.read.list(range.outbox(peer))) {
      const [lane, name] = place.split('/').slice(-2)
      const document = name as DocumentId
      if (ruleOf(context, document) !== rule) continue
      if ((await lackingAt(replica.read, context, { peer, document })) === 0) continue
      const since = unpack<OutboxRecord>(bytes)?.since ?? context.now()
      for (const letter of by) {
        const times = found.get(letter) ?? LANES.map(() => undefined)
        times[Number(lane)] = Math.min(since, times[Number(lane)] ?? Infinity)
        found.set(letter, times)
      }
    }
  }
  return found
}

/** Orders a drill of each carrier that nothing has proved for too long; when the next is due. */
function drillWhatIsDue(context: SyncContext): Instant | undefined {
  const { pace, now } = context
  const { drillEveryMs, proofs, lastDrills } = pace
  if (drillEveryMs === undefined) return undefined
  const due: string[] = []
  const times: Instant[] = []
  for (const name of carriersUnderRules(pace)) {
    if (!pace.canDrill(name)) continue
    // A time that lies ahead means that the clock was set back: it tells nothing.
    const known = [proofs.get(name)?.at ?? 0, lastDrills.get(name)?.endedAt ?? 0]
    const last = Math.max(0, ...known.filter((at) => at <= now()))
    if (now() - last >= drillEveryMs) due.push(name)
    else times.push(last + drillEveryMs)
  }
  beginDrills(context, { carriers: due, by: undefined })
  return times.length === 0 ? undefined : Math.min(...times)
}
