/**
 * What else on the disk holds something that was purged, beside its document and the view: parcels that were cut and have
 * not left, envelopes that came early, what was cut off lists or set aside, bytes of damaged documents.
 */
import type { ChannelId, DocumentId, UserId } from '#base/ids.ts'
import { decodeDelta, type Run } from '#codec/delta.ts'
import { decodeLoad } from '#codec/load.ts'
import type { Clock } from '#model/log.ts'
import { isIn, type Stub } from '#model/stub.ts'
import type { MessageRecord } from '#model/view.ts'
import type { PeerId } from '#ports/carrier.ts'
import type { SyncContext } from './context.ts'
import { openWithDictionary } from './dictionaries.ts'
import { noteHole } from './healing.ts'
import { keptKey } from './kept-keys.ts'
import { key, range, within } from './keys.ts'
import { clockOf, hasOf, setHas } from './ledger.ts'
import { restoreNotes } from './note-queue.ts'
import { keptFrom } from './parking.ts'
import { purgeRange } from './purge-keys.ts'
import { pack, unpack, type AsideRecord, type ParcelRecord, type ViewedRecord } from './records.ts'
import type { Tx } from './replica.ts'

/** A document, and what was purged of it. */
export interface Purged {
  readonly document: DocumentId
  readonly stubs: readonly Stub[]
}

/** Takes away what was kept apart: branches that were cut off, what waits to be written again, bytes of a damaged document. */
export async function dropKeptApart(tx: Tx, { document, stubs }: Purged): Promise<void> {
  for (const actor of new Set(stubs.map((stub) => stub.actor)))
    for (const [place] of await tx.list(purgeRange.cutOff(document, actor))) {
      const seq = Number(place.split('/')[3])
      if (stubs.some((stub) => isIn(stub, { actor, seq }))) tx.delete(place)
    }
  for (const [place, bytes] of await tx.list(range.aside(document))) {
    const aside = unpack<AsideRecord>(bytes)
    if (aside !== undefined && stubs.some((stub) => isIn(stub, aside))) tx.delete(place)
  }
  for (const [place] of await tx.list(range.broken(document))) tx.delete(place)
}

/**
 * Lets go of parcels that were cut and not answered for: what else is in them is cut anew. Every peer is taken to have the
 * stubs, as it gets them by the order.
 */
export async function recut(tx: Tx, context: SyncContext, purged: Purged): Promise<void> {
  const { document } = purged
  for (const peer of context.peers) {
    await dropParcels(tx, peer, purged)
    await setHas(tx, context, { peer, document, clock: await hasOf(tx, peer, document) })
  }
}

async function dropParcels(tx: Tx, peer: PeerId, { document, stubs }: Purged): Promise<void> {
  for (const [place, bytes] of await tx.list(range.parcels(peer))) {
    const record = unpack<ParcelRecord>(bytes)
    if (record?.document !== document || !overlaps(record, stubs)) continue
    if (record.isAnswered !== true) await restoreNotes(tx, peer, record)
    tx.delete(place)
  }
}

function overlaps({ first, clock }: ParcelRecord, stubs: readonly Stub[]): boolean {
  return stubs.some(({ actor, from, to }) => {
    const start = first[actor] ?? Infinity
    return start <= to && from <= (clock[actor] ?? 0)
  })
}

/**
 * Lets go of envelopes that wait for something and hold what was purged: the rest of them is asked for again. What cannot be
 * opened yet stays; nobody can read it here either, and what it says is passed over once it can.
 */
export async function dropWaiting(tx: Tx, context: SyncContext, purged: Purged): Promise<void> {
  const { document, stubs } = purged
  for (const [place, bytes] of await tx.list(range.waiting(document))) {
    const runs = await runsIn(tx, context, keptFrom(bytes).bytes)
    if (!runs.some((run) => holds(run, stubs))) continue
    tx.delete(place)
    const lost: Clock = Object.fromEntries(runs.map((run) => [run.actor, lastOf(run)]))
    const clock = await clockOf(tx, document)
    await noteHole(tx, document, { since: context.now(), lost, clock })
  }
}

async function runsIn(tx: Tx, context: SyncContext, bytes: Uint8Array): Promise<readonly Run[]> {
  const { roster } = context
  const opened = await openWithDictionary(tx, context, bytes)
  if (!opened.ok) return []
  const known = { scope: opened.key.scope, sender: opened.actor, roster }
  const delta = decodeLoad(opened.body, known)?.delta
  const decoded = delta && decodeDelta(delta, known)
  return decoded?.ok === true ? decoded.delta.runs : []
}

function lastOf({ firstSeq, values }: Run): number {
  return firstSeq + values.length - 1
}

function holds(run: Run, stubs: readonly Stub[]): boolean {
  return stubs.some(
    ({ actor, from, to }) => actor === run.actor && run.firstSeq <= to && from <= lastOf(run),
  )
}

/** Messages are gone from the view: their files are nobody's any more, and nobody has read or lacks them. */
export async function forgetMessages(
  tx: Tx,
  channel: ChannelId,
  gone: readonly MessageRecord[],
): Promise<void> {
  for (const { files = [] } of gone) for (const file of files) tx.delete(keptKey.fileSeen(file.id))
  for (const [place, bytes] of await tx.list(within('view/seen/'))) {
    const [, , person, of] = place.split('/')
    const viewed = unpack<ViewedRecord>(bytes)
    if (of !== channel || viewed === undefined) continue
    const read = gone.filter(({ createdAt, author }) => createdAt <= viewed.at || author === person)
    const roots = read.filter(({ root }) => root === undefined)
    const count = Math.max(0, viewed.count - read.length)
    const rootCount = Math.max(0, viewed.rootCount - roots.length)
    tx.put(key.viewed(person as UserId, channel), pack({ ...viewed, count, rootCount }))
  }
}
