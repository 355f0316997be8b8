/** How far of our own lists was ever put into an envelope. */
import type { ActorId, DocumentId } from '#base/ids.ts'
import type { Note } from '#codec/note.ts'
import { key } from './keys.ts'
import { printsOf } from './prints.ts'
import { pack, unpack } from './records.ts'
import type { Reader, Tx } from './replica.ts'

/** Notes that our own changes of a document up to `seq` are about to leave. */
export async function noteSent(
  tx: Tx,
  document: DocumentId,
  { actor, seq }: { readonly actor: ActorId; readonly seq: number },
): Promise<void> {
  const before = await sentOf(tx, document, actor)
  if (before >= seq) return
  tx.put(key.sent(document, actor), pack(seq))
}

/** How far of an own actor's list was ever put into an envelope. */
export async function sentOf(
  reader: Pick<Reader, 'get'>,
  document: DocumentId,
  actor: ActorId,
): Promise<number> {
  return unpack<number>(await reader.get(key.sent(document, actor))) ?? 0
}

/**
 * A receipt that does not name what has never left: on a disk that was put back nobody ever gets that under these numbers, and
 * whoever heard of them, by whatever way, would wait for it.
 */
export async function withoutUnsent(
  reader: Pick<Reader, 'get' | 'log'>,
  actor: ActorId,
  receipt: Note,
): Promise<Note> {
  const items = receipt.items.map(async (item) => {
    const sent = await sentOf(reader, item.document, actor)
    if ((item.clock[actor] ?? 0) <= sent) return item
    const { [actor]: _, ...others } = item.clock
    const clock = sent === 0 ? others : { ...others, [actor]: sent }
    return { ...item, clock, prints: await printsOf(reader, item.document, clock) }
  })
  return { ...receipt, items: await Promise.all(items) }
}
