/**
 * Envelopes that came early, on disk until what they go on from has come. There is a limit to them. Nothing in such an envelope
 * can be verified yet, so who fills the room must crowd out itself: beyond the limit, of those who have most there, the
 * envelope that is furthest from use gives way. What gave way is a gap like any other, asked for and given again.
 */
import { must } from '#base/assert.ts'
import type { DocumentId, NodeId } from '#base/ids.ts'
import { PARKED_ENVELOPES_MAX } from '#base/limits.ts'
import type { Clock } from '#model/log.ts'
import type { PeerId } from '#ports/carrier.ts'
import { isNode, type Incoming, type SyncContext } from './context.ts'
import { key, range } from './keys.ts'
import { clockOf, envelopeName } from './ledger.ts'
import { keptFrom, keptOf } from './parking.ts'
import { pack, type KeptRecord } from './records.ts'
import type { Tx } from './replica.ts'

/** An envelope that came early. */
export interface Early {
  readonly document: DocumentId
  /** Whose envelope it says to be: any member can seal it so. */
  readonly sender: NodeId
  readonly incoming: Incoming
  /** Numbers of changes that must come first; at least one. */
  readonly wanted: Clock
}

/** Keeps an envelope, and lets another go where there is no room. False when it is this one that has to give way. */
export async function keepWaiting(tx: Tx, context: SyncContext, early: Early): Promise<boolean> {
  const { document, sender, incoming, wanted } = early
  const place = key.waiting(document, envelopeName(incoming.bytes))
  const holder = holderOf(incoming.from, sender)
  const record: KeptRecord = { ...keptOf(context, incoming, wanted), holder }
  // What was kept before has its place.
  const isNew = incoming.since === undefined && (await tx.get(place)) === undefined
  if (isNew && !(await makeRoom(tx, context, { place, record }))) return false
  tx.put(place, pack(record))
  tx.afterwards(() => context.log.info('gap.found', { document }))
  tx.afterwards(context.ring)
  return true
}

/** Lets go what a node holds there that is revoked: it would be refused by now, and what it lacks may never come. */
export async function dropHeldBy(tx: Tx, node: NodeId): Promise<void> {
  for (const [place, bytes] of await tx.list(range.allWaiting))
    if (keptFrom(bytes).holder === node) tx.delete(place)
}

/** Who handed it over, where that is certain; at a post office, whose it says to be. */
function holderOf(from: PeerId | undefined, sender: NodeId): NodeId {
  return from !== undefined && isNode(from) ? from : sender
}

interface Kept {
  readonly place: string
  readonly record: KeptRecord
}

async function makeRoom(tx: Tx, context: SyncContext, newcomer: Kept): Promise<boolean> {
  const entries = await tx.list(range.allWaiting)
  if (entries.length < PARKED_ENVELOPES_MAX) return true
  const kept = entries.map(([place, bytes]) => ({ place, record: keptFrom(bytes) }))
  const last = await leastUseful(tx, [...kept, newcomer])
  if (last.place === newcomer.place) return false
  tx.delete(last.place)
  const { holder } = last.record
  tx.afterwards(() => context.log.info('envelope.waited-out', holder ? { node: holder } : {}))
  return true
}

/** Of those who hold most, the one that lacks most before it can be used; of equals the oldest. */
async function leastUseful(tx: Tx, all: readonly Kept[]): Promise<Kept> {
  const shares = new Map<string, number>()
  for (const { record } of all) shares.set(shareOf(record), 1 + (shares.get(shareOf(record)) ?? 0))
  const most = Math.max(...shares.values())
  const clocks = new Map<DocumentId, Clock>()
  const ranked: { readonly kept: Kept; readonly distance: number }[] = []
  for (const kept of all.filter(({ record }) => shares.get(shareOf(record)) === most)) {
    const document = kept.place.split('/')[1] as DocumentId
    const clock = clocks.get(document) ?? (await clockOf(tx, document))
    clocks.set(document, clock)
    ranked.push({ kept, distance: distanceTo(clock, kept.record.wanted) })
  }
  const [last] = ranked.toSorted(
    (a, b) => b.distance - a.distance || a.kept.record.since - b.kept.record.since,
  )
  return must(last, 'whoever has most has something').kept
}

function shareOf({ holder }: KeptRecord): string {
  return holder ?? ''
}

/** How many changes have to come at least before some of it can be used. */
function distanceTo(clock: Clock, wanted: Clock): number {
  const lacking = Object.entries(wanted).map(([actor, seq]) => seq - (clock[actor] ?? 0))
  return Math.min(...lacking)
}
