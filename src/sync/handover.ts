/** What follows from a peer's answer to a parcel. */
import type { DocumentId } from '#base/ids.ts'
import { countBeyond, joinClocks, type Clock } from '#model/log.ts'
import { laneNumber, type Lane } from '#model/precedence.ts'
import type { PeerId } from '#ports/carrier.ts'
import type { ContactState } from './contact-state.ts'
import { isNode, type SyncContext } from './context.ts'
import type { Cut } from './cut.ts'
import { sayGiven } from './file-lying.ts'
import { noteGiven } from './file-wishes.ts'
import { key, range } from './keys.ts'
import { hasOf, noteHas, tellDelivery } from './ledger.ts'
import { restoreNotes } from './note-queue.ts'
import { pack, unpack, type DepartureRecord, type ParcelRecord } from './records.ts'
import type { Tx } from './replica.ts'

/**
 * The peer took a parcel: on its own disk (`custody`), or on its way (`departed`). Answers may overtake each other, and
 * what a peer has of an actor must have no holes, so an answer counts for that only once those before it have come.
 *
 * When nothing more is under way, what an answer still waits for will not come: the peer has less of a list by now than it
 * had, as one that forked was cut. The parcel is let go, and its changes are offered again from what the peer has.
 */
export async function handedOver(
  tx: Tx,
  context: SyncContext,
  { state, cut }: { readonly state: ContactState; readonly cut: Cut },
): Promise<void> {
  await noteDeparture(tx, context, { state, cut })
  const { peer } = state
  const { piece } = cut.record
  const by = context.identity.certificate.node
  const { lane, number } = cut.parcel
  if (piece !== undefined) {
    const { name, from, to } = piece
    await noteGiven(tx, context, { peer, name, spans: [[from, to]], by })
    if (state.hasShelf === true) await sayGiven(tx, context, { state, piece, number })
  }
  const taken = key.parcel(peer, lane, number)
  // What it holds may count no more since it was cut, or may have been purged.
  const known = unpack<ParcelRecord>(await tx.get(taken))
  const own = known ?? { ...cut.record, bytes: new Uint8Array() }
  const parcels = new Map<string, ParcelRecord>([[taken, { ...own, isAnswered: true }]])
  for (const [place, bytes] of await tx.list(range.parcels(peer))) {
    const other = unpack<ParcelRecord>(bytes)
    if (other !== undefined && place !== taken) parcels.set(place, other)
  }
  const answered = new Map([...parcels].filter(([, { isAnswered }]) => isAnswered === true))
  const isUnderWay = answered.size < parcels.size
  while (await settleOne(tx, peer, answered));
  const early = isUnderWay ? [...answered.values()] : []
  tx.afterwards(() => {
    state.early = early
  })
  for (const [place, record] of answered) {
    if (isUnderWay) tx.put(place, pack(record))
    else tx.delete(place)
  }
}

/** What of a document is on its way to the peer in a lane or a more urgent one, and need not be cut for it again. */
export function onItsWay(
  { flying, left, early = [] }: ContactState,
  document: DocumentId,
  lane: Lane,
): Clock {
  // What something urgent needs does not wait for the routine parcel that it is in.
  const before = [...flying, ...left].filter(
    ({ record, parcel }) =>
      record.document === document && laneNumber(parcel.lane) <= laneNumber(lane),
  )
  // An answer that came early counts only while what it waits for may be answered, too.
  const after = before.length === 0 ? [] : early.filter((one) => one.document === document)
  const records = [...before.map(({ record }) => record), ...after]
  return records.reduce<Clock>((clock, record) => joinClocks(clock, record.clock), {})
}

/** Notes that the peer has what one of these parcels holds, if there is one before which nothing lacks. */
async function settleOne(
  tx: Tx,
  peer: PeerId,
  answered: Map<string, ParcelRecord>,
): Promise<boolean> {
  for (const [place, { document, first, clock }] of answered) {
    const has = document === undefined ? {} : await hasOf(tx, peer, document)
    const isNext = Object.entries(first).every(([actor, seq]) => seq <= (has[actor] ?? 0) + 1)
    if (document !== undefined && !isNext) continue
    if (document !== undefined) await noteHas(tx, peer, { document, clock })
    answered.delete(place)
    tx.delete(place)
    return true
  }
  return false
}

async function noteDeparture(
  tx: Tx,
  context: SyncContext,
  { state, cut }: { readonly state: ContactState; readonly cut: Cut },
): Promise<void> {
  const { actor } = context.replica
  const { document, first, clock } = cut.record
  const [from, to] = [first[actor], clock[actor]]
  if (document === undefined || from === undefined || to === undefined) return
  const place = key.departure(document, actor, to)
  const before = unpack<DepartureRecord>(await tx.get(place))
  if (before !== undefined && before.from <= from) return // it left by another way already
  const departure: DepartureRecord = { carrier: state.carrier, at: context.now(), from }
  tx.put(place, pack(departure))
  tellDelivery(tx, context, { document, actor, from, to })
}

/**
 * The peer will not have this parcel under this number: a delta may be cut anew, now if another number may do (`mayTryAgain`), and notes
 * go with other company or alone.
 */
export async function takeBack(
  tx: Tx,
  { peer, refused }: ContactState,
  { cut, mayTryAgain }: { readonly cut: Cut; readonly mayTryAgain: boolean },
): Promise<void> {
  const { parcel, record } = cut
  const { document } = record
  tx.delete(key.parcel(peer, parcel.lane, parcel.number))
  if (document !== undefined || mayTryAgain) await restoreNotes(tx, peer, record)
  if (document === undefined || mayTryAgain) return
  const has = await hasOf(tx, peer, document)
  tx.afterwards(() => refused.set(document, has))
}

/**
 * Whether this contact refuses a document: the peer has all of it that it had then, so the same would be cut again. A node that has more
 * by now may take what it did not take before: it may have heard who vouches for it.
 */
export async function isRefused(
  tx: Tx,
  { peer, refused }: ContactState,
  document: DocumentId,
): Promise<boolean> {
  const before = refused.get(document)
  if (before === undefined) return refused.has(document)
  const has = await hasOf(tx, peer, document)
  return countBeyond(before, has) === 0 && (!isNode(peer) || countBeyond(has, before) === 0)
}
