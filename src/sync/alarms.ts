/**
 * What nodes do that no honest node does, or not so often: told in the log, and counted in the audit once the commit that
 * came upon it is on disk.
 */
import type { ActorId, DocumentId, NodeId } from '#base/ids.ts'
import { aboutChannel, aboutNode } from '#model/audit-content.ts'
import type { Deed } from '#model/audit-words.ts'
import { parseDocumentId } from '#model/document-id.ts'
import { laneNumber } from '#model/precedence.ts'
import type { PeerId } from '#ports/carrier.ts'
import type { AuditNote } from './audit.ts'
import { isNode, type SyncContext } from './context.ts'
import type { Tx } from './replica.ts'

/** What a node did, and where. */
interface Suspect {
  readonly document: DocumentId
  readonly actor: ActorId
  readonly seq?: number
  readonly reason?: string
}

/** What a node did that no honest node does: which, in whose list of what. */
export function suspicion(
  { roster }: Pick<SyncContext, 'roster'>,
  { deed, ...at }: Suspect & { readonly deed: Deed },
): AuditNote {
  const name = parseDocumentId(at.document)
  const node = roster.ofActor(at.actor)?.node
  const channel = name?.kind === 'segment' || name?.kind === 'channel' ? name.channel : undefined
  return {
    deed,
    result: 'found',
    subjects: [
      ...(node === undefined ? [] : [aboutNode(node)]),
      ...(channel === undefined ? [] : [aboutChannel(channel)]),
    ],
    facts: {
      ...(at.seq === undefined ? {} : { number: at.seq }),
      ...(name?.kind === 'segment' ? { lane: laneNumber(name.lane), segment: name.number } : {}),
      name: Number.parseInt(at.actor.slice(16), 16),
    },
    ...(at.reason === undefined ? {} : { reason: at.reason }),
  }
}

/** Tells of it once the commit at work is on disk. */
export function alarm(
  tx: Tx,
  context: SyncContext,
  { deed, ...at }: Suspect & { readonly deed: keyof typeof ALARMS },
): void {
  const note = suspicion(context, { deed, ...at })
  const { document, actor, seq, reason } = at
  const { level, event } = ALARMS[deed]
  const facts = {
    ...(seq === undefined ? {} : { seq }),
    ...(reason === undefined ? {} : { reason }),
  }
  tx.afterwards(() => {
    context.log[level](event, { document, actor, ...facts })
    context.audit.count(note)
  })
}

/** Events of the log for what a list holds. */
const ALARMS = {
  'not vouched for': { level: 'error', event: 'delta.not-vouched-for' },
  'rule broken': { level: 'error', event: 'rule.broken' },
  'fork found': { level: 'error', event: 'fork.found' },
  'entry without effect': { level: 'warn', event: 'entry.without-effect' },
} as const

/** What a node asked for or claimed. */
interface Claim {
  readonly deed: keyof typeof CLAIMS
  readonly node: NodeId
  readonly document?: DocumentId
  readonly reason?: string
}

/** Tells of a claim that was not believed, or not now, once the commit at work is on disk. */
export function disbelieved(tx: Tx, context: SyncContext, claim: Claim): void {
  const { deed, node, document, reason } = claim
  const { event, result } = CLAIMS[deed]
  const why = reason === undefined ? {} : { reason }
  tx.afterwards(() => {
    context.log.warn(event, { node, ...(document === undefined ? {} : { document }), ...why })
    context.audit.count({ deed, result, subjects: [aboutNode(node)], ...why })
  })
}

/** Events of the log for what nodes claim. */
const CLAIMS = {
  'envelope parked': { event: 'envelope.parked', result: 'found' },
  'want refused': { event: 'want.refused', result: 'refused' },
  'fork unproved': { event: 'fork.unproved', result: 'refused' },
  'claim doubted': { event: 'node.doubted', result: 'found' },
} as const

/** Tells of an envelope that was not taken: in the log, and counted in the audit. A post office is nobody. */
export function refused(
  context: SyncContext,
  reason: string,
  { peer, bytes }: { readonly peer: PeerId | undefined; readonly bytes: number },
): void {
  context.log.warn('envelope.refused', { ...(peer === undefined ? {} : { peer }), reason, bytes })
  const subjects = peer === undefined || !isNode(peer) ? [] : [aboutNode(peer)]
  context.audit.count({ deed: 'envelope refused', result: 'refused', reason, subjects })
}
