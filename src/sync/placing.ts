/**
 * Where messages stand that are dated too far ahead to be believed. They follow their own place, last in the channel, until
 * somebody who has seen them objects in a post; then they stand just before that post, in the order of their own places. So
 * cause comes before effect, by what stands in documents alone: every node that has the same entries has the same order,
 * whatever its own clock says and whatever came first.
 *
 * An objection is overruled where another node, to whose time nobody objected, wrote in the channel on that day or later: so
 * who lies about the time cannot push what others say into the past. Then it is the post that objects which stands behind.
 *
 * Whatever comes of all that, a reply stands behind the first message of its thread.
 */
import {
  nodePrefixOfActor,
  type ChannelId,
  type DocumentId,
  type Instant,
  type PostId,
} from '#base/ids.ts'
import { EARLIEST_CREDIBLE_AT, TRUST_AHEAD_MS } from '#base/limits.ts'
import type { Objection } from '#model/list.ts'
import { postIdOf, type Logged } from '#model/log.ts'
import { orderKeyAfter, orderKeyAt, placesOfKey } from '#model/order.ts'
import type { MessageRecord } from '#model/view.ts'
import { key, padded, range } from './keys.ts'
import { pack, unpack, type ClocksRecord, type ObjectionRecord } from './records.ts'
import type { Tx } from './replica.ts'

const DAY_MS = 86_400_000
const NO_CLOCKS: ClocksRecord = { claims: {}, objected: {}, objecting: {} }

/** What is known of the clocks of those who wrote in a channel. */
export async function clocksOf(tx: Pick<Tx, 'get'>, channel: ChannelId): Promise<ClocksRecord> {
  return unpack<ClocksRecord>(await tx.get(key.clocks(channel))) ?? NO_CLOCKS
}

/** A post that is being folded. */
export interface Posted {
  readonly channel: ChannelId
  readonly document: DocumentId
  readonly logged: Logged
}

/**
 * Takes what a post says of time into account before its record is written: gives its order key, and moves earlier ones to
 * where they stand now.
 */
export async function placePost(tx: Tx, posted: Posted): Promise<string> {
  const { channel, document, logged } = posted
  const { placeAt, claimedAt } = logged.entry
  const node = nodePrefixOfActor(logged.actor)
  const before = await clocksOf(tx, channel)
  const claimed = Math.floor(claimedAt / DAY_MS) * DAY_MS
  const isLatest = claimed > (before.claims[node] ?? -1)
  const heard = isLatest ? { ...before, claims: { ...before.claims, [node]: claimed } } : before
  const clocks = noteObjections(tx, heard, posted)
  if (clocks !== before) {
    tx.put(key.clocks(channel), pack(clocks))
    await sink(tx, { channel, clocks }, { logged, before })
    await reconsider(tx, { channel, clocks }, before)
  }
  const id = postIdOf(document, logged.actor, logged.seq)
  const at = await settledAt(tx, { channel, clocks }, { node, placeAt })
  if (at < placeAt) tx.put(key.sunk(channel, node, { placeAt, id }), pack(id))
  const { content } = logged.entry
  const root = content.kind === 'post' ? content.root : undefined
  return orderIn(tx, channel, { placeAt, id, root, at })
}

/** The order key of a message that would stand at `at`: a reply before the first message of its thread stands behind that. */
async function orderIn(
  tx: Pick<Tx, 'get'>,
  channel: ChannelId,
  { root, at, ...own }: Placeable,
): Promise<string> {
  const order = orderKeyAt(own, at)
  const first = root && unpack<MessageRecord>(await tx.get(key.message(root)))
  const isFirst = first !== undefined && first.channel === channel && first.root === undefined
  if (!isFirst || first.order < order) return order
  return orderKeyAt(own, placesOfKey(first.order).at + 1)
}

interface Placeable {
  readonly id: PostId
  readonly root: PostId | undefined
  readonly placeAt: Instant
  readonly at: Instant
}

