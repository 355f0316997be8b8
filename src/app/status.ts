/** The node about itself and its links, and where messages are. */
import type { Instant, PostId, UserId } from '#base/ids.ts'
import type { Refusal } from '#ports/carrier.ts'
import { LANES, type Lane } from '#model/precedence.ts'
import { EMPTY_CHANNEL, type ChannelRecord } from '#model/view.ts'
import type { Certificate } from '#trust/identity.ts'
import { clocksHeard } from '#sync/clock-evidence.ts'
import { overdueCounts, overdueSince } from '#sync/deadlines.ts'
import { standings } from '#sync/delivery.ts'
import type { LinkState } from '#sync/links.ts'
import { key, range } from '#sync/keys.ts'
import { queueSizes } from '#sync/queue.ts'
import { unpack } from '#sync/records.ts'
import { clockState } from './clock-state.ts'
import { insistInChannel, peerName, recordOf, type AppContext } from './context.ts'
import type { EdgeNode } from './node.ts'
import type { Delivery, DeliveryStory, Link, NodeStatus, NodeSummary } from './types.ts'

/** The part of the app that tells how things stand. */
export function openStatus(
  context: AppContext,
  options: {
    readonly links: () => readonly LinkState[]
    readonly refusals: () => readonly Refusal[]
    readonly version: string
    readonly startedAt: Instant
  },
): Pick<EdgeNode, 'delivery' | 'status'> {
  return {
    delivery: (subject, id) => deliveryOf(context, { subject, id, links: options.links() }),
    status: () => statusOf(context, options),
  }
}

async function deliveryOf(
  context: AppContext,
  request: { readonly subject: UserId; readonly id: PostId; readonly links: readonly LinkState[] },
): Promise<DeliveryStory> {
  const record = await recordOf(context.sync.replica.read, request.id)
  await insistInChannel(context, request.subject, {
    channel: record.channel,
    action: 'read channel',
    hidden: { what: 'message', id: request.id },
  })
  const found = await standings(context.sync, record, request.links)
  const deliveries = found.map(({ destination, word, queue, carrier, at }): Delivery => {
    const node = context.sync.roster.byNode(destination)
    const names = { destinationName: node?.name ?? '', isHub: node?.role === 'hub' }
    return {
      destination,
      ...names,
      word,
      carrier,
      at,
      link: queue && peerName(context.sync, queue.link),
      place: queue?.place,
      bytesAhead: queue?.bytesAhead,
      estimateMs: queue?.estimateMs,
      unknown: queue?.unknown,
      linkAt: queue?.linkAt,
      rule: queue?.rule,
    }
  })
  const { id: message, createdAt: savedAt, timeDoubt } = record
  const since = await overdueSince(context.sync.replica.read, record)
  return { message, savedAt, overdueSince: since, timeDoubt, deliveries }
}

async function statusOf(
  context: AppContext,
  options: {
    readonly links: () => readonly LinkState[]
    readonly refusals: () => readonly Refusal[]
    readonly version: string
    readonly startedAt: Instant
  },
): Promise<NodeStatus> {
  const { identity, roster, replica, now } = context.sync
  const channels = context.sync.directory().channels()
  const records = await replica.read.getMany(channels.map(({ id }) => key.channel(id)))
  const counts = records.map((bytes) => unpack<ChannelRecord>(bytes) ?? EMPTY_CHANNEL)
  const waiting = await replica.read.list(range.allWaiting)
  const newest = Math.max(0, ...counts.map((count) => count.lastPostAt))
  return {
    node: summaryOf(identity.certificate, identity.certificate),
    organisation: identity.organisation.id,
    organisationName: identity.organisation.name,
    version: options.version,
    startedAt: options.startedAt,
    nodes: roster.all().map((one) => summaryOf(one, identity.certificate)),
    links: await Promise.all(options.links().map((link) => linkFrom(context, link))),
    channels: channels.length,
    messages: counts.reduce((sum, count) => sum + count.messageCount, 0),
    waitingChanges: waiting.length,
    disk: await context.sync.room.now(),
    overdue: await overdueCounts(replica.read),
    isRevoked: roster.revokedSince(identity.certificate.node) !== undefined,
    refusals: options.refusals().map(({ peer, place, why, since }) => {
      const from = peer === undefined ? place : peerName(context.sync, peer)
      return { from, why, since }
    }),
    isToBeWiped: context.sync.keyBook().isToBeWiped(identity.certificate.node),
    clock: clockState({
      now: now(),
      certificate: identity.certificate,
      heard: clocksHeard(context.sync),
      seenAt: newest,
    }),
  }
}

async function linkFrom(context: AppContext, state: LinkState): Promise<Link> {
  const sizes = await queueSizes(context.sync.replica.read, context.sync, state.peer)
  const queued = Object.fromEntries(
    LANES.map((lane, index) => [lane, sizes[index] ?? 0]),
  ) as Record<Lane, number>
  const peer = peerName(context.sync, state.peer)
  const { carrier, isUp, since, sentBytes, receivedBytes } = state
  return { carrier, peer, isUp, since, sentBytes, receivedBytes, queued }
}

/** A node in a few words. */
export function summaryOf(certificate: Certificate, own: Certificate): NodeSummary {
  const { node: id, number, name, role } = certificate
  return { id, number, name, role, isThisNode: id === own.node }
}
