/** Keys of what was spent on each carrier. They are part of the disk format, as those of `keys.ts` are, and keep to the same rules. */
import type { Instant } from '#base/ids.ts'
import type { Range } from '#ports/store.ts'
import type { Bill, Used } from '#tariff/tariff.ts'
import { within } from './keys.ts'

/** Digits of an Instant in a key. */
const DIGITS = 16

/** Makers of keys. */
export const spendingKey = {
  /** SpentRecord: what a carrier has used in the window at hand. */
  spent: (carrier: string) => `spent/${carrier}`,
  /** CostRecord: what it used on the day (UTC) that begins then. */
  cost: (carrier: string, day: Instant) => `cost/${carrier}/${String(day).padStart(DIGITS, '0')}`,
} as const

/** Ranges that are walked as a whole. */
export const spendingRange = {
  costs: within('cost/'),
  costsOf: (carrier: string): Range => within(`cost/${carrier}/`),
} as const

/** What was spent in one window. All of it is booked before it is spent, and put right afterwards. */
export interface SpentRecord extends Bill {
  readonly startsAt: Instant
  /** What an operator has granted beyond the budget, for this window. */
  readonly extra: Bill
  /** The session at hand: what it used, and what of the sums above is for it. */
  readonly session: { readonly used: Used; readonly bill: Bill }
  /** The highest percent that the operator was told of. */
  readonly toldPercent: number
  /** Damage took the record: all counts as spent. */
  readonly isUnknown?: boolean
}

/** What was spent on one day. */
export interface CostRecord extends Bill {
  readonly sessions: number
  readonly parcels: number
  readonly currency: string
  readonly link: string
}

/** Nothing used, nothing billed. */
export const NO_BILL: Bill = { bytes: 0, ms: 0, micros: 0 }

/** In the place of a record that damage took: all counts as spent until the next window, or an operator grants more. */
export const UNKNOWN_SPENT: SpentRecord = {
  startsAt: 0,
  ...NO_BILL,
  extra: NO_BILL,
  session: { used: { bytes: 0, ms: 0 }, bill: NO_BILL },
  toldPercent: 100,
  isUnknown: true,
}
