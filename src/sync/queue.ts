/**
 * The queue of each link: what goes before a message, and an honest guess when it leaves. Guessed is from what the link was
 * measured to carry; when nothing was measured, or nobody is there, it says so instead.
 */
import type { DocumentId, Instant, NodeId } from '#base/ids.ts'
import { laneOfDocument } from '#model/document-id.ts'
import { countBeyond, joinClocks } from '#model/log.ts'
import type { MessageRecord } from '#model/view.ts'
import type { PeerId } from '#ports/carrier.ts'
import type { Pause, SyncContext } from './context.ts'
import { isSealable } from './epochs.ts'
import { isInDoubt } from './hearsay.ts'
import { key, range } from './keys.ts'
import { clockOf, hasOf } from './ledger.ts'
import type { LinkState } from './links.ts'
import { heldByRule, lettersBeyond, messageBytesMaxOf, shortFor, sparedBy } from './pace.ts'
import type { Letter } from './pace-rules.ts'
import {
  unpack,
  unpackOnce,
  type OutboxRecord,
  type ParcelRecord,
  type PeerRecord,
} from './records.ts'
import type { Replica, Tx } from './replica.ts'

/** Why nobody can say when a message leaves. */
export type Unknown =
  /** This link was never there. */
  | 'no link yet'
  /** It is not there now; `linkAt` is when it was there last. */
  | 'no link since'
  /** It is said to be there, and has not answered since `linkAt`. */
  | 'no answer since'
  /** It is there, and has carried nothing yet by which to judge. */
  | 'no rate yet'
  /** What would seal it has not come yet. */
  | 'no key yet'
  /** By none of the ways to this peer may it go now: `rule` says which rule that is, and by which letters it may. */
  | 'rule allows only'
  /** It is held back until it is clear what others know of this node. */
  | 'held back'
  /** All that may be spent there by `linkAt` is spent, or the link is closed until then. */
  | Pause['why']

/** A message in the queue of a link. */
export interface Queued {
  readonly link: PeerId
  /** Changes that leave before it; 0: it is next. */
  readonly place: number
  /** About how many bytes those are, with what is on its way and not answered yet. */
  readonly bytesAhead: number
  /** Until the link has taken it. Undefined when there is no honest guess: then `unknown` says why. */
  readonly estimateMs: number | undefined
  readonly unknown: Unknown | undefined
  /** When the link was there last, or answered last, where that is why. */
  readonly linkAt: Instant | undefined
  /** The rule that lets it go by these letters alone, where that is why. */
  readonly rule: { readonly rule: string; readonly letters: readonly Letter[] } | undefined
}

/** A sealed change on its way in company, until one was measured: 310 bytes over two hops (`scripts/bench receipts`). */
const CHANGE_BYTES = 160
/** How long a link may be silent beyond what was to be expected before it counts as one that does not answer. */
const PATIENCE_MS = 30_000

/** The queues in which a message waits. */
export async function queuesOf(
  context: SyncContext,
  message: MessageRecord,
  links: readonly LinkState[],
): Promise<readonly Queued[]> {
  const found: Queued[] = []
  for (const peer of context.peers) {
    const waiting = await placeInQueue(context.replica, peer, message)
    if (waiting === undefined) continue
    const mine = links.filter((one) => one.peer === peer)
    const may = mine.filter(({ carrier }) => !heldByRule(context, carrier, message.document))
    const link = likeliest(may) ?? likeliest(mine)
    const { place, notBefore } = waiting
    const changeBytes = link?.bytesPerChange || CHANGE_BYTES
    const { bytes, changes } = await underWay(context, peer)
    const bytesAhead = Math.round(bytes + Math.max(0, place - changes) * changeBytes)
    const about = { peer, link, bytes: bytesAhead + changeBytes, notBefore }
    found.push({ link: peer, place, bytesAhead, ...(await guess(context, message, about)) })
  }
  return found
}

