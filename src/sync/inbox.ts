/**
 * What arrives: open, check, write again, verify, and only then apply, all in one commit with the carrier's bookmark.
 * Each actor's run is taken on its own: one that is forged, forked or too early does not hold up the others. Custody is
 * accepted after that commit is on disk, never before. What cannot be opened or applied yet is kept on disk and tried
 * again when what it waits for has come. Bad input never loses anything and never throws.
 */
import type { ActorId, DocumentId } from '#base/ids.ts'
import { PARKED_ENVELOPES_MAX } from '#base/limits.ts'
import { decodeDelta, DELTA_KIND, type Delta } from '#codec/delta.ts'
import { openEnvelope, type Opened } from '#codec/envelope.ts'
import { rebuildDelta, type Rebuilt } from '#codec/rebuild.ts'
import type { Change } from '#model/change.ts'
import { DIRECTORY, KEYS } from '#model/document-id.ts'
import { covers, type Clock } from '#model/log.ts'
import { breachIn } from '#model/rules.ts'
import type { Arrival } from '#ports/carrier.ts'
import type { Range } from '#ports/store.ts'
import { attestationOf } from '#trust/attestation.ts'
import { isHeardIn } from './audience.ts'
import { alarm, refused } from './audit.ts'
import type { Incoming, Outcome, SyncContext } from './context.ts'
import { askForAll } from './doubts.ts'
import { frozenAt } from './freeze.ts'
import { closeHole } from './healing.ts'
import { key, range } from './keys.ts'
import { clockOf, envelopeName, noteHas, noteWord, offerToPeers, oweReceipts } from './ledger.ts'
import { takeNote } from './notes.ts'
import { allParked, keptFrom, keptOf, park, unpark } from './parking.ts'
import { pack, type KeptRecord } from './records.ts'
import { hearOfOurselves, settleAside } from './rebirth.ts'
import type { Tx } from './replica.ts'
import { noteSegment } from './segments.ts'
import { settle } from './standing.ts'

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
    arrival.refuse()
  } else arrival.acceptCustody()
  return outcome
}

