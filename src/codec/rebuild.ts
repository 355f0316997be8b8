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
import type { ActorId } from '#base/ids.ts'
import { writeChange, type Change } from '#model/change.ts'
import type { Head, Log } from '#model/log.ts'
import type { Stub } from '#model/stub.ts'
import type { Delta, Run } from './delta.ts'

/** What a run comes to. */
export type Rebuilt =
  | {
      readonly kind: 'good'
      readonly actor: ActorId
      /** Those this replica did not have, without what was purged. */
      readonly changes: readonly Change[]
      /** The run's newest change, had before or not; of a purged one the hash is that of its stub's last. */
      readonly newest: Pick<Change, 'actor' | 'seq' | 'hash'>
    }
  /** This replica must first get the actor's changes up to `wanted`. */
  | { readonly kind: 'missing'; readonly actor: ActorId; readonly wanted: number }
  /** This replica has another change at `seq`; `branch` begins with the run's one there and goes on to its end. */
  | {
      readonly kind: 'forked'
      readonly actor: ActorId
      readonly seq: number
      readonly branch: readonly Change[]
      readonly newest: Change
    }

/** Writes the changes of `delta` again on top of `log`, which stays as it is: one result a run, in their order. */
export function rebuildDelta(delta: Delta, log: Log): readonly Rebuilt[] {
  return delta.runs.map((run) => rebuildRun(run, log))
}

function rebuildRun(run: Run, log: Log): Rebuilt {
  const { actor, firstSeq, values } = run
  const place = { actor, end: firstSeq + values.length - 1 }
  let at: Head | undefined = startOf(log, actor, firstSeq)
  if (at === undefined) return { kind: 'missing', actor, wanted: firstSeq - 1 }
  const changes: Change[] = []
  while (at.seq < place.end) {
    const seq: number = at.seq + 1
    const value = must(values[seq - firstSeq], 'a run has no holes')
    const known = log.find(actor, seq)
    const stub = log.stubAt(actor, seq)
    const isNext = stub?.from === seq && stub.previous === at.hash
    // Whatever it says, it is gone.
    if (known === undefined && stub !== undefined && (isNext || isReached(log, stub)))
      at = { seq: stub.to, hash: stub.hash }
    else if (known !== undefined && equalBytes(known.value, value)) at = known
    else {
      const change: Change = writeChange({ actor, seq, previous: at.hash, value })
      if (known !== undefined) return branchOf(run, { first: change, seq })
      changes.push(change)
      at = change
    }
  }
  const { hash } = at
  return { kind: 'good', actor, changes, newest: { actor, seq: place.end, hash } }
}

/** What the run's first change goes on from; inside a stub it is not known, and whatever comes is gone as far as that reaches. */
function startOf(log: Log, actor: ActorId, firstSeq: number): Head | undefined {
  const hash = log.before(actor, firstSeq)
  if (hash !== undefined) return { seq: firstSeq - 1, hash }
  const stub = log.stubAt(actor, firstSeq)
  if (stub === undefined || !isReached(log, stub)) return undefined
  return { seq: firstSeq - 1, hash: stub.previous }
}

function isReached(log: Log, { actor, to }: Stub): boolean {
  return (log.last(actor)?.seq ?? 0) >= to
}

/** The run from the first change on that this replica has another one for. */
function branchOf(
  { actor, firstSeq, values }: Run,
  { first, seq }: { readonly first: Change; readonly seq: number },
): Rebuilt {
  const branch = [first]
  let newest = first
  for (const value of values.slice(seq + 1 - firstSeq)) {
    newest = writeChange({ actor, seq: newest.seq + 1, previous: newest.hash, value })
    branch.push(newest)
  }
  return { kind: 'forked', actor, seq, branch, newest }
}
