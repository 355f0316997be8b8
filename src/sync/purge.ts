/**
 * Orders to purge, carried out: what they name is gone from its document, from the view and from whatever else holds it, in the
 * commit that brings the order, and its stub stands there for good (`#model/stub.ts`). An order counts for whoever reads it when
 * its node administers or is a hub, by its certificate; so everybody decides alike, whatever else has come. A hold keeps what
 * is here until it ends; of what is not here there is nothing to keep.
 */
import { nodePrefix, nodePrefixOfActor, type ChannelId, type DocumentId } from '#base/ids.ts'
import { aboutChannel } from '#model/audit-content.ts'
import { channelDocument, channelOfDocument } from '#model/document-id.ts'
import type { DirectoryChange } from '#model/directory.ts'
import { countBeyond, postIdOf, type Log, type Logged } from '#model/log.ts'
import { documentOfStretch, stubOfStretch, type PurgeContent } from '#model/purge-content.ts'
import { fits, lackingOf } from '#model/stretch.ts'
import { isSameStub, joinStubs, type Stub } from '#model/stub.ts'
import { compareReturned } from './agreement.ts'
import { alarm } from './alarms.ts'
import { audit } from './audit.ts'
import { isTooLate } from './books.ts'
import type { SyncContext } from './context.ts'
import { clearShelf } from './dictionaries.ts'
import { dropFilesOf } from './file-fetching.ts'
import { retryOnce } from './inbox.ts'
import { oweReceipts } from './debts.ts'
import { purgeKey, purgeRange, type PurgedPlace, type PurgeRecord } from './purge-keys.ts'
import { pack, unpack } from './records.ts'
import type { Reader, Tx } from './replica.ts'
import { orderRest } from './purge-orders.ts'
import { reproject } from './reproject.ts'
import { noteSegment } from './segments.ts'
import { noteSent } from './sent.ts'
import { dropKeptApart, dropWaiting, forgetMessages, recut, type Purged } from './traces.ts'

/** An order in its place. */
export interface PurgeOrder extends Logged {
  readonly content: PurgeContent
}

/**
 * An order has come, or was written here. Whoever ordered sees to what comes later of the message (`purge-orders.ts`); an order of
 * our own that our disk had lost finds here, besides, what was said since.
 */
export async function takePurge(
  tx: Tx,
  context: SyncContext,
  { document, logged: { actor } }: { readonly document: DocumentId; readonly logged: Logged },
): Promise<void> {
  const channel = channelOfDocument(document)
  if (channel === undefined) return
  await carryOut(tx, context, channel)
  const { replica, identity } = context
  const isOurs = nodePrefixOfActor(actor) === nodePrefix(identity.certificate.node)
  if (isOurs && actor !== replica.actor) orderRest(tx, context, channel)
}

/** A hold has ended, or has begun: orders that waited take effect. */
export async function holdsChanged(
  tx: Tx,
  context: SyncContext,
  change: DirectoryChange,
): Promise<void> {
  if (change.kind !== 'policy') return
  if (change.part.about !== 'channel hold' && change.part.about !== 'person hold') return
  const orders = (await tx.list(purgeRange.orders)).map(
    ([place, bytes]) =>
      [place.split('/')[1] as ChannelId, unpack<PurgeRecord>(bytes)?.state] as const,
  )
  for (const channel of new Set(orders.map(([id]) => id))) {
    if (orders.some(([id, state]) => id === channel && state === 'held'))
      await carryOut(tx, context, channel)
    if (!change.part.isHeld) orderRest(tx, context, channel)
  }
}

/** Carries out whatever was ordered in a channel and is not done here. */
export async function carryOut(tx: Tx, context: SyncContext, channel: ChannelId): Promise<void> {
  const wanted = new Map<DocumentId, Stub[]>()
  for (const order of await ordersIn(tx, channel)) {
    const judged = await judge(tx, context, { channel, order })
    for (const [document, stubs] of judged.stubs)
      wanted.set(document, [...(wanted.get(document) ?? []), ...stubs])
    await note(tx, context, { channel, order, state: judged.state })
  }
  let isLess = false
  for (const [document, stubs] of wanted) {
    const gone = await empty(tx, context, { document, stubs })
    isLess ||= gone > 0
  }
  if (isLess) await foldWithout(tx, context, channel)
}

/** The orders that stand in a channel's settings. */
async function ordersIn(
  reader: Pick<Reader, 'log'>,
  channel: ChannelId,
): Promise<readonly PurgeOrder[]> {
  const log = await reader.log(channelDocument(channel))
  return log.since({}).flatMap((logged): PurgeOrder[] => {
    const { content } = logged.entry
    return content.kind === 'purge' ? [{ ...logged, content }] : []
  })
}

interface Judging {
  readonly channel: ChannelId
  readonly order: PurgeOrder
}

interface Judged {
  readonly state: PurgeRecord['state']
  readonly stubs: readonly (readonly [DocumentId, readonly Stub[]])[]
}

