/**
 * From a delta back to changes: each is written again on top of what this replica has, into a scratch that touches
 * nothing. Only when every author's newest change is vouched for does anything reach the log.
 */
import type { ActorId, ChangeHash } from '#base/ids.ts'
import type { Change } from '#model/change.ts'
import { openScratch, type Clock, type Log } from '#model/log.ts'
import type { Delta, DeltaRecord, Reference } from './delta.ts'

/** What a delta comes to. `missing`: this replica must first get changes up to `wanted`. */
export type Rebuilt =
  | {
      readonly ok: true
      /** Those this replica did not have, in the delta's order. */
      readonly changes: readonly Change[]
      /** The newest change of each actor in the delta, had before or not. */
      readonly newest: ReadonlyMap<ActorId, Change>
    }
  | { readonly ok: false; readonly reason: 'missing'; readonly wanted: Clock }
  | { readonly ok: false; readonly reason: 'malformed' }

/** Writes the changes of `delta` again on top of `log`, which stays as it is. */
export function rebuildDelta(delta: Delta, log: Log): Rebuilt {
  const scratch = openScratch(log)
  const written: Change[] = []
  const changes: Change[] = []
  const newest = new Map<ActorId, Change>()
  for (const record of delta.records) {
    const known = scratch.find(record.actor, record.seq)
    const change = known ?? writeAgain(record, written, scratch)
    if (change === undefined) {
      const wanted = wantedBy(record, scratch.find)
      return wanted === undefined
        ? { ok: false, reason: 'malformed' }
        : { ok: false, reason: 'missing', wanted }
    }
    if (known === undefined) {
      scratch.add(change)
      changes.push(change)
    }
    written.push(change)
    if (change.seq >= (newest.get(record.actor)?.seq ?? 0)) newest.set(record.actor, change)
  }
  return { ok: true, changes, newest }
}

type Scratch = ReturnType<typeof openScratch>

function writeAgain(
  record: DeltaRecord,
  written: readonly Change[],
  scratch: Scratch,
): Change | undefined {
  const previous = record.seesPrevious ? [written.at(-1)?.hash] : []
  const seen = [
    ...previous,
    ...record.sees.map((reference) => resolve(reference, written, scratch)),
  ]
  const known = seen.filter((hash): hash is ChangeHash => hash !== undefined)
  if (known.length < seen.length) return undefined
  return scratch.compose({ actor: record.actor, seq: record.seq, seen: known, value: record.value })
}

function resolve(
  reference: Reference,
  written: readonly Change[],
  scratch: Scratch,
): ChangeHash | undefined {
  switch (reference.kind) {
    case 'genesis':
      return scratch.genesis.hash
    case 'back':
      return written.at(-reference.steps)?.hash
    case 'dot':
      return scratch.find(reference.actor, reference.seq)?.hash
  }
}

/** What this replica would need to write `record`; undefined when nothing is missing and the record is just wrong. */
function wantedBy(record: DeltaRecord, find: Scratch['find']): Clock | undefined {
  const wanted: Record<string, number> = {}
  if (record.seq > 1 && find(record.actor, record.seq - 1) === undefined)
    wanted[record.actor] = record.seq - 1
  for (const reference of record.sees) {
    if (reference.kind !== 'dot' || find(reference.actor, reference.seq) !== undefined) continue
    wanted[reference.actor] = Math.max(reference.seq, wanted[reference.actor] ?? 0)
  }
  return Object.keys(wanted).length === 0 ? undefined : wanted
}
