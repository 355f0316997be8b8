/**
 * Something does not go on from what we have: forged, or a node has signed two different changes under one number. Who said
 * it is asked for the whole list, once; if there are two branches, the proof is in it (`freeze.ts`).
 */
import type { ActorId, DocumentId, NodeId } from '#base/ids.ts'
import type { Note, NoteItem } from '#codec/note.ts'
import type { Clock } from '#model/log.ts'
import type { PeerId } from '#ports/carrier.ts'
import type { SyncContext } from './context.ts'
import { isOwn } from './cut-changes.ts'
import { heldBy } from './gap-marks.ts'
import { key } from './keys.ts'
import { clockOf, receiptOf, tellDelivery } from './ledger.ts'
import { endOf, type ListName } from './list-end.ts'
import { noteName, queueNote, signNote } from './note-queue.ts'
import { printsOf } from './prints.ts'
import { pack } from './records.ts'
import type { Reader, Tx } from './replica.ts'
import { doubtedOf, noteHollow, noteMeant, sentOf } from './sent.ts'

/**
 * Compares what somebody says to have with what is here. Who means another list by its name and number is asked for all of it: the proof
 * of the fork is among it. If that list is ours, nothing counts as stored there that may not be the same, until what is there shows that it is.
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
    const { same, others } = await compare(tx, context, item)
    await believe(tx, context, { node: sender, ...item, meant: same })
    for (const [name, seq] of Object.entries(others)) {
      const list = { document: item.document, actor: name as ActorId }
      if (isOwn(context, list.actor)) await doubt(tx, context, { ...list, node: sender, seq })
      if (from !== undefined) await askForAll(tx, context, { peer: from, ...list })
    }
  }
}

/** The lists of which somebody who says so means the same as we do, and those of which it does not: up to which number. */
async function compare(
  reader: Pick<Reader, 'get' | 'log'>,
  context: SyncContext,
  { document, clock, prints = {} }: NoteItem,
): Promise<{ readonly same: Clock; readonly others: Clock }> {
  const mine = await clockOf(reader, document)
  // Of others' lists the newest change is enough: what they have of it goes on from it, or shows itself when it does not.
  const isToCompare = ([name, seq]: [string, number]): boolean => {
    const [actor, here = 0] = [name as ActorId, mine[name as ActorId]]
    return prints[actor] !== undefined && (seq === here || (seq < here && isOwn(context, actor)))
  }
  const named = Object.fromEntries(Object.entries(clock).filter(isToCompare))
  const same: Record<string, number> = {}
  const others: Record<string, number> = {}
  for (const [name, print] of Object.entries(await printsOf(reader, document, named))) {
    const actor = name as ActorId
    const theirs = prints[actor]
    if (theirs === undefined) continue
    const lists = theirs === print ? same : others
    lists[actor] = named[actor] ?? 0
  }
  return { same, others }
}

/** A node names a list of ours that is not this one: what it said before it may have meant, what is beyond that it has not got. */
async function doubt(
  tx: Tx,
  context: SyncContext,
  { node, document, actor, seq }: ListName & { readonly node: NodeId; readonly seq: number },
): Promise<void> {
  const before = (await receiptOf(tx, node, document))?.clock[actor] ?? 0
  const from = Math.min(before + 1, seq)
  const isNews = await noteHollow(tx, document, { actor, nodes: [node], from })
  if (isNews) tellDelivery(tx, context, { document, actor, from, to: seq })
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
