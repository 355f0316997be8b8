/**
 * How far of our own lists was ever put into an envelope, and whose words about them count. Whoever has named more than that means
 * something else under our numbers, from a time that this disk has lost, or lies; `hearsay.ts` waits for the proof. When none
 * comes in time we go on, and may use numbers twice: what leaves after such a word that node has not got, whatever it signs for.
 */
import type { ActorId, DocumentId, NodeId } from '#base/ids.ts'
import type { Note } from '#codec/note.ts'
import type { MessageRecord } from '#model/view.ts'
import { key } from './keys.ts'
import { pack, unpack } from './records.ts'
import type { Reader, Tx } from './replica.ts'

/** Who has named more of us than we had sent, in which life of ours. */
interface DoubtedRecord {
  readonly actor: ActorId
  readonly nodes: readonly NodeId[]
}

/** From which number of our list of a document on each of these nodes means something else. */
interface HollowRecord {
  readonly actor: ActorId
  readonly from: Readonly<Record<NodeId, number>>
}

/** Notes that our own changes of a document up to `seq` are about to leave. */
export async function noteSent(
  tx: Tx,
  document: DocumentId,
  { actor, seq }: { readonly actor: ActorId; readonly seq: number },
): Promise<void> {
  const before = await sentOf(tx, document, actor)
  if (before >= seq) return
  tx.put(key.sent(document, actor), pack(seq))
  const doubted = unpack<DoubtedRecord>(await tx.get(key.doubted))
  if (doubted?.actor !== actor) return
  const known = unpack<HollowRecord>(await tx.get(key.hollow(document)))
  const from: Record<NodeId, number> = known?.actor === actor ? { ...known.from } : {}
  for (const node of doubted.nodes) from[node] ??= before + 1
  tx.put(key.hollow(document), pack({ actor, from } satisfies HollowRecord))
}

/** How far of an own actor's list was ever put into an envelope. */
export async function sentOf(
  reader: Pick<Reader, 'get'>,
  document: DocumentId,
  actor: ActorId,
): Promise<number> {
  return unpack<number>(await reader.get(key.sent(document, actor))) ?? 0
}

/** A node has named more of our list than we ever sent: what we send from now on it cannot mean, in this life. */
export async function noteDoubted(tx: Tx, actor: ActorId, node: NodeId): Promise<void> {
  const known = unpack<DoubtedRecord>(await tx.get(key.doubted))
  const nodes = known?.actor === actor ? known.nodes : []
  if (!nodes.includes(node))
    tx.put(key.doubted, pack({ actor, nodes: [...nodes, node] } satisfies DoubtedRecord))
}

/** Whether a node that signed for this number can mean the change that stands under it here. */
export async function canMean(
  reader: Pick<Reader, 'get'>,
  node: NodeId,
  { document, actor, seq }: Pick<MessageRecord, 'document' | 'actor' | 'seq'>,
): Promise<boolean> {
  const hollow = unpack<HollowRecord>(await reader.get(key.hollow(document)))
  return hollow?.actor !== actor || seq < (hollow.from[node] ?? Infinity)
}

/**
 * A receipt that does not name what has never left: on a disk that was put back nobody ever gets that under these numbers, and
 * whoever heard of them, by whatever way, would wait for it.
 */
export async function withoutUnsent(
  reader: Pick<Reader, 'get'>,
  actor: ActorId,
  receipt: Note,
): Promise<Note> {
  const items = receipt.items.map(async (item) => {
    const sent = await sentOf(reader, item.document, actor)
    if ((item.clock[actor] ?? 0) <= sent) return item
    const { [actor]: _, ...others } = item.clock
    return { ...item, clock: sent === 0 ? others : { ...others, [actor]: sent } }
  })
  return { ...receipt, items: await Promise.all(items) }
}
