/**
 * What arrives: open, check, write again, verify, and only then apply, all in one commit with the carrier's bookmark.
 * Each actor's run is taken on its own: one that is forged, forked or too early does not hold up the others. Custody is
 * accepted after that commit is on disk, never before. What cannot be opened or applied yet is kept on disk and tried
 * again when what it waits for has come. Bad input never loses anything and never throws.
 */
import type { ActorId, DocumentId } from '#base/ids.ts'
import { decodeDelta, DELTA_KIND } from '#codec/delta.ts'
import { openEnvelope, type Opened } from '#codec/envelope.ts'
import { DIRECTORY, KEYS } from '#model/document-id.ts'
import { covers } from '#model/log.ts'
import type { Arrival } from '#ports/carrier.ts'
import { isHeardIn } from './audience.ts'
import { disbelieved, refused } from './alarms.ts'
import { isNode, type Incoming, type Outcome, type SyncContext } from './context.ts'
import { closeAnnounced } from './gap-marks.ts'
import { closeHole } from './healing.ts'
import { range } from './keys.ts'
import { clockOf } from './ledger.ts'
import { takeNote } from './notes.ts'
import { allParked, keptFrom, park, unpark } from './parking.ts'
import type { KeptRecord } from './records.ts'
import { settleAllAside, settleAside } from './rebirth.ts'
import type { Tx } from './replica.ts'
import { takeDelta } from './take-delta.ts'

/** Takes one arrival to its end. Resolves after the batch is on disk and the carrier was answered. */
export async function receive(context: SyncContext, arrival: Arrival): Promise<Outcome> {
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
  if (opensMore(grown)) await retryParked(tx, context)
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
  const opened = openEnvelope(incoming.bytes, context.roster, context.keyring)
  if (!opened.ok) {
    const { reason } = opened
    if (reason === 'unknown sender') return park(tx, context, { incoming, wait: 'certificate' })
    if (reason === 'unknown key') return park(tx, context, { incoming, wait: 'key' })
    return { kind: 'refused', reason }
  }
  if (isShutOut(context, opened)) return { kind: 'refused', reason: 'revoked' }
  if (!isHeardIn(context, opened.key.scope, opened.sender)) {
    const { node } = opened.sender
    const why = { deed: 'envelope parked', node, reason: 'not of the audience' } as const
    if (incoming.since === undefined) disbelieved(tx, context, why)
    return park(tx, context, { incoming, wait: 'certificate' }) // or the directory has not said yet that it is
  }
  if (incoming.from !== undefined && !isNode(incoming.from))
    tx.afterwards(() => context.run.heard.set(opened.sender.node, context.now()))
  if (opened.body[0] !== DELTA_KIND) return takeNote(tx, context, { opened, incoming })
  const { roster } = context
  const decoded = decodeDelta(opened.body, {
    scope: opened.key.scope,
    sender: opened.actor,
    roster,
  })
  if (decoded.ok) return takeDelta(tx, context, { opened, delta: decoded.delta, incoming })
  return decoded.reason === 'unknown actor'
    ? park(tx, context, { incoming, wait: 'certificate' })
    : { kind: 'refused', reason: decoded.reason }
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
  await retryAllWaiting(tx, context, document)
  await closeHole(tx, document)
  await closeAnnounced(tx, context, document)
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

/** Tries again what waited for a certificate or a channel, until the directory grows no more by it. */
export async function retryParked(tx: Tx, context: SyncContext): Promise<void> {
  let hasGrown = true
  while (hasGrown) {
    hasGrown = false
    for (const [place, bytes] of await allParked(tx)) {
      const outcome = await takeKept(tx, context, [place, keptFrom(bytes)])
      const grown = grownBy(outcome)
      if (grown === undefined) continue
      await retryWaiting(tx, context, grown)
      hasGrown ||= opensMore(grown)
    }
  }
}

/** What still cannot be taken is kept again under the same key. */
async function takeKept(
  tx: Tx,
  context: SyncContext,
  [place, { bytes, from, since }]: readonly [string, KeptRecord],
): Promise<Outcome> {
  if (place.startsWith(range.parked.from)) await unpark(tx, place)
  else tx.delete(place)
  const outcome = await takeEnvelope(tx, context, { bytes, from, since })
  if (outcome.kind === 'refused') {
    const { reason } = outcome
    tx.afterwards(() => refused(context, reason, { peer: from, bytes: bytes.length }))
  }
  return outcome
}
