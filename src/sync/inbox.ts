/**
 * What arrives: open, check, write again, verify, and only then apply, all in one commit with the carrier's bookmark.
 * Each actor's run is taken on its own: one that is forged, forked or too early does not hold up the others. Custody is
 * accepted after that commit is on disk, never before. What cannot be opened or applied yet is kept on disk and tried
 * again when what it waits for has come. Bad input never loses anything and never throws.
 */
import type { ActorId, DocumentId, Instant, NodeId } from '#base/ids.ts'
import { decodeDelta } from '#codec/delta.ts'
import type { Opened } from '#codec/envelope.ts'
import { decodeLoad } from '#codec/load.ts'
import { DIRECTORY, KEYS } from '#model/document-id.ts'
import { covers } from '#model/log.ts'
import type { Arrival, PeerId } from '#ports/carrier.ts'
import { isHeardIn } from './audience.ts'
import { disbelieved, refused } from './alarms.ts'
import { isNode, type Incoming, type Outcome, type SyncContext } from './context.ts'
import { withdrawCopies } from './copies.ts'
import { takePiece } from './file-fetching.ts'
import { closeAnnounced } from './gap-marks.ts'
import { openWithDictionary, readsMore } from './dictionaries.ts'
import { closeHole } from './healing.ts'
import { takenApart } from './joint.ts'
import { range } from './keys.ts'
import { allForks, forkOf } from './list-end.ts'
import { clockOf } from './ledger.ts'
import { takeNotes, type NotesTaken } from './notes.ts'
import { presumeNobody } from './officers.ts'
import { allParked, keptFrom, park, unpark } from './parking.ts'
import type { KeptRecord, Wait } from './records.ts'
import { settleAllAside, settleAside } from './rebirth.ts'
import { regain } from './regain.ts'
import type { Tx } from './replica.ts'
import { keepCertificates } from './spare.ts'
import { takeDelta } from './take-delta.ts'

/**
 * Takes one arrival to its end. Resolves after the batch is on disk and the carrier was answered.
 * @throws EdgeError STORE_FULL when there is no room: nothing of it is kept, and it may be tried again
 */
export async function receive(context: SyncContext, arrival: Arrival): Promise<Outcome> {
  await context.room.insist()
  await context.calm()
  const outcome = await context.replica.commit(async (tx) => {
    for (const { key: place, value } of arrival.bookmark) {
      if (value === undefined) tx.delete(place)
      else tx.put(place, value)
    }
    return takeWithKept(tx, context, { bytes: arrival.bytes, from: arrival.peer })
  })
  if (outcome.kind === 'refused') {
    refused(context, outcome.reason, { peer: arrival.peer, bytes: arrival.bytes.length })
    arrival.refuse(outcome.reason)
  } else arrival.acceptCustody()
  return outcome
}

/** Takes an envelope, and then what was kept for what it brought. */
async function takeWithKept(tx: Tx, context: SyncContext, incoming: Incoming): Promise<Outcome> {
  const outcome = await takeEnvelope(tx, context, incoming)
  const grown = grownBy(outcome)
  if (grown === undefined) return outcome
  if (grown === KEYS) await settleAllAside(tx, context)
  else await settleAside(tx, context, grown)
  await retryWaiting(tx, context, grown)
  await withdrawCopies(tx, context)
  if (opensMore(grown)) await retryParked(tx, context)
  else if (await readsMore(tx, context, grown)) await retryParked(tx, context, 'dictionary')
  return outcome
}

/** Whether what a document brought may open envelopes that stayed shut. */
function opensMore(document: DocumentId): boolean {
  return document === DIRECTORY || document === KEYS
}

/** The document that has more than before, if one has. */
function grownBy(outcome: Outcome): DocumentId | undefined {
  const isDelta = outcome.kind === 'applied' || outcome.kind === 'waiting'
  return isDelta && outcome.changes > 0 ? outcome.document : undefined
}

async function takeEnvelope(tx: Tx, context: SyncContext, incoming: Incoming): Promise<Outcome> {
  const outcome = await openAndTake(tx, context, incoming)
  keepCertificates(tx, context)
  return outcome
}

