/**
 * One contact with one peer: what is to be sent next, most urgent first, and what follows from the peer's answer.
 * Decisions only; `driver.ts` does the sending.
 */
import type { DocumentId, Instant } from '#base/ids.ts'
import { RELAY_DELAY_MS, RIDE_CHANGES_MAX } from '#base/limits.ts'
import { channelDocument, channelOfDocument, DIRECTORY, KEYS } from '#model/document-id.ts'
import { countBeyond, joinClocks } from '#model/log.ts'
import { laneFromNumber, laneNumber, LANES, type Lane } from '#model/precedence.ts'
import type { PeerId } from '#ports/carrier.ts'
import { audienceOf } from './audience.ts'
import { isNode, type SyncContext } from './context.ts'
import {
  cutNotesAlone,
  introduce,
  introduceAnew,
  mayRide,
  NOTE_LANE,
  notesDue,
  ridersFor,
} from './contact-notes.ts'
import type { ContactState, Next } from './contact-state.ts'
import { cutDelta, type Cut } from './cut.ts'
import { ensureEpochAlone, sealingKeyFor } from './epochs.ts'
import { beginAsking } from './file-asked.ts'
import { nextPiece } from './file-serving.ts'
import { ageWishes } from './file-wishes.ts'
import { goesAnywayAt, laneOnHold, mustHoldBack } from './hearsay.ts'
import { retryParked } from './inbox.ts'
import { isRefused, onItsWay } from './handover.ts'
import { key, range } from './keys.ts'
import { allDocuments, clockOf, coveredByAll, hasOf, setHas } from './ledger.ts'
import { leftParcels } from './left-parcels.ts'
import { passOnAgain } from './notes.ts'
import { isDrillDue, mayLeaveBy, messageBytesMaxOf, spare } from './pace.ts'
import { nextProbe } from './pace-drill.ts'
import { noteThere } from './peers.ts'
import { pack, unpack, type OutboxRecord, type PeerRecord } from './records.ts'
import { settleOverdue } from './rebirth.ts'
import { coverPeer } from './standing.ts'
import type { Tx } from './replica.ts'

/** Notes the peer, offers it what it lacks, and says what we have. Gives the parcels that an earlier contact left. */
export async function beginContact(
  tx: Tx,
  context: SyncContext,
  contact: {
    readonly state: ContactState
    readonly mayHaveForgotten: boolean
    readonly certificate: Uint8Array | undefined
  },
): Promise<readonly Cut[]> {
  const { state } = contact
  await getToKnow(tx, context, contact.certificate)
  if (isNode(state.peer)) await coverPeer(tx, context, state.peer)
  if ((await tx.get(key.peer(state.peer))) === undefined) await meet(tx, context, state)
  await noteThere(tx, context, state.peer)
  await ageWishes(tx, state)
  if (contact.mayHaveForgotten) await forget(tx, context, state.peer)
  const isTold = isNode(state.peer) && state.isMetered !== true
  if (isTold) await introduce(tx, context, state)
  const left = await leftParcels(tx, state, contact.mayHaveForgotten || isTold)
  await beginAsking(tx, state, contact.mayHaveForgotten)
  return left
}

function isShutOut(context: SyncContext, peer: PeerId): boolean {
  return isNode(peer) && context.roster.revokedSince(peer) !== undefined
}

/** A node that is revoked is told nothing but that it is to be wiped, by whatever way it is still connected. */
async function lastWord(
  tx: Tx,
  context: SyncContext,
  state: ContactState,
): Promise<Cut | undefined> {
  if (!isNode(state.peer) || !context.roster.awaitsWipe(state.peer)) return undefined
  return cutDocument(tx, context, { state, document: KEYS, lane: 'flash' })
}

