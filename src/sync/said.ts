/** What nodes have said they have, and the receipts as they signed them: each kept while it is the newest for some document, to be passed on. */
import type { ActorId, Instant } from '#base/ids.ts'
import type { SignedNote } from '#codec/load.ts'
import type { Clock } from '#model/log.ts'
import type { SyncContext } from './context.ts'
import { key } from './keys.ts'
import { noteName } from './note-queue.ts'
import { pack, unpack, type NoteRecord } from './records.ts'
import type { Tx } from './replica.ts'

/** What a node said it has. */
export interface ReceiptRecord {
  readonly clock: Clock
  readonly read: Clock
  /** The part of both that its own receipts told, and that was therefore passed on. */
  readonly told: Clock
  readonly toldRead: Clock
  /** Name of the newest of those receipts: who may have lost it is given it again. */
  readonly said: string | undefined
  readonly at: Instant
  /** The life in which the node itself said all that it has of the document. */
  readonly life?: ActorId
  /** How far of lists of ours it has shown to hold the very changes that stand here. */
  readonly same?: Clock | undefined
  /** What it has named beyond that: of a list that is not the same, or goes on from what our disk has lost. */
  readonly named?: Readonly<Record<ActorId, NamedList>> | undefined
}

/** A list as its node's word names it: up to a number, and by the print of the change there. */
export interface NamedList {
  readonly seq: number
  readonly print: number
}

/** Somebody's signed receipt, and for how many documents it is the newest. */
export interface SaidRecord extends Omit<NoteRecord, 'since'> {
  readonly uses: number
}

/** Keeps a receipt once, however many documents it is the newest for, and lets go of the one before. */
export async function keepSaid(
  tx: Tx,
  context: SyncContext,
  {
    before,
    receipt,
  }: { readonly before: string | undefined; readonly receipt: SignedNote | undefined },
): Promise<string | undefined> {
  if (receipt === undefined) return before
  const name = noteName(receipt)
  if (name === before) return before
  const known = unpack<SaidRecord>(await tx.get(key.said(name)))
  const { actor, body, signature } = known ?? receipt
  const uses = (known?.uses ?? 0) + 1
  tx.put(key.said(name), pack({ actor, body, signature, uses } satisfies SaidRecord))
  if (before !== undefined) await letGoOfSaid(tx, context, before)
  return name
}

/** One use less. A receipt that is the newest for nothing any more is not passed on either: newer ones say all of it. */
async function letGoOfSaid(tx: Tx, { peers }: SyncContext, name: string): Promise<void> {
  const known = unpack<SaidRecord>(await tx.get(key.said(name)))
  if (known === undefined) return
  if (known.uses > 1)
    return tx.put(key.said(name), pack({ ...known, uses: known.uses - 1 } satisfies SaidRecord))
  tx.delete(key.said(name))
  for (const peer of peers) tx.delete(key.note(peer, name))
}