async function openAndTake(tx: Tx, context: SyncContext, incoming: Incoming): Promise<Outcome> {
  const opened = await openWithDictionary(tx, context, incoming.bytes)
  if (!opened.ok) {
    const { reason } = opened
    if (reason === 'unknown sender') return park(tx, context, { incoming, wait: 'certificate' })
    // Two bytes name a key: of two with one hint nobody can tell which one is lacking, or whether a byte was changed.
    const isShut = reason === 'unknown key' || reason === 'not authentic'
    if (isShut) return park(tx, context, { incoming, wait: 'key' })
    if (reason === 'unknown dictionary') return park(tx, context, { incoming, wait: 'dictionary' })
    return { kind: 'refused', reason }
  }
  if (isShutOut(context, opened)) return { kind: 'refused', reason: 'revoked' }
  if (!isHeardIn(context, opened.key.scope, opened.sender)) {
    const { node } = opened.sender
    const why = { deed: 'envelope parked', node, reason: 'not of the audience' } as const
    if (incoming.since === undefined) disbelieved(tx, context, why)
    return park(tx, context, { incoming, wait: 'certificate' }) // or the directory has not said yet that it is
  }
  const holder = incoming.holder ?? incoming.from
  const known = { ...incoming, from: handedOverBy(incoming, opened), holder }
  noteHeard(tx, context, { place: known.from, sender: opened.sender.node })
  return takeBody(tx, context, { sealed: opened, incoming: known })
}

/** A node seals what it hands over itself: what another one has sealed was played in its place, where frames prove nothing. */
function handedOverBy({ from }: Incoming, { sender }: Opened): PeerId | undefined {
  return from === undefined || !isNode(from) || from === sender.node ? from : undefined
}

/** Somebody says something at a post office, or to us, and may be asked there. */
function noteHeard(
  tx: Tx,
  context: SyncContext,
  { place, sender }: { readonly place: PeerId | undefined; readonly sender: NodeId },
): void {
  if (place === undefined) return
  tx.afterwards(() => {
    const { heard } = context.run
    heard.set(place, (heard.get(place) ?? new Map<NodeId, Instant>()).set(sender, context.now()))
  })
}

/** Takes what was in an envelope: the notes first, whatever becomes of the delta that they rode with. */
async function takeBody(
  tx: Tx,
  context: SyncContext,
  { sealed, incoming }: { readonly sealed: Opened; readonly incoming: Incoming },
): Promise<Outcome> {
  const { roster } = context
  const { scope } = sealed.key
  const sender = sealed.actor
  const load = decodeLoad(sealed.body, { scope, sender, roster })
  if (load === undefined) return { kind: 'refused', reason: 'malformed' }
  const { piece } = load
  if (piece !== undefined)
    return takePiece(tx, context, { piece, by: sealed.sender.node, from: incoming.from })
  const apart = await takenApart(tx, context, { opened: sealed, load })
  if (apart === undefined) return { kind: 'refused', reason: 'malformed' }
  const { opened, notes } = apart
  const { delta } = load
  const spoken = { node: sealed.sender.node, actor: sender }
  const taken = await takeNotes(tx, context, { notes, spoken, from: incoming.from })
  if (delta === undefined) return outcomeOfNotes(tx, context, { taken, incoming })
  // The delta does not wait for somebody who said something beside it.
  if (taken.isEarly) await park(tx, context, { incoming, wait: 'certificate' })
  if (taken.reason !== undefined) tellRefused(tx, context, { reason: taken.reason, incoming })
  const decoded = decodeDelta(delta, { scope, sender, roster })
  if (decoded.ok) return takeDelta(tx, context, { opened, delta: decoded.delta, incoming })
  return decoded.reason === 'unknown actor'
    ? park(tx, context, { incoming, wait: 'certificate' })
    : { kind: 'refused', reason: decoded.reason }
}

async function outcomeOfNotes(
  tx: Tx,
  context: SyncContext,
  { taken, incoming }: { readonly taken: NotesTaken; readonly incoming: Incoming },
): Promise<Outcome> {
  const { isGood, isEarly, reason } = taken
  if (isEarly) {
    const parked = await park(tx, context, { incoming, wait: 'certificate' })
    if (!isGood) return parked
  }
  if (isGood && reason !== undefined) tellRefused(tx, context, { reason, incoming })
  return isGood ? { kind: 'noted' } : { kind: 'refused', reason: reason ?? 'malformed' }
}

