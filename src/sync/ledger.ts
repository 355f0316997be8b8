/**
 * Who has what: the peers, what each holds of each document, what each still lacks (the outbox), and what nodes have
 * said is on their disks (receipts). An outbox entry names a document, not bytes: the delta is cut when a contact
 * opens, so what was written while apart leaves as one envelope, sealed under the key of that moment.
 */
import type { DocumentId, Instant, NodeId } from '#base/ids.ts'
import { hexFromBytes } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import { RELAY_DELAY_MS } from '#base/limits.ts'
import { channelOfDocument, KEYS, laneOfDocument } from '#model/document-id.ts'
import { countBeyond, joinClocks, meetClocks, type Clock } from '#model/log.ts'
import { coveredWith } from '#model/stub.ts'
import type { PeerId } from '#ports/carrier.ts'
import type { Certificate } from '#trust/identity.ts'
import { mayHold } from './audience.ts'
import { isNode, type Span, type SyncContext } from './context.ts'
import { heldBy, liftLess } from './gap-marks.ts'
import { key, range } from './keys.ts'
import type { ReceiptRecord } from './said.ts'
import { pack, unpack, unpackOnce, type DocumentRecord, type OutboxRecord } from './records.ts'
import type { Reader, Tx } from './replica.ts'

/** What `peer` holds of a document, as far as we know. */
export async function hasOf(
  reader: Pick<Reader, 'get'>,
  peer: PeerId,
  document: DocumentId,
): Promise<Clock> {
  return unpackOnce<Clock>(await reader.get(key.has(peer, document))) ?? {}
}

/** What we hold of a document. */
export async function clockOf(reader: Pick<Reader, 'get'>, document: DocumentId): Promise<Clock> {
  return unpackOnce<DocumentRecord>(await reader.get(key.document(document)))?.clock ?? {}
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
  const { mine, joined } = await compared(tx, item.document, joinClocks(known, item.clock))
  tx.put(key.has(peer, item.document), pack(joined))
  if (isNode(peer)) await liftLess(tx, { node: peer, ...item })
  if (countBeyond(mine, joined) === 0)
    tx.delete(key.outbox(peer, laneOfDocument(item.document), item.document))
}

/** What we hold, and what a peer does: of what was purged there is nothing to give, so it counts as had. */
async function compared(
  tx: Tx,
  document: DocumentId,
  clock: Clock,
): Promise<{ readonly mine: Clock; readonly joined: Clock }> {
  const record = unpackOnce<DocumentRecord>(await tx.get(key.document(document)))
  return { mine: record?.clock ?? {}, joined: coveredWith(record?.stubs, clock) }
}

/** Sets what `peer` holds, as it says itself or as is all we can rely on, and offers it what it lacks. */
export async function setHas(
  tx: Tx,
  context: SyncContext,
  item: {
    readonly peer: PeerId
    readonly document: DocumentId
    readonly clock: Clock
    /** It is not offered before; at once unless given. */
    readonly notBefore?: Instant
  },
): Promise<void> {
  const { mine, joined } = await compared(tx, item.document, item.clock)
  tx.put(key.has(item.peer, item.document), pack(joined))
  const isMeant = maySend(context, item.peer, item.document)
  const place = key.outbox(item.peer, laneOfDocument(item.document), item.document)
  if (!isMeant || countBeyond(mine, joined) === 0) tx.delete(place)
  else {
    const { notBefore = 0 } = item
    if ((await tx.get(place)) === undefined)
      tx.put(place, pack({ since: context.now(), notBefore } satisfies OutboxRecord))
    tx.afterwards(context.ring) // what was refused may be taken now
  }
}

/**
 * Whether a peer is given a document: a node that can open it, and any post office, which opens nothing, where some other node
 * can. Who does not belong any more has nothing to seal it with; and of a channel that the directory does not know nobody
 * could open anything.
 */
function maySend(context: SyncContext, peer: PeerId, document: DocumentId): boolean {
  const channel = channelOfDocument(document)
  if (channel !== undefined && context.directory().channel(channel) === undefined) return false
  if (!mayHold(context, context.identity.certificate.node, document)) return false
  return isNode(peer) ? mayHold(context, peer, document) : isForOthers(context, document)
}

/** Whether any other node may hold a document; the keys document makes us known. Hubs first: they hold nearly everything. */
function isForOthers(context: SyncContext, document: DocumentId): boolean {
  if (document === KEYS) return true
  const self = context.identity.certificate.node
  const others = context.roster.all().filter(({ node }) => node !== self)
  const may = ({ node }: Certificate): boolean => mayHold(context, node, document)
  return others.some((one) => one.role === 'hub' && may(one)) || others.some(may)
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
    if (peer === item.from || !maySend(context, peer, item.document)) continue
    const place = key.outbox(peer, lane, item.document)
    const known = unpack<OutboxRecord>(await tx.get(place))
    const isRelay = item.from !== undefined && !isNode(peer) && lane !== 'flash'
    // Entries of an audit go together.
    const isPatient = isRelay || item.document.startsWith('a.')
    const notBefore = isPatient ? now + RELAY_DELAY_MS : 0
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
  return unpackOnce<ReceiptRecord>(await reader.get(key.receipt(node, document)))
}

/** Documents of which `node` has said what it has. */
export async function signedFor(
  reader: Pick<Reader, 'list'>,
  node: NodeId,
): Promise<readonly DocumentId[]> {
  const receipts = range.receipts(node)
  const entries = await reader.list(receipts)
  return entries.map(([place]) => place.slice(receipts.from.length) as DocumentId)
}

/** A name for an envelope's bytes, for keys. */
export function envelopeName(bytes: Uint8Array): string {
  return hexFromBytes(sha256(bytes).subarray(0, 12))
}

/** Tells that delivery words of some of our messages have changed. */
export function tellDelivery(tx: Tx, context: SyncContext, span: Span): void {
  if (span.to >= span.from) tx.afterwards(() => context.emit({ kind: 'delivery', span }))
}

/** What every one of `nodes` holds of a document by its own word: all that surely needs no repeating. */
export async function coveredByAll(
  reader: Pick<Reader, 'get'>,
  nodes: readonly NodeId[],
  document: DocumentId,
): Promise<Clock> {
  let covered: Clock | undefined
  for (const node of nodes) {
    const clock = await heldBy(reader, node, document)
    covered = covered === undefined ? clock : meetClocks(covered, clock)
  }
  return covered ?? {}
}
