/** The view of one channel made anew from its documents: after something was taken out of them. */
import type { ChannelId, DocumentId, PostId } from '#base/ids.ts'
import {
  EMPTY_CHANNEL,
  type Amendment,
  type ChannelRecord,
  type MessageRecord,
} from '#model/view.ts'
import { channelDocument } from '#model/document-id.ts'
import type { SyncContext } from './context.ts'
import { keptRange } from './kept-keys.ts'
import { key, range } from './keys.ts'
import { pack, unpack } from './records.ts'
import type { Tx } from './replica.ts'
import { markGone } from './search-marks.ts'

/** Folds a channel's documents again. Gives the messages that are no longer there, as they were. */
export async function reproject(
  tx: Tx,
  context: SyncContext,
  channel: ChannelId,
): Promise<readonly MessageRecord[]> {
  const before = await clear(tx, channel)
  for (const document of await documentsOf(tx, channel)) {
    for (const logged of (await tx.log(document)).since({})) {
      const source = { isLate: true, isAgain: true, pendingId: '', now: context.now() }
      await context.projector.apply(tx, { document, logged }, source)
    }
  }
  const gone: MessageRecord[] = []
  for (const message of before) {
    const after = unpack<MessageRecord>(await tx.get(key.message(message.id)))
    if (after === undefined) gone.push(message)
    else {
      const { pendingId, createdAt } = message
      tx.put(key.message(message.id), pack({ ...after, pendingId, createdAt }))
    }
  }
  return gone
}

/** Takes every record of the channel's messages away; how far people have read stays. */
async function clear(tx: Tx, channel: ChannelId): Promise<readonly MessageRecord[]> {
  const messages: MessageRecord[] = []
  for (const [place, bytes] of await tx.list(range.order(channel))) {
    const id = unpack<PostId>(bytes)
    tx.delete(place)
    if (id === undefined) continue
    const message = unpack<MessageRecord>(await tx.get(key.message(id)))
    if (message !== undefined) {
      messages.push(message)
      markGone(tx, message)
    }
    tx.delete(key.message(id))
    for (const [reply] of await tx.list(range.thread(id))) tx.delete(reply)
    for (const [orphan] of await tx.list(range.orphans(id))) tx.delete(orphan)
  }
  // What was said of messages that are not here stands in the documents that are folded again, or not at all any more.
  for (const all of [range.allOrphans, range.allHeld])
    for (const [place, bytes] of await tx.list(all))
      if (unpack<Amendment>(bytes)?.channel === channel) tx.delete(place)
  for (const all of [
    range.changed,
    keptRange.pins,
    keptRange.once,
    keptRange.bookmarks,
    range.objectionsIn,
    range.objectingIn,
    range.sunkIn,
  ])
    for (const [place] of await tx.list(all(channel))) tx.delete(place)
  tx.delete(key.clocks(channel))
  const record = unpack<ChannelRecord>(await tx.get(key.channel(channel)))
  const updatedAt = record?.updatedAt ?? 0
  tx.put(key.channel(channel), pack({ ...EMPTY_CHANNEL, updatedAt } satisfies ChannelRecord))
  return messages
}

async function documentsOf(tx: Tx, channel: ChannelId): Promise<readonly DocumentId[]> {
  const segments = await tx.list(range.segmentsOf(channel))
  const names = segments.map(([place]) => place.slice('doc/'.length) as DocumentId)
  return [channelDocument(channel), ...names]
}
