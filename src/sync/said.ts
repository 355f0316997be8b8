/** Receipts as their nodes signed them: each kept while it is the newest for some document, to be passed on. */
import type { SignedNote } from '#codec/load.ts'
import type { SyncContext } from './context.ts'
import { key } from './keys.ts'
import { noteName } from './note-queue.ts'
import { pack, unpack, type SaidRecord } from './records.ts'
import type { Tx } from './replica.ts'

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
