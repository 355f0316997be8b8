/**
 * PACE: by which way a channel's messages go when the usual one fails: primary, alternate, contingency, emergency. Which letter
 * stands follows from the state of links, its timers, and nothing else. Pure.
 */
import type { Instant } from '#base/ids.ts'
import { LANES, type Lane } from '#model/precedence.ts'
import type { Attributes } from '#model/policy.ts'
import type { Pause } from './context.ts'

/** The best first. */
export const LETTERS = ['P', 'A', 'C', 'E'] as const

/** One way of a rule. */
export type Letter = (typeof LETTERS)[number]

/** Why traffic leaves a letter. */
export type Fault = 'down' | 'slow' | 'no budget' | 'closed' | 'queue' | 'not here'

/** One letter of a rule. */
export interface PaceLetter {
  readonly letter: Letter
  /** Names of carriers; it is there while one of them is. */
  readonly carriers: readonly string[]
  /** Name of the node or post office that has to be in contact by them; anybody unless given. */
  readonly toward: string | undefined
  /** What may go by it. */
  readonly lanes: readonly Lane[]
  /** No message that is longer, with what is around it, before compression; any unless given. */
  readonly messageBytesMax: number | undefined
  /** Whether files may. */
  readonly takesFiles: boolean
  /** It is left when none of its carriers was there for so long. */
  readonly downMs: number
  /** It is left while it carries fewer bits a second. */
  readonly rateBpsMin: number | undefined
  /** It is left when its budget is spent. */
  readonly leavesWhenSpent: boolean
  /** It is left when something in this lane, or a more urgent one, has waited so long. */
  readonly queue: { readonly lane: Lane; readonly olderMs: number } | undefined
  /** Only an operator chooses it. */
  readonly isByHand: boolean
}

/** How some channels' messages go. */
export interface PaceRule {
  readonly name: string
  /** Ids; with `label` undefined too, it is for all that no rule before it is for. */
  readonly channels: readonly string[] | undefined
  /** The channel's label has one of the values of each. */
  readonly label: Attributes | undefined
  /** Best first. */
  readonly letters: readonly PaceLetter[]
  /** Carriers that take it whatever letter stands. */
  readonly alsoBy: readonly string[]
  /** A better letter has to be there for so long before traffic returns. */
  readonly holdMs: number
}

/** What an operator has set. */
export interface ByHand {
  readonly letter: Letter
  readonly until: Instant | undefined
  readonly by: string
  readonly reason: string
}

/** Why a letter stands. */
export type Why = Fault | 'first' | 'held' | 'by hand'

/** Where a rule stands. */
export interface PaceState {
  readonly letter: Letter
  readonly since: Instant
  readonly why: Why
  readonly hand: ByHand | undefined
  /** Since when each letter is without a fault. */
  readonly fitSince: Readonly<Partial<Record<Letter, Instant>>>
}

/** A carrier, now. */
export interface CarrierFacts {
  /** It is in contact, or would be as soon as it is wanted. */
  readonly isUp: boolean
  /** It stands only while it is wanted: a line that is dialled, or a stick. */
  readonly isDialled: boolean
  /** Since when. */
  readonly since: Instant
  /** Bits a second that it carried lately, and when that was measured. */
  readonly rate: { readonly bps: number; readonly at: Instant } | undefined
  /** Nothing goes by it, though it could be reached. */
  readonly pause: Pause['why'] | undefined
}

/** All that a decision rests on. */
export interface PaceFacts {
  readonly now: Instant
  /** Undefined for a carrier that this node has not. */
  readonly carrier: (name: string, toward: string | undefined) => CarrierFacts | undefined
  /** Since when the oldest waits that this letter would carry, by lane number; undefined where none does. */
  readonly oldest: (letter: Letter) => readonly (Instant | undefined)[]
}

/** `doubtful`: it is not there just now, and not for long enough to leave it. */
type Health = 'fit' | 'doubtful' | Fault

