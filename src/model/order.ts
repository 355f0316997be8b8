/**
 * Two orders, equal on every node. Messages stand by their place in time, since that is what people expect of a
 * conversation. What replaces something earlier (an edit, a reaction, a setting, a membership) stands by cause: by a
 * counter that grows along whatever its author had seen. A clock that jumps must not undo an edit, nor a counter that
 * jumps (`explained.ts`); one that somebody drove to its end all the same leaves the decision to time.
 */
import type { ActorId, DocumentId, Instant, PostId } from '#base/ids.ts'
import { COUNTER_MAX, EARLIEST_CREDIBLE_AT, TRUST_AHEAD_MS } from '#base/limits.ts'
import { parseDocumentId } from './document-id.ts'
import { isCounted, type Draft, type Entry } from './entry.ts'
import { earliestPlace, type Objection } from './list.ts'
import { postIdOf, type Log, type Logged } from './log.ts'

/** Where a message stands among its channel's: later ones sort behind. `settledAt`: not at its own place, but there. */
export function orderKey(document: DocumentId, logged: Logged, settledAt?: Instant): string {
  const { placeAt } = logged.entry
  const id = postIdOf(document, logged.actor, logged.seq)
  return orderKeyAt({ placeAt, id }, settledAt)
}

/** The order key of the message `id` whose own place is `placeAt`. */
export function orderKeyAt(
  { placeAt, id }: { readonly placeAt: Instant; readonly id: PostId },
  settledAt = placeAt,
): string {
  const settled = settledAt === placeAt ? '' : `${padded(settledAt)}.`
  return `${settled}${padded(placeAt)}.${id}`
}

/** The least of all order keys that stand after `at`. */
export function orderKeyAfter(at: Instant): string {
  return padded(at + 1)
}

/** Where a message stands by its order key, and the place that it says itself. */
export function placesOfKey(key: string): { readonly at: Instant; readonly placeAt: Instant } {
  const parts = key.split('.')
  return { at: Number(parts[0]), placeAt: Number(parts.at(-2)) }
}

/** Which of two entries about one thing counts: the one that sorts behind. Never less than what its author had seen. */
export function causeKey(document: DocumentId, logged: Logged): string {
  const name = parseDocumentId(document)
  const segment = name?.kind === 'segment' ? name.number : 0
  const { counter, placeAt } = logged.entry
  const id = postIdOf(document, logged.actor, logged.seq)
  return `${padded(segment)}.${padded(counter)}.${padded(placeAt)}.${id}`
}

/**
 * Up to when an author whose clock says `claimedAt` believes what it has seen of time. One clock in 2060 must not drag
 * everybody's order there; whose own clock cannot be right believes everything.
 */
export function believedUntil(claimedAt: Instant): Instant {
  const claimed = Math.floor(claimedAt / 1000) * 1000
  return claimed >= EARLIEST_CREDIBLE_AT ? claimed + TRUST_AHEAD_MS : Infinity
}

/** What an author has seen of the channel it writes in, in any document. */
export interface Seen {
  /** The newest place that is believed. */
  readonly placeAt: Instant
  /** Up to when places are believed, where that does not follow from the claimed time alone. */
  readonly until?: Instant
  /** To whose time the entry objects. */
  readonly objections?: readonly Objection[]
}

/**
 * The entry in its place, as the next one of `actor`: at its claimed time, unless what its author has seen, in this
 * document or elsewhere, contradicts that.
 */
export function placeEntry(
  log: Log,
  draft: Draft,
  { actor, seen }: { readonly actor: ActorId; readonly seen: Seen },
): Entry {
  const seconds = Math.floor(draft.claimedAt / 1000)
  const until = seen.until ?? believedUntil(draft.claimedAt)
  const seenAt = seen.placeAt <= until ? seen.placeAt : 0
  // What is objected to stands between what is believed and the entry.
  const roomMs = seen.objections === undefined || seen.objections.length === 0 ? 1 : 2
  const after = Math.max(log.newestPlaceAt(until), seenAt) + roomMs
  const placeAt = Math.max(earliestPlace(seconds, log.context(actor)), after)
  const counter = isCounted(draft.content) ? Math.min(COUNTER_MAX, log.counter() + 1) : 0
  const objections = (seen.objections ?? []).flatMap((one) => fromBelow(one, placeAt))
  const timed = { claimedAt: seconds * 1000, placeAt, ...(objections.length > 0 && { objections }) }
  return { ...draft, ...timed, counter }
}

/** What the node wrote on the day before, and the author may not have seen, is meant, too. */
function fromBelow(one: Objection, placeAt: Instant): readonly Objection[] {
  const least = Math.min(one.from, placeAt + TRUST_AHEAD_MS)
  const from = Math.max(one.from - TRUST_AHEAD_MS, least)
  return from > placeAt + 1_000 ? [{ ...one, from }] : []
}

function padded(number: number): string {
  return String(number).padStart(15, '0')
}
