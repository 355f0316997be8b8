/** Orders to purge, written: which changes go with a message, and what stands in their place. */
import { codeOf } from '#base/errors.ts'
import type { ActorId, ChannelId, DocumentId, Instant, PostId, UserId } from '#base/ids.ts'
import { PURGE_ORDER_BYTES_MAX, PURGE_STRETCHES_MAX } from '#base/limits.ts'
import { channelDocument, channelOfDocument, parseDocumentId } from '#model/document-id.ts'
import { postIdOf, type Log, type Logged } from '#model/log.ts'
import type { PurgedStretch, PurgeReason } from '#model/purge-content.ts'
import { stubFrom } from '#model/stretch.ts'
import { writeHere } from './author.ts'
import type { SyncContext } from './context.ts'
import { key, range } from './keys.ts'
import { purgeRange } from './purge-keys.ts'
import type { Tx } from './replica.ts'

/** What is to be purged of a channel: some messages, or all that stand before a time. */
export type PurgeWish = { readonly messages: ReadonlySet<PostId> } | { readonly before: Instant }

/** A wish, and whose. */
export interface PurgeDraft {
  readonly channel: ChannelId
  readonly wish: PurgeWish
  readonly reason: PurgeReason
  /** Undefined for the node itself. */
  readonly by: UserId | undefined
}

/** What an order came to. */
export interface PurgeOrdered {
  /** Messages it names. */
  readonly messages: number
  /** Messages that were meant, and are not named, as they are held. */
  readonly held: number
}

/**
 * Orders that what is here of it be purged everywhere, and purges it here, in this commit. With a message goes whatever was
 * said of it. What is held is not named: another order can be given when the hold has ended.
 */
export async function orderPurge(
  tx: Tx,
  context: SyncContext,
  draft: PurgeDraft,
): Promise<PurgeOrdered> {
  const { channel, wish } = draft
  const logs: Log[] = []
  for (const [place] of await tx.list(range.segmentsOf(channel)))
    logs.push(await tx.log(place.slice('doc/'.length) as DocumentId))
  const meant = messagesMeant(logs, wish)
  const { policy } = context.directory()
  const isHeld = ({ entry: { author } }: Logged): boolean =>
    policy.isHeld(channel) || (author !== undefined && policy.isPersonHeld(author))
  const stretches: PurgedStretch[] = []
  let held = 0
  for (const log of logs) {
    const named = log.since({}).filter((one) => isMeant(log, one, meant))
    stretches.push(
      ...stretchesOf(
        log,
        named.filter((one) => !isHeld(one)),
      ),
    )
    held += named.filter((one) => isHeld(one) && one.entry.content.kind === 'post').length
  }
  for (const some of inOrders(stretches)) {
    const content = { kind: 'purge' as const, reason: draft.reason, stretches: some }
    const entry = { author: draft.by, claimedAt: context.now(), content }
    await writeHere(tx, context, { document: channelDocument(channel), entry })
  }
  return { messages: stretches.reduce((sum, stretch) => sum + stretch.messages, 0), held }
}

/**
 * What was said of a message that has been purged comes late: who may, orders that it go, too. Others keep it, and show it to
 * nobody, until they hear of that.
 */
export async function followUp(
  tx: Tx,
  context: SyncContext,
  { document, logged }: { readonly document: DocumentId; readonly logged: Logged },
): Promise<void> {
  const { content } = logged.entry
  const channel = channelOfDocument(document)
  if (channel === undefined || !('target' in content)) return
  if ((await tx.list({ ...purgeRange.ordersIn(channel), limit: 1 })).length === 0) return
  if ((await tx.get(key.message(content.target))) !== undefined) return
  orderRest(tx, context, channel)
}

/** Orders, once this commit is on disk, that what was said of purged messages and is still here go, too; where this node may. */
export function orderRest(tx: Tx, context: SyncContext, channel: ChannelId): void {
  const { role, rights } = context.identity.certificate
  if (role !== 'hub' && !rights.administers) return
  const wish: PurgeWish = { messages: new Set() }
  const draft: PurgeDraft = { channel, wish, reason: 'by hand', by: undefined }
  tx.afterwards(() => {
    context.replica
      .commit((next) => orderPurge(next, context, draft))
      .catch((error: unknown) => {
        // What a full disk prevents is done within a day.
        context.log.warn('sync.disk', { code: codeOf(error) ?? 'unknown' })
      })
  })
}

/** Ids of the messages that go, and of those that have gone: what comes later of them goes, too. */
function messagesMeant(logs: readonly Log[], wish: PurgeWish): ReadonlySet<PostId> {
  const meant = new Set<PostId>('messages' in wish ? wish.messages : [])
  for (const log of logs) {
    for (const { actor, from, to } of log.stubs)
      for (let seq = from; seq <= Math.min(to, log.last(actor)?.seq ?? 0); seq += 1)
        if (log.find(actor, seq) === undefined) meant.add(postIdOf(log.document, actor, seq))
    if (!('before' in wish)) continue
    for (const { actor, seq, entry } of log.since({}))
      if (entry.placeAt < wish.before) meant.add(postIdOf(log.document, actor, seq))
  }
  return meant
}

function isMeant(
  { document }: Log,
  { actor, seq, entry: { content } }: Logged,
  meant: ReadonlySet<PostId>,
): boolean {
  if (content.kind !== 'post' && 'target' in content && meant.has(content.target)) return true
  return meant.has(postIdOf(document, actor, seq))
}

/** Changes that follow each other are one stretch. */
function stretchesOf(log: Log, named: readonly Logged[]): readonly PurgedStretch[] {
  const name = parseDocumentId(log.document)
  if (name?.kind !== 'segment') return []
  const runs: { readonly actor: ActorId; readonly from: number; to: number; messages: number }[] =
    []
  const byList = named.toSorted((a, b) =>
    a.actor === b.actor ? a.seq - b.seq : a.actor < b.actor ? -1 : 1,
  )
  for (const { actor, seq, entry } of byList) {
    const messages = entry.content.kind === 'post' ? 1 : 0
    const last = runs.at(-1)
    if (last?.actor === actor && last.to + 1 === seq) {
      last.to = seq
      last.messages += messages
    } else runs.push({ actor, from: seq, to: seq, messages })
  }
  return runs.flatMap(({ messages, ...run }) => {
    const stub = stubFrom(log, run)
    return stub === undefined ? [] : [{ ...stub, lane: name.lane, segment: name.number, messages }]
  })
}

/** As many as fit into an entry each. */
function inOrders(stretches: readonly PurgedStretch[]): readonly (readonly PurgedStretch[])[] {
  const orders: PurgedStretch[][] = []
  let bytes = 0
  for (const stretch of stretches) {
    const size = STRETCH_BYTES + PERSON_BYTES * stretch.after.people.length
    const last = orders.at(-1)
    const isFull = last?.length === PURGE_STRETCHES_MAX || bytes + size > PURGE_ORDER_BYTES_MAX
    if (last === undefined || isFull) orders.push([stretch])
    else last.push(stretch)
    bytes = last === undefined || isFull ? size : bytes + size
  }
  return orders
}

/** A stretch on the wire at most, without the people it names. */
const STRETCH_BYTES = 172
const PERSON_BYTES = 16
