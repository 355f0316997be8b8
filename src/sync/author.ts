/** Writing here: one entry, with everything that follows from it, inside a commit. */
import type { DocumentId, Instant } from '#base/ids.ts'
import { channelOfDocument } from '#model/document-id.ts'
import type { Draft } from '#model/entry.ts'
import type { Logged } from '#model/log.ts'
import { believedUntil, orderKeyAfter, placeOfKey } from '#model/order.ts'
import type { ChannelRecord } from '#model/view.ts'
import type { SyncContext } from './context.ts'
import { key, range } from './keys.ts'
import { offerToPeers } from './ledger.ts'
import type { ViewEvent } from './projector.ts'
import { unpack } from './records.ts'
import type { Tx } from './replica.ts'

/** An entry to append, and the client's id for it where it has one. */
export interface Writing {
  readonly document: DocumentId
  readonly entry: Draft
  readonly pendingId?: string
}

/** What was written. */
export interface Written {
  readonly logged: Logged
  readonly event: ViewEvent | undefined
}

/** Appends our entry, folds it into the view, and offers it to every peer: all in this commit. */
export async function writeHere(tx: Tx, context: SyncContext, writing: Writing): Promise<Written> {
  const { document, entry } = writing
  const seenAt = entry.content.kind === 'post' ? await newestMessageAt(tx, document, entry) : 0
  const logged = await tx.append(document, entry, seenAt)
  const source = { isLate: false, pendingId: writing.pendingId ?? '', now: context.now() }
  const event = await context.projector.apply(tx, { document, logged }, source)
  if (event !== undefined) tx.afterwards(() => context.emit(event))
  if (entry.content.kind === 'post') context.deadlines.start(tx, { document, logged })
  await offerToPeers(tx, context, { document, from: undefined })
  return { logged, event }
}

/**
 * The newest place of a message of the same channel, in any lane: a flash message of a kit that woke in 1970 begins its
 * lane's list, and must still stand after what was said before.
 */
async function newestMessageAt(
  tx: Tx,
  document: DocumentId,
  { claimedAt }: Draft,
): Promise<Instant> {
  const channel = channelOfDocument(document)
  if (channel === undefined) return 0
  const newest = unpack<ChannelRecord>(await tx.get(key.channel(channel)))?.newestPlaceAt ?? 0
  const until = believedUntil(claimedAt)
  if (newest <= until) return newest
  // Some clock is far ahead: what it wrote is passed over.
  const { from } = range.order(channel)
  const to = key.order(channel, orderKeyAfter(until))
  const [found] = await tx.list({ from, to, reverse: true, limit: 1 })
  return found === undefined ? 0 : placeOfKey(found[0].slice(from.length))
}
