/**
 * Where a message stands on its way to each node, each word only on its proof: `stored` on the destination's own
 * signed receipt (or its custody answer to us), `left this kit` on the carrier's answer, never on hope.
 */
import type { Instant, NodeId } from '#base/ids.ts'
import { laneOfDocument } from '#model/document-id.ts'
import { countBeyond, covers } from '#model/log.ts'
import type { MessageRecord } from '#model/view.ts'
import type { PeerId } from '#ports/carrier.ts'
import { mayHold } from './audience.ts'
import type { SyncContext } from './context.ts'
import type { LinkState } from './links.ts'
import { key, range } from './keys.ts'
import { clockOf, hasOf, receiptOf } from './ledger.ts'
import { unpack, type DepartureRecord, type OutboxRecord } from './records.ts'
import type { Replica } from './replica.ts'

/** The way of one message to one node. */
export interface Standing {
  readonly destination: NodeId
  readonly word: 'on this kit' | 'queued' | 'left this kit' | 'stored' | 'read'
  readonly place: number | undefined
  readonly estimateMs: number | undefined
  readonly carrier: string | undefined
  readonly at: Instant | undefined
}

/** The ways of a message to all other nodes, by their number. */
export async function standings(
  context: SyncContext,
  message: MessageRecord,
  links: readonly LinkState[],
): Promise<readonly Standing[]> {
  const { read } = context.replica
  const here = await standingHere(context, message, links)
  const found: Standing[] = []
  for (const { node } of context.roster.all()) {
    if (node === context.identity.certificate.node || node === message.origin) continue
    if (!mayHold(context, node, message.document)) continue
    const receipt = await receiptOf(read, node, message.document)
    const isRead = covers(receipt?.read ?? {}, message.actor, message.seq)
    const isStored = covers(receipt?.clock ?? {}, message.actor, message.seq)
    if (!isStored) found.push({ destination: node, ...here })
    else {
      const rest = { place: undefined, estimateMs: undefined, carrier: undefined, at: receipt?.at }
      found.push({ destination: node, word: isRead ? 'read' : 'stored', ...rest })
    }
  }
  return found
}

type Here = Omit<Standing, 'destination'>

/** How far a message has come on this node: the same for every destination without a receipt. */
async function standingHere(
  context: SyncContext,
  message: MessageRecord,
  links: readonly LinkState[],
): Promise<Here> {
  const nothing = { place: undefined, estimateMs: undefined, carrier: undefined, at: undefined }
  // The queue first: what leaves between the two looks is then found to have left, and no word goes back.
  const waiting = await shortestQueue(context, message, links)
  const left = await departureOf(context.replica, message)
  if (left !== undefined)
    return { ...nothing, word: 'left this kit', carrier: left.carrier, at: left.at }
  return waiting === undefined
    ? { ...nothing, word: 'on this kit' }
    : { ...nothing, word: 'queued', ...waiting }
}

/** The departure whose changes include this message; later ones may be answered for first. */
async function departureOf(
  { read }: Replica,
  message: MessageRecord,
): Promise<DepartureRecord | undefined> {
  const later = await read.list(range.departures(message.document, message.actor, message.seq))
  const records = later.map(([, bytes]) => unpack<DepartureRecord>(bytes))
  return records.find((record) => record !== undefined && record.from <= message.seq)
}

interface Queue {
  readonly place: number
  readonly estimateMs: number | undefined
}

async function shortestQueue(
  context: SyncContext,
  message: MessageRecord,
  links: readonly LinkState[],
): Promise<Queue | undefined> {
  let best: Queue | undefined
  for (const peer of context.peers) {
    const place = await placeInQueue(context.replica, peer, message)
    if (place === undefined) continue
    const link = links.find((one) => one.peer === peer && one.isUp)
    const estimateMs = link === undefined ? undefined : estimate(place, link)
    if (best === undefined || place < best.place) best = { place, estimateMs }
  }
  return best
}

/** Changes that go to `peer` before this message: more urgent ones, older ones, and those before it in its document. */
async function placeInQueue(
  { read }: Replica,
  peer: PeerId,
  message: MessageRecord,
): Promise<number | undefined> {
  const lane = laneOfDocument(message.document)
  const own = unpack<OutboxRecord>(await read.get(key.outbox(peer, lane, message.document)))
  if (own === undefined) return undefined
  const limit = key.outbox(peer, lane, message.document)
  let ahead = 0
  for (const [place, bytes] of await read.list(range.outbox(peer))) {
    const since = unpack<OutboxRecord>(bytes)?.since ?? 0
    const isSameLane = place.startsWith(limit.slice(0, limit.lastIndexOf('/') + 1))
    const isBefore = isSameLane ? since < own.since : place < limit
    if (!isBefore || place === limit) continue
    const document = place.slice(place.lastIndexOf('/') + 1) as MessageRecord['document']
    ahead += countBeyond(await clockOf(read, document), await hasOf(read, peer, document))
  }
  const has = await hasOf(read, peer, message.document)
  return ahead + Math.max(0, message.seq - (has[message.actor] ?? 0) - 1)
}

/** Milliseconds until `place` changes are sent, at the link's measured rate; about 60 bytes each (research/wire.md). */
function estimate(place: number, link: LinkState): number | undefined {
  if (link.bytesPerSecond === 0) return undefined
  return Math.round(((place + 1) * 60 * 1000) / link.bytesPerSecond)
}

/** Changes waiting for `peer`, by lane number. */
export async function queueSizes({ read }: Replica, peer: PeerId): Promise<readonly number[]> {
  const sizes = [0, 0, 0, 0]
  for (const [place] of await read.list(range.outbox(peer))) {
    const [lane, name] = place.split('/').slice(-2)
    const document = name as MessageRecord['document']
    const count = countBeyond(await clockOf(read, document), await hasOf(read, peer, document))
    sizes[Number(lane)] = (sizes[Number(lane)] ?? 0) + count
  }
  return sizes
}
