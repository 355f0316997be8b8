/**
 * Rules that never change and need nothing but the change itself: every honest node decides the same, whatever else it
 * has heard. A break proves that the node which signed it is broken or in wrong hands, so what it signed from there on in
 * that list is not taken (design 4).
 */
import { nodePrefix, nodePrefixOfActor, nodePrefixOfPerson, type ActorId } from '#base/ids.ts'
import type { Change } from './change.ts'
import { parseDocumentId, type DocumentName } from './document-id.ts'
import { decodeEntry, type Content, type Entry } from './entry.ts'
import { isKeyContent } from './key-content.ts'
import type { Log } from './log.ts'
import { isPersonContent } from './person-content.ts'
import { contextAfter } from './stub.ts'
import { isAmendment } from './view.ts'

/** What a change did that no honest node does. */
export type Breach = 'foreign author' | 'wrong document' | 'foreign list'

/** The first breach among changes that would be added to an actor's list, in their order; undefined when there is none. */
export function breachIn(log: Log, actor: ActorId, changes: readonly Change[]): Breach | undefined {
  const name = parseDocumentId(log.document)
  let context = log.context(actor)
  for (const change of changes) {
    const stub = log.stubAt(actor, change.seq - 1)
    // What it goes on from is being added with it, and then the stub comes before it.
    if (stub !== undefined && stub.to > (log.last(actor)?.seq ?? 0))
      context = contextAfter(stub, context)
    const read = decodeEntry(change.value, context)
    const breach = breachOf(name, actor, read.entry)
    if (breach !== undefined) return breach
    context = read.context
  }
  return undefined
}

function breachOf(
  name: DocumentName | undefined,
  actor: ActorId,
  { author, content }: Entry,
): Breach | undefined {
  const prefix = nodePrefixOfActor(actor)
  if (author !== undefined && nodePrefixOfPerson(author) !== prefix) return 'foreign author'
  if (name?.kind === 'audit' && nodePrefix(name.node) !== prefix) return 'foreign list'
  // A kind that this version does not know may be right where it stands.
  if (content.kind === 'unknown' || belongsIn(name, content)) return undefined
  return 'wrong document'
}

function belongsIn(name: DocumentName | undefined, content: Content): boolean {
  const { kind } = content
  switch (name?.kind) {
    case 'keys':
      return kind === 'node' || isKeyContent(content)
    case 'directory':
      return (
        kind === 'person' ||
        kind === 'channel' ||
        kind === 'member' ||
        kind === 'policy' ||
        isPersonContent(content)
      )
    case 'channel':
      return kind === 'settings' || kind === 'dictionary' || kind === 'purge'
    case 'segment':
      return kind === 'post' || isAmendment(content)
    case 'audit':
      return kind === 'audit'
    case undefined:
      return false
  }
}
