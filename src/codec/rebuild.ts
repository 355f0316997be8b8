/**
 * From a delta back to changes: each run is written again on top of what this replica has of its actor, and touches
 * nothing. Only when the run's newest change is vouched for does any of it reach the log.
 *
 * A change's bytes follow from its actor, its number, the change before it and its entry. So a run that says of a
 * number something else than this replica has is another branch of the actor's chain, and is told as such. What was purged here, or is to
 * be as soon as it comes, is passed over: its stub says what the rest goes on from.
 */
import { must } from '#base/assert.ts'
import { equalBytes } from '#base/bytes.ts'
import type { ActorId, ChangeHash, Trail } from '#base/ids.ts'
import type { Log } from '#model/log.ts'
import type { Stub } from '#model/stub.ts'
import { changeAfter, type Trodden } from '#model/trail.ts'
import type { Delta, Run } from './delta.ts'

/** What a run comes to. */
export type Rebuilt =
  | {
      readonly kind: 'good'
      readonly actor: ActorId
      /** Those this replica did not have, without what was purged. */
      readonly changes: readonly Trodden[]
      /** The run's newest change, had before or not; of a purged one the hash is that of its stub's last, and only that has a trail. */
      readonly newest: Pick<Trodden, 'actor' | 'seq' | 'hash'> & {
        readonly trail: Trail | undefined
      }
    }
  /** This replica must first get the actor's changes up to `wanted`. */
  | { readonly kind: 'missing'; readonly actor: ActorId; readonly wanted: number }
  /** This replica has another change at `seq`; `branch` begins with the run's one there and goes on to its end. */
  | {
      readonly kind: 'forked'
      readonly actor: ActorId
      readonly seq: number
      readonly branch: readonly Trodden[]
      readonly newest: Trodden
    }

/** Writes the changes of `delta` again on top of `log`, which stays as it is: one result a run, in their order. */
export function rebuildDelta(delta: Delta, log: Log): readonly Rebuilt[] {
  return delta.runs.map((run) => rebuildRun(run, log))
}

/** The end of what has been passed over or written again; its trail is looked up only where something new goes on from it. */
interface End {
  readonly seq: number
  readonly hash: ChangeHash
  readonly trail?: Trail
}

function rebuildRun(run: Run, log: Log): Rebuilt {
  const { actor, firstSeq, values } = run
  const last = firstSeq + values.length - 1
  let at = startOf(log, actor, firstSeq)
  if (at === undefined) return { kind: 'missing', actor, wanted: firstSeq - 1 }
  const changes: Trodden[] = []
  while (at.seq < last) {
    const seq: number = at.seq + 1
    const value = must(values[seq - firstSeq], 'a run has no holes')
    const known = log.find(actor, seq)
    const stub = log.stubAt(actor, seq)
    const isNext = stub?.from === seq && stub.previous === at.hash
    // Whatever it says, it is gone.
    if (known === undefined && stub !== undefined && (isNext || isReached(log, stub)))
      at = { seq: stub.to, hash: stub.hash, trail: stub.trail }
    else if (known !== undefined && equalBytes(known.value, value)) at = { seq, hash: known.hash }
    else {
      const trail = must(trailAt(log, actor, at), 'what a change goes on from has a trail')
      const change = changeAfter({ ...at, trail }, { actor, value })
      if (known !== undefined) return branchOf(run, change)
      changes.push(change)
      at = change
    }
  }
  const { hash } = at
  const trail = at.seq === last ? trailAt(log, actor, at) : undefined
  return { kind: 'good', actor, changes, newest: { actor, seq: last, hash, trail } }
}

/** What the run's first change goes on from; inside a stub it is not known, and whatever comes is gone as far as that reaches. */
function startOf(log: Log, actor: ActorId, firstSeq: number): End | undefined {
  const hash = log.before(actor, firstSeq)
  if (hash !== undefined) return { seq: firstSeq - 1, hash }
  const stub = log.stubAt(actor, firstSeq)
  if (stub === undefined || !isReached(log, stub)) return undefined
  return { seq: firstSeq - 1, hash: stub.previous }
}

function isReached(log: Log, { actor, to }: Stub): boolean {
  return (log.last(actor)?.seq ?? 0) >= to
}

function trailAt(log: Log, actor: ActorId, { seq, trail }: End): Trail | undefined {
  return trail ?? log.trail(actor, seq)
}

/** The run from the first change on that this replica has another one for. */
function branchOf({ actor, firstSeq, values }: Run, first: Trodden): Rebuilt {
  const { seq } = first
  const branch = [first]
  let newest = first
  for (const value of values.slice(seq + 1 - firstSeq)) {
    newest = changeAfter(newest, { actor, value })
    branch.push(newest)
  }
  return { kind: 'forked', actor, seq, branch, newest }
}
