/**
 * Automerge's part: documents rest as its compact snapshots, and it checks, at every fold, that what our log says
 * of a document is what Automerge makes of the same changes. The only file that imports Automerge.
 *
 * Automerge's memory is not returned to the system (research/automerge.md 2), so nothing stays open here.
 */
import * as Automerge from '@automerge/automerge'
import { equalBytes } from '#base/bytes.ts'
import type { ChangeHash, DocumentId } from '#base/ids.ts'
import { openLog, type Log } from './log.ts'

/** What loading found. `damaged` says which part does not hold together; what came before it is in the log. */
export interface Loaded {
  readonly log: Log
  /** Changes that came out of the snapshot; the rest were loose. */
  readonly snapshotSize: number
  readonly damage: 'none' | 'snapshot' | 'loose changes'
}

/** Rebuilds a document's log from its snapshot, if it has one, and its loose changes in the order they were kept. */
export function loadDocument(
  document: DocumentId,
  snapshot: Uint8Array | undefined,
  loose: readonly Uint8Array[],
): Loaded {
  const log = openLog(document)
  const stored = snapshot === undefined ? [] : changesOfSnapshot(log.genesis, snapshot)
  if (stored === undefined || !addAll(log, stored))
    return { log, snapshotSize: log.size(), damage: 'snapshot' }
  const snapshotSize = log.size()
  return { log, snapshotSize, damage: addAll(log, loose) ? 'none' : 'loose changes' }
}

/**
 * The snapshot of everything in `log`, made by Automerge and read back, or undefined when Automerge does not arrive
 * at the same heads (then the loose changes stay as they are, and somebody must look).
 */
export function foldDocument(log: Log): Uint8Array | undefined {
  const changes = [log.genesis, ...log.since({})]
  const wanted = log.heads()
  try {
    const [built] = Automerge.applyChanges(
      Automerge.init<unknown>({ actor: '00' }),
      changes.map((change) => change.bytes),
    )
    const snapshot = Automerge.save(built)
    const isSame = sameHeads(Automerge.getHeads(built), wanted)
    Automerge.free(built)
    return isSame && changesOfSnapshot(log.genesis, snapshot)?.length === changes.length - 1
      ? snapshot
      : undefined
  } catch {
    return undefined
  }
}

/** The values of every list of a document, by actor, as Automerge itself reads a snapshot. For tests and doctors. */
export function readSnapshot(
  snapshot: Uint8Array,
): Readonly<Record<string, readonly Uint8Array[]>> {
  const built = Automerge.load<Record<string, Uint8Array[]>>(snapshot, { actor: '00' })
  const lists = Object.entries(built).filter(([key]) => key !== 'id')
  const copy = Object.fromEntries(
    lists.map(([key, values]) => [key, values.map((value) => Uint8Array.from(value))]),
  )
  Automerge.free(built)
  return copy
}

/** What follows the genesis, or undefined when the bytes are no snapshot of this document. */
function changesOfSnapshot(
  genesis: Log['genesis'],
  snapshot: Uint8Array,
): Uint8Array[] | undefined {
  try {
    const built = Automerge.load<unknown>(snapshot, { actor: '00' })
    const [first, ...changes] = Automerge.getAllChanges(built)
    Automerge.free(built)
    return first !== undefined && equalBytes(first, genesis.bytes) ? changes : undefined
  } catch {
    return undefined
  }
}

/** Adds what can be added and says whether that was all. The changes are ours, so their order is a fitting one. */
function addAll(log: Log, changes: readonly Uint8Array[]): boolean {
  for (const bytes of changes) {
    const admission = log.admit(bytes)
    if (!admission.ok) return false
    if (admission.isNew) log.add(admission.change)
  }
  return true
}

function sameHeads(a: readonly string[], b: readonly ChangeHash[]): boolean {
  return a.length === b.length && a.toSorted().every((head, index) => head === b[index])
}
