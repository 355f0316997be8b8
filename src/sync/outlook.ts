/**
 * What somebody who writes in a channel now has seen of it, and how far that is believed. A clock that is far ahead must not
 * drag the others there: what it wrote is passed over, and the entry says so, so that readers put it before the entry
 * (`placing.ts`). Nothing here changes a clock.
 */
import {
  nodePrefix,
  nodePrefixOfActor,
  type ChannelId,
  type Instant,
  type PostId,
} from '#base/ids.ts'
import {
  AHEAD_LOOKED_AT,
  CERTIFICATE_GRACE_MS,
  EARLIEST_CREDIBLE_AT,
  OBJECTIONS_MAX,
  TRUST_AHEAD_MS,
} from '#base/limits.ts'
import type { Objection } from '#model/list.ts'
import { believedUntil, orderKeyAfter, placesOfKey, type Seen } from '#model/order.ts'
import type { ChannelRecord, MessageRecord } from '#model/view.ts'
import type { Range } from '#ports/store.ts'
import type { SyncContext } from './context.ts'
import { key, range } from './keys.ts'
import { clocksOf } from './placing.ts'
import { unpack } from './records.ts'
import type { Tx } from './replica.ts'

/** What the author of a post that claims `claimedAt` has seen of the channel, in any lane. */
export async function outlookOn(
  tx: Tx,
  context: SyncContext,
  { channel, claimedAt }: { readonly channel: ChannelId; readonly claimedAt: Instant },
): Promise<Seen> {
  const until = await trustedUntil(tx, context, { channel, claimedAt })
  const newest = unpack<ChannelRecord>(await tx.get(key.channel(channel)))?.newestPlaceAt ?? 0
  const elsewhere = claimedAt < EARLIEST_CREDIBLE_AT ? await newestAnywhere(tx, context, until) : 0
  if (newest <= until) return { placeAt: Math.max(newest, elsewhere), until }
  const { from, to } = range.order(channel)
  const ahead = key.order(channel, orderKeyAfter(until))
  const [found] = await tx.list({ from, to: ahead, reverse: true, limit: 1 })
  const standing = found === undefined ? 0 : placesOfKey(found[0].slice(from.length)).at
  const { believed, objections } = await lookAhead(tx, channel, { until, from: ahead, to })
  return { placeAt: Math.max(standing, believed, elsewhere), until, objections }
}

/**
 * The nodes whose messages stand in `beyond`, the lowest and the highest places of those that are looked at. What stands there
 * only because it answers such a message is believed: the newest place of these is given, too.
 */
async function lookAhead(
  tx: Tx,
  channel: ChannelId,
  beyond: Range & { readonly until: Instant },
): Promise<{ readonly believed: Instant; readonly objections: readonly Objection[] }> {
  let believed = 0
  const lowest = await tx.list({ ...beyond, limit: AHEAD_LOOKED_AT })
  const highest = await tx.list({ ...beyond, limit: AHEAD_LOOKED_AT, reverse: true })
  const objections = new Map<string, Objection>()
  for (const [place, bytes] of [...lowest, ...highest]) {
    const id = unpack<PostId>(bytes)
    const message = id && unpack<MessageRecord>(await tx.get(key.message(id)))
    if (message === undefined) continue
    const node = nodePrefixOfActor(message.actor)
    const { placeAt } = placesOfKey(place.slice(range.order(channel).from.length))
    if (placeAt <= beyond.until) {
      believed = Math.max(believed, placeAt)
      continue
    }
    const { from, until } = objections.get(node) ?? { from: placeAt, until: placeAt }
    const [least, most] = [Math.min(placeAt, from), Math.max(placeAt, until)]
    objections.set(node, { node, from: least, until: most })
  }
  return { believed, objections: [...objections.values()].slice(0, OBJECTIONS_MAX) }
}

/**
 * Up to when what stands in a channel is believed. A clock that cannot be right believes everything within the life of its
 * own node's certificate. One that more nodes contradict than agree with believes those.
 */
async function trustedUntil(
  tx: Tx,
  { identity }: SyncContext,
  { channel, claimedAt }: { readonly channel: ChannelId; readonly claimedAt: Instant },
): Promise<Instant> {
  const { node, validUntil } = identity.certificate
  const most = validUntil + CERTIFICATE_GRACE_MS
  const until = believedUntil(claimedAt)
  if (until === Infinity) return most
  const { claims } = await clocksOf(tx, channel)
  const others = Object.entries(claims).filter(([other]) => other !== nodePrefix(node))
  const ahead = others.map(([, at]) => at).filter((at) => at > until && at <= most)
  const near = others.filter(([, at]) => at <= until && at > claimedAt - TRUST_AHEAD_MS)
  const second = ahead.toSorted((a, b) => b - a)[1]
  if (second === undefined || ahead.length <= near.length + 1) return until
  return second + TRUST_AHEAD_MS
}

/** The newest that is believed of all channels: who has no clock writes after that. */
async function newestAnywhere(
  tx: Tx,
  { directory }: SyncContext,
  until: Instant,
): Promise<Instant> {
  let newest = 0
  for (const { id } of directory().channels()) {
    const at = unpack<ChannelRecord>(await tx.get(key.channel(id)))?.newestPlaceAt ?? 0
    if (at <= until) newest = Math.max(newest, at)
  }
  return newest
}