/** Takes an envelope, and then what was kept for what it brought. */
async function takeWithKept(tx: Tx, context: SyncContext, incoming: Incoming): Promise<Outcome> {
  const outcome = await takeEnvelope(tx, context, incoming)
  const grown = grownBy(outcome)
  if (grown === undefined) return outcome
  await settleAside(tx, context, grown)
  await closeHole(tx, grown)
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
    if (incoming.since === undefined)
      tx.afterwards(() =>
        context.log.warn('envelope.parked', { node, reason: 'not of the audience' }),
      )
    return park(tx, context, { incoming, wait: 'certificate' }) // or the directory has not said yet that it is
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

interface DeltaArrival {
  readonly opened: Opened
  readonly delta: Delta
  readonly incoming: Incoming
}

type Good = Extract<Rebuilt, { readonly kind: 'good' }>

/** What the runs of a delta came to. */
interface Sorted {
  readonly good: readonly Good[]
  /** Numbers of changes that must come first. */
  readonly wanted: Clock
  /** Runs of which nothing counts, and nothing is wrong with the envelope: proved forks, and lists that have ended. */
  readonly forks: number
}

async function takeDelta(tx: Tx, context: SyncContext, arrival: DeltaArrival): Promise<Outcome> {
  const { delta, incoming } = arrival
  const { document } = delta
  const { good, wanted, forks } = await sortRuns(tx, context, arrival)
  const isEarly = Object.keys(wanted).length > 0
  if (isEarly && !(await hasPlace(tx, range.allWaiting, incoming)))
    return { kind: 'refused', reason: 'too many wait' }
  await hearOfOurselves(tx, context, [{ document, clock: ownIn(context, good) }])
  await apply(tx, context, { arrival, good })
  if (incoming.from !== undefined && good.length > 0) {
    const clock = Object.fromEntries(good.map(({ actor, newest }) => [actor, newest.seq]))
    await noteHas(tx, incoming.from, { document, clock })
    await noteOwnWord(tx, context, { arrival, good })
  }
  const changes = good.reduce((count, run) => count + run.changes.length, 0)
  if (isEarly) {
    wait(tx, context, { arrival, wanted })
    return { kind: 'waiting', document, changes }
  }
  if (good.length === 0 && forks === 0) return { kind: 'refused', reason: 'not vouched for' }
  return { kind: 'applied', document, changes }
}

async function sortRuns(tx: Tx, context: SyncContext, arrival: DeltaArrival): Promise<Sorted> {
  const { document } = arrival.delta
  const good: Good[] = []
  const wanted: Record<string, number> = {}
  let [forks, past] = [0, 0]
  const log = await tx.log(document)
  for (const run of rebuildDelta(arrival.delta, log)) {
    const { actor } = run
    if (isBeyondEnd(await frozenAt(tx, document, actor), run)) {
      past += 1
      continue
    }
    if (run.kind === 'missing') {
      wanted[actor] = run.wanted
      continue
    }
    const isKnown = run.kind === 'good' && run.changes.length === 0
    const signature = signatureOf(arrival, actor)
    if (!isKnown && !isVouchedFor(context, arrival, run.newest)) {
      alarm(tx, context, { deed: 'not vouched for', document, actor })
      const peer = arrival.incoming.from
      if (peer !== undefined) await askForAll(tx, context, { peer, document, actor })
    } else if (run.kind === 'good') {
      const reason = breachIn(log, actor, run.changes)
      if (reason === undefined) good.push(run)
      else alarm(tx, context, { deed: 'rule broken', document, actor, reason })
    } else if (signature !== undefined) {
      forks += 1
      const { seq, branch } = run
      await context.onFork({ document, actor, seq, branch, signature }, tx)
    }
  }
  return { good, wanted, forks: forks + past }
}

/** Whether a run goes on where its actor's list has ended. */
function isBeyondEnd(end: number | undefined, run: Rebuilt): boolean {
  return end !== undefined && (run.kind === 'missing' || run.newest.seq > end)
}

interface Application {
  readonly arrival: DeltaArrival
  readonly good: readonly Good[]
}

/** Whoever signs a change has it on disk. */
async function noteOwnWord(
  tx: Tx,
  context: SyncContext,
  { arrival: { opened, delta }, good }: Application,
): Promise<void> {
  const own = good.find(({ actor }) => actor === opened.actor)
  if (own === undefined) return
  await noteWord(tx, context, {
    node: opened.sender.node,
    document: delta.document,
    clock: { [own.actor]: own.newest.seq },
    read: {},
    receipt: undefined,
  })
}

async function apply(tx: Tx, context: SyncContext, { arrival, good }: Application): Promise<void> {
  const { document } = arrival.delta
  // What is here already was not verified: a signature that comes with it may be anything.
  const fresh = good.filter(({ changes }) => changes.length > 0)
  if (fresh.length === 0) return
  for (const change of fresh.flatMap(({ changes }) => changes)) {
    const logged = await tx.take(document, change)
    const source = { isLate: true, pendingId: '', now: context.now() }
    const event = await context.projector.apply(tx, { document, logged }, source)
    if (event !== undefined) tx.afterwards(() => context.emit(event))
  }
  await noteSegment(tx, document, context.now())
  await settle(tx, context, { document, from: arrival.incoming.from })
  for (const { actor, newest } of fresh) {
    const signature = signatureOf(arrival, actor)
    if (signature !== undefined)
      tx.put(key.attestation(document, actor, newest.seq), Uint8Array.from(signature))
  }
  const from = arrival.incoming.from
  await offerToPeers(tx, context, { document, from })
  await oweReceipts(tx, context, document)
}

/** Tries again what waited for changes of a document, each once something of what it lacked has come. */
async function retryWaiting(tx: Tx, context: SyncContext, document: DocumentId): Promise<void> {
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
  if (actor === opened.actor) return opened.signature
  return delta.runs.find((run) => run.actor === actor)?.attestation
}

function wait(
  tx: Tx,
  context: SyncContext,
  { arrival, wanted }: { readonly arrival: DeltaArrival; readonly wanted: Clock },
): void {
  const { delta, incoming } = arrival
  const { document } = delta
  tx.put(
    key.waiting(document, envelopeName(incoming.bytes)),
    pack(keptOf(context, incoming, wanted)),
  )
  tx.afterwards(() => context.log.info('gap.found', { document }))
  tx.afterwards(context.ring)
}

/** Whether one more may be kept; what was kept before has its place. */
async function hasPlace(tx: Tx, places: Range, { since }: Incoming): Promise<boolean> {
  if (since !== undefined) return true
  const kept = await tx.list({ ...places, limit: PARKED_ENVELOPES_MAX })
  return kept.length < PARKED_ENVELOPES_MAX
}

/** What we have signed ourselves and do not have: only our own signature proves that. */
function ownIn({ replica }: SyncContext, good: readonly Good[]): Clock {
  const own = good.find(({ actor, changes }) => actor === replica.actor && changes.length > 0)
  return own === undefined ? {} : { [own.actor]: own.newest.seq }
}
