/**
 * What an entry says relative to those before it in its list: its time, its place and its counter. A reader that has
 * the list from its start knows them all; nothing needs another list.
 */
import type { Instant, UserId } from '#base/ids.ts'
import { COUNTER_MAX } from '#base/limits.ts'

/** What must be known of a list to read its next entry. */
export interface ListContext {
  readonly people: readonly UserId[]
  /** Seconds since 1970 claimed by the last entry. */
  readonly seconds: number
  /** Where the last entry stands. */
  readonly placeAt: Instant
  /** The largest counter so far. */
  readonly counter: number
}

/** The context of an empty list. */
export const EMPTY_LIST: ListContext = { people: [], seconds: 0, placeAt: -1, counter: 0 }

/** Largest claimed time, in seconds: in milliseconds it has 15 digits, as many as an order key has room for. */
const SECONDS_MAX = 900_000_000_000

/** The earliest place of a list's next entry that claims `seconds`: no list goes back. */
export function earliestPlace(seconds: number, context: ListContext): Instant {
  return Math.min(SECONDS_MAX * 1000, Math.max(seconds * 1000, context.placeAt + 1))
}

/** The item that says when an entry was written, and how far ahead of its earliest place it stands, if it does. */
export function timeField(
  { claimedAt, placeAt }: { readonly claimedAt: Instant; readonly placeAt: Instant },
  context: ListContext,
): number | readonly [seconds: number, aheadMs: number] {
  const claimed = Math.floor(claimedAt / 1000)
  const aheadMs = placeAt - earliestPlace(claimed, context)
  const seconds = claimed - context.seconds
  return aheadMs > 0 ? [seconds, aheadMs] : seconds
}

/** What `timeField` said; a strange item says nothing. */
export function readTime(
  field: unknown,
  context: ListContext,
): { readonly seconds: number; readonly placeAt: Instant } {
  const [step, ahead] = Array.isArray(field) ? (field as readonly unknown[]) : [field]
  const seconds = held(context.seconds + wholeNumber(step), SECONDS_MAX)
  const aheadMs = Math.max(0, wholeNumber(ahead))
  return { seconds, placeAt: held(earliestPlace(seconds, context) + aheadMs, SECONDS_MAX * 1000) }
}

/** The counter that an item says: the difference to the largest so far. */
export function readCounter(field: unknown, context: ListContext): number {
  return held(context.counter + wholeNumber(field), COUNTER_MAX)
}

/** The whole number in an item, or `otherwise`. */
export function wholeNumber(field: unknown, otherwise = 0): number {
  return Number.isSafeInteger(field) ? Number(field) : otherwise
}

function held(number: number, most: number): number {
  return Math.min(most, Math.max(0, number))
}
