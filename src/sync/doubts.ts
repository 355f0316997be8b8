/**
 * Something does not go on from what we have: forged, or a node has signed two different changes under one number. Who said
 * it is asked for the whole list; if there are two branches, the proof is in it (`freeze.ts`).
 */
import type { ActorId, DocumentId, Instant, NodeId } from '#base/ids.ts'
import { LISTS_ASKED_MAX, MEANING_ASKED_MAX, MEANING_MS } from '#base/limits.ts'
import type { Note, NoteItem } from '#codec/note.ts'
import type { PeerId } from '#ports/carrier.ts'
import type { SyncContext } from './context.ts'
import { isOwn } from './cut-changes.ts'
import { key } from './keys.ts'
import { clockOf } from './ledger.ts'
import type { ListName } from './list-end.ts'
import { noteName, queueNote, signNote } from './note-queue.ts'
import { newestPrints, ownPrint } from './prints.ts'
import { pack, unpack } from './records.ts'
import type { Tx } from './replica.ts'

/** When a peer was last asked for a list of which somebody said something else, and how often. */
export interface AskedRecord {
  readonly at: Instant
  readonly times: number
}

/**
 * Compares what somebody says to have with what is here. Who means another list by its name and number is asked for all of it: the proof
 * of the fork is among it.
 */
export async function lookForForks(
  tx: Tx,
  context: SyncContext,
  said: { readonly note: Note; readonly from: PeerId | undefined; readonly sender: NodeId },
): Promise<void> {
  const { note, from, sender } = said
  if (from === undefined) return
  const lists: ListName[] = []
  for (const item of note.items) lists.push(...(await othersIn(tx, context, item)))
  await askForAll(tx, context, { peer: from, by: sender, lists })
}

/** The lists of which somebody who says so does not mean the same as we do. */
async function othersIn(
  tx: Tx,
  context: SyncContext,
  { document, clock, prints = {} }: NoteItem,
): Promise<readonly ListName[]> {
  const lists: ListName[] = []
  const mine = await clockOf(tx, document)
  const newest = await newestPrints(tx, document, clock)
  for (const [name, print] of Object.entries(prints)) {
    const actor = name as ActorId
    const [seq, last] = [clock[actor] ?? 0, mine[actor] ?? 0]
    if (seq === 0 || seq > last) continue
    // Of others' lists the newest change is enough: what they have of it goes on from it, or shows itself when it does not.
    const isEarlier = seq < last && isOwn(context, actor)
    const here = isEarlier ? await ownPrint(tx, { document, actor }, seq) : newest[actor]
    if (here !== undefined && here !== print) lists.push({ document, actor })
  }
  return lists
}

/**
 * Asks for whole lists of which what `by` said, or sent, did not go on from what we have: somebody forged it, or the actor's node signed two
 * changes under one number. Some at a time, and again ever more rarely: an answer may be lost, and a list may fork twice.
 */
export async function askForAll(
  tx: Tx,
  context: SyncContext,
  {
    peer,
    by,
    lists,
  }: { readonly peer: PeerId; readonly by: NodeId; readonly lists: readonly ListName[] },
): Promise<void> {
  const clocks = new Map<DocumentId, Record<ActorId, number>>()
  for (const { document, actor } of lists) {
    if (clocks.size >= LISTS_ASKED_MAX) break
    const mine = await clockOf(tx, document)
    // Nothing contradicts what we have nothing of; lives can be made up by the thousand.
    if (mine[actor] === undefined) continue
    const place = key.asked(peer, document, { actor, by })
    const known = unpack<AskedRecord>(await tx.get(place))
    if (known !== undefined && !isToAskAgain(context, known)) continue
    tx.put(place, pack({ at: context.now(), times: (known?.times ?? 0) + 1 } satisfies AskedRecord))
    clocks.set(document, { ...mine, ...clocks.get(document), [actor]: 0 })
  }
  if (clocks.size === 0) return
  const items = [...clocks].map(([document, clock]) => ({ document, clock, read: {} }))
  const note = signNote(context, { kind: 'want', isWhole: false, items })
  queueNote(tx, peer, { name: `!want.${noteName(note)}`, since: 0, note })
  tx.afterwards(context.ring)
}

function isToAskAgain({ now }: SyncContext, { at, times }: AskedRecord): boolean {
  if (times >= MEANING_ASKED_MAX) return false
  const waitedMs = now() - at
  // A time that lies ahead means that the clock was set back.
  return waitedMs < 0 || waitedMs >= MEANING_MS * 2 ** (times - 1)
}
