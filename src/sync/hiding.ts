/**
 * What a node has written under numbers that others know for something else. As it begins a new life it takes such messages out of
 * its view, and what others have said of the real ones stays; what it loses of an earlier life is kept, to be written again.
 */
import {
  nodePrefix,
  nodePrefixOfActor,
  type DocumentId,
  type Instant,
  type PostId,
} from '#base/ids.ts'
import { postIdOf, type Logged } from '#model/log.ts'
import { causeKey } from '#model/order.ts'
import {
  isAmendment,
  shownAt,
  type Amendment,
  type ChannelRecord,
  type MessageRecord,
} from '#model/view.ts'
import type { SyncContext } from './context.ts'
import { key, range } from './keys.ts'
import { pack, unpack, type AsideRecord } from './records.ts'
import type { Tx } from './replica.ts'
import { markGone } from './search-marks.ts'

/** What damage took and only the view still knew is not in the view until it is written again. Gives it as it was. */
export async function hideLost(tx: Tx, document: DocumentId): Promise<readonly MessageRecord[]> {
  const hidden: MessageRecord[] = []
  for (const [, bytes] of await tx.list(range.aside(document))) {
    const lost = unpack<AsideRecord>(bytes)
    const message = lost && (await hide(tx, document, lost))
    if (message !== undefined) hidden.push(message)
  }
  return hidden
}

/** Takes a message out of the view: its id may turn out to be another's. Gives it as it was, if it was there. */
export async function hide(
  tx: Tx,
  document: DocumentId,
  { actor, seq }: Pick<Logged, 'actor' | 'seq'>,
): Promise<MessageRecord | undefined> {
  const id = postIdOf(document, actor, seq)
  const message = unpack<MessageRecord>(await tx.get(key.message(id)))
  if (message === undefined) return undefined
  const { channel, order, updatedAt, root } = message
  for (const place of [
    key.message(id),
    key.order(channel, order),
    key.changed(channel, updatedAt, id),
  ])
    tx.delete(place)
  markGone(tx, message)
  if (root !== undefined) {
    tx.delete(key.thread(root, order))
    const first = unpack<MessageRecord>(await tx.get(key.message(root)))
    if (first !== undefined)
      tx.put(key.message(root), pack({ ...first, replyCount: Math.max(0, first.replyCount - 1) }))
  }
  const counts = unpack<ChannelRecord>(await tx.get(key.channel(channel)))
  if (counts === undefined) return message
  const messageCount = Math.max(0, counts.messageCount - 1)
  const rootCount = Math.max(0, counts.rootCount - (root === undefined ? 1 : 0))
  tx.put(key.channel(channel), pack({ ...counts, messageCount, rootCount } satisfies ChannelRecord))
  return message
}

/**
 * What edits, deletes or reacts to hidden messages waits for the messages whose ids these are: it was folded into the wrong ones.
 * To be called when all that was never sent is set aside.
 */
export async function keepAmendments(
  tx: Tx,
  hidden: readonly MessageRecord[],
  now: Instant,
): Promise<void> {
  const ids = new Set<PostId>(hidden.map(({ id }) => id))
  for (const channel of new Set(hidden.map((message) => message.channel))) {
    for (const [place] of await tx.list(range.segmentsOf(channel))) {
      const document = place.slice('doc/'.length) as DocumentId
      for (const logged of (await tx.log(document)).since({})) {
        const { author, content } = logged.entry
        if (!isAmendment(content) || author === undefined || !ids.has(content.target)) continue
        const [order, at] = [causeKey(document, logged), shownAt(logged, now)]
        const amendment: Amendment = { author, actor: logged.actor, order, at, channel, content }
        tx.put(key.orphan(content.target, order), pack(amendment))
      }
    }
  }
}

/** An earlier life of ours was found to fork once it was over: what it loses by that is written again in this one. */
export function keepOwn(
  tx: Tx,
  { identity }: SyncContext,
  { document, gone }: { readonly document: DocumentId; readonly gone: readonly Logged[] },
): void {
  const self = nodePrefix(identity.certificate.node)
  for (const { actor, seq, hash, entry } of gone) {
    if (nodePrefixOfActor(actor) !== self) continue
    const aside: AsideRecord = { actor, seq, hash, entry, target: 0 }
    tx.put(key.aside(document, actor, seq), pack(aside))
  }
}
