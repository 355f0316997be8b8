/** Reading audits: pages of records as they came to this node, and the lists behind them for a file that proves itself. */
import type { ActorId, Instant, NodeId } from '#base/ids.ts'
import { EdgeError } from '#base/errors.ts'
import { nodePrefix, nodePrefixOfActor } from '#base/ids.ts'
import { AUDIT_EXPORT_BYTES_MAX, AUDIT_PAGE_MAX } from '#base/limits.ts'
import type { AuditList, AuditSignature } from '#codec/audit-file.ts'
import type { Deed } from '#model/audit-words.ts'
import type { AuditRecord } from '#model/audit-record.ts'
import { parseDocumentId } from '#model/document-id.ts'
import type { Log, Logged } from '#model/log.ts'
import { upTo } from '#model/trail.ts'
import { attestationOf } from '#trust/attestation.ts'
import type { SyncContext } from './context.ts'
import { key, range } from './keys.ts'
import { allDocuments } from './ledger.ts'
import { unpack } from './records.ts'
import type { Reader, Tx } from './replica.ts'

/** Which records are wanted. Times are what the nodes' clocks said. */
export interface AuditQuery {
  readonly since?: Instant | undefined
  readonly until?: Instant | undefined
  readonly node?: NodeId | undefined
  readonly deeds?: readonly Deed[] | undefined
  /** Only records that came before this one, newest first; all of them unless given. */
  readonly before?: number | undefined
  /** Only records that came after this one, oldest first; wins over `before`. */
  readonly after?: number | undefined
  /** At most AUDIT_PAGE_MAX. */
  readonly limit: number
}

/** Records looked at in one step. */
const STEP = 256

/** A page of records. */
export async function readAudit(
  reader: Pick<Reader, 'list'>,
  query: AuditQuery,
): Promise<readonly AuditRecord[]> {
  const limit = Math.min(AUDIT_PAGE_MAX, query.limit)
  const isForward = query.after !== undefined
  const found: AuditRecord[] = []
  let { from, to } = range.auditRecords
  if (query.after !== undefined) from = `${key.auditRecord(query.after)}\0`
  else if (query.before !== undefined) to = key.auditRecord(query.before)
  while (found.length < limit) {
    const page = await reader.list({ from, to, limit: STEP, reverse: !isForward })
    for (const [, bytes] of page) {
      const record = unpack<AuditRecord>(bytes)
      if (record !== undefined && isWanted(record, query)) found.push(record)
    }
    const last = page.at(-1)
    if (last === undefined || page.length < STEP) break
    if (isForward) from = `${last[0]}\0`
    else to = last[0]
  }
  return found.slice(0, limit)
}

/**
 * The lists of all audits here, or of one node's, as far as their nodes have signed them.
 * @throws EdgeError TOO_LARGE
 */
export async function auditLists(
  tx: Tx,
  context: SyncContext,
  node: NodeId | undefined,
): Promise<readonly AuditList[]> {
  const lists: AuditList[] = []
  let bytes = 0
  for (const document of await allDocuments(tx)) {
    const name = parseDocumentId(document)
    if (name?.kind !== 'audit' || (node !== undefined && name.node !== node)) continue
    const log = await tx.log(document)
    for (const actor of Object.keys(log.clock()).toSorted() as ActorId[]) {
      const changes = log.since({}).filter((change) => change.actor === actor)
      const signatures = await signaturesOf(tx, context, { log, changes })
      const values = changes.slice(0, signatures.at(-1)?.seq ?? 0).map(({ value }) => value)
      bytes += values.reduce((sum, value) => sum + value.length, 0)
      if (bytes > AUDIT_EXPORT_BYTES_MAX)
        throw new EdgeError('TOO_LARGE', {
          field: 'node',
          wanted: 'one node: together the audits are too large for one file',
        })
      if (values.length > 0) lists.push({ document, actor, values, signatures })
    }
  }
  return lists
}

/** The kept signatures over a list, oldest first; over our own list a fresh one stands for all. */
async function signaturesOf(
  tx: Tx,
  { identity }: SyncContext,
  { log, changes }: { readonly log: Log; readonly changes: readonly Logged[] },
): Promise<readonly AuditSignature[]> {
  const newest = changes.at(-1)
  if (newest === undefined) return []
  const { actor, seq } = newest
  if (nodePrefixOfActor(actor) === nodePrefix(identity.certificate.node)) {
    const statement = attestationOf(identity.organisation.id, upTo(log, newest))
    return [{ seq, signature: identity.sign(statement) }]
  }
  const kept = await tx.list(range.attestations(log.document, actor))
  return kept
    .map(([place, signature]) => ({
      seq: Number(place.slice(place.lastIndexOf('/') + 1)),
      signature,
    }))
    .filter((one) => one.seq <= seq)
}

function isWanted(record: AuditRecord, query: AuditQuery): boolean {
  const { since = -Infinity, until = Infinity, node, deeds } = query
  const isOfTime = record.at >= since && record.at < until
  const isOfNode = node === undefined || record.node === node
  return isOfTime && isOfNode && (deeds === undefined || deeds.some((deed) => deed === record.deed))
}
