/** Peers that come and go, such as sticks: whether there is anything for one, and letting go of one that is gone. */
import { LANES } from '#model/precedence.ts'
import type { PeerId } from '#ports/carrier.ts'
import type { SyncContext } from './context.ts'
import { key, range } from './keys.ts'
import type { Reader, Tx } from './replica.ts'

/** Whether a contact with `peer` would send something: it is new, lacks something, or is owed a note. */
export async function hasSomethingFor(
  reader: Pick<Reader, 'get' | 'list'>,
  peer: PeerId,
): Promise<boolean> {
  if ((await reader.get(key.peer(peer))) === undefined) return true
  for (const part of [range.outbox, range.notes, range.owed, range.parcels]) {
    const [first] = await reader.list({ ...part(peer), limit: 1 })
    if (first !== undefined) return true
  }
  return false
}

/** Forgets a peer and all that was kept for it. When it comes again it is new, and is offered everything. */
export async function forgetPeer(tx: Tx, context: SyncContext, peer: PeerId): Promise<void> {
  const parts = [range.outbox, range.notes, range.owed, range.parcels, range.has, range.asked]
  for (const part of parts) for (const [place] of await tx.list(part(peer))) tx.delete(place)
  for (const lane of LANES) tx.delete(key.nextNumber(peer, lane))
  tx.delete(key.peer(peer))
  tx.afterwards(() => context.peers.delete(peer))
}
