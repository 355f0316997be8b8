/**
 * A node's audit: who did what to whom and how it ended, appended in the commit of the deed itself. It is a document like
 * any other, in which only this node may write: the list is a hash chain, the signature over its newest change vouches
 * for all before it, and what was forwarded to a hub cannot be taken back by whoever captures the node.
 * What others can cause as often as they like goes through `audit-counts.ts`.
 */
import type { ActorId, ChangeHash, DocumentId, Instant, NodeId, UserId } from '#base/ids.ts'
import { SEGMENT_ENTRIES_MAX, SEGMENT_PERIOD_MS } from '#base/limits.ts'
import {
  aboutChannel,
  aboutNode,
  reasonNumber,
  type AuditContent,
  type AuditFacts,
  type AuditSubject,
  type Deed,
  type Result,
} from '#model/audit-content.ts'
import { auditRecord } from '#model/audit-record.ts'
import { auditDocument, parseDocumentId, SEGMENT_NUMBER_MAX } from '#model/document-id.ts'
import type { KeyNews } from '#model/key-book.ts'
import type { Log, Logged } from '#model/log.ts'
import { laneNumber } from '#model/precedence.ts'
import type { PeerId } from '#ports/carrier.ts'
import type { Epoch } from '#trust/epoch.ts'
import { writeHere } from './author.ts'
import { isNode, type SyncContext } from './context.ts'
import { key } from './keys.ts'
import { pack, unpack, type DocumentRecord } from './records.ts'
import type { Tx } from './replica.ts'

/** A deed to be noted. */
export interface AuditNote {
  readonly deed: Deed
  /** `done` unless given. */
  readonly result?: Result
  /** The person; the node itself when there is none. Only somebody enrolled here may stand as the author of an entry. */
  readonly by?: UserId | undefined
  readonly subjects?: readonly AuditSubject[]
  readonly facts?: AuditFacts
  /** In words, as other code says it; noted as a number. */
  readonly reason?: string
}

/** Where this node's next entry goes. */
interface PieceRecord {
  readonly number: number
  readonly openedAt: Instant
  readonly actor: ActorId
}

/** Notes a deed in the commit that does it; one that happened `count` times, once. */
export async function audit(
  tx: Tx,
  context: SyncContext,
  note: AuditNote,
  count = 1,
): Promise<void> {
  await append(tx, context, { document: await pieceFor(tx, context), note, count })
}

/** Keeps an entry of an audit, of this node or another, as a record that can be read without its document. */
export async function recordAudit(
  tx: Tx,
  context: SyncContext,
  { document, logged }: { readonly document: DocumentId; readonly logged: Logged },
): Promise<void> {
  const name = parseDocumentId(document)
  if (name?.kind !== 'audit') return
  const number = 1 + (unpack<number>(await tx.get(key.auditNewest)) ?? 0)
  const record = auditRecord({ node: name.node, document }, logged, number)
  tx.put(key.auditNewest, pack(number))
  tx.put(key.auditRecord(number), pack(record))
  tx.afterwards(context.audit.tellNew)
}

interface Appending {
  readonly document: DocumentId
  readonly note: AuditNote
  readonly count: number
  readonly previous?: ChangeHash | undefined
}

async function append(tx: Tx, context: SyncContext, appending: Appending): Promise<void> {
  const { document, note, count, previous } = appending
  const reason = note.reason === undefined ? {} : { reason: reasonNumber(note.reason) }
  const content: AuditContent = {
    kind: 'audit',
    deed: note.deed,
    result: note.result ?? 'done',
    count,
    subjects: note.subjects ?? [],
    facts: { ...note.facts, ...reason },
    ...(previous === undefined ? {} : { previous }),
  }
  const isOurs =
    note.by !== undefined &&
    context.roster.homeOf(note.by)?.node === context.identity.certificate.node
  const author = isOurs ? note.by : undefined
  const others = note.by === undefined || isOurs ? [] : [{ kind: 'person' as const, id: note.by }]
  const entry = {
    author,
    claimedAt: context.now(),
    content: { ...content, subjects: [...content.subjects, ...others] },
  }
  await writeHere(tx, context, { document, entry })
}

