/**
 * Who has what: the peers, what each holds of each document, what each still lacks (the outbox), and what nodes have
 * said is on their disks (receipts). An outbox entry names a document, not bytes: the delta is cut when a contact
 * opens, so what was written while apart leaves as one envelope, sealed under the key of that moment.
 */
import type { ActorId, DocumentId, Instant, NodeId } from '#base/ids.ts'
import { RELAY_DELAY_MS } from '#base/limits.ts'
import { laneOfDocument } from '#model/document-id.ts'
import { countBeyond, joinClocks, meetClocks, type Clock } from '#model/log.ts'
import type { PeerId } from '#ports/carrier.ts'
import { isNode, type Span, type SyncContext } from './context.ts'
import { key, range } from './keys.ts'
import {
  pack,
  unpack,
  type DocumentRecord,
  type OutboxRecord,
  type ReceiptRecord,
} from './records.ts'
import type { Reader, Tx } from './replica.ts'

/** What `peer` holds of a document, as far as we know. */
export async function hasOf(
  reader: Pick<Reader, 'get'>,
  peer: PeerId,
  document: DocumentId,
): Promise<Clock> {
  return unpack<Clock>(await reader.get(key.has(peer, document))) ?? {}
}

/** What we hold of a document. */
export async function clockOf(reader: Pick<Reader, 'get'>, document: DocumentId): Promise<Clock> {
  return unpack<DocumentRecord>(await reader.get(key.document(document)))?.clock ?? {}
}

/** All documents we hold something of. */
export async function allDocuments(reader: Pick<Reader, 'list'>): Promise<readonly DocumentId[]> {
  const entries = await reader.list(range.documents)
  return entries.map(([place]) => place.slice('doc/'.length) as DocumentId)
}

/** Notes that `peer` holds at least `clock`; drops the outbox entry when nothing is lacking any more. */
export async function noteHas(
  tx: Tx,
  peer: PeerId,
  item: { readonly document: DocumentId; readonly clock: Clock },
): Promise<void> {
  const known = await hasOf(tx, peer, item.document)
  const joined = joinClocks(known, item.clock)
  tx.put(key.has(peer, item.document), pack(joined))
  const mine = await clockOf(tx, item.document)
  if (countBeyond(mine, joined) === 0)
    tx.delete(key.outbox(peer, laneOfDocument(item.document), item.document))
}

/** Sets what `peer` holds, as it says itself or as is all we can rely on, and offers it what it lacks. */
export async function setHas(
  tx: Tx,
  context: SyncContext,
  item: { readonly peer: PeerId; readonly document: DocumentId; readonly clock: Clock },
): Promise<void> {
  tx.put(key.has(item.peer, item.document), pack(item.clock))
  const mine = await clockOf(tx, item.document)
  const place = key.outbox(item.peer, laneOfDocument(item.document), item.document)
  if (countBeyond(mine, item.clock) === 0) tx.delete(place)
  else if ((await tx.get(place)) === undefined) {
    tx.put(place, pack({ since: context.now(), notBefore: 0 } satisfies OutboxRecord))
    tx.afterwards(context.ring)
  }
}

/** A document has grown: every peer but `from` is offered it. */
export async function offerToPeers(
  tx: Tx,
  context: SyncContext,
  item: { readonly document: DocumentId; readonly from: PeerId | undefined },
): Promise<void> {
  const now = context.now()
  const lane = laneOfDocument(item.document)
  for (const peer of context.peers) {
    if (peer === item.from) continue
    const place = key.outbox(peer, lane, item.document)
    const known = unpack<OutboxRecord>(await tx.get(place))
    const isRelay = item.from !== undefined && !isNode(peer) && lane !== 'flash'
    const notBefore = isRelay ? now + RELAY_DELAY_MS : 0
    if (known !== undefined && known.notBefore <= notBefore) continue
    tx.put(place, pack({ since: known?.since ?? now, notBefore } satisfies OutboxRecord))
  }
  tx.afterwards(context.ring)
}

/** What `node` has said it has of a document. */
export async function receiptOf(
  reader: Pick<Reader, 'get'>,
  node: NodeId,
  document: DocumentId,
): Promise<ReceiptRecord | undefined> {
  return unpack<ReceiptRecord>(await reader.get(key.receipt(node, document)))
}

/** Notes a node's own word on what it has on disk. True when that was news. */
export async function noteReceipt(
  tx: Tx,
  context: SyncContext,
  item: {
    readonly node: NodeId
    readonly document: DocumentId
    readonly clock: Clock
    readonly read: Clock
  },
): Promise<boolean> {
  const known = (await receiptOf(tx, item.node, item.document)) ?? NO_RECEIPT
  const isNews = countBeyond(item.clock, known.clock) > 0 || countBeyond(item.read, known.read) > 0
  if (!isNews) return false
  const clock = joinClocks(known.clock, item.clock)
  const read = joinClocks(known.read, item.read)
  const receipt = { clock, read, at: context.now() } satisfies ReceiptRecord
  tx.put(key.receipt(item.node, item.document), pack(receipt))
  const { actor } = context.replica
  const of = (one: Clock): number => one[actor] ?? 0
  const from = 1 + (of(read) > of(known.read) ? of(known.read) : of(known.clock))
  tellDelivery(tx, context, { document: item.document, actor, from, to: of(clock) })
  return true
}

const NO_RECEIPT: ReceiptRecord = { clock: {}, read: {}, at: 0 }

/** Tells that delivery words of some of our messages have changed. */
export function tellDelivery(tx: Tx, context: SyncContext, span: Span): void {
  if (span.to >= span.from) tx.afterwards(() => context.emit({ kind: 'delivery', span }))
}

/** What every one of `nodes` has said it has of a document: all that surely needs no repeating. */
export async function coveredByAll(
  reader: Pick<Reader, 'get'>,
  nodes: readonly NodeId[],
  document: DocumentId,
): Promise<Clock> {
  let covered: Clock | undefined
  for (const node of nodes) {
    const clock = (await receiptOf(reader, node, document))?.clock ?? {}
    covered = covered === undefined ? clock : meetClocks(covered, clock)
  }
  return covered ?? {}
}

/** Owes `peer` and everybody else a receipt for a document, from now on. */
export async function oweReceipts(
  tx: Tx,
  context: SyncContext,
  item: {
    readonly document: DocumentId
    readonly authors: readonly ActorId[]
    readonly from: PeerId | undefined
  },
): Promise<void> {
  for (const peer of context.peers) {
    const isAuthor = (actor: ActorId): boolean => context.roster.ofActor(actor)?.node === peer
    // Custody has told its own node already, when it came from there directly.
    if (peer === item.from && item.authors.every(isAuthor)) continue
    const place = key.owed(peer, item.document)
    if ((await tx.get(place)) === undefined) tx.put(place, pack(context.now()))
  }
}

/** When the oldest debt to `peer` was made, or undefined. */
export function oldestDebt(debts: readonly (readonly [string, Uint8Array])[]): Instant | undefined {
  const times = debts.map(([, bytes]) => unpack<Instant>(bytes) ?? 0)
  return times.length === 0 ? undefined : Math.min(...times)
}
