/**
 * What an entry says relative to those before it in its list: its time, its place and its counter. A reader that has
 * the list from its start knows them all; nothing needs another list.
 */
import { bytesFromHex, hexFromBytes } from '#base/bytes.ts'
import type { Instant, UserId } from '#base/ids.ts'
import { COUNTER_MAX, OBJECTIONS_MAX } from '#base/limits.ts'

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

/**
 * Who wrote this had seen something of a node that stands too far ahead to be believed: what that node dates between `from`
 * and `until`, both included, was written before this entry.
 */
export interface Objection {
  /** The part of the node's id that its actors carry: 16 hexadecimal digits. */
  readonly node: string
  readonly from: Instant
  readonly until: Instant
}

/** The context of an empty list. */
export const EMPTY_LIST: ListContext = { people: [], seconds: 0, placeAt: -1, counter: 0 }

/** Largest claimed time, in seconds: in milliseconds it has 15 digits, as many as an order key has room for. */
const SECONDS_MAX = 900_000_000_000

/** The earliest place of a list's next entry that claims `seconds`: no list goes back. */
export function earliestPlace(seconds: number, context: ListContext): Instant {
  return Math.min(SECONDS_MAX * 1000, Math.max(seconds * 1000, context.placeAt + 1))
}

/** What an entry says of time. */
export interface Timed {
  /** What the author's clock claims, to the second. */
  readonly claimedAt: Instant
  /** Where it stands in time: never before what it claims, always after the entry before it in its list. */
  readonly placeAt: Instant
  /** Nodes that stand too far ahead in what its author had seen; absent where there is none. */
  readonly objections?: readonly Objection[]
}

/**
 * The item that says when an entry was written, how far ahead of its earliest place it stands, and to whose time it
 * objects, if it does.
 */
export function timeField(
  { claimedAt, placeAt, objections = [] }: Timed,
  context: ListContext,
): number | readonly unknown[] {
  const claimed = Math.floor(claimedAt / 1000)
  const aheadMs = Math.max(0, placeAt - earliestPlace(claimed, context))
  const seconds = claimed - context.seconds
  const objecting = objections.flatMap(({ node, from, until }) => {
    const first = Math.max(1, Math.floor((from - placeAt) / 1000))
    return [bytesFromHex(node), first, Math.ceil((until - placeAt) / 1000) - first]
  })
  if (objecting.length > 0) return [seconds, aheadMs, ...objecting]
  return aheadMs > 0 ? [seconds, aheadMs] : seconds
}

/** What `timeField` said; a strange item says nothing. */
export function readTime(
  field: unknown,
  context: ListContext,
): { readonly seconds: number; readonly timed: Timed } {
  const [step, ahead, ...objecting] = Array.isArray(field) ? (field as readonly unknown[]) : [field]
  const seconds = held(context.seconds + wholeNumber(step), SECONDS_MAX)
  const aheadMs = Math.max(0, wholeNumber(ahead))
  const placeAt = held(earliestPlace(seconds, context) + aheadMs, SECONDS_MAX * 1000)
  const objections = readObjections(objecting, placeAt)
  const timed = { claimedAt: seconds * 1000, placeAt, ...(objections.length > 0 && { objections }) }
  return { seconds, timed }
}

/** A node, how many seconds after the entry it is believed no more, and for how many; what is strange says nothing. */
function readObjections(fields: readonly unknown[], placeAt: Instant): readonly Objection[] {
  const objections: Objection[] = []
  for (let at = 0; at + 2 < fields.length && at < 3 * OBJECTIONS_MAX; at += 3) {
    const [node, first, more] = [
      fields[at],
      wholeNumber(fields[at + 1]),
      wholeNumber(fields[at + 2]),
    ]
    if (!(node instanceof Uint8Array) || node.length !== 8 || first <= 0 || more < 0) continue
    const from = held(placeAt + Math.min(first, SECONDS_MAX) * 1000, SECONDS_MAX * 1000)
    const until = held(from + Math.min(more, SECONDS_MAX) * 1000, SECONDS_MAX * 1000)
    objections.push({ node: hexFromBytes(node), from, until })
  }
  return objections
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
