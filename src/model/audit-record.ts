/** An entry of an audit with where it stands: what is listed, exported and handed to a SIEM. */
import type { ActorId, DocumentId, Instant, NodeId, UserId } from '#base/ids.ts'
import type { AuditFacts, AuditSubject } from './audit-content.ts'
import type { Deed, Result } from './audit-words.ts'
import type { Logged } from './log.ts'

/** An entry of some node's audit as this node shows it. */
export interface AuditRecord {
  /** Its place among all that came to this node, from 1. */
  readonly number: number
  readonly node: NodeId
  readonly document: DocumentId
  readonly actor: ActorId
  /** Its place in the list. */
  readonly seq: number
  /** What the node's clock said. */
  readonly at: Instant
  readonly by: UserId | undefined
  /** `unknown`: of a newer version. */
  readonly deed: Deed | 'unknown'
  readonly result: Result
  readonly count: number
  readonly subjects: readonly AuditSubject[]
  readonly facts: AuditFacts
}

/** An entry of an audit document as a record. */
export function auditRecord(
  { node, document }: Pick<AuditRecord, 'node' | 'document'>,
  { actor, seq, entry }: Logged,
  number: number,
): AuditRecord {
  const place = { number, node, document, actor, seq, at: entry.claimedAt, by: entry.author }
  const { content } = entry
  if (content.kind === 'audit') {
    const { deed, result, count, subjects, facts } = content
    return { ...place, deed, result, count, subjects, facts }
  }
  return { ...place, deed: 'unknown', result: 'found', count: 1, subjects: [], facts: {} }
}