/** Part of an envelope was not taken, and the rest was. */
function tellRefused(
  tx: Tx,
  context: SyncContext,
  { reason, incoming }: { readonly reason: string; readonly incoming: Incoming },
): void {
  const about = { peer: incoming.from, bytes: incoming.bytes.length }
  tx.afterwards(() => refused(context, reason, about))
}

/**
 * Whether the sender is revoked. What it wrote before it was lost comes by those who had it then; nobody can tell what it
 * writes now. Only its word that it has destroyed its keys is waited for.
 */
function isShutOut({ roster }: SyncContext, { sender, key: { scope } }: Opened): boolean {
  if (roster.revokedSince(sender.node) === undefined) return false
  return scope !== 'keys' || !roster.awaitsWipe(sender.node)
}

/** Tries again what waited for changes of a document, each once something of what it lacked has come; then looks what is left. */
async function retryWaiting(tx: Tx, context: SyncContext, document: DocumentId): Promise<void> {
  if (document === KEYS) await retryProved(tx, context)
  await retryAllWaiting(tx, context, document)
  if (await regain(tx, context, document)) await retryAllWaiting(tx, context, document)
  const isWhole = await closeHole(tx, document)
  if (isWhole && document === DIRECTORY) await presumeNobody(tx, context)
  await closeAnnounced(tx, context, document)
}

/** The proof of a fork may have come: it vouches for what came without a signature, and goes up to there (`vouching.ts`). */
async function retryProved(tx: Tx, context: SyncContext): Promise<void> {
  if (!context.run.hasForks) return
  for (const list of await allForks(tx)) {
    const { forkAt } = await forkOf(tx, list)
    if (forkAt === undefined) continue
    const kept = (await tx.list(range.waiting(list.document))).map(
      ([place, bytes]) => [place, keptFrom(bytes)] as const,
    )
    const ready = kept.filter(([, { wanted }]) => wanted[list.actor] === forkAt)
    for (const one of ready) await takeKept(tx, context, one)
    if (ready.length > 0 && list.document !== KEYS) await retryWaiting(tx, context, list.document)
  }
}

/** Tries again once whatever waits for changes of a document: it was purged of some, and nobody sends those any more. */
export async function retryOnce(tx: Tx, context: SyncContext, document: DocumentId): Promise<void> {
  for (const [place, bytes] of await tx.list(range.waiting(document)))
    await takeKept(tx, context, [place, keptFrom(bytes)])
  await retryWaiting(tx, context, document)
}

async function retryAllWaiting(tx: Tx, context: SyncContext, document: DocumentId): Promise<void> {
  const left = new Map(
    (await tx.list(range.waiting(document))).map(([place, bytes]) => [place, keptFrom(bytes)]),
  )
  for (;;) {
    const clock = await clockOf(tx, document)
    const isReady = ({ wanted }: KeptRecord): boolean =>
      Object.entries(wanted).some(([actor, seq]) => covers(clock, actor as ActorId, seq))
    const ready = [...left].find(([, kept]) => isReady(kept))
    if (ready === undefined) return
    const [place] = ready
    left.delete(place)
    await takeKept(tx, context, ready)
    const again = await tx.get(place)
    if (again !== undefined) left.set(place, keptFrom(again))
  }
}

/** Tries again what is parked, or what waits for one thing, until nothing more is opened by what it brings. */
export async function retryParked(tx: Tx, context: SyncContext, wait?: Wait): Promise<void> {
  let hasGrown = true
  while (hasGrown) {
    hasGrown = false
    for (const [place, bytes] of await allParked(tx, wait)) {
      const outcome = await takeKept(tx, context, [place, keptFrom(bytes)])
      const grown = grownBy(outcome)
      if (grown === undefined) continue
      await retryWaiting(tx, context, grown)
      await withdrawCopies(tx, context)
      hasGrown ||= opensMore(grown) || (await readsMore(tx, context, grown))
    }
  }
}

/** What still cannot be taken is kept again under the same key. */
async function takeKept(
  tx: Tx,
  context: SyncContext,
  [place, { bytes, from, since, holder }]: readonly [string, KeptRecord],
): Promise<Outcome> {
  if (place.startsWith(range.parked.from)) await unpark(tx, place)
  else tx.delete(place)
  const outcome = await takeEnvelope(tx, context, { bytes, from, since, holder })
  if (outcome.kind === 'refused') {
    const { reason } = outcome
    tx.afterwards(() => refused(context, reason, { peer: from, bytes: bytes.length }))
  }
  return outcome
}
