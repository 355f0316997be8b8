/**
 * A node's audit: who did what to whom and how it ended, appended in the commit of the deed itself. It is a document like
 * any other, in which only this node may write: the list is a hash chain, the signature over it up to its newest change vouches
 * for all before it, and what was forwarded to a hub cannot be taken back by whoever captures the node.
 * What others can cause as often as they like goes through `audit-counts.ts`.
 */
import type { ActorId, ChangeHash, DocumentId, Instant, NodeId, UserId } from '#base/ids.ts'
import { SEGMENT_ENTRIES_MAX, SEGMENT_PERIOD_MS } from '#base/limits.ts'
import {
  aboutNode,
  aboutPerson,
  type AuditContent,
  type AuditFacts,
  type AuditSubject,
} from '#model/audit-content.ts'
import { reasonNumber, type Deed, type Result } from '#model/audit-words.ts'
import { auditRecord, type AuditRecord } from '#model/audit-record.ts'
import { auditDocument, parseDocumentId, SEGMENT_NUMBER_MAX } from '#model/document-id.ts'
import type { KeyNews } from '#model/key-book.ts'
import type { Log, Logged } from '#model/log.ts'
import type { Epoch } from '#trust/epoch.ts'
import type { SyncContext } from './context.ts'
import { key, range } from './keys.ts'
import { offerToPeers } from './ledger.ts'
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
  /** How often; once unless given. */
  readonly count?: number
  /** In words, as other code says it; noted as a number. */
  readonly reason?: string
}

/** Where this node's next entry of its audit goes. */
export interface PieceRecord {
  readonly number: number
  readonly openedAt: Instant
  readonly actor: ActorId
}

/** Notes a deed in the commit that does it. */
export async function audit(tx: Tx, context: SyncContext, note: AuditNote): Promise<void> {
  await append(tx, context, { document: await pieceFor(tx, context), note })
}

/** Keeps an entry of an audit, of this node or another, as a record that can be read without its document. */
export async function recordAudit(
  tx: Tx,
  context: SyncContext,
  { document, logged }: { readonly document: DocumentId; readonly logged: Logged },
): Promise<void> {
  const name = parseDocumentId(document)
  if (name?.kind !== 'audit' || (await isRecorded(tx, document, logged))) return
  const number = 1 + (unpack<number>(await tx.get(key.auditNewest)) ?? 0)
  const record = auditRecord({ node: name.node, document }, logged, number)
  tx.put(key.auditNewest, pack(number))
  tx.put(key.auditRecord(number), pack(record))
  tx.afterwards(context.audit.tellNew)
}

/** Whether damage took an entry from its document that has its record already. */
async function isRecorded(tx: Tx, document: DocumentId, { actor, seq }: Logged): Promise<boolean> {
  if ((await tx.get(key.hole(document))) === undefined) return false
  const records = (await tx.list(range.auditRecords)).map(([, bytes]) => unpack<AuditRecord>(bytes))
  return records.some((one) => one?.document === document && one.actor === actor && one.seq === seq)
}

/** Takes the records of an audit's entries after `seq` away: those entries are gone from its list. */
export async function forgetRecords(
  tx: Tx,
  { document, actor, seq }: { document: DocumentId; actor: ActorId; seq: number },
): Promise<void> {
  if (parseDocumentId(document)?.kind !== 'audit') return
  for (const [place, bytes] of await tx.list(range.auditRecords)) {
    const record = unpack<AuditRecord>(bytes)
    const isOf = record?.document === document && record.actor === actor
    if (isOf && record.seq > seq) tx.delete(place)
  }
}

interface Appending {
  readonly document: DocumentId
  readonly note: AuditNote
  readonly previous?: ChangeHash | undefined
}

async function append(tx: Tx, context: SyncContext, appending: Appending): Promise<void> {
  const { document, note, previous } = appending
  const reason = note.reason === undefined ? {} : { reason: reasonNumber(note.reason) }
  const content: AuditContent = {
    kind: 'audit',
    deed: note.deed,
    result: note.result ?? 'done',
    count: note.count ?? 1,
    subjects: note.subjects ?? [],
    facts: { ...note.facts, ...reason },
    ...(previous === undefined ? {} : { previous }),
  }
  const { node } = context.identity.certificate
  const isOurs = note.by !== undefined && context.roster.homeOf(note.by)?.node === node
  const others = note.by === undefined || isOurs ? [] : [aboutPerson(note.by)]
  const entry = {
    author: isOurs ? note.by : undefined,
    claimedAt: context.now(),
    content: { ...content, subjects: [...content.subjects, ...others] },
  }
  const logged = await tx.append(document, entry)
  await recordAudit(tx, context, { document, logged })
  await offerToPeers(tx, context, { document, from: undefined })
}