/** Puts the replies to a message where they stand now that it has come, has moved or is gone. */
export async function resettleReplies(tx: Tx, channel: ChannelId, root: PostId): Promise<void> {
  const replies = await tx.list(range.thread(root))
  if (replies.length === 0) return
  const scene = { channel, clocks: await clocksOf(tx, channel) }
  for (const [, bytes] of replies) {
    const reply = await messageNamed(tx, bytes)
    if (reply?.channel === channel) await resettle(tx, scene, reply)
  }
}

interface Scene {
  readonly channel: ChannelId
  readonly clocks: ClocksRecord
}

/** Writes down what a post objects to. */
function noteObjections(tx: Tx, clocks: ClocksRecord, posted: Posted): ClocksRecord {
  const { channel, document, logged } = posted
  const { placeAt: at, objections = [] } = logged.entry
  if (at < EARLIEST_CREDIBLE_AT) return clocks
  const id = postIdOf(document, logged.actor, logged.seq)
  const by = nodePrefixOfActor(logged.actor)
  const objected = { ...clocks.objected }
  let least = clocks.objecting[by] ?? Infinity
  for (const { node, from, until } of objections) {
    const record: ObjectionRecord = { by, from, at }
    tx.put(key.objection(channel, node, { until, id }), pack(record))
    const known = objected[node] ?? { from, until, lastAt: at }
    objected[node] = {
      from: Math.min(from, known.from),
      until: Math.max(until, known.until),
      lastAt: Math.max(at, known.lastAt),
    }
    least = Math.min(least, from)
  }
  if (objections.length === 0) return clocks
  tx.put(key.objecting(channel, by, { at, id }), pack(objections))
  return { ...clocks, objected, objecting: { ...clocks.objecting, [by]: least } }
}

/** Up to where the time of `node` is borne out by others: the end of the last day that one who is believed has claimed. */
function borneOut({ claims, objected }: ClocksRecord, node: string): Instant {
  let until = 0
  for (const [other, claimed] of Object.entries(claims)) {
    const isBelieved = claimed > (objected[other]?.until ?? -Infinity) + TRUST_AHEAD_MS
    if (other !== node && isBelieved) until = Math.max(until, claimed + DAY_MS - 1)
  }
  return until
}

/** What a message says of time. */
interface Placed {
  readonly node: string
  readonly placeAt: Instant
}

/** Where a message stands. */
async function settledAt(tx: Tx, scene: Scene, message: Placed): Promise<Instant> {
  return (await sunkTo(tx, scene, message)) ?? raisedTo(tx, scene, message)
}

/** Who objected wrongly had seen what it objected to: it stands behind that, and so does what it wrote later. */
async function raisedTo(
  tx: Tx,
  { channel, clocks }: Scene,
  { node, placeAt }: Placed,
): Promise<Instant> {
  const least = clocks.objecting[node]
  const levels = Object.keys(clocks.objected).map((other) => borneOut(clocks, other))
  if (least === undefined || Math.max(...levels) < least) return placeAt
  let at = placeAt
  for (const [, bytes] of await tx.list(range.objecting(channel, node, placeAt))) {
    for (const one of unpack<readonly Objection[]>(bytes) ?? []) {
      const level = borneOut(clocks, one.node)
      if (level >= one.from) at = Math.max(at, Math.min(level, one.until) + 1)
    }
  }
  return at
}

/** Before what a message stands that somebody objected to; undefined when nobody did, or when that is overruled. */
async function sunkTo(
  tx: Tx,
  { channel, clocks }: Scene,
  { node, placeAt }: Placed,
): Promise<Instant | undefined> {
  const known = clocks.objected[node]
  const level = borneOut(clocks, node)
  if (known === undefined || placeAt > known.until || placeAt < known.from || placeAt <= level)
    return undefined
  let [first, from] = [Infinity, Infinity]
  for (const [, bytes] of await tx.list(range.objections(channel, node, placeAt))) {
    const one = unpack<ObjectionRecord>(bytes)
    if (one === undefined || one.from > placeAt) continue
    first = Math.min(first, one.at)
    from = Math.min(from, one.from)
  }
  if (first === Infinity) return undefined
  // What its node wrote earlier, and is borne out, stays before it.
  return Math.max(first - 1, level >= from ? level : 0)
}

