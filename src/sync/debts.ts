/** Receipts that are owed: to whom, for what, and since when. */
import type { DocumentId, Instant } from '#base/ids.ts'
import type { SyncContext } from './context.ts'
import { key } from './keys.ts'
import { unpack, pack } from './records.ts'
import type { Tx } from './replica.ts'

/** Owes everybody a receipt for a document, from now on: only a signed receipt proves that something is on a disk. */
export async function oweReceipts(
  tx: Tx,
  context: SyncContext,
  document: DocumentId,
): Promise<void> {
  for (const peer of context.peers) {
    const place = key.owed(peer, document)
    if ((await tx.get(place)) === undefined) tx.put(place, pack(context.now()))
  }
  tx.afterwards(context.ring)
}

/** When the oldest debt to `peer` was made, or undefined. */
export function oldestDebt(debts: readonly (readonly [string, Uint8Array])[]): Instant | undefined {
  const times = debts.map(([, bytes]) => unpack<Instant>(bytes) ?? 0)
  return times.length === 0 ? undefined : Math.min(...times)
}