/** The one that is there, or was last. */
function likeliest(links: readonly LinkState[]): LinkState | undefined {
  return links.find(({ isUp }) => isUp) ?? links.toSorted((a, b) => b.since - a.since)[0]
}

/**
 * The queue that a message is likely to leave first on its way to a node: whoever takes it hands it on. Where nobody can say,
 * the node's own, then the one whose link was there last.
 */
export function queueTo(queues: readonly Queued[], destination: NodeId): Queued | undefined {
  const rank = ({ link, estimateMs, linkAt, unknown }: Queued): readonly number[] => [
    estimateMs ?? Infinity,
    // A link that is there, and may not be used, says more than one that is not.
    unknown === 'rule allows only' ? 0 : 1,
    link === destination ? 0 : 1,
    -(linkAt ?? 0),
  ]
  const isBefore = (a: Queued, b: Queued): number => {
    const [left, right] = [rank(a), rank(b)]
    const at = left.findIndex((value, index) => value !== right[index])
    return at < 0 || (left[at] ?? 0) < (right[at] ?? 0) ? -1 : 1
  }
  return queues.toSorted(isBefore)[0]
}

/** Changes waiting for `peer`, by lane number. */
export async function queueSizes(
  read: Pick<Tx, 'get' | 'list'>,
  context: SyncContext,
  peer: PeerId,
): Promise<readonly number[]> {
  const sizes = [0, 0, 0, 0]
  for (const [place] of await read.list(range.outbox(peer))) {
    const [lane, name] = place.split('/').slice(-2)
    const document = name as DocumentId
    const count = await lackingAt(read, context, { peer, document })
    sizes[Number(lane)] = (sizes[Number(lane)] ?? 0) + count
  }
  return sizes
}

/** How many changes of a document a peer is still to get. */
export async function lackingAt(
  read: Pick<Tx, 'get'>,
  context: SyncContext,
  at: { readonly peer: PeerId; readonly document: DocumentId },
): Promise<number> {
  const has = await hasOf(read, at.peer, at.document)
  const spared = await sparedBy(read, context, at)
  return countBeyond(await clockOf(read, at.document), joinClocks(has, spared))
}

/** Tells that messages of ours which wait for a peer now wait for something else: it has come, or gone. */
export async function tellQueued(tx: Tx, context: SyncContext, peer: PeerId): Promise<void> {
  const { actor } = context.replica
  for (const [place] of await tx.list(range.outbox(peer))) {
    const document = place.slice(place.lastIndexOf('/') + 1) as DocumentId
    const from = ((await hasOf(tx, peer, document))[actor] ?? 0) + 1
    const to = (await clockOf(tx, document))[actor] ?? 0
    const span = { document, actor, from, to }
    if (to >= from) tx.afterwards(() => context.emit({ kind: 'delivery', span }))
  }
}

/** How many changes an envelope holds. */
export function changesIn({ first, clock }: Pick<ParcelRecord, 'first' | 'clock'>): number {
  const counts = Object.entries(first).map(([actor, from]) => (clock[actor] ?? 0) - from + 1)
  return counts.reduce((sum, count) => sum + count, 0)
}

interface Waiting {
  readonly place: number
  readonly notBefore: Instant
}

/** Changes that go to `peer` before this message: more urgent ones, older ones, and those before it in its document. */
async function placeInQueue(
  { read }: Replica,
  peer: PeerId,
  message: MessageRecord,
): Promise<Waiting | undefined> {
  const lane = laneOfDocument(message.document)
  const own = unpackOnce<OutboxRecord>(await read.get(key.outbox(peer, lane, message.document)))
  const has = (await hasOf(read, peer, message.document))[message.actor] ?? 0
  if (own === undefined || has >= message.seq) return undefined
  const limit = key.outbox(peer, lane, message.document)
  let ahead = 0
  for (const [place, bytes] of await read.list(range.outbox(peer))) {
    const since = unpack<OutboxRecord>(bytes)?.since ?? 0
    const isSameLane = place.startsWith(limit.slice(0, limit.lastIndexOf('/') + 1))
    const isBefore = isSameLane ? since < own.since : place < limit
    if (!isBefore || place === limit) continue
    const document = place.slice(place.lastIndexOf('/') + 1) as DocumentId
    ahead += countBeyond(await clockOf(read, document), await hasOf(read, peer, document))
  }
  return { place: ahead + message.seq - has - 1, notBefore: own.notBefore }
}

