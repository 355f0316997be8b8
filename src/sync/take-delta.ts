/**
 * What a delta brings: run by run written again, checked and only then applied. One run that is forged, forked or too
 * early does not hold up the others.
 */
import type { ActorId } from '#base/ids.ts'
import type { Delta } from '#codec/delta.ts'
import type { Opened } from '#codec/envelope.ts'
import { rebuildDelta, type Rebuilt } from '#codec/rebuild.ts'
import type { Change } from '#model/change.ts'
import type { Clock } from '#model/log.ts'
import { breachIn } from '#model/rules.ts'
import { attestationOf } from '#trust/attestation.ts'
import { alarm } from './alarms.ts'
import type { Incoming, Outcome, SyncContext } from './context.ts'
import { askForAll } from './doubts.ts'
import { frozenAt } from './freeze.ts'
import { hearFirstWord } from './hearsay.ts'
import { key } from './keys.ts'
import { noteHas, noteWord, offerToPeers, oweReceipts } from './ledger.ts'
import { noteLoss, sentOf } from './rebirth.ts'
import type { Tx } from './replica.ts'
import { noteSegment } from './segments.ts'
import { settle } from './standing.ts'
import { keepWaiting } from './waiting.ts'

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

/** Takes a delta that was opened and read to its end. */
export async function takeDelta(
  tx: Tx,
  context: SyncContext,
  arrival: DeltaArrival,
): Promise<Outcome> {
  const { opened, delta, incoming } = arrival
  const { document } = delta
  const { good, wanted, forks } = await sortRuns(tx, context, arrival)
  const isEarly = Object.keys(wanted).length > 0
  const sender = opened.sender.node
  if (isEarly && !(await keepWaiting(tx, context, { document, sender, incoming, wanted })))
    return { kind: 'refused', reason: 'too many wait' }
  hearFirstWord(tx, context)
  await lookForLoss(tx, context, { arrival, good })
  await apply(tx, context, { arrival, good })
  if (incoming.from !== undefined && good.length > 0) {
    const clock = Object.fromEntries(good.map(({ actor, newest }) => [actor, newest.seq]))
    await noteHas(tx, incoming.from, { document, clock })
    await noteOwnWord(tx, context, { arrival, good })
  }
  const changes = good.reduce((count, run) => count + run.changes.length, 0)
  if (isEarly) return { kind: 'waiting', document, changes }
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

/** What we have signed and never sent, as far as this disk knows, others have from a time that it has lost. */
async function lookForLoss(
  tx: Tx,
  context: SyncContext,
  { arrival, good }: Application,
): Promise<void> {
  const { document } = arrival.delta
  const own = good.find(({ actor }) => actor === context.replica.actor)
  if (own === undefined) return
  const { seq } = own.newest
  if (seq <= (await sentOf(tx, document, own.actor))) return
  // What is here already was not verified, and might be guessed.
  const isSigned = own.changes.length > 0 || isVouchedFor(context, arrival, own.newest)
  if (isSigned) await noteLoss(tx, context, { [document]: seq })
}
