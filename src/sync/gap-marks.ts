/**
 * Marks on documents of which somebody may lack something, kept as changes and receipts come, so that a report of gaps looks
 * at these and at no others. A mark that is there for nothing is found and taken away by the next report: what is written and
 * received pays one look for it, and nothing more.
 */
import type { ActorId, DocumentId, Instant, NodeId } from '#base/ids.ts'
import { channelOfDocument, laneOfDocument } from '#model/document-id.ts'
import { countBeyond, joinClocks, type Clock } from '#model/log.ts'
import type { PeerId } from '#ports/carrier.ts'
import { isGood, mayHold } from './audience.ts'
import { isNode, type SyncContext } from './context.ts'
import { holeOf } from './healing.ts'
import { key, range } from './keys.ts'
import { endOf, topOf } from './list-end.ts'
import {
  pack,
  unpack,
  unpackOnce,
  type AnnouncedRecord,
  type Announcement,
  type DocumentRecord,
  type KeptRecord,
  type PeerRecord,
  type QuestionRecord,
} from './records.ts'
import type { ReceiptRecord } from './said.ts'
import type { Reader, Tx } from './replica.ts'

/** A document has changed here: others may lack some of it from now on. */
export async function markUneven(
  tx: Pick<Tx, 'get' | 'put'>,
  document: DocumentId,
  now: Instant,
): Promise<void> {
  const place = key.uneven(laneOfDocument(document), document)
  if ((await tx.get(place)) === undefined) tx.put(place, pack(now))
}

/** What a node says it holds. */
export interface Said {
  readonly node: NodeId
  readonly document: DocumentId
  readonly clock: Clock
}

/** A node has signed for more than is here, of a document that belongs here. */
export async function noteAnnounced(tx: Tx, context: SyncContext, said: Said): Promise<void> {
  const { document, clock } = said
  if (countBeyond(clock, await clockHere(tx, document)) === 0) return
  if (!mayHold(context, context.identity.certificate.node, document)) return
  const place = key.announced(document)
  const known = unpackOnce<AnnouncedRecord>(await tx.get(place))
  const news = { since: context.now(), wanted: clock }
  if (known === undefined) return tx.put(place, pack(news satisfies AnnouncedRecord))
  if (countBeyond(clock, known.wanted) === 0) return
  const { next = news } = known
  const later = { since: next.since, wanted: joinClocks(next.wanted, clock) }
  tx.put(place, pack({ ...known, next: later } satisfies AnnouncedRecord))
}

/** A document has grown: what was announced of it may be here now. */
export async function closeAnnounced(
  tx: Tx,
  context: SyncContext,
  document: DocumentId,
): Promise<void> {
  const place = key.announced(document)
  const known = unpackOnce<AnnouncedRecord>(await tx.get(place))
  if (known === undefined) return
  const mine = await clockHere(tx, document)
  const isOpen = async ({ wanted }: Announcement): Promise<boolean> =>
    countBeyond(await withinEnds(tx, context, { document, wanted }), mine) > 0
  if (await isOpen(known)) return
  const { next } = known
  if (next !== undefined && (await isOpen(next)))
    return tx.put(place, pack(next satisfies AnnouncedRecord))
  tx.delete(place)
  tx.delete(key.question(document))
}

/** What can still come of what is wanted: nothing beyond the end of a list that forked, or by a node that nobody knows. */
export async function withinEnds(
  reader: Pick<Reader, 'get'>,
  { roster, run }: SyncContext,
  { document, wanted }: { readonly document: DocumentId; readonly wanted: Clock },
): Promise<Clock> {
  const known = Object.entries(wanted).filter(([name]) => roster.ofActor(name as ActorId))
  if (!run.hasForks) return Object.fromEntries(known)
  const ends = known.map(async ([name, seq]) => {
    const end = await endOf(reader, roster, { document, actor: name as ActorId })
    return [name, end === undefined ? seq : Math.min(seq, topOf(end))] as const
  })
  return Object.fromEntries(await Promise.all(ends))
}

/** A node that can give some of what we lack. */
export interface Holder {
  readonly node: NodeId
  /** How many changes of it. */
  readonly changes: number
}

