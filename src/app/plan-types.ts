/** What links cost, have cost and would cost, as people and doors see it. Money is in the currency of the link. */
import type { ChannelId, Instant, UserId } from '#base/ids.ts'
import type { Lane } from '#model/precedence.ts'
import type { Draft } from './conversation-types.ts'

/** Bytes as the operator counts them, seconds of airtime, and money. */
export interface Price {
  readonly bytes: number
  readonly seconds: number
  readonly money: number
}

/** What may be spent on a carrier in the window at hand. What has no limit is undefined. */
export interface BudgetState {
  readonly startsAt: Instant
  readonly endsAt: Instant
  readonly spent: Price
  readonly left: { readonly [K in keyof Price]: number | undefined }
  /** The same for flash messages, which have a part for themselves. */
  readonly leftForFlash: { readonly [K in keyof Price]: number | undefined }
  readonly percent: number
}

/** Some of what leaves, in its order. */
export interface PlannedPart {
  readonly lane: Lane
  readonly channel: ChannelId | undefined
  readonly changes: number
  readonly parcels: number
  /** Sealed, without what goes around it. */
  readonly bytes: number
}

/** What would leave by one carrier now, or when its link opens. */
export interface CarrierPlan {
  readonly carrier: string
  /** A node or a post office, by its name. */
  readonly peer: string
  readonly link: string
  readonly currency: string
  readonly isUp: boolean
  readonly opensAt: Instant
  readonly budget: BudgetState | undefined
  readonly clears: readonly PlannedPart[]
  readonly price: Price
  /** How long it takes, from the dial to the last answer. */
  readonly seconds: number
  /** Changes that wait all the same, by lane. */
  readonly waits: Readonly<Record<Lane, number>>
  /** When the next window of the budget begins, where that is why. */
  readonly until: Instant | undefined
  /** There is more than was looked at. */
  readonly isCutShort: boolean
}

/** By which way a draft could leave, and what it would add there. */
export interface PreviewedWay {
  readonly carrier: string
  readonly peer: string
  readonly isUp: boolean
  /** Undefined where it costs nothing. */
  readonly price: Price | undefined
  readonly currency: string | undefined
  /** The budget allows it now. */
  readonly fits: boolean
  /** When it could leave: undefined when nobody can say. */
  readonly at: Instant | undefined
}

/** What was spent on one carrier on one day (UTC). */
export interface CostRow extends Price {
  readonly day: string
  readonly carrier: string
  readonly link: string
  readonly currency: string
  readonly sessions: number
  readonly parcels: number
}

/** More for the window at hand. */
export interface Raise extends Partial<Price> {
  readonly reason: string
}

/** What is to be rehearsed. */
export interface PlanWant {
  /** Only this carrier. */
  readonly carrier?: string | undefined
  /** What clears in a window of so many minutes: from now on, or from the next time that it is that minute of a day (UTC). */
  readonly window?: { readonly atMinute: number | undefined; readonly minutes: number } | undefined
}

/** Planning and accounts. */
export interface Planning {
  /** A rehearsal of what waits, on each carrier whose use is billed. Administrators are told the channels, too. */
  readonly plan: (subject: UserId, want?: PlanWant) => Promise<readonly CarrierPlan[]>
  /** What a draft would cost, on each way there is. Nothing is posted. @throws EdgeError as `post` */
  readonly preview: (subject: UserId, draft: Draft) => Promise<readonly PreviewedWay[]>
  /** What was spent, day by day, the newest first. Only administrators. */
  readonly costs: (subject: UserId) => Promise<readonly CostRow[]>
  /** Lets a carrier spend more in the window at hand; stands in the audit. Only administrators. @throws EdgeError NOT_FOUND */
  readonly raiseBudget: (subject: UserId, carrier: string, raise: Raise) => Promise<void>
}
