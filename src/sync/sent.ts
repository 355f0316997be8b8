/**
 * How far of our own lists was ever put into an envelope, and whose words about them count. Whoever has named more than that means
 * something else under our numbers, from a time that this disk has lost, or lies; `hearsay.ts` waits for the proof. When none
 * comes in time we go on, and may use numbers twice: what leaves after such a word that node has not got, whatever it signs for,
 * until it has shown that it means the same (`meaning.ts`), or what it named has come back (`doubts.ts`).
 */
import type { ActorId, DocumentId, NodeId } from '#base/ids.ts'
import type { Note } from '#codec/note.ts'
import type { Clock } from '#model/log.ts'
import type { MessageRecord } from '#model/view.ts'
import type { Span } from './context.ts'
import { key } from './keys.ts'
import { printsOf } from './prints.ts'
import { pack, unpack } from './records.ts'
import type { Reader, Tx } from './replica.ts'

/** Who has named more of us than we had sent, in which life of ours. */
interface DoubtedRecord {
  readonly actor: ActorId
  readonly nodes: readonly NodeId[]
}

/** For each life of ours, from which number of its list of a document on each of these nodes may mean something else. */
export type HollowRecord = Readonly<Record<ActorId, Readonly<Record<NodeId, number>>>>

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
  await noteHollow(tx, document, { actor, nodes: doubted.nodes, from: before + 1 })
}

/**
 * From this number on some nodes may mean something else by our list of a document, or from the one that was said before. Tells
 * whether any of this is new.
 */
export async function noteHollow(
  tx: Tx,
  document: DocumentId,
  said: { readonly actor: ActorId; readonly nodes: readonly NodeId[]; readonly from: number },
): Promise<boolean> {
  const { actor, nodes, from } = said
  const known = await hollowOf(tx, document)
  const numbers: Record<NodeId, number> = { ...known[actor] }
  const fresh = nodes.filter((node) => numbers[node] === undefined)
  for (const node of fresh) numbers[node] = from
  if (fresh.length > 0)
    tx.put(key.hollow(document), pack({ ...known, [actor]: numbers } satisfies HollowRecord))
  return fresh.length > 0
}

async function hollowOf(reader: Pick<Reader, 'get'>, document: DocumentId): Promise<HollowRecord> {
  return unpack<HollowRecord>(await reader.get(key.hollow(document))) ?? {}
}

/** Who may mean something else by some of our list of a document. */
export async function doubtedOf(
  reader: Pick<Reader, 'get'>,
  document: DocumentId,
  actor: ActorId,
): Promise<readonly NodeId[]> {
  return Object.keys((await hollowOf(reader, document))[actor] ?? {}) as NodeId[]
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
  const hollow = await hollowOf(reader, document)
  return seq < (hollow[actor]?.[node] ?? Infinity)
}

/**
 * A node has shown that it holds the very changes of a document that we do, up to `clock`: so far it means the same by our lists.
 * Gives the changes of ours of which that was not known.
 */
export async function noteMeant(
  tx: Tx,
  node: NodeId,
  { document, clock }: { readonly document: DocumentId; readonly clock: Clock },
): Promise<readonly Span[]> {
  const known = await hollowOf(tx, document)
  const spans: Span[] = []
  const after: Record<ActorId, Readonly<Record<NodeId, number>>> = { ...known }
  for (const [name, nodes] of Object.entries(known)) {
    const actor = name as ActorId
    const [from = Infinity, to = 0] = [nodes[node], clock[actor]]
    if (to < from) continue
    after[actor] = { ...nodes, [node]: to + 1 }
    spans.push({ document, actor, from, to })
  }
  if (spans.length > 0) tx.put(key.hollow(document), pack(after satisfies HollowRecord))
  return spans
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