/** The most urgent thing to send now. Whatever it gives is on disk once the commit is. */
export async function nextParcel(tx: Tx, context: SyncContext, state: ContactState): Promise<Next> {
  if (isShutOut(context, state.peer))
    return { cut: await lastWord(tx, context, state), lookAgainAt: undefined }
  const asideUntil = await settleOverdue(tx, context)
  const isSpared = besideOf(context, state).length > 0
  const offers = await openOffers(tx, state)
  const { due: ready, later } = sorted(offers, state, context.now())
  const hold = await laneOnHold(tx, context, { peer: state.peer, offers: ready })
  const due = ready.filter(({ lane }) => hold === undefined || laneNumber(lane) <= laneNumber(hold))
  for (const lane of lanesOf(state)) {
    if (lane === NOTE_LANE && !isSpared) {
      const probe = await nextProbe(tx, context, state)
      if (probe !== undefined) return { cut: probe, lookAgainAt: undefined }
      const note = await nextNote(tx, context, { state, due })
      if (note.cut !== undefined) return note
      if (note.lookAgainAt !== undefined) later.push(note.lookAgainAt)
    }
    for (const offer of due.filter((one) => one.lane === lane && mayGo(context, state, one))) {
      const cut = await cutOffer(tx, context, { state, offer, offers: due })
      if (cut !== undefined) return { cut, lookAgainAt: undefined }
      // A visit is over soon: what has nothing more to give now is not looked at once for every other parcel.
      if (state.isVisit) tx.afterwards(() => state.refused.set(offer.document, undefined))
    }
  }
  const piece: Next = isSpared || hold !== undefined ? NOTHING : await nextPiece(tx, context, state)
  if (piece.cut !== undefined) return piece
  const times = [...later, asideUntil, piece.lookAgainAt, goesAnywayAt(context)].filter(
    (at) => at !== undefined,
  )
  return { cut: undefined, lookAgainAt: times.length === 0 ? undefined : Math.min(...times) }
}

/** The lanes in which there is room; notes have one whatever else may go. */
function lanesOf({ room }: ContactState): readonly Lane[] {
  return room?.isFlashOnly === true ? ['flash'] : LANES
}

/** Whether what is offered may go by this carrier, and by none beside it that costs nothing. */
function mayGo(context: SyncContext, state: ContactState, { lane, document }: Offer): boolean {
  const { lanes = LANES, carrier } = state
  if (!lanes.includes(lane) || !mayLeaveBy(context, carrier, document)) return false
  return !besideOf(context, state).some((name) => mayLeaveBy(context, name, document))
}

/** What costs nothing, where this carrier does; one that is to be proved is spared by nothing. */
function besideOf({ pace }: SyncContext, { carrier, beside }: ContactState): readonly string[] {
  return isDrillDue(pace, carrier) ? [] : (beside?.() ?? [])
}

const NOTHING: Next = { cut: undefined, lookAgainAt: undefined }

/** Notes that have to go now: with the most urgent delta that waits, where they may and it is small; otherwise alone. */
async function nextNote(
  tx: Tx,
  context: SyncContext,
  { state, due }: { readonly state: ContactState; readonly due: readonly Offer[] },
): Promise<Next> {
  const { isDue, lookAgainAt } = await notesDue(tx, context, state)
  if (!isDue) return { cut: undefined, lookAgainAt }
  const fit = due.filter((one) => mayGo(context, state, one))
  const company =
    fit.find(({ lane }) => lane === 'priority') ?? fit.find(({ lane }) => lane === 'routine')
  if (company !== undefined && (await isFit(tx, context, { state, offer: company }))) {
    const cut = await cutOffer(tx, context, { state, offer: company, offers: due })
    if (cut !== undefined) return { cut, lookAgainAt: undefined }
  }
  return { cut: await cutNotesAlone(tx, context, state), lookAgainAt }
}

/** Whether notes may ride with what is offered, and are not held up by it. */
async function isFit(
  tx: Tx,
  context: SyncContext,
  { state: { peer }, offer }: { readonly state: ContactState; readonly offer: Offer },
): Promise<boolean> {
  const { document } = offer
  if (!mayRide(context, peer, document)) return false
  const lacking = countBeyond(await clockOf(tx, document), await hasOf(tx, peer, document))
  return lacking <= RIDE_CHANGES_MAX
}

/** What may go now, and when the rest may. */
function sorted(
  offers: readonly Offer[],
  { isVisit }: ContactState,
  now: Instant,
): { readonly due: readonly Offer[]; readonly later: Instant[] } {
  const later: Instant[] = []
  const due = offers.filter(({ record: { notBefore } }) => {
    const waitMs = notBefore - now
    // A wait longer than the rule allows means that the clock was set back.
    if (isVisit === true || waitMs <= 0 || waitMs > RELAY_DELAY_MS) return true
    later.push(notBefore)
    return false
  })
  return { due, later }
}

/** A node may be met before the directory that names it has arrived: what it sent before can be opened now. */
async function getToKnow(
  tx: Tx,
  context: SyncContext,
  bytes: Uint8Array | undefined,
): Promise<void> {
  if (bytes === undefined) return
  context.roster.introduce(bytes)
  await retryParked(tx, context)
}