/** Where a rule stands now, after `before`; and when it is to be looked at again though nothing changes. */
export function decidePace(
  rule: PaceRule,
  before: PaceState | undefined,
  facts: PaceFacts,
): { readonly state: PaceState; readonly lookAgainAt: Instant | undefined } {
  const { now } = facts
  const known = rule.letters.map((letter) => ({ letter, health: healthOf(rule, letter, facts) }))
  const fitSince: Partial<Record<Letter, Instant>> = {}
  for (const { letter, health } of known) {
    const since = before?.fitSince[letter.letter]
    // A time that lies ahead means that the clock was set back.
    if (health === 'fit') fitSince[letter.letter] = since === undefined || since > now ? now : since
  }
  const hand = handAt(rule, before?.hand, now)
  const { letter, why } = chosen(rule, { before, known, fitSince, hand, now })
  const isSame = before?.letter === letter && before.hand === hand
  const state: PaceState = isSame
    ? { ...before, fitSince }
    : { letter, why, since: before?.letter === letter ? before.since : now, hand, fitSince }
  // A first letter that is of no use is left at the next look.
  return { state, lookAgainAt: before === undefined ? now : nextLook(rule, state, facts) }
}

function handAt(rule: PaceRule, hand: ByHand | undefined, now: Instant): ByHand | undefined {
  if (hand === undefined || (hand.until ?? Infinity) <= now) return undefined
  return rule.letters.some(({ letter }) => letter === hand.letter) ? hand : undefined
}

interface Choice {
  readonly before: PaceState | undefined
  readonly known: readonly { readonly letter: PaceLetter; readonly health: Health }[]
  readonly fitSince: PaceState['fitSince']
  readonly hand: ByHand | undefined
  readonly now: Instant
}

function chosen(rule: PaceRule, choice: Choice): { readonly letter: Letter; readonly why: Why } {
  const { before, known, fitSince, hand, now } = choice
  if (hand !== undefined) return { letter: hand.letter, why: 'by hand' }
  const all = known.filter(({ letter }) => !letter.isByHand)
  const at = all.findIndex(({ letter }) => letter.letter === before?.letter)
  const current = at < 0 ? all[0] : all[at]
  const first = all[0]?.letter.letter ?? 'P'
  if (current === undefined || before === undefined) return { letter: first, why: 'first' }
  const isHeld = ({ letter: { letter } }: { letter: PaceLetter }): boolean =>
    now - (fitSince[letter] ?? now) >= rule.holdMs
  const better = all.slice(0, Math.max(0, at)).find((one) => one.health === 'fit' && isHeld(one))
  if (better !== undefined) return { letter: better.letter.letter, why: 'held' }
  const { letter } = current.letter
  // What was chosen by hand alone is left as soon as nobody wants it any more.
  const health = at < 0 ? 'not here' : current.health
  if (health === 'fit' || health === 'doubtful') return { letter, why: before.why }
  const other =
    all.find((one) => one.health === 'fit') ?? all.find((one) => one.health === 'doubtful')
  return other === undefined
    ? { letter, why: before.why }
    : { letter: other.letter.letter, why: at < 0 ? 'held' : health }
}

/** How a letter is. */
export function healthOf(rule: PaceRule, letter: PaceLetter, facts: PaceFacts): Health {
  const here = carriersOf(letter, facts).filter((one) => one !== undefined)
  if (here.length === 0) return 'not here'
  const up = here.filter(({ isUp }) => isUp)
  if (up.length === 0) {
    const since = Math.max(...here.map((one) => one.since))
    return isPast(facts.now, since, letter.downMs) ? 'down' : 'doubtful'
  }
  const open = up.filter(({ pause }) => pause === undefined)
  if (open.length === 0) {
    if (up.every(({ pause }) => pause === 'link closed until')) return 'closed'
    return letter.leavesWhenSpent ? 'no budget' : 'doubtful'
  }
  if (open.every((one) => isSlow(rule, letter, { one, now: facts.now }))) return 'slow'
  return hasOldQueue(letter, facts) ? 'queue' : 'fit'
}

