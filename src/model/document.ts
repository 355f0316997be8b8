/**
 * Automerge's part: documents rest as its compact snapshots, and it checks, at every fold, that what our log says
 * of a document is what Automerge makes of the same changes. The only file that imports Automerge.
 *
 * Automerge's memory is not returned to the system (research/automerge.md 2), so nothing stays open here.
 */
import * as Automerge from '@automerge/automerge'
import { equalBytes } from '#base/bytes.ts'
import type { ActorId, ChangeHash, DocumentId } from '#base/ids.ts'
import { readChange, writeChange, type Change } from './change.ts'
import { openLog, type Log } from './log.ts'
import type { Stub } from './stub.ts'

/** What loading found. `damaged` says which part does not hold together; what came before it is in the log. */
export interface Loaded {
  readonly log: Log
  /** Changes that came out of the snapshot; the rest were loose. */
  readonly snapshotSize: number
  readonly damage: 'none' | 'snapshot' | 'loose changes'
}

/** What lies beside a snapshot. */
export interface Beside {
  /** Changes in the order they were kept. */
  readonly loose: readonly Uint8Array[]
  readonly stubs?: readonly Stub[] | undefined
}

/** Rebuilds a document's log from its snapshot, if it has one, and its loose changes in the order they were kept. */
export function loadDocument(
  document: DocumentId,
  snapshot: Uint8Array | undefined,
  { loose, stubs = [] }: Beside,
): Loaded {
  const log = openLog(document, { stubs })
  const stored = snapshot === undefined ? [] : changesOfSnapshot(log.genesis, snapshot)
  const addStored = stubs.length === 0 ? addAll : addAgain
  if (stored === undefined || !addStored(log, stored))
    return { log, snapshotSize: log.size(), damage: 'snapshot' }
  const snapshotSize = log.size()
  return { log, snapshotSize, damage: addAll(log, loose) ? 'none' : 'loose changes' }
}

/**
 * The snapshot of everything in `log`, made by Automerge and read back, or undefined when Automerge does not arrive
 * at the same heads (then the loose changes stay as they are, and somebody must look).
 */
export function foldDocument(log: Log): Uint8Array | undefined {
  const { changes, heads } = log.stubs.length === 0 ? asTheyAre(log) : withoutPurged(log)
  try {
    const [built] = Automerge.applyChanges(
      Automerge.init<unknown>({ actor: '00' }),
      changes.map((change) => change.bytes),
    )
    const snapshot = Automerge.save(built)
    const isSame = sameHeads(Automerge.getHeads(built), heads)
    Automerge.free(built)
    return isSame && changesOfSnapshot(log.genesis, snapshot)?.length === changes.length - 1
      ? snapshot
      : undefined
  } catch {
    return undefined
  }
}

interface Folding {
  readonly changes: readonly Pick<Change, 'bytes'>[]
  readonly heads: readonly ChangeHash[]
}

function asTheyAre(log: Log): Folding {
  return { changes: [log.genesis, ...log.since({})], heads: log.heads() }
}

/**
 * A document of which some was purged rests as one that never had it: each list with the entries that are left, numbered
 * from 1. It follows from these entries alone, so whoever has the same has the same bytes; the stubs, which lie beside it,
 * say which numbers they really have (`addAgain`).
 */
function withoutPurged(log: Log): Folding {
  const changes: Pick<Change, 'bytes'>[] = [log.genesis]
  const heads: ChangeHash[] = []
  for (const actor of Object.keys(log.clock()).toSorted() as ActorId[]) {
    let previous = log.genesis.hash
    let seq = 0
    for (const { value } of log.since({}).filter((change) => change.actor === actor)) {
      seq += 1
      const change = writeChange({ actor, seq, previous, value })
      previous = change.hash
      changes.push(change)
    }
    if (seq > 0) heads.push(previous)
  }
  return { changes, heads: heads.length === 0 ? [log.genesis.hash] : heads.toSorted() }
}

/** Adds what `withoutPurged` left, each under its own number. */
function addAgain(log: Log, changes: readonly Uint8Array[]): boolean {
  for (const bytes of changes) {
    const change = readChange(bytes)
    if (change === undefined) return false
    const { actor, value } = change
    log.add(log.next(actor, value))
  }
  return true
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