/** What other nodes that belong here say to hold of a document, and which of them hold more of it than we do. */
export async function announcedOf(
  reader: Pick<Reader, 'get'>,
  context: SyncContext,
  document: DocumentId,
): Promise<{ readonly wanted: Clock; readonly holders: readonly Holder[] }> {
  const mine = await clockHere(reader, document)
  const holders: Holder[] = []
  let all: Clock = {}
  for (const node of othersWith(context, document)) {
    const wanted = await heldBy(reader, node, document)
    const changes = countBeyond(await withinEnds(reader, context, { document, wanted }), mine)
    if (changes === 0) continue
    holders.push({ node, changes })
    all = joinClocks(all, wanted)
  }
  return { wanted: await withinEnds(reader, context, { document, wanted: all }), holders }
}

/**
 * Whether a peer is to be asked for what was announced: somebody who still belongs has signed for more than is here and can be asked
 * there. Nobody gives anything of a channel that the directory does not know. The mark goes where nobody has signed for more.
 * Of our own list in this life `hearsay.ts` asks.
 */
export async function isToBeAsked(
  tx: Tx,
  context: SyncContext,
  one: { readonly document: DocumentId; readonly peer: PeerId; readonly isVisit: boolean },
): Promise<boolean> {
  const { document } = one
  const { wanted, holders } = await announcedOf(tx, context, document)
  const mine = await clockHere(tx, document)
  if (countBeyond(wanted, mine) === 0) tx.delete(key.announced(document))
  const channel = channelOfDocument(document)
  if (channel !== undefined && context.directory().channel(channel) === undefined) return false
  if (!holders.some(({ node }) => isThere(context, one, node))) return false
  const { [context.replica.actor]: _, ...others } = wanted
  return countBeyond(others, mine) > 0
}

/** Whether a node hears what this peer is asked: at this post office it has said something itself, a stick may come to anybody. */
function isThere(
  { run }: SyncContext,
  { peer, isVisit }: { readonly peer: PeerId; readonly isVisit: boolean },
  node: NodeId,
): boolean {
  return isNode(peer) ? node === peer : isVisit || run.heard.get(peer)?.has(node) === true
}

/** The other nodes that may hold a document. */
export function othersWith(context: SyncContext, document: DocumentId): readonly NodeId[] {
  const self = context.identity.certificate.node
  return context.roster
    .all()
    .filter((one) => one.node !== self && isGood(context, one))
    .map(({ node }) => node)
    .filter((node) => mayHold(context, node, document))
}

/** What a node holds of a document: all it signed for, unless it said since that it holds less. */
export async function heldBy(
  reader: Pick<Reader, 'get'>,
  node: NodeId,
  document: DocumentId,
): Promise<Clock> {
  const less = unpackOnce<LessRecord>(await reader.get(key.less(node, document)))
  if (less !== undefined) return less.clock
  return unpackOnce<ReceiptRecord>(await reader.get(key.receipt(node, document)))?.clock ?? {}
}

/** What a node has signed for, in its present life if it says so: what delivery words rest on. */
export async function storedAt(
  reader: Pick<Reader, 'get'>,
  node: NodeId,
  document: DocumentId,
): Promise<Clock> {
  const less = unpackOnce<LessRecord>(await reader.get(key.less(node, document)))
  if (less?.isVoid === true) return less.clock
  return unpackOnce<ReceiptRecord>(await reader.get(key.receipt(node, document)))?.clock ?? {}
}

async function clockHere(reader: Pick<Reader, 'get'>, document: DocumentId): Promise<Clock> {
  return unpackOnce<DocumentRecord>(await reader.get(key.document(document)))?.clock ?? {}
}

/** A node says that it holds less than it has signed for. */
export interface LessRecord {
  /** What it holds, as far as it has said since. */
  readonly clock: Clock
  readonly since: Instant
  /** It says so in a later life, so what it signed for in earlier ones is void. Otherwise its words may have come in another order. */
  readonly isVoid?: true
}

/**
 * A node says itself that it holds less than it has signed for: its disk was put back, or damaged. True when that is news, and no
 * mere word of the contact at hand that overtook this one.
 */
