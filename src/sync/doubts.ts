/**
 * Something does not go on from what we have: forged, or a node has signed two different changes under one number. Who said
 * it is asked for the whole list, once; if there are two branches, the proof is in it (`freeze.ts`).
 */
import { bytesFromText, equalBytes } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import type { ActorId, DocumentId, NodeId } from '#base/ids.ts'
import type { Note, NoteItem } from '#codec/note.ts'
import { countBeyond, type Clock } from '#model/log.ts'
import type { PeerId } from '#ports/carrier.ts'
import type { SyncContext } from './context.ts'
import { heldBy } from './gap-marks.ts'
import { key } from './keys.ts'
import { clockOf, tellDelivery } from './ledger.ts'
import { endOf, type ListName } from './list-end.ts'
import { noteName, queueNote, signNote } from './note-queue.ts'
import { pack, unpack, type DocumentRecord } from './records.ts'
import type { Reader, Tx } from './replica.ts'
import { doubtedOf, noteMeant, sentOf } from './sent.ts'

/** 4 bytes that replicas with the same changes share, and replicas of a fork do not. */
export async function digestOf(
  reader: Pick<Reader, 'get'>,
  document: DocumentId,
): Promise<Uint8Array> {
  const heads = unpack<DocumentRecord>(await reader.get(key.document(document)))?.heads ?? {}
  const names = Object.entries(heads).map(([actor, head]) => `${actor} ${head}`)
  return sha256(bytesFromText(names.toSorted().join('\n'))).subarray(0, 4)
}

/**
 * Whoever counts as many changes as we do and means others is asked for all of them: the proof is among them. Who means the same
 * is believed by that number again.
 */
export async function lookForForks(
  tx: Tx,
  context: SyncContext,
  {
    note,
    from,
    sender,
  }: { readonly note: Note; readonly from: PeerId | undefined; readonly sender: NodeId },
): Promise<void> {
  for (const item of note.items) {
    const found = await compare(tx, item)
    if (found === 'same') await believe(tx, context, { node: sender, ...item, meant: item.clock })
    else if (found === 'forked' && from !== undefined)
      await askForAll(tx, context, { peer: from, document: item.document, actor: undefined })
  }
}

/** Whether somebody who says so of a document means what we do; undefined where that cannot be compared. */
export async function compare(
  reader: Pick<Reader, 'get'>,
  { document, clock, digest }: Pick<NoteItem, 'document' | 'clock' | 'digest'>,
): Promise<'same' | 'forked' | undefined> {
  const mine = await clockOf(reader, document)
  const isSameClock = countBeyond(mine, clock) === 0 && countBeyond(clock, mine) === 0
  if (!isSameClock || digest === undefined || Object.keys(mine).length === 0) return undefined
  return equalBytes(digest, await digestOf(reader, document)) ? 'same' : 'forked'
}

/**
 * What an earlier life of ours wrote, and our disk had lost, has come back: signed by us, and going on from all that had left.
 * That is what everybody meant who named as much of that list and no more: who is far away nobody can ask (`meaning.ts`).
 */
export async function believeWithReturned(
  tx: Tx,
  context: SyncContext,
  { document, actor }: ListName,
): Promise<void> {
  const doubted = await doubtedOf(tx, document, actor)
  if (doubted.length === 0 || actor === context.replica.actor) return
  const seq = (await tx.log(document)).last(actor)?.seq ?? 0
  if (seq <= (await sentOf(tx, document, actor))) return
  if ((await endOf(tx, context.roster, { document, actor })) !== undefined) return
  for (const node of doubted) {
    const clock = await heldBy(tx, node, document)
    if ((clock[actor] ?? 0) > seq) continue
    await believe(tx, context, { node, document, clock, meant: { [actor]: seq } })
  }
}

/** Delivery words of ours rest on what a node has signed for, once it is known to mean the same by it: as far as `meant`. */
async function believe(
  tx: Tx,
  context: SyncContext,
  said: {
    readonly node: NodeId
    readonly document: DocumentId
    readonly clock: Clock
    readonly meant: Clock
  },
): Promise<void> {
  const { node, document, meant } = said
  const spans = await noteMeant(tx, node, { document, clock: meant })
  if (spans.length === 0) return
  await context.deadlines.heard(tx, said)
  for (const span of spans) tellDelivery(tx, context, span)
}

/**
 * Asks for the whole list of one actor (or of all) of a document, once: what came of it did not go on from what we have,
 * so somebody forged it, or the actor's node signed two.
 */
export async function askForAll(
  tx: Tx,
  context: SyncContext,
  about: {
    readonly peer: PeerId
    readonly document: DocumentId
    readonly actor: ActorId | undefined
  },
): Promise<void> {
  const { peer, document, actor } = about
  const mine = await clockOf(tx, document)
  // Nothing contradicts what we have nothing of; lives can be made up by the thousand.
  if (actor !== undefined && mine[actor] === undefined) return
  const clock = actor === undefined ? {} : { ...mine, [actor]: 0 }
  const place = key.asked(peer, document, actor ?? 'all')
  if ((await tx.get(place)) !== undefined) return
  const items = [{ document, clock, read: {} }]
  const note = signNote(context, { kind: 'want', isWhole: false, items })
  tx.put(place, pack(context.now()))
  queueNote(tx, peer, { name: `!want.${noteName(note)}`, since: 0, note })
  tx.afterwards(context.ring)
}
