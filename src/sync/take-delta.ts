/**
 * What a delta brings: run by run written again, checked and only then applied. One run that is forged, forked or too
 * early does not hold up the others.
 */
import type { ActorId, Trail } from '#base/ids.ts'
import type { Delta, Run } from '#codec/delta.ts'
import { rebuildDelta, type Rebuilt } from '#codec/rebuild.ts'
import { KEYS } from '#model/document-id.ts'
import { decodeEntry } from '#model/entry.ts'
import { EMPTY_LIST } from '#model/list.ts'
import type { Clock, Log } from '#model/log.ts'
import { breachIn } from '#model/rules.ts'
import type { Trodden } from '#model/trail.ts'
import { compareReturned } from './agreement.ts'
import { alarm } from './alarms.ts'
import type { Outcome, SyncContext } from './context.ts'
import { askForAll } from './doubts.ts'
import { cutTo, endList } from './freeze.ts'
import { hearFirstWord } from './hearsay.ts'
import { key } from './keys.ts'
import { oweReceipts } from './debts.ts'
import { noteHas, offerToPeers, setHas } from './ledger.ts'
import { hearLife, lifeOf } from './lives.ts'
import { endOf, reachOf, topOf, type ListEnd } from './list-end.ts'
import { uphold } from './orders.ts'
import { noteLoss } from './rebirth.ts'
import type { Tx } from './replica.ts'
import { noteSegment } from './segments.ts'
import { sentOf } from './sent.ts'
import { settle } from './standing.ts'
import { isVouchedFor, signatureOf, voucherOf, type DeltaArrival, type Newest } from './vouching.ts'
import { keepWaiting } from './waiting.ts'
import { noteWord } from './words.ts'

/** Changes of one run that are to be added; none when all of them are here. */
interface Good {
  readonly actor: ActorId
  readonly changes: readonly Trodden[]
  readonly newest: Newest
  /** That of the newest; undefined where nothing vouches for it by itself, or nothing is new. */
  readonly signature: Uint8Array | undefined
}

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
  if (document === KEYS) await upholdLeftOut(tx, context, { delta, good })
  if (good.length === 0 && forks === 0) return { kind: 'refused', reason: 'not vouched for' }
  return { kind: 'applied', document, changes }
}

async function sortRuns(tx: Tx, context: SyncContext, arrival: DeltaArrival): Promise<Sorted> {
  const good: Good[] = []
  const wanted: Record<string, number> = {}
  let forks = 0
  for (const run of rebuildDelta(arrival.delta, await tx.log(arrival.delta.document))) {
    const found = await sortRun(tx, context, { arrival, run })
    if (found === 'past') forks += 1
    else if (found === 'wanted')
      wanted[run.actor] = run.kind === 'missing' ? run.wanted : run.newest.seq + 1
    else if (typeof found === 'object') good.push(found)
  }
  return { good, wanted, forks }
}

interface Sorting<Kind extends Rebuilt = Rebuilt> {
  readonly arrival: DeltaArrival
  readonly run: Kind
}

async function sortRun(
  tx: Tx,
  context: SyncContext,
  { arrival, run }: Sorting,
): Promise<Good | 'past' | 'wanted' | 'refused'> {
  const { document } = arrival.delta
  const { actor } = run
  const end = await endOf(tx, context.roster, { document, actor })
  if (run.kind === 'missing')
    return end !== undefined && run.wanted >= topOf(end) ? 'past' : 'wanted'
  if (run.kind === 'good' && run.changes.length === 0) return { ...run, signature: undefined }
  const log = await tx.log(document)
  const taken = run.kind === 'good' ? upTo(end, log, run) : undefined
  if (run.kind === 'good' && taken === undefined) return 'past'
  const voucher = await voucherOf(tx, context, { arrival, run })
  if (voucher === 'awaited') return 'wanted'
  if (voucher === 'none') {
    alarm(tx, context, { deed: 'not vouched for', document, actor })
    const peer = arrival.incoming.from
    const by = arrival.opened.sender.node
    const lists = [{ document, actor }]
    if (peer !== undefined) await askForAll(tx, context, { peer, by, lists })
    return 'refused'
  }
  const signature = voucher === 'signature' ? signatureOf(arrival, actor) : undefined
  if (run.kind === 'forked') return changeBranch(tx, context, { arrival, run })
  if (taken === undefined) return 'past'
  return checked(tx, context, { log, taken: { signature, ...taken } })
}