/**
 * The piece for an entry written now; opens the next one when this one is full or old. Each begins with the hash of what
 * this node wrote last in the one before, so that no piece can be cut short or left out unnoticed.
 */
async function pieceFor(tx: Tx, context: SyncContext): Promise<DocumentId> {
  const { node } = context.identity.certificate
  const { actor } = context.replica
  const known = unpack<PieceRecord>(await tx.get(key.auditPiece))
  const openedAt = context.now()
  if (known === undefined) return open(tx, context, { next: { number: 0, openedAt, actor } })
  const document = auditDocument(node, known.number)
  const isFull = await isAtEnd(tx, document, openedAt - known.openedAt)
  const isOver = isFull && known.number < SEGMENT_NUMBER_MAX
  if (known.actor === actor && !isOver) return document
  const previous = newestOf(await tx.log(document), known.actor)
  const next = { number: known.number + (isOver ? 1 : 0), openedAt, actor }
  return open(tx, context, { next, previous, isLater: known.actor === actor })
}

/** Who wrote last in this node's own audit: another of its lives, when this one is new. */
export async function lastAuditor(tx: Tx): Promise<ActorId | undefined> {
  return unpack<PieceRecord>(await tx.get(key.auditPiece))?.actor
}

async function isAtEnd(tx: Tx, document: DocumentId, ageMs: number): Promise<boolean> {
  const size = unpack<DocumentRecord>(await tx.get(key.document(document)))?.size ?? 0
  return size >= SEGMENT_ENTRIES_MAX || (size > 0 && ageMs > SEGMENT_PERIOD_MS)
}

interface Opening {
  readonly next: PieceRecord
  readonly previous?: ChangeHash | undefined
  /** This life of the store has written before. */
  readonly isLater?: boolean
}

async function open(tx: Tx, context: SyncContext, opening: Opening): Promise<DocumentId> {
  const { next, previous, isLater = false } = opening
  tx.put(key.auditPiece, pack(next))
  const document = auditDocument(context.identity.certificate.node, next.number)
  const deed = isLater ? 'audit continued' : 'audit begun'
  const facts = { name: Number.parseInt(next.actor.slice(16), 16) }
  await append(tx, context, { document, note: { deed, facts }, previous })
  return document
}

function newestOf(log: Log, actor: ActorId): ChangeHash | undefined {
  return log.find(actor, log.clock()[actor] ?? 0)?.hash
}

/** Notes what others say of nodes in the keys document, in the commit that brought it; who ordered it here notes that. */
export async function auditKeyNews(tx: Tx, context: SyncContext, news: KeyNews): Promise<void> {
  const self = context.identity.certificate.node
  if (news.kind === 'revocation') {
    const { node, by, isFirst } = news.revocation
    if (by === self) return
    const note = { ...revocationDeed(news.revocation), result: 'found' as const }
    const whole = { ...note, subjects: [aboutNode(node), aboutNode(by)] }
    // A node that administers may date one further and further back.
    if (isFirst) await audit(tx, context, whole)
    else tx.afterwards(() => context.audit.count({ ...whole, facts: {} }))
  } else if (news.kind === 'wipe order') {
    if (news.by === self) return
    const subjects = [aboutNode(news.node), aboutNode(news.by)]
    await audit(tx, context, { deed: 'wipe ordered', result: 'found', subjects })
  } else if (news.kind === 'wiped') {
    const result = news.node === self ? 'done' : 'found'
    const note = { deed: 'wipe done', result, subjects: [aboutNode(news.node)] } as const
    // Who issues certificates may make any number of nodes that say so unasked.
    if (context.keyBook().isToBeWiped(news.node)) await audit(tx, context, note)
    else tx.afterwards(() => context.audit.count(note))
  }
}

/** A revocation, as who ordered it notes it. */
export function revocationDeed({ node, since }: { node: NodeId; since: Instant }): AuditNote {
  const facts = { since: Math.max(0, Math.floor(since / 1000)) }
  return { deed: 'node revoked', subjects: [aboutNode(node)], facts }
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
