/** Peers that come and go, such as sticks: whether there is anything for one, and letting go of one that is gone. */
import type { DocumentId } from '#base/ids.ts'
import { countBeyond } from '#model/log.ts'
import { LANES } from '#model/precedence.ts'
import type { PeerId } from '#ports/carrier.ts'
import type { SyncContext } from './context.ts'
import { isSealable } from './epochs.ts'
import { key, range } from './keys.ts'
import { clockOf, hasOf } from './ledger.ts'
import { mayLeaveBy } from './pace.ts'
import { tellQueued } from './queue.ts'
import { pack, unpack, type PeerRecord } from './records.ts'
import type { Reader, Tx } from './replica.ts'

/** Whether a contact with `peer` would send something: it is new, lacks something, or is owed a note. */
export async function hasSomethingFor(
  reader: Pick<Reader, 'get' | 'list'>,
  context: SyncContext,
  peer: PeerId,
): Promise<boolean> {
  if ((await reader.get(key.peer(peer))) === undefined) return true
  for (const part of [range.notes, range.owed, range.parcels]) {
    const [first] = await reader.list({ ...part(peer), limit: 1 })
    if (first !== undefined) return true
  }
  return (await lacking(reader, context, peer)).length > 0
}

/** How many changes a contact with `peer` would send; those that nobody could open stay here. */
export async function countFor(
  reader: Pick<Reader, 'get' | 'list'>,
  context: SyncContext,
  peer: PeerId,
): Promise<number> {
  let count = 0
  for (const document of await lacking(reader, context, peer))
    count += countBeyond(await clockOf(reader, document), await hasOf(reader, peer, document))
  return count
}

/** Documents of which `peer` is to get something. */
async function lacking(
  reader: Pick<Reader, 'get' | 'list'>,
  context: SyncContext,
  peer: PeerId,
): Promise<readonly DocumentId[]> {
  const by = unpack<PeerRecord>(await reader.get(key.peer(peer)))?.carrier ?? ''
  const places = (await reader.list(range.outbox(peer))).map(([place]) => place)
  return places
    .map((place) => place.slice(place.lastIndexOf('/') + 1) as DocumentId)
    .filter((document) => isSealable(context, document) && mayLeaveBy(context, by, document))
}

/** Notes that a peer is there, or was until now, and tells those who wait for it. */
export async function noteThere(tx: Tx, context: SyncContext, peer: PeerId): Promise<void> {
  const known = unpack<PeerRecord>(await tx.get(key.peer(peer)))
  if (known === undefined) return
  tx.put(key.peer(peer), pack({ ...known, lastAt: context.now() } satisfies PeerRecord))
  await tellQueued(tx, context, peer)
}

/** Forgets a peer and all that was kept for it. When it comes again it is new, and is offered everything. */
export async function forgetPeer(tx: Tx, context: SyncContext, peer: PeerId): Promise<void> {
  const parts = [range.outbox, range.notes, range.owed, range.parcels, range.has, range.asked]
  for (const part of parts) for (const [place] of await tx.list(part(peer))) tx.delete(place)
  for (const lane of LANES) tx.delete(key.nextNumber(peer, lane))
  tx.delete(key.peer(peer))
  tx.afterwards(() => {
    context.peers.delete(peer)
    context.run.heard.delete(peer)
  })
}
