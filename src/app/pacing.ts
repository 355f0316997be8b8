/** PACE for operators: where each rule stands and why, letters by hand, and drills that prove each way. */
import { EdgeError } from '#base/errors.ts'
import type { ChannelId, Instant, UserId } from '#base/ids.ts'
import { key } from '#sync/keys.ts'
import { EMPTY_CHANNEL, type ChannelRecord } from '#model/view.ts'
import { audit } from '#sync/audit.ts'
import { setByHand, type PaceDesk } from '#sync/pace-desk.ts'
import { beginDrills } from '#sync/pace-drill.ts'
import {
  healthOf,
  LETTERS,
  type Letter,
  type PaceFacts,
  type PaceLetter,
  type PaceRule,
  type PaceState,
} from '#sync/pace-rules.ts'
import { unpack } from '#sync/records.ts'
import { insist, isAdministrator, type AppContext } from './context.ts'
import type {
  DrillChoice,
  LetterChoice,
  PacedCarrier,
  PacedLetter,
  PacedRule,
  Pacing,
} from './pace-types.ts'

/** A proof that is older says little. */
const WEEK_MS = 7 * 86_400_000
const MINUTE_MS = 60_000

/** The part of the app about letters. */
export function openPacing(context: AppContext): Pacing {
  return {
    pace: async (subject) => {
      insistAdministrator(context, subject)
      const rules: PacedRule[] = []
      for (const rule of context.sync.pace.rules) rules.push(await pacedRule(context, rule))
      return rules
    },
    setLetter: (subject, rule, choice) => setLetter(context, { subject, rule, choice }),
    drill: async (subject, choice) => drill(context, { subject, choice }),
  }
}

function insistAdministrator(context: AppContext, subject: UserId): void {
  insist(context, subject, {
    action: 'manage letters',
    isAdministrator: isAdministrator(context, subject),
  })
}

async function pacedRule({ sync }: AppContext, rule: PaceRule): Promise<PacedRule> {
  const { pace, now } = sync
  const state = pace.states.get(rule.name) ?? firstState(rule, now())
  const { letter, since, why, hand } = state
  const { channels, label, name } = rule
  return {
    name,
    channels: channels && (await Promise.all(channels.map((id) => nameOf(sync, id)))),
    label,
    letter,
    since,
    why,
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- only people set it, see setLetter
    hand: hand && { by: hand.by as UserId, until: hand.until, reason: hand.reason },
    returnsAt: returnsAt(rule, state),
    changes: pace.changes.get(name) ?? 0,
    letters: rule.letters.map((one) => pacedLetter(pace, { rule, state, one, now: now() })),
  }
}

function firstState({ letters }: PaceRule, now: Instant): PaceState {
  const letter = letters[0]?.letter ?? 'P'
  return { letter, since: now, why: 'first', hand: undefined, fitSince: {} }
}

async function nameOf({ replica }: AppContext['sync'], id: string): Promise<string> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- an id nobody has finds nothing
  const bytes = await replica.read.get(key.channel(id as ChannelId))
  const { settings } = unpack<ChannelRecord>(bytes) ?? EMPTY_CHANNEL
  return settings.displayName ?? settings.name ?? id
}

/** Of letters better than the one that stands, the first that has held long enough. */
function returnsAt(rule: PaceRule, { letter, fitSince, hand }: PaceState): Instant | undefined {
  if (hand !== undefined) return undefined
  const at = rule.letters.findIndex((one) => one.letter === letter)
  const better = rule.letters.slice(0, Math.max(0, at)).filter(({ isByHand }) => !isByHand)
  const times = better.flatMap((one) => fitSince[one.letter] ?? [])
  return times.length === 0 ? undefined : Math.min(...times) + rule.holdMs
}

function pacedLetter(
  pace: PaceDesk,
  of: {
    readonly rule: PaceRule
    readonly state: PaceState
    readonly one: PaceLetter
    readonly now: Instant
  },
): PacedLetter {
  const { rule, state, one, now } = of
  // What waits is known to whoever keeps watch; it has told by the letter that stands.
  const facts: PaceFacts = { now, carrier: pace.look, oldest: () => [] }
  const health = healthOf(rule, one, facts)
  const { letter, lanes, isByHand, carriers, toward } = one
  return {
    letter,
    isCurrent: letter === state.letter,
    fault: health === 'fit' ? undefined : health,
    lanes,
    isByHand,
    carriers: carriers.map((name) => pacedCarrier(pace, { name, toward, now })),
  }
}

function pacedCarrier(
  pace: PaceDesk,
  of: { readonly name: string; readonly toward: string | undefined; readonly now: Instant },
): PacedCarrier {
  const { name, toward, now } = of
  const facts = pace.look(name, toward)
  const proof = pace.proofs.get(name)
  const isReady = facts?.isUp === true && facts.isDialled
  const up = isReady ? 'ready' : 'up'
  return {
    name,
    state: facts === undefined ? 'absent' : facts.isUp ? up : 'down',
    since: isReady ? undefined : facts?.since,
    proof,
    isStale: proof === undefined || now - proof.at > WEEK_MS,
    canDrill: pace.canDrill(name),
    drillSince: pace.drills.get(name)?.askedAt,
    lastDrill: pace.lastDrills.get(name),
  }
}

function ruleNamed({ sync }: AppContext, name: string): PaceRule {
  const rule = sync.pace.rules.find((one) => one.name === name)
  if (rule === undefined) throw new EdgeError('NOT_FOUND', { what: 'rule', id: name })
  return rule
}

function insistLetter(rule: PaceRule, letter: Letter | undefined): void {
  if (letter === undefined || rule.letters.some((one) => one.letter === letter)) return
  throw new EdgeError('NOT_FOUND', { what: 'letter', id: letter })
}

async function setLetter(
  context: AppContext,
  {
    subject,
    rule: name,
    choice,
  }: { readonly subject: UserId; readonly rule: string; readonly choice: LetterChoice },
): Promise<void> {
  insistAdministrator(context, subject)
  const rule = ruleNamed(context, name)
  const { letter, minutes, reason } = choice
  insistLetter(rule, letter)
  const { sync } = context
  const until = minutes === undefined ? undefined : sync.now() + minutes * MINUTE_MS
  const hand = letter && { letter, until, by: subject, reason }
  await sync.replica.commit(async (tx) => {
    setByHand(tx, sync, { rule, hand })
    const number = sync.pace.rules.indexOf(rule)
    const facts = { number, ...(letter && { letter: LETTERS.indexOf(letter) }) }
    await audit(tx, sync, { deed: 'letter set', by: subject, facts })
    tx.afterwards(() => {
      sync.log.info('pace.set', { rule: name, letter: letter ?? '', person: subject, reason })
      sync.emit({ kind: 'pace', rule: name })
      sync.ring()
    })
  })
}

function drill(
  context: AppContext,
  { subject, choice }: { readonly subject: UserId; readonly choice: DrillChoice },
): readonly string[] {
  insistAdministrator(context, subject)
  const { pace } = context.sync
  const rules = choice.rule === undefined ? pace.rules : [ruleNamed(context, choice.rule)]
  if (choice.rule !== undefined) for (const rule of rules) insistLetter(rule, choice.letter)
  const letters = rules
    .flatMap((rule) => rule.letters)
    .filter(({ letter }) => choice.letter === undefined || letter === choice.letter)
  const names = letters.flatMap(({ carriers }) => carriers).filter(pace.canDrill)
  const carriers = [...new Set(names)]
  beginDrills(context.sync, { carriers, by: subject })
  return carriers
}
