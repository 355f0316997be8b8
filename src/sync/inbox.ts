/**
 * What arrives: open, check, write again, verify, and only then apply, all in one commit with the carrier's bookmark.
 * Custody is accepted after that commit is on disk, never before. What cannot be opened or applied yet is kept on
 * disk and tried again when what it waits for has come. Bad input never loses anything and never throws.
 */
import { must } from '#base/assert.ts'
import type { ActorId, DocumentId } from '#base/ids.ts'
import { PARKED_ENVELOPES_MAX } from '#base/limits.ts'
import { decodeDelta, DELTA_KIND, type Delta } from '#codec/delta.ts'
import { openEnvelope, type Opened } from '#codec/envelope.ts'
import { rebuildDelta } from '#codec/rebuild.ts'
import type { Change } from '#model/change.ts'
import { DIRECTORY } from '#model/document-id.ts'
import { countBeyond, type Clock } from '#model/log.ts'
import type { Arrival } from '#ports/carrier.ts'
import type { Range } from '#ports/store.ts'
import { attestationOf } from '#trust/attestation.ts'
import type { Incoming, Outcome, SyncContext } from './context.ts'
import { closeHole } from './healing.ts'
import { key, range } from './keys.ts'
import { clockOf, envelopeName, noteHas, noteWord, offerToPeers, oweReceipts } from './ledger.ts'
import { takeNote } from './notes.ts'
import { pack, unpack, type KeptRecord } from './records.ts'
import { hearOfOurselves, settleAside } from './rebirth.ts'
import type { Tx } from './replica.ts'
import { noteSegment } from './segments.ts'

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
    context.log.warn('envelope.refused', {
      peer: arrival.peer,
      reason: outcome.reason,
      bytes: arrival.bytes.length,
    })
    arrival.refuse()
  } else arrival.acceptCustody()
  return outcome
}

/** Takes an envelope, and then what was kept for what it brought. */
async function takeWithKept(tx: Tx, context: SyncContext, incoming: Incoming): Promise<Outcome> {
  const outcome = await takeEnvelope(tx, context, incoming)
  if (outcome.kind !== 'applied' || outcome.changes === 0) return outcome
  await settleAside(tx, context, outcome.document)
  await closeHole(tx, outcome.document)
  await retryWaiting(tx, context, outcome.document)
  if (outcome.document === DIRECTORY) await retryParked(tx, context)
  return outcome
}

async function takeEnvelope(tx: Tx, context: SyncContext, incoming: Incoming): Promise<Outcome> {
  const opened = openEnvelope(incoming.bytes, context.roster, context.keyring)
  if (!opened.ok) {
    const isEarly = opened.reason === 'unknown sender' || opened.reason === 'unknown key'
    return isEarly ? park(tx, context, incoming) : { kind: 'refused', reason: opened.reason }
  }
  if (opened.body[0] !== DELTA_KIND) return takeNote(tx, context, { opened, incoming })
  const { roster } = context
  const decoded = decodeDelta(opened.body, {
    scope: opened.key.scope,
    sender: opened.actor,
    roster,
  })
  if (decoded.ok) return takeDelta(tx, context, { opened, delta: decoded.delta, incoming })
  return decoded.reason === 'unknown actor'
    ? park(tx, context, incoming)
    : { kind: 'refused', reason: decoded.reason }
}

interface DeltaArrival {
  readonly opened: Opened
  readonly delta: Delta
  readonly incoming: Incoming
}

async function takeDelta(tx: Tx, context: SyncContext, arrival: DeltaArrival): Promise<Outcome> {
  const { delta, incoming } = arrival
  await hearOfOurselves(tx, context, [{ document: delta.document, clock: clockOfRecords(delta) }])
  const rebuilt = rebuildDelta(delta, await tx.log(delta.document))
  if (!rebuilt.ok) {
    if (rebuilt.reason === 'malformed') return { kind: 'refused', reason: 'malformed' }
    return wait(tx, context, { arrival, wanted: rebuilt.wanted })
  }
  const fresh = new Set(rebuilt.changes.map((change) => change.actor))
  for (const actor of fresh) {
    const newest = rebuilt.newest.get(actor)
    if (newest === undefined || !isVouchedFor(context, arrival, newest)) {
      context.log.error('delta.not-vouched-for', { document: delta.document, actor })
      return { kind: 'refused', reason: 'not vouched for' }
    }
  }
  await apply(tx, context, { arrival, changes: rebuilt.changes, newest: rebuilt.newest })
  if (incoming.from !== undefined) {
    const clock = clockOfNewest(rebuilt.newest)
    await noteHas(tx, incoming.from, { document: delta.document, clock })
    await noteOwnWord(tx, context, arrival)
  }
  return { kind: 'applied', document: delta.document, changes: rebuilt.changes.length }
}

/** Whoever signs a change has it on disk. */
async function noteOwnWord(
  tx: Tx,
  context: SyncContext,
  { opened, delta }: DeltaArrival,
): Promise<void> {
  const own = delta.records.findLast((record) => record.actor === opened.actor)
  if (own === undefined) return
  const clock = { [own.actor]: own.seq }
  await noteWord(tx, context, {
    node: opened.sender.node,
    document: delta.document,
    clock,
    read: {},
    receipt: undefined,
  })
}