/** A run that is another branch than ours: tells of the fork, and goes over to it where hubs held more of that branch. */
async function changeBranch(
  tx: Tx,
  context: SyncContext,
  { arrival, run }: Sorting<Extract<Rebuilt, { readonly kind: 'forked' }>>,
): Promise<Good | 'past' | 'refused'> {
  const { document } = arrival.delta
  const { actor, seq, branch, newest } = run
  const signature = signatureOf(arrival, actor)
  if (signature === undefined) return 'past'
  await context.onFork({ document, actor, seq, branch, signature }, tx)
  const end = await endOf(tx, context.roster, { document, actor })
  const log = await tx.log(document)
  const isOnTop = log.before(actor, seq) === branch[0]?.previous
  const taken = upTo(end, log, { actor, changes: branch, newest })
  const ours = end && reachOf(end, (at) => log.trail(actor, at))
  const isBetter = ours !== undefined && taken !== undefined && taken.newest.seq > ours
  // In our own list nothing changes before the next life.
  if (!isOnTop || !isBetter || actor === context.replica.actor) return 'past'
  await cutTo(tx, context, { list: { document, actor }, last: seq - 1 })
  return checked(tx, context, { log: await tx.log(document), taken: { signature, ...taken } })
}

/** What counts of changes that go on from a list, as far as it has not ended before; undefined when nothing does. */
function upTo(
  end: ListEnd | undefined,
  log: Log,
  run: Omit<Good, 'signature'>,
): Omit<Good, 'signature'> | Good | undefined {
  if (end === undefined) return run
  const { actor } = run
  const from = run.changes[0]?.seq ?? Infinity
  const trailAt = (seq: number): Trail | undefined =>
    seq < from ? log.trail(actor, seq) : run.changes.find((one) => one.seq === seq)?.trail
  const reach = reachOf(end, trailAt)
  const changes = run.changes.filter(({ seq }) => seq <= reach)
  const newest = changes.at(-1)
  if (newest === undefined) return undefined
  if (newest.seq === run.newest.seq) return run
  // It is cut short: what was signed lies beyond.
  const { signature } = end.points.find(({ trail }) => trail === newest.trail) ?? {}
  return { actor, changes, newest, signature }
}

/** Changes that break no rule. */
function checked(
  tx: Tx,
  context: SyncContext,
  { log, taken }: { readonly log: Log; readonly taken: Good },
): Good | 'refused' {
  const { actor, changes } = taken
  const { document } = log
  const reason = breachIn(log, actor, changes)
  if (reason === undefined) return taken
  alarm(tx, context, { deed: 'rule broken', document, actor, reason })
  return 'refused'
}

/** Orders that stand in what is not taken: where its list has ended, or on a branch that does not count. */
async function upholdLeftOut(
  tx: Tx,
  context: SyncContext,
  { delta: { runs }, good }: { readonly delta: Delta; readonly good: readonly Good[] },
): Promise<void> {
  const isWhole = ({ actor, firstSeq, values }: Run): boolean =>
    good.some((one) => one.actor === actor && one.newest.seq === firstSeq + values.length - 1)
  const values = runs.flatMap((run) => (isWhole(run) ? [] : run.values))
  // An order needs nothing of what comes before it in its list.
  const contents = values.map((value) => decodeEntry(value, EMPTY_LIST).entry.content)
  await uphold(tx, context, contents)
}

interface Application {
  readonly arrival: DeltaArrival
  readonly good: readonly Good[]
}

/** Whoever signs a change has it on disk. */
async function noteOwnWord(
  tx: Tx,
  context: SyncContext,
  { arrival: { opened, delta, incoming }, good }: Application,
): Promise<void> {
  const own = good.find(({ actor }) => actor === opened.actor)
  if (own === undefined) return
  const { node } = opened.sender
  const clock = { [own.actor]: own.newest.seq }
  const isHeardOf = (await lifeOf(tx, node, own.actor)) !== undefined
  const life = await hearLife(tx, { node, actor: own.actor, named: [clock] })
  // Who lost the keys with its last life cannot say so without them.
  if (!isHeardOf && life.isLater && delta.document === KEYS && incoming.from === node)
    await setHas(tx, context, { peer: node, document: KEYS, clock })
  await noteWord(tx, context, {
    node,
    document: delta.document,
    clock,
    read: {},
    receipt: undefined,
    life,
  })
}

async function apply(tx: Tx, context: SyncContext, { arrival, good }: Application): Promise<void> {
  const { document } = arrival.delta
  // What is here already was not verified: a signature that comes with it may be anything.
  const fresh = good.filter(({ changes }) => changes.length > 0)
  if (fresh.length === 0) return
  for (const change of fresh.flatMap(({ changes }) => changes)) {
    // Something before it in this delta may have ended its list.
    const log = await tx.log(document)
    if (log.before(change.actor, change.seq) !== change.previous) continue
    const logged = await tx.take(document, change)
    const source = { isLate: true, pendingId: '', now: context.now() }
    const event = await context.projector.apply(tx, { document, logged }, source)
    if (event !== undefined) tx.afterwards(() => context.emit(event))
  }
  await noteSegment(tx, document, context.now())
  await settle(tx, context, { document, from: arrival.incoming.from })
  for (const { actor, newest, signature } of fresh) {
    if (signature !== undefined)
      tx.put(key.attestation(document, actor, newest.seq), Uint8Array.from(signature))
    if (document === KEYS) await endList(tx, context, { document, actor })
    await compareReturned(tx, context, { document, actor })
  }
  const from = arrival.incoming.from
  await offerToPeers(tx, context, { document, from })
  await oweReceipts(tx, context, document)
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