export async function noteLess(tx: Tx, context: SyncContext, said: Said): Promise<boolean> {
  const { node, document, clock } = said
  const receipt = unpackOnce<ReceiptRecord>(await tx.get(key.receipt(node, document)))
  if (receipt === undefined || countBeyond(receipt.clock, clock) === 0) return false
  const place = key.less(node, document)
  const known = unpackOnce<LessRecord>(await tx.get(place))
  if (known?.isVoid === true) return false
  const now = context.now()
  tx.put(place, pack({ clock, since: known?.since ?? now } satisfies LessRecord))
  await markUneven(tx, document, now)
  const metAt = unpackOnce<PeerRecord>(await tx.get(key.peer(node)))?.lastAt ?? 0
  // A time that lies ahead means that the clock was set back.
  return known === undefined && (receipt.at < metAt || receipt.at > now)
}

/** A node says in a later life what it holds: what it signed for in earlier ones counts no more. */
export async function voidWords(tx: Tx, context: SyncContext, said: Said): Promise<void> {
  const { node, document, clock } = said
  const place = key.less(node, document)
  const signed = unpackOnce<ReceiptRecord>(await tx.get(key.receipt(node, document)))?.clock ?? {}
  if (countBeyond(signed, clock) === 0) tx.delete(place)
  else {
    const since = unpackOnce<LessRecord>(await tx.get(place))?.since ?? context.now()
    tx.put(place, pack({ clock, since, isVoid: true } satisfies LessRecord))
    await markUneven(tx, document, context.now())
  }
}

/** Tells that delivery words of our own messages between two clocks have changed. */
export function tellChanged(
  tx: Tx,
  context: SyncContext,
  { document, before, after }: { document: DocumentId; before: Clock; after: Clock },
): void {
  const { actor } = context.replica
  const ends = [before[actor] ?? 0, after[actor] ?? 0]
  const span = { document, actor, from: Math.min(...ends) + 1, to: Math.max(...ends) }
  if (span.to >= span.from) tx.afterwards(() => context.emit({ kind: 'delivery', span }))
}

/** A node holds this by now: what it had lost may have come back. */
export async function liftLess(
  tx: Tx,
  said: Said & {
    /** Somebody else passes it on, and it may be older. */
    readonly isPassedOn?: boolean
  },
): Promise<void> {
  const { node, document } = said
  const place = key.less(node, document)
  const known = unpackOnce<LessRecord>(await tx.get(place))
  if (known === undefined || (known.isVoid === true && said.isPassedOn === true)) return
  const clock = joinClocks(known.clock, said.clock)
  const signed = unpackOnce<ReceiptRecord>(await tx.get(key.receipt(node, document)))?.clock ?? {}
  if (countBeyond(signed, clock) === 0) tx.delete(place)
  else tx.put(place, pack({ ...known, clock } satisfies LessRecord))
}

/** Notes whom we asked for what we lack of a document. */
export function noteQuestion(
  tx: Tx,
  document: DocumentId,
  question: { readonly at: Instant; readonly of: PeerId },
): void {
  tx.put(key.question(document), pack(question satisfies QuestionRecord))
}

/** A document for which something waits, and since when. */
export interface Gap {
  readonly document: DocumentId
  readonly since: Instant
}

/** Documents for which something waits: what is to be asked for when it does not come by itself. */
export async function gapsOf(reader: Pick<Reader, 'list'>): Promise<readonly Gap[]> {
  const oldest = new Map<DocumentId, Instant>()
  for (const [place, bytes] of await reader.list(range.allWaiting)) {
    const document = place.split('/')[1] as DocumentId
    const since = unpack<KeptRecord>(bytes)?.since ?? 0
    oldest.set(document, Math.min(since, oldest.get(document) ?? since))
  }
  for (const [place, bytes] of await reader.list(range.holes)) {
    const document = place.split('/')[1] as DocumentId
    const { since } = holeOf(bytes)
    oldest.set(document, Math.min(since, oldest.get(document) ?? since))
  }
  return [...oldest].map(([document, since]) => ({ document, since }))
}
