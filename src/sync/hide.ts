/** Takes messages out of the view whose changes are gone from their documents, until it is known what becomes of them. */
import type { DocumentId } from '#base/ids.ts'
import { postIdOf, type Logged } from '#model/log.ts'
import type { ChannelRecord, MessageRecord } from '#model/view.ts'
import { key, range } from './keys.ts'
import { pack, unpack, type AsideRecord } from './records.ts'
import type { Tx } from './replica.ts'

/** What damage took and only the view still knew is not in the view until it is written again. */
export async function hideLost(tx: Tx, document: DocumentId): Promise<void> {
  for (const [, bytes] of await tx.list(range.aside(document))) {
    const lost = unpack<AsideRecord>(bytes)
    if (lost !== undefined) await hide(tx, document, lost)
  }
}

/** Takes a message out of the view: its id may turn out to be another's. */
export async function hide(
  tx: Tx,
  document: DocumentId,
  { actor, seq }: Pick<Logged, 'actor' | 'seq'>,
): Promise<void> {
  const id = postIdOf(document, actor, seq)
  const message = unpack<MessageRecord>(await tx.get(key.message(id)))
  if (message === undefined) return
  const { channel, order, updatedAt, root } = message
  for (const place of [
    key.message(id),
    key.order(channel, order),
    key.changed(channel, updatedAt, id),
  ])
    tx.delete(place)
  if (root !== undefined) {
    tx.delete(key.thread(root, order))
    const first = unpack<MessageRecord>(await tx.get(key.message(root)))
    if (first !== undefined)
      tx.put(key.message(root), pack({ ...first, replyCount: Math.max(0, first.replyCount - 1) }))
  }
  const counts = unpack<ChannelRecord>(await tx.get(key.channel(channel)))
  if (counts === undefined) return
  const messageCount = Math.max(0, counts.messageCount - 1)
  const rootCount = Math.max(0, counts.rootCount - (root === undefined ? 1 : 0))
  tx.put(key.channel(channel), pack({ ...counts, messageCount, rootCount } satisfies ChannelRecord))
}
