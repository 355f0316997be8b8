/**
 * Two orders, equal on every node. Messages stand by their place in time, since that is what people expect of a
 * conversation. What replaces something earlier (an edit, a reaction, a setting, a membership) stands by cause: by a
 * counter that grows along whatever its author had seen. A clock that jumps must not undo an edit, nor a counter that
 * jumps (`explained.ts`); one that somebody drove to its end all the same leaves the decision to time.
 */
import type { ActorId, DocumentId, Instant } from '#base/ids.ts'
import { COUNTER_MAX, EARLIEST_CREDIBLE_AT } from '#base/limits.ts'
import { parseDocumentId } from './document-id.ts'
import { isCounted, type Draft, type Entry } from './entry.ts'
import { earliestPlace } from './list.ts'
import { postIdOf, type Log, type Logged } from './log.ts'

/** Where a message stands among its channel's: later ones sort behind. */
export function orderKey(document: DocumentId, logged: Logged): string {
  return `${padded(logged.entry.placeAt)}.${postIdOf(document, logged.actor, logged.seq)}`
}

/** The least of all order keys that stand after `at`. */
export function orderKeyAfter(at: Instant): string {
  return padded(at + 1)
}

/** The place in an order key. */
export function placeOfKey(key: string): Instant {
  return Number(key.slice(0, 15))
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
  return claimed >= EARLIEST_CREDIBLE_AT ? claimed + DAY_MS : Infinity
}

/**
 * The entry in its place, as the next one of `actor`: at its claimed time, unless what its author has seen, in this
 * document or until `seenAt` elsewhere, contradicts that.
 */
export function placeEntry(
  log: Log,
  draft: Draft,
  at: { readonly actor: ActorId; readonly seenAt: Instant },
): Entry {
  const seconds = Math.floor(draft.claimedAt / 1000)
  const until = believedUntil(draft.claimedAt)
  const seenAt = at.seenAt <= until ? at.seenAt : 0
  const after = Math.max(log.newestPlaceAt(until), seenAt) + 1
  const placeAt = Math.max(earliestPlace(seconds, log.context(at.actor)), after)
  const counter = isCounted(draft.content) ? Math.min(COUNTER_MAX, log.counter() + 1) : 0
  return { ...draft, claimedAt: seconds * 1000, placeAt, counter }
}

const DAY_MS = 86_400_000

function padded(number: number): string {
  return String(number).padStart(15, '0')
}
