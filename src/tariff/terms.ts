/** What a carrier may be used for at what price: its link profile and the budget that an operator has set. */
import type { LinkProfile } from './profile.ts'
import type { Window } from './windows.ts'

/** What may be spent within a window. */
export interface Budget {
  readonly window: Window
  readonly bytesMax: number | undefined
  readonly msMax: number | undefined
  readonly microsMax: number | undefined
  /** So many of a hundred of each are for flash messages alone. */
  readonly flashReservePercent: number
  /** The operator is told when so many of a hundred are spent. */
  readonly alarmPercents: readonly number[]
}

/** When a line on demand is dialled. */
export interface Dialling {
  /** Minutes of a day in UTC. */
  readonly atMinutes: readonly number[]
  /** What is neither flash nor immediate waits so long for company. */
  readonly gatherMsMax: number
}

/** On what terms a carrier is used. */
export interface Terms {
  readonly link: string
  readonly profile: LinkProfile
  readonly budget: Budget | undefined
  readonly dialling: Dialling | undefined
}
