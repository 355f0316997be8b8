/**
 * What PACE keeps, in memory and on disk: where each rule stands, what an operator has set, and what proves that each carrier works.
 */
import type { Instant, UserId } from '#base/ids.ts'
import type { Handover, PeerId } from '#ports/carrier.ts'
import type { SyncContext } from './context.ts'
import { within } from './keys.ts'
import type { ByHand, CarrierFacts, PaceRule, PaceState } from './pace-rules.ts'
import { pack, unpack } from './records.ts'
import type { Reader, Tx } from './replica.ts'

/** Keys of PACE. They are part of the disk format, as those of `keys.ts` are, and keep to the same rules. */
export const paceKey = {
  /** StandingRecord: where a rule stood last, by its place in the config. */
  standing: (rule: string) => `pace/at/${rule}`,
  /** ProofRecord: when a carrier last did its work. */
  proof: (carrier: string) => `pace/proof/${carrier}`,
  /** DrillRecord: how the last drill of a carrier ended. */
  drill: (carrier: string) => `pace/drill/${carrier}`,
  all: within('pace/'),
} as const

/** Where a rule stood when it was written. */
export type StandingRecord = Pick<PaceState, 'letter' | 'since' | 'why' | 'hand'>

/** A carrier took something, and answered for it. */
export interface ProofRecord {
  readonly at: Instant
  /** `custody`: the other has it on disk. `departed`: a post office has, or it lies on a stick. */
  readonly answer: Handover
  readonly by: 'drill' | 'traffic'
}

/** A drill, from its order to its end. */
export interface DrillRecord {
  readonly askedAt: Instant
  readonly endedAt: Instant
  readonly outcome: 'worked' | 'no answer' | 'no budget' | 'link closed' | 'not in contact'
}

/** A drill that is not over. */
export interface Drill {
  readonly askedAt: Instant
  /** Who asked for it; nobody, when it was due. */
  readonly by: UserId | undefined
  /** The probe is cut. */
  isSent: boolean
  /** It was in contact since it was asked for. */
  wasUp: boolean
}

/** What PACE keeps in memory. */
export interface PaceDesk {
  readonly rules: readonly PaceRule[]
  /** No drill by itself unless given. */
  readonly drillEveryMs: number | undefined
  /** By the names of rules. */
  readonly states: Map<string, PaceState>
  /** By the names of carriers. */
  readonly proofs: Map<string, ProofRecord>
  readonly drills: Map<string, Drill>
  readonly lastDrills: Map<string, DrillRecord>
  /** Since when nobody answers on a line that is dialled, and when that was tried last. */
  readonly failing: Map<string, { readonly since: Instant; readonly at: Instant }>
  /** How often each rule changed since the start. */
  readonly changes: Map<string, number>
  /** Peers and documents of which somebody lacked something there, in this run: nothing of them is spared. */
  readonly asked: Set<string>
  /** The state of carriers; undefined before sync runs. */
  look: (carrier: string, toward: string | undefined) => CarrierFacts | undefined
  /** By which carriers a peer was or is to be reached. */
  carriersTo: (peer: PeerId) => readonly string[]
  /** Whether a probe can be sent by a carrier. */
  canDrill: (carrier: string) => boolean
  /** Looks at all rules again. */
  wake: () => void
}

/** What an operator has set. */
export interface PacePolicy {
  readonly rules: readonly PaceRule[]
  readonly drillEveryMs: number | undefined
}

/** No rule: everything goes by whatever there is. */
export const NO_PACE: PacePolicy = { rules: [], drillEveryMs: undefined }

/** Nothing known yet. */
export function openPaceDesk({ rules, drillEveryMs }: PacePolicy): PaceDesk {
  return {
    rules,
    drillEveryMs,
    states: new Map(),
    proofs: new Map(),
    drills: new Map(),
    lastDrills: new Map(),
    failing: new Map(),
    changes: new Map(),
    asked: new Set(),
    look: () => undefined,
    carriersTo: () => [],
    canDrill: () => false,
    wake: () => undefined,
  }
}

/** Reads where everything stood. A rule that is gone is forgotten; one whose record does not open begins anew. */
export async function loadPace(reader: Pick<Reader, 'list'>, desk: PaceDesk): Promise<void> {
  for (const [place, bytes] of await reader.list(paceKey.all)) {
    const [, kind, ...rest] = place.split('/')
    const name = rest.join('/')
    if (kind === 'at') {
      const standing = unpack<StandingRecord>(bytes)
      const rule = desk.rules.find((one) => one.name === name)
      const isThere = rule?.letters.some(({ letter }) => letter === standing?.letter)
      if (standing !== undefined && isThere === true)
        desk.states.set(name, { ...standing, hand: standing.hand ?? undefined, fitSince: {} })
    }
    const proof = kind === 'proof' ? unpack<ProofRecord>(bytes) : undefined
    if (proof !== undefined) desk.proofs.set(name, proof)
    const drill = kind === 'drill' ? unpack<DrillRecord>(bytes) : undefined
    if (drill !== undefined) desk.lastDrills.set(name, drill)
  }
}

/** What an operator chose by hand; undefined lets the links decide again. */
export function setByHand(
  tx: Tx,
  { pace, now }: SyncContext,
  { rule, hand }: { readonly rule: PaceRule; readonly hand: ByHand | undefined },
): void {
  const fresh: PaceState = {
    letter: rule.letters[0]?.letter ?? 'P',
    since: now(),
    why: 'first',
    hand: undefined,
    fitSince: {},
  }
  const before = pace.states.get(rule.name) ?? fresh
  const after: PaceState =
    hand === undefined
      ? { ...before, hand }
      : { ...before, hand, letter: hand.letter, why: 'by hand', since: now() }
  keepStanding(tx, rule.name, after)
  tx.afterwards(() => {
    pace.states.set(rule.name, after)
    pace.wake()
  })
}

/** Writes where a rule stands. */
export function keepStanding(tx: Tx, rule: string, state: PaceState): void {
  const { letter, since, why, hand } = state
  tx.put(paceKey.standing(rule), pack({ letter, since, why, hand } satisfies StandingRecord))
}