interface Application {
  readonly arrival: DeltaArrival
  readonly changes: readonly Change[]
  readonly newest: ReadonlyMap<ActorId, Change>
}

async function apply(
  tx: Tx,
  context: SyncContext,
  { arrival, changes, newest }: Application,
): Promise<void> {
  if (changes.length === 0) return
  const { document } = arrival.delta
  for (const change of changes) {
    const logged = await tx.take(document, change)
    const source = { isLate: true, pendingId: '', now: context.now() }
    const event = await context.projector.apply(tx, { document, logged }, source)
    if (event !== undefined) tx.afterwards(() => context.emit(event))
  }
  await noteSegment(tx, document, context.now())
  const fresh = new Set(changes.map((change) => change.actor))
  for (const [actor, change] of newest) {
    // Only what is new was verified: a signature over the rest may be anything.
    const signature = fresh.has(actor) ? signatureOf(arrival, actor) : undefined
    if (signature !== undefined)
      tx.put(key.attestation(document, actor, change.seq), Uint8Array.from(signature))
  }
  const from = arrival.incoming.from
  await offerToPeers(tx, context, { document, from })
  await oweReceipts(tx, context, document)
}

/** Tries again what waited for changes of a document, each once what it lacked has come. */
async function retryWaiting(tx: Tx, context: SyncContext, document: DocumentId): Promise<void> {
  const left = new Map(
    (await tx.list(range.waiting(document))).map(([place, bytes]) => [place, keptFrom(bytes)]),
  )
  for (;;) {
    const clock = await clockOf(tx, document)
    const isReady = ({ wanted }: KeptRecord): boolean => countBeyond(wanted, clock) === 0
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
    for (const [place, bytes] of await tx.list(range.parked)) {
      const outcome = await takeKept(tx, context, [place, keptFrom(bytes)])
      if (outcome.kind !== 'applied' || outcome.changes === 0) continue
      await retryWaiting(tx, context, outcome.document)
      hasGrown ||= outcome.document === DIRECTORY
    }
  }
}

/** What still cannot be taken is kept again under the same key. */
async function takeKept(
  tx: Tx,
  context: SyncContext,
  [place, { bytes, from, since }]: readonly [string, KeptRecord],
): Promise<Outcome> {
  tx.delete(place)
  const outcome = await takeEnvelope(tx, context, { bytes, from, since })
  if (outcome.kind === 'refused') {
    const { reason } = outcome
    tx.afterwards(() => context.log.warn('envelope.refused', { reason, bytes: bytes.length }))
  }
  return outcome
}

function isVouchedFor(context: SyncContext, arrival: DeltaArrival, newest: Change): boolean {
  const node = context.roster.ofActor(newest.actor)?.node
  const signature = signatureOf(arrival, newest.actor)
  if (node === undefined || signature === undefined) return false
  const { organisation } = context.identity
  return context.roster.verify(
    node,
    attestationOf(organisation.id, arrival.delta.document, newest.hash),
    signature,
  )
}

function signatureOf({ opened, delta }: DeltaArrival, actor: ActorId): Uint8Array | undefined {
  return actor === opened.actor ? opened.signature : delta.attestations.get(actor)
}

async function wait(
  tx: Tx,
  context: SyncContext,
  { arrival, wanted }: { readonly arrival: DeltaArrival; readonly wanted: Clock },
): Promise<Outcome> {
  const { delta, incoming } = arrival
  const { document } = delta
  if (!(await hasPlace(tx, range.allWaiting, incoming)))
    return { kind: 'refused', reason: 'too many wait' }
  tx.put(key.waiting(document, envelopeName(incoming.bytes)), keep(context, incoming, wanted))
  tx.afterwards(() => context.log.info('gap.found', { document }))
  tx.afterwards(context.ring)
  return { kind: 'waiting', document }
}

async function park(tx: Tx, context: SyncContext, incoming: Incoming): Promise<Outcome> {
  if (!(await hasPlace(tx, range.parked, incoming)))
    return { kind: 'refused', reason: 'too many are parked' }
  tx.put(key.parked(envelopeName(incoming.bytes)), keep(context, incoming, {}))
  return { kind: 'parked' }
}

/** Whether one more may be kept; what was kept before has its place. */
async function hasPlace(tx: Tx, places: Range, { since }: Incoming): Promise<boolean> {
  if (since !== undefined) return true
  const kept = await tx.list({ ...places, limit: PARKED_ENVELOPES_MAX })
  return kept.length < PARKED_ENVELOPES_MAX
}

function keep(context: SyncContext, { bytes, from, since }: Incoming, wanted: Clock): Uint8Array {
  return pack({ bytes, from, since: since ?? context.now(), wanted } satisfies KeptRecord)
}

function keptFrom(bytes: Uint8Array): KeptRecord {
  return must(unpack<KeptRecord>(bytes), 'a kept envelope has its record')
}

function clockOfRecords({ records }: Delta): Clock {
  return Object.fromEntries(records.map(({ actor, seq }) => [actor, seq]))
}

function clockOfNewest(newest: ReadonlyMap<ActorId, Change>): Clock {
  return Object.fromEntries([...newest].map(([actor, change]) => [actor, change.seq]))
}