/** What is on its way and not answered for. */
async function underWay(
  { replica }: SyncContext,
  peer: PeerId,
): Promise<{ readonly bytes: number; readonly changes: number }> {
  const parcels = await replica.read.list(range.parcels(peer))
  const flying = parcels.flatMap(([, bytes]) => unpack<ParcelRecord>(bytes) ?? [])
  const open = flying.filter(({ isAnswered }) => isAnswered !== true)
  return {
    bytes: open.reduce((sum, { bytes }) => sum + bytes.length, 0),
    changes: open.reduce((sum, record) => sum + changesIn(record), 0),
  }
}

type Guess = Pick<Queued, 'estimateMs' | 'unknown' | 'linkAt' | 'rule'>

async function guess(
  context: SyncContext,
  message: MessageRecord,
  about: {
    readonly peer: PeerId
    readonly link: LinkState | undefined
    readonly bytes: number
    readonly notBefore: Instant
  },
): Promise<Guess> {
  const { document } = message
  const { peer, link, bytes, notBefore } = about
  const nothing = { estimateMs: undefined, linkAt: undefined, rule: undefined }
  if (!isSealable(context, document)) return { ...nothing, unknown: 'no key yet' }
  if (link === undefined || !link.isUp) {
    const known = unpackOnce<PeerRecord>(await context.replica.read.get(key.peer(peer)))
    const linkAt = link?.since ?? known?.lastAt
    return { ...nothing, unknown: linkAt === undefined ? 'no link yet' : 'no link since', linkAt }
  }
  const held = heldBack(context, link, document)
  if (held !== undefined) return held
  if (await isTooLong(context, link, message)) {
    const rule = lettersBeyond(context, link.carrier, document)
    return { ...nothing, unknown: 'rule allows only', rule }
  }
  const { bytesPerSecond, roundTripMs, unansweredSince } = link
  if (bytesPerSecond === 0) return { ...nothing, unknown: 'no rate yet' }
  const now = context.now()
  const expectedMs = Math.max(roundTripMs, (bytes * 1_000) / bytesPerSecond)
  const silentMs = unansweredSince === undefined ? 0 : now - unansweredSince
  if (silentMs > 3 * expectedMs + PATIENCE_MS)
    return { ...nothing, unknown: 'no answer since', linkAt: unansweredSince }
  const waitMs = Math.max(0, notBefore - now)
  return { ...nothing, estimateMs: Math.round(waitMs + expectedMs), unknown: undefined }
}

/** What keeps a message here though its link is there. */
function heldBack(
  context: SyncContext,
  { carrier }: LinkState,
  document: DocumentId,
): Guess | undefined {
  const nothing = { estimateMs: undefined, linkAt: undefined, rule: undefined }
  const rule = heldByRule(context, carrier, document)
  if (rule !== undefined) return { ...nothing, unknown: 'rule allows only', rule }
  if (context.run.isOver || isInDoubt(context)) return { ...nothing, unknown: 'held back' }
  const pause = context.shut.get(carrier)
  if (pause !== undefined && pause.until > context.now())
    return { ...nothing, unknown: pause.why, linkAt: pause.until }
  return undefined
}

/** Whether a message is too long for a link, or waits for one before it that is. */
async function isTooLong(
  context: SyncContext,
  { carrier, peer }: LinkState,
  { document, actor, seq }: MessageRecord,
): Promise<boolean> {
  if (messageBytesMaxOf(context, carrier, document) === undefined) return false
  const at = { carrier, peer, document }
  const short = await context.replica.commit((tx) => shortFor(tx, context, at))
  return short?.some((one) => one.actor === actor && one.seq >= seq) === false
}