/** A post objects: what is no longer believed sinks, and what had sunk to a later objection sinks further. */
async function sink(
  tx: Tx,
  scene: Scene,
  { logged, before }: { readonly logged: Logged; readonly before: ClocksRecord },
): Promise<void> {
  const { placeAt, objections = [] } = logged.entry
  for (const { node, from, until } of objections) {
    if (placeAt < (before.objected[node]?.lastAt ?? 0)) await resettleSunk(tx, scene, node)
    const level = borneOut(scene.clocks, node)
    await resettleOf(tx, scene, { node, from: Math.max(from, level + 1), until })
    const by = nodePrefixOfActor(logged.actor)
    if (level >= from) await resettleOf(tx, scene, { node: by, from: placeAt, until: until + 1 })
  }
}

/** Where others bear a node out less or more than before, what it dates there stands elsewhere, and who objects to it. */
async function reconsider(tx: Tx, scene: Scene, before: ClocksRecord): Promise<void> {
  const { clocks } = scene
  for (const [node, { from, until }] of Object.entries(clocks.objected)) {
    const [was, is] = [borneOut(before, node), borneOut(clocks, node)]
    if (was === is || Math.max(was, is) < from) continue
    await resettleSunk(tx, scene, node)
    await resettleOf(tx, scene, { node, from, until })
    for (const [by, at] of await objectorsOf(tx, scene, node))
      await resettleOf(tx, scene, { node: by, from: at, until: Math.max(was, is, until) + 1 })
  }
}

/** Who objected to a node's time, and the place of the first post that did. */
async function objectorsOf(
  tx: Tx,
  { channel }: Scene,
  node: string,
): Promise<ReadonlyMap<string, Instant>> {
  const first = new Map<string, Instant>()
  for (const [, bytes] of await tx.list(range.objections(channel, node, 0))) {
    const one = unpack<ObjectionRecord>(bytes)
    if (one !== undefined) first.set(one.by, Math.min(one.at, first.get(one.by) ?? Infinity))
  }
  return first
}

async function resettleSunk(tx: Tx, scene: Scene, node: string): Promise<void> {
  for (const [, id] of await tx.list(range.sunk(scene.channel, node))) {
    const message = await messageNamed(tx, id)
    if (message) await resettle(tx, scene, message)
  }
}

async function messageNamed(tx: Tx, bytes: Uint8Array): Promise<MessageRecord | undefined> {
  const id = unpack<PostId>(bytes)
  return id && unpack<MessageRecord>(await tx.get(key.message(id)))
}

/** Messages of a node that stand between two moments. */
async function resettleOf(tx: Tx, scene: Scene, { node, from, until }: Objection): Promise<void> {
  if (from > until) return
  const { channel } = scene
  const between = {
    from: key.order(channel, padded(from)),
    to: key.order(channel, orderKeyAfter(until)),
  }
  for (const [, bytes] of await tx.list(between)) {
    const message = await messageNamed(tx, bytes)
    if (message && nodePrefixOfActor(message.actor) === node) await resettle(tx, scene, message)
  }
}

/** Puts a message where it stands now. */
async function resettle(tx: Tx, scene: Scene, message: MessageRecord): Promise<void> {
  const node = nodePrefixOfActor(message.actor)
  const { placeAt } = placesOfKey(message.order)
  const { id, root } = message
  const at = await settledAt(tx, scene, { node, placeAt })
  const sunk = key.sunk(scene.channel, node, { placeAt, id })
  if (at < placeAt) tx.put(sunk, pack(id))
  else tx.delete(sunk)
  const order = await orderIn(tx, scene.channel, { placeAt, id, root, at })
  if (order === message.order) return
  await move(tx, message, order)
  if (root === undefined) await resettleReplies(tx, scene.channel, id)
}

async function move(tx: Tx, message: MessageRecord, order: string): Promise<void> {
  const { channel, id, root } = message
  tx.delete(key.order(channel, message.order))
  tx.put(key.order(channel, order), pack(id))
  tx.put(key.message(id), pack({ ...message, order } satisfies MessageRecord))
  if (root === undefined) return
  const inThread = key.thread(root, message.order)
  if ((await tx.get(inThread)) === undefined) return
  tx.delete(inThread)
  tx.put(key.thread(root, order), pack(id))
}
