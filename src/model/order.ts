/**
 * Two orders, equal on every node. Messages stand by time, since that is what people expect of a conversation. What
 * replaces something earlier (an edit, a reaction, a setting, a membership) stands by cause alone: by Automerge's
 * operation counter, which grows along whatever its author had seen. A clock that jumps must not undo an edit.
 */
import type { DocumentId } from '#base/ids.ts'
import { parseDocumentId } from './document-id.ts'
import { postIdOf, type Logged } from './log.ts'

/** Where a message stands among its channel's: later ones sort behind. */
export function orderKey(document: DocumentId, logged: Logged): string {
  return `${padded(logged.orderAt)}.${postIdOf(document, logged.actor, logged.seq)}`
}

/** Which of two entries about one thing counts: the one that sorts behind. Never less than what its author had seen. */
export function causeKey(document: DocumentId, logged: Logged): string {
  const name = parseDocumentId(document)
  const segment = name?.kind === 'segment' ? name.number : 0
  const id = postIdOf(document, logged.actor, logged.seq)
  return `${padded(segment)}.${padded(logged.endOp)}.${id}`
}

function padded(number: number): string {
  return String(number).padStart(15, '0')
}
