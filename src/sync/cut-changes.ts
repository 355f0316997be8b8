/** What goes into a cut: which changes of a document, as many as fit, and what vouches for each run of them. */
import { nodePrefix, nodePrefixOfActor, type ActorId, type DocumentId } from '#base/ids.ts'
import { CUT_CHANGES_MAX } from '#base/limits.ts'
import type { Clock, Log, Logged } from '#model/log.ts'
import { upTo } from '#model/trail.ts'
import { attestationOf } from '#trust/attestation.ts'
import type { SyncContext } from './context.ts'
import { key, range } from './keys.ts'
import type { Tx } from './replica.ts'

/**
 * As many changes as fit, ending for each other node's actor at a change its node has signed. When the first signed
 * point lies beyond the limit, the limit gives way: nothing may be sent that nobody vouches for.
 */
export async function selectChanges(
  tx: Tx,
  context: SyncContext,
  at: {
    readonly log: Log
    readonly clock: Clock
    /** Up to where the proof of a fork vouches for a list. */
    readonly proved: ReadonlyMap<ActorId, number>
    readonly bytesMax: number
    readonly changeBytesMax?: number | undefined
  },
): Promise<readonly Logged[]> {
  const { log, clock, proved, bytesMax, changeBytesMax = Infinity } = at
  // Without its node's certificate nobody could be told whose list it is: it waits until that comes.
  const known = log.since(clock).filter(({ actor }) => context.roster.ofActor(actor))
  const missing = withoutLong(withoutHoles(known), changeBytesMax)
  const signed = new Map<ActorId, ReadonlySet<number>>()
  for (const actor of new Set(missing.map((change) => change.actor))) {
    if (!isOwn(context, actor)) signed.set(actor, await signedSeqs(tx, log.document, actor))
  }
  const isEnd = ({ actor, seq }: Logged): boolean =>
    signed.get(actor)?.has(seq) !== false ||
    proved.get(actor) === seq ||
    log.stubAt(actor, seq + 1) !== undefined
  const vouched = upToEnds(missing, isEnd)
  const kept = upToEnds(vouched.slice(0, fitting(vouched, bytesMax)), isEnd)
  if (kept.length > 0) return kept
  const run = vouched.filter(({ actor }) => actor === vouched[0]?.actor)
  return run.slice(0, 1 + run.findIndex(isEnd))
}

/** What follows something that was purged goes on from the stub that its order brings: it goes in a delta of its own. */
function withoutHoles(changes: readonly Logged[]): readonly Logged[] {
  const next = new Map<ActorId, number>()
  return changes.filter(({ actor, seq }) => {
    const isNext = seq === (next.get(actor) ?? seq)
    if (isNext) next.set(actor, seq + 1)
    return isNext
  })
}

/** Without what is larger than a way takes, and what follows it in its list: that has to wait for it. */
export function withoutLong(changes: readonly Logged[], bytesMax: number): readonly Logged[] {
  if (bytesMax === Infinity) return changes
  const held = new Set<ActorId>()
  return changes.filter((change) => {
    if (plainBytesOf(change) > bytesMax) held.add(change.actor)
    return !held.has(change.actor)
  })
}

/** Without what follows an actor's last end. */
function upToEnds(
  changes: readonly Logged[],
  isEnd: (change: Logged) => boolean,
): readonly Logged[] {
  const last = new Map(changes.filter(isEnd).map(({ actor, seq }) => [actor, seq]))
  return changes.filter(({ actor, seq }) => seq <= (last.get(actor) ?? 0))
}

function fitting(changes: readonly Logged[], bytesMax: number): number {
  let bytes = 0
  let count = 0
  for (const change of changes) {
    bytes += plainBytesOf(change)
    if (count > 0 && (bytes > bytesMax || count >= CUT_CHANGES_MAX)) break
    count += 1
  }
  return count
}

/** What a change is counted as before compression. */
export function plainBytesOf({ value }: Logged): number {
  return value.length + 4
}

async function signedSeqs(
  tx: Tx,
  document: DocumentId,
  actor: ActorId,
): Promise<ReadonlySet<number>> {
  const entries = await tx.list(range.attestations(document, actor))
  return new Set(entries.map(([place]) => Number(place.slice(place.lastIndexOf('/') + 1))))
}

/** A run that ends before something that was purged, or before a fork: the order, or the proof, says what that went on from. */
const UNSIGNED = new Uint8Array(0)

/** What vouches for the changes of each actor: a signature, the order that purged what comes next, or the proof that it forked. */
export async function attestationsFor(
  tx: Tx,
  context: SyncContext,
  {
    log,
    changes,
    proved,
  }: {
    readonly log: Log
    readonly changes: readonly Logged[]
    readonly proved: ReadonlyMap<ActorId, number>
  },
): Promise<ReadonlyMap<ActorId, Uint8Array>> {
  const found = new Map<ActorId, Uint8Array>()
  for (const actor of new Set(changes.map((change) => change.actor))) {
    const newest = newestOf(changes, actor)
    if (actor === context.replica.actor || newest === undefined) continue
    const stored = await tx.get(key.attestation(log.document, actor, newest.seq))
    const signature = stored ?? (isOwn(context, actor) ? attest(context, log, newest) : undefined)
    if (signature !== undefined) found.set(actor, signature)
    else if (proved.get(actor) === newest.seq || log.stubAt(actor, newest.seq + 1) !== undefined)
      found.set(actor, UNSIGNED)
  }
  return found
}

function attest({ identity }: SyncContext, log: Log, newest: Logged): Uint8Array {
  return identity.sign(attestationOf(identity.organisation.id, upTo(log, newest)))
}

/** Whether an actor is a life of this very node: what it wrote in an earlier one it may still sign for. */
export function isOwn(context: SyncContext, actor: ActorId): boolean {
  return nodePrefixOfActor(actor) === nodePrefix(context.identity.certificate.node)
}

/** The newest of an actor's changes. */
export function newestOf(changes: readonly Logged[], actor: ActorId): Logged | undefined {
  return changes.findLast((change) => change.actor === actor)
}