/**
 * The piece for an entry written now; opens the next one when this one is full or old. Each begins with the hash of what
 * this node wrote last in the one before, so that no piece can be cut short or left out unnoticed.
 */
async function pieceFor(tx: Tx, context: SyncContext): Promise<DocumentId> {
  const { node } = context.identity.certificate
  const { actor } = context.replica
  const known = unpack<PieceRecord>(await tx.get(key.auditPiece))
  const document = auditDocument(node, known?.number ?? 0)
  const size = unpack<DocumentRecord>(await tx.get(key.document(document)))?.size ?? 0
  const now = context.now()
  const isOld = known !== undefined && size > 0 && now - known.openedAt > SEGMENT_PERIOD_MS
  const isFull = (size >= SEGMENT_ENTRIES_MAX || isOld) && (known?.number ?? 0) < SEGMENT_NUMBER_MAX
  if (known?.actor === actor && !isFull) return document
  const next = { number: (known?.number ?? 0) + (isFull ? 1 : 0), openedAt: now, actor }
  tx.put(key.auditPiece, pack(next satisfies PieceRecord))
  const previous = known && newestOf(await tx.log(document), known.actor)
  const opened = auditDocument(node, next.number)
  const deed = known?.actor === actor ? 'audit continued' : 'audit begun'
  const facts = { name: Number.parseInt(actor.slice(16), 16) }
  await append(tx, context, { document: opened, note: { deed, facts }, count: 1, previous })
  return opened
}

function newestOf(log: Log, actor: ActorId): ChangeHash | undefined {
  return log.find(actor, log.clock()[actor] ?? 0)?.hash
}

/** What a node did that no honest node does: which, in whose list of what. */
export function suspicion(
  { roster }: Pick<SyncContext, 'roster'>,
  deed: Deed,
  at: {
    readonly document: DocumentId
    readonly actor: ActorId
    readonly seq?: number
    readonly reason?: string
  },
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

/** An envelope that was not taken. A peer that is a post office is nobody. */
export function refusedEnvelope(reason: string, peer: PeerId | undefined): AuditNote {
  const subjects = peer === undefined || !isNode(peer) ? [] : [aboutNode(peer)]
  return { deed: 'envelope refused', result: 'refused', reason, subjects }
}

/** Notes what an entry of the keys document says of nodes, in the commit that brought it. */
export async function auditKeyNews(tx: Tx, context: SyncContext, news: KeyNews): Promise<void> {
  const self = context.identity.certificate.node
  if (news.kind === 'revocation') {
    const { node, since, by } = news.revocation
    const facts = { since: Math.max(0, Math.floor(since / 1000)) }
    const subjects = [aboutNode(node), ...(by === self ? [] : [aboutNode(by)])]
    const result = by === self ? 'done' : 'found'
    await audit(tx, context, { deed: 'node revoked', result, subjects, facts })
  } else if (news.kind === 'wipe order' || news.kind === 'wiped') {
    const deed = news.kind === 'wiped' ? 'wipe done' : 'wipe ordered'
    await audit(tx, context, { deed, result: 'found', subjects: [aboutNode(news.node)] })
  }
}

/** A secret that was made or burned: its audience, its number, and the beginning of its public name. */
export function epochDeed(context: SyncContext, deed: Deed, epoch: EpochRef): AuditNote {
  const { audience, number, id } = epoch
  const isOfNode = context.roster.byNode(audience as NodeId) !== undefined
  const isAll = audience === context.identity.organisation.id
  const kind = isAll ? 'organisation' : isOfNode ? 'node' : 'channel'
  const facts = { number, name: Number.parseInt(id.slice(0, 8), 16) }
  return { deed, subjects: [{ kind, id: audience }], facts }
}

type EpochRef = Pick<Epoch, 'id' | 'audience' | 'number'>