/** Whether so much time is over; so it is when the beginning lies as far ahead, as after a clock was set back. */
function isPast(now: Instant, since: Instant, ms: number): boolean {
  return Math.abs(now - since) >= ms
}

function carriersOf({ carriers, toward }: PaceLetter, { carrier }: Pick<PaceFacts, 'carrier'>) {
  return carriers.map((name) => carrier(name, toward))
}

/** An old measure tells nothing any more: traffic has to return for a new one. */
function isSlow(
  { holdMs }: PaceRule,
  { rateBpsMin = 0 }: PaceLetter,
  { one, now }: { readonly one: CarrierFacts; readonly now: Instant },
): boolean {
  const { rate } = one
  return rate !== undefined && rate.bps < rateBpsMin && !isPast(now, rate.at, holdMs)
}

function hasOldQueue({ letter, queue }: PaceLetter, { now, oldest }: PaceFacts): boolean {
  if (queue === undefined) return false
  const since = oldestIn(queue.lane, oldest(letter))
  return since !== undefined && isPast(now, since, queue.olderMs)
}

function oldestIn(lane: Lane, oldest: readonly (Instant | undefined)[]): Instant | undefined {
  const times = oldest.slice(0, LANES.indexOf(lane) + 1).filter((at) => at !== undefined)
  return times.length === 0 ? undefined : Math.min(...times)
}

/** When a timer runs out. */
function nextLook(rule: PaceRule, state: PaceState, facts: PaceFacts): Instant | undefined {
  const { now, oldest } = facts
  const times: Instant[] = [state.hand?.until ?? Infinity]
  for (const letter of rule.letters) {
    const fit = state.fitSince[letter.letter]
    if (fit !== undefined) times.push(fit + rule.holdMs)
    const here = carriersOf(letter, facts).filter((one) => one !== undefined)
    times.push(...here.flatMap((one) => (one.isUp ? [] : one.since + letter.downMs)))
    if (letter.rateBpsMin !== undefined)
      times.push(...here.flatMap(({ rate }) => (rate === undefined ? [] : rate.at + rule.holdMs)))
    const since = letter.queue && oldestIn(letter.queue.lane, oldest(letter.letter))
    if (since !== undefined) times.push(since + (letter.queue?.olderMs ?? 0))
  }
  const next = Math.min(...times.filter((at) => at > now))
  return Number.isFinite(next) ? next : undefined
}

/** What asks to go by a carrier. */
export interface Leaving {
  readonly carrier: string
  readonly lane: Lane
  readonly facts: Pick<PaceFacts, 'carrier'>
}

/**
 * Whether a carrier may take what is in this lane now. Flash waits for no timer: while the letter that stands is not there, it goes by the
 * best that is. What an operator has set by hand holds for flash as well.
 */
export function mayTake(
  rule: PaceRule,
  { letter: current, hand }: Pick<PaceState, 'letter' | 'hand'>,
  { carrier, lane, facts }: Leaving,
): boolean {
  const own = rule.letters.filter(({ carriers }) => carriers.includes(carrier))
  if (own.length === 0) return rule.alsoBy.includes(carrier)
  const takes = ({ lanes }: PaceLetter): boolean => lanes.includes(lane)
  const standing = rule.letters.find(({ letter }) => letter === current)
  const isUp = (one: PaceLetter): boolean =>
    carriersOf(one, facts).some((found) => found?.isUp === true && found.pause === undefined)
  const isThere = standing !== undefined && takes(standing) && isUp(standing)
  if (lane !== 'flash' || hand !== undefined || isThere)
    return own.some((one) => one.letter === current && takes(one))
  const best = rule.letters.find((one) => !one.isByHand && takes(one) && isUp(one))
  return own.some((one) => takes(one) && (one === best || (best === undefined && one === standing)))
}

/** The letters by which what is in this lane may ever go. */
export function lettersFor({ letters }: Pick<PaceRule, 'letters'>, lane: Lane): readonly Letter[] {
  return letters.filter(({ lanes }) => lanes.includes(lane)).map(({ letter }) => letter)
}