/** A new peer is offered everything. */
async function meet(tx: Tx, context: SyncContext, state: ContactState): Promise<void> {
  tx.put(
    key.peer(state.peer),
    pack({
      carrier: state.carrier,
      firstAt: context.now(),
      introducedAs: undefined,
      lastAt: context.now(),
    } satisfies PeerRecord),
  )
  context.peers.add(state.peer)
  for (const document of await allDocuments(tx)) {
    // What came from a post office lies there, whether we have ever put anything there or not.
    const clock = isNode(state.peer) ? {} : await hasOf(tx, state.peer, document)
    await setHas(tx, context, { peer: state.peer, document, clock })
    tx.put(key.owed(state.peer, document), pack(context.now()))
  }
  // What others have signed for may have gone with a stick that is lost.
  const isToHear = isNode(state.peer) || state.isVisit === true
  if (isToHear) await passOnAgain(tx, context, { peer: state.peer })
}

/**
 * A post office may have lost what no receipt covers: kits rely on a hub's word, a hub on everybody's. Receipts may be among
 * what it lost: ours are owed again, and those of nodes behind us passed on again.
 */
async function forget(tx: Tx, context: SyncContext, peer: PeerId): Promise<void> {
  const self = context.identity.certificate
  const others = context.roster.all().filter((one) => one.node !== self.node)
  const hubs = others.filter((one) => one.role === 'hub')
  const relied = (self.role === 'hub' || hubs.length === 0 ? others : hubs).map((one) => one.node)
  for (const document of await allDocuments(tx)) {
    const covered = await coveredByAll(tx, relied, document)
    await setHas(tx, context, { peer, document, clock: covered })
    tx.put(key.owed(peer, document), pack(context.now()))
  }
  await passOnAgain(tx, context, { peer })
  await introduceAnew(tx, context, peer)
}

interface Offer {
  readonly lane: Lane
  readonly document: DocumentId
  readonly record: OutboxRecord
}

/** What the outbox holds for this peer, oldest first, without what this contact refuses. */
async function openOffers(tx: Tx, state: ContactState): Promise<readonly Offer[]> {
  const offers: Offer[] = []
  for (const [place, bytes] of await tx.list(range.outbox(state.peer))) {
    const [laneText, document] = place.split('/').slice(-2)
    const lane = laneFromNumber(Number(laneText))
    const record = unpack<OutboxRecord>(bytes)
    const id = document as DocumentId
    if (lane !== undefined && record !== undefined && !(await isRefused(tx, state, id)))
      offers.push({ lane, document: id, record })
  }
  return offers.toSorted((a, b) => a.record.since - b.record.since)
}

/** Cuts an offer, after the directory and the channel's settings if those wait too: a message needs them to be read. */
async function cutOffer(
  tx: Tx,
  context: SyncContext,
  want: { readonly state: ContactState; readonly offer: Offer; readonly offers: readonly Offer[] },
): Promise<Cut | undefined> {
  const { state, offer, offers } = want
  const channel = channelOfDocument(offer.document)
  // A new epoch is made now, if one is due: its wraps go before what is sealed under it.
  if (state.isVisit) await ensureEpochAlone(tx, context, audienceOf(context, offer.document))
  await sealingKeyFor(tx, context, offer.document)
  const needed = [DIRECTORY, channel === undefined ? DIRECTORY : channelDocument(channel)]
  const first = offers
    .filter((one) => needed.includes(one.document) && one.document !== offer.document)
    .toSorted((a, b) => needed.indexOf(a.document) - needed.indexOf(b.document))
  for (const { document } of [{ document: KEYS }, ...first, offer]) {
    const cut = await cutDocument(tx, context, { state, document, lane: offer.lane })
    if (cut !== undefined) return cut
  }
  // What the peer has come to have by another way needs no offer.
  const mine = await clockOf(tx, offer.document)
  const has = await hasOf(tx, state.peer, offer.document)
  if (countBeyond(mine, has) === 0) tx.delete(key.outbox(state.peer, offer.lane, offer.document))
  return undefined
}

async function cutDocument(
  tx: Tx,
  context: SyncContext,
  want: { readonly state: ContactState; readonly document: DocumentId; readonly lane: Lane },
): Promise<Cut | undefined> {
  const { state, document, lane } = want
  await spare(tx, context, { peer: state.peer, document })
  let clock = joinClocks(await hasOf(tx, state.peer, document), onItsWay(state, document, lane))
  const mine = await clockOf(tx, document)
  const { actor } = context.replica
  if (await mustHoldBack(tx, context, { peer: state.peer, document }))
    clock = { ...clock, [actor]: mine[actor] ?? 0 }
  if (countBeyond(mine, clock) === 0) return undefined
  const { peer, room } = state
  // Who is out gets keys and nothing else.
  const riders = isShutOut(context, peer) ? undefined : ridersFor(tx, context, { state, document })
  const { plainBytesMax } = room ?? {}
  const changeBytesMax = messageBytesMaxOf(context, state.carrier, document)
  const most = { plainBytesMax, changeBytesMax }
  return cutDelta(tx, context, { peer, lane, document, clock, riders, ...most })
}
