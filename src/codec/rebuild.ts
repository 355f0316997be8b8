/**
 * From a delta back to changes: each run is written again on top of what this replica has of its actor, and touches
 * nothing. Only when the run's newest change is vouched for does any of it reach the log.
 *
 * A change's bytes follow from its actor, its number, the change before it and its entry. So a run that says of a
 * number something else than this replica has is another branch of the actor's chain, and is told as such.
 */
import { must } from '#base/assert.ts'
import { equalBytes } from '#base/bytes.ts'
import type { ActorId, ChangeHash } from '#base/ids.ts'
import { writeChange, type Change } from '#model/change.ts'
import type { Log } from '#model/log.ts'
import type { Delta, Run } from './delta.ts'

/** What a run comes to. */
export type Rebuilt =
  | {
      readonly kind: 'good'
      readonly actor: ActorId
      /** Those this replica did not have. */
      readonly changes: readonly Change[]
      /** The run's newest change, had before or not. */
      readonly newest: Change
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
  const base = log.before(actor, firstSeq)
  if (base === undefined) return { kind: 'missing', actor, wanted: firstSeq - 1 }
  // Same change before it and same entry: the very same change.
  const isHad = (value: Uint8Array, index: number): boolean => {
    const known = log.find(actor, firstSeq + index)
    return known !== undefined && equalBytes(known.value, value)
  }
  const firstNew = values.findIndex((value, index) => !isHad(value, index))
  const seq = firstSeq + (firstNew < 0 ? values.length : firstNew)
  const previous = must(log.before(actor, seq), 'what comes before is here')
  const fresh = writeRun({ actor, seq, previous, values: values.slice(seq - firstSeq) })
  const newest = fresh.at(-1) ?? log.find(actor, seq - 1)
  const head = must(newest, 'a run has a change')
  return log.find(actor, seq) !== undefined && fresh.length > 0
    ? { kind: 'forked', actor, seq, branch: fresh, newest: head }
    : { kind: 'good', actor, changes: fresh, newest: head }
}

function writeRun(run: {
  readonly actor: ActorId
  readonly seq: number
  readonly previous: ChangeHash
  readonly values: readonly Uint8Array[]
}): readonly Change[] {
  const { actor, seq, values } = run
  let { previous } = run
  return values.map((value, index) => {
    const change = writeChange({ actor, seq: seq + index, previous, value })
    previous = change.hash
    return change
  })
}
