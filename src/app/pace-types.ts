/** By which letters channels' messages go, as people and doors see it. */
import type { Instant, UserId } from '#base/ids.ts'
import type { Lane } from '#model/precedence.ts'
import type { DrillRecord, ProofRecord } from '#sync/pace-desk.ts'
import type { Fault, Letter, Why } from '#sync/pace-rules.ts'

/** One carrier of a letter. */
export interface PacedCarrier {
  readonly name: string
  /** `ready`: a line that is dialled when it is wanted, or a stick. `absent`: this node has none of that name. */
  readonly state: 'up' | 'ready' | 'down' | 'absent'
  /** Since when. */
  readonly since: Instant | undefined
  /** When it last did its work, in a drill or otherwise. */
  readonly proof: ProofRecord | undefined
  /** Nothing proves that it worked within a week. */
  readonly isStale: boolean
  /** Whether a probe can be sent by it: a stick is proved by carrying it. */
  readonly canDrill: boolean
  /** When the drill at hand was asked for. */
  readonly drillSince: Instant | undefined
  readonly lastDrill: DrillRecord | undefined
}

/** One letter of a rule. */
export interface PacedLetter {
  readonly letter: Letter
  readonly isCurrent: boolean
  /** Why it is not to be used; `doubtful` when it is not there just now. Undefined while it is fit. */
  readonly fault: Fault | 'doubtful' | undefined
  readonly lanes: readonly Lane[]
  readonly isByHand: boolean
  readonly carriers: readonly PacedCarrier[]
}

/** One rule, now. */
export interface PacedRule {
  readonly name: string
  /** Names of the channels that it is for, as far as whoever asks may read them; undefined for all others. */
  readonly channels: readonly string[] | undefined
  readonly label: Readonly<Record<string, string | readonly string[]>> | undefined
  readonly letter: Letter
  readonly since: Instant
  readonly why: Why
  /** What an operator has set; until when is undefined for until it is taken back. */
  readonly hand:
    | { readonly by: UserId; readonly until: Instant | undefined; readonly reason: string }
    | undefined
  /** When traffic returns to a better letter that is there, if it stays there. */
  readonly returnsAt: Instant | undefined
  /** Changes of letter since the start. */
  readonly changes: number
  readonly letters: readonly PacedLetter[]
}

/** A letter chosen by hand. */
export interface LetterChoice {
  /** Undefined: the links decide again. */
  readonly letter: Letter | undefined
  /** For so long; until it is taken back unless given. */
  readonly minutes?: number | undefined
  readonly reason: string
}

/** Of which rule and letter the carriers are to be proved; all unless given. */
export interface DrillChoice {
  readonly rule?: string | undefined
  readonly letter?: Letter | undefined
}

/** Rules of PACE. */
export interface Pacing {
  /** Where every rule stands. Only administrators. */
  readonly pace: (subject: UserId) => Promise<readonly PacedRule[]>
  /** Sets a letter by hand, or lets the links decide; stands in the audit. @throws EdgeError NOT_ALLOWED, NOT_FOUND */
  readonly setLetter: (subject: UserId, rule: string, choice: LetterChoice) => Promise<void>
  /** Sends a probe by every carrier of the letters that are meant, and gives their names. @throws EdgeError NOT_ALLOWED, NOT_FOUND */
  readonly drill: (subject: UserId, choice: DrillChoice) => Promise<readonly string[]>
}