/** What of an order is to be done now. */
async function judge(tx: Tx, context: SyncContext, { channel, order }: Judging): Promise<Judged> {
  if (!mayOrder(context, order)) return { state: 'void', stubs: [] }
  const isHeld = context.directory().policy.isHeld(channel)
  let state: PurgeRecord['state'] = 'done'
  const stubs: (readonly [DocumentId, readonly Stub[]])[] = []
  for (const stretch of order.content.stretches) {
    const document = documentOfStretch(channel, stretch)
    const stub = stubOfStretch(document, stretch)
    const log = await tx.log(document)
    if (!fits(log, stub)) {
      state = 'void'
      continue
    }
    const mustStay = isHeld || hasHeldPerson(context, log, stub)
    const lacking = mustStay ? lackingOf(log, stub) : stub
    if (mustStay && hasAny(log, stub)) state = state === 'void' ? state : 'held'
    if (lacking !== undefined) stubs.push([document, [lacking]])
  }
  return { state, stubs }
}

/** By its certificate alone, and not by who has its key since it was lost. */
function mayOrder({ roster }: SyncContext, order: PurgeOrder): boolean {
  const certificate = roster.ofActor(order.actor)
  if (certificate === undefined || isTooLate(roster, certificate.node, order)) return false
  return certificate.role === 'hub' || certificate.rights.administers
}

function hasHeldPerson(context: SyncContext, log: Log, stub: Stub): boolean {
  const { policy } = context.directory()
  return changesIn(log, stub).some(
    ({ entry: { author } }) => author !== undefined && policy.isPersonHeld(author),
  )
}

function hasAny(log: Log, stub: Stub): boolean {
  return changesIn(log, stub).length > 0
}

function changesIn(log: Log, { actor, from, to }: Stub): readonly Logged[] {
  const end = Math.min(to, log.last(actor)?.seq ?? 0)
  const found: Logged[] = []
  for (let seq = from; seq <= end; seq += 1) {
    const logged = log.find(actor, seq)
    if (logged !== undefined) found.push(logged)
  }
  return found
}

/** Puts stubs into a document, and clears whatever else holds what they stand for. Gives how many changes are gone. */
async function empty(
  tx: Tx,
  context: SyncContext,
  { document, stubs: wanted }: Purged,
): Promise<number> {
  const before = await tx.log(document)
  const stubs = joinStubs([...before.stubs, ...wanted])
  if (isSame(before.stubs, stubs)) return 0
  const { length: gone } = await tx.purge(document, stubs)
  // Whoever hears of the order names as much of our list, whether the rest was ever sent or not.
  for (const { actor, to } of stubs)
    if (actor === context.replica.actor && to <= (before.last(actor)?.seq ?? 0))
      await noteSent(tx, document, { actor, seq: to })
  if (countBeyond((await tx.log(document)).clock(), before.clock()) > 0)
    await oweReceipts(tx, context, document)
  for (const { actor } of stubs) await compareReturned(tx, context, { document, actor })
  const purged = { document, stubs }
  await dropKeptApart(tx, purged)
  await recut(tx, context, purged)
  await noteSegment(tx, document, context.now())
  await retryOnce(tx, context, document) // what goes on from a stub has its place now
  await dropWaiting(tx, context, purged)
  tx.afterwards(() => context.log.info('document.purged', { document, count: gone }))
  return gone
}

function isSame(a: readonly Stub[], b: readonly Stub[]): boolean {
  return (
    a.length === b.length &&
    a.every((stub, at) => {
      const other = b[at]
      return other !== undefined && isSameStub(stub, other)
    })
  )
}

/** Makes the channel's picture of what is left. */
async function foldWithout(tx: Tx, context: SyncContext, channel: ChannelId): Promise<void> {
  const gone = await reproject(tx, context, channel)
  await forgetMessages(tx, channel, gone)
  for (const { id } of gone) await dropFilesOf(tx, context, id)
  tx.afterwards(() => clearShelf(context.shelf)) // dictionaries may be made of it
  for (const message of gone) tx.afterwards(() => context.emit({ kind: 'withdrawn', message }))
  if (gone.length === 0 || context.run.isOver) return
  await audit(tx, context, {
    deed: 'messages purged',
    subjects: [aboutChannel(channel)],
    count: gone.length,
  })
}

/** Where messages were, of what the order names; the rest was said of some. */
function placesOf(channel: ChannelId, { stretches }: PurgeContent): readonly PurgedPlace[] {
  return stretches
    .filter(({ messages }) => messages > 0)
    .map((stretch) => {
      const { actor, from, messages, after } = stretch
      const id = postIdOf(documentOfStretch(channel, stretch), actor, from)
      return { id, at: after.placeAt, messages }
    })
}

/** Keeps how far an order was carried out, and tells what is new about that. */
async function note(
  tx: Tx,
  context: SyncContext,
  { channel, order, state }: Judging & Pick<PurgeRecord, 'state'>,
): Promise<void> {
  const { actor, seq, entry, content } = order
  const place = purgeKey.order(channel, actor, seq)
  const known = unpack<PurgeRecord>(await tx.get(place))
  if (known?.state === state || known?.state === 'done') return
  const messages = content.stretches.reduce((sum, stretch) => sum + stretch.messages, 0)
  const { author: by, placeAt: orderedAt } = entry
  const { reason } = content
  const places = placesOf(channel, content)
  const record: PurgeRecord = { reason, by, orderedAt, messages, places, state, at: context.now() }
  tx.put(place, pack(record))
  if (state === 'void') {
    const document = channelDocument(channel)
    alarm(tx, context, {
      deed: 'entry without effect',
      document,
      actor,
      reason: 'not an administrator',
    })
  }
  if (state === 'held' && !context.run.isOver)
    await audit(tx, context, {
      deed: 'purge held',
      result: 'found',
      subjects: [aboutChannel(channel)],
    })
}
