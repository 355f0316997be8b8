/**
 * Messages that a node wrote again in a new life, because nobody had named them: they had never left, as far as its disk knew.
 * When somebody has one of them after all (a stick that was lost for a week), it is there twice. Then the copy goes: it is deleted in its
 * author's name, unless something was said of it that the first one lacks.
 */
import type { DocumentId, PostId } from '#base/ids.ts'
import { postIdOf } from '#model/log.ts'
import type { MessageRecord } from '#model/view.ts'
import { writeHere } from './author.ts'
import type { SyncContext } from './context.ts'
import { key, padded, range, within } from './keys.ts'
import { pack, unpack, type AsideRecord } from './records.ts'
import type { Tx } from './replica.ts'

/** A message of an earlier life that was written again in a new one. */
type CopyRecord = Pick<AsideRecord, 'actor' | 'seq' | 'hash'> & { readonly document: DocumentId }

/** CopyRecords, by the places of the first messages. */
export const COPIES = within('copy/')

/** A message was written again, under the id `to`. */
export function noteCopy(tx: Tx, first: CopyRecord, to: PostId): void {
  const { document, actor, seq, hash } = first
  tx.put(key.moved(postIdOf(document, actor, seq)), pack(to))
  const place = `${COPIES.from}${document}/${actor}/${padded(seq)}`
  tx.put(place, pack({ document, actor, seq, hash } satisfies CopyRecord))
}

/** The id that a message has now, where it was written again. */
export async function newestId(tx: Tx, id: PostId): Promise<PostId> {
  const to = unpack<PostId>(await tx.get(key.moved(id)))
  return to === undefined ? id : newestId(tx, to)
}

/** Withdraws each copy whose first message is here; a message whose answers are copies, too, once those have gone. */
export async function withdrawCopies(tx: Tx, context: SyncContext): Promise<void> {
  if (context.run.isOver) return // nothing is written in a life that ends
  let before = Infinity
  for (
    let left = await tx.list(COPIES);
    left.length > 0 && left.length < before;
    left = await tx.list(COPIES)
  ) {
    before = left.length
    for (const [place, bytes] of left) {
      const copy = unpack<CopyRecord>(bytes)
      if (copy === undefined || (await withdraw(tx, context, copy))) tx.delete(place)
    }
  }
}

/** Whether nothing is left to do about a copy. */
async function withdraw(tx: Tx, context: SyncContext, record: CopyRecord): Promise<boolean> {
  const { document, actor, seq, hash } = record
  const id = postIdOf(document, actor, seq)
  const first = unpack<MessageRecord>(await tx.get(key.message(id)))
  if (first === undefined) return false
  const known = (await tx.log(document)).find(actor, seq)
  if (known === undefined || (hash !== undefined && hash !== known.hash)) return false
  const copy = unpack<MessageRecord>(await tx.get(key.message(await newestId(tx, id))))
  if (copy === undefined || copy.id === id) return false
  if (copy.deletedAt !== 0) return true
  if (saysMore(copy, first) || (await isAnswered(tx, copy.id))) return false
  const content = { kind: 'deletion', target: copy.id } as const
  const entry = { author: copy.author, claimedAt: context.now(), content }
  await writeHere(tx, context, { document: copy.document, entry })
  for (const [place, bytes] of await tx.list(range.pending(copy.author)))
    if (unpack<PostId>(bytes) === copy.id) tx.put(place, pack(id))
  tx.delete(key.moved(id))
  return true
}

/** Whether something was said of a copy that was not said of the first message. */
function saysMore(copy: MessageRecord, first: MessageRecord): boolean {
  const isReacted = copy.reactions.some(
    ({ person, emoji, isSet }) =>
      isSet && !first.reactions.some((one) => one.person === person && one.emoji === emoji),
  )
  const isTicked = copy.ticks?.some(({ item }) => !first.ticks?.some((one) => one.item === item))
  const isAcknowledged = copy.acknowledgements?.some(
    ({ person }) => !first.acknowledgements?.some((one) => one.person === person),
  )
  const isPinned = copy.pin?.isSet === true && first.pin === undefined
  const isEdited = first.deletedAt === 0 && copy.body !== first.body
  return isReacted || isPinned || isEdited || isTicked === true || isAcknowledged === true
}

/** Whether somebody has answered a message, and the answer stands. */
async function isAnswered(tx: Tx, id: PostId): Promise<boolean> {
  for (const [, bytes] of await tx.list(range.thread(id))) {
    const answer = unpack<PostId>(bytes)
    const message = answer && unpack<MessageRecord>(await tx.get(key.message(answer)))
    if (message && message.deletedAt === 0) return true
  }
  return false
}
