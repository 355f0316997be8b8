/**
 * Envelopes that cannot be opened yet, on disk until what they wait for has come. There is a limit to them. Nobody can tell who
 * wrote such an envelope, only who handed it over, and what it waits for: a key, a certificate or a dictionary. So each peer has a
 * share of the room for each, and beyond the limit the one that has waited longest gives way, of the share that is largest. Who
 * hands over junk crowds out what it brought itself; on a post office that several audiences share, where most are for others and
 * wait for a key, whoever makes up senders must not take all the room. What gave way is a gap like any other.
 */
import { must } from '#base/assert.ts'
import { PARKED_ENVELOPES_MAX } from '#base/limits.ts'
import type { Clock } from '#model/log.ts'
import type { Entry } from '#ports/store.ts'
import type { Incoming, Outcome, SyncContext } from './context.ts'
import { key, range } from './keys.ts'
import { envelopeName } from './ledger.ts'
import { pack, unpack, type KeptRecord, type ParkedCounts, type Wait } from './records.ts'
import type { Tx } from './replica.ts'

/** Parks an envelope; another gives way where there is no room. */
export async function park(
  tx: Tx,
  context: SyncContext,
  { incoming, wait }: { readonly incoming: Incoming; readonly wait: Wait },
): Promise<Outcome> {
  const record = keptOf(context, incoming, {})
  const { since, from, holder = from } = record
  const hash = envelopeName(incoming.bytes)
  const place = key.parked(wait, holder ?? '', { since, hash })
  if ((await tx.get(place)) !== undefined) return { kind: 'parked' }
  const counts = await countsOf(tx)
  if (sumOf(counts) >= PARKED_ENVELOPES_MAX) {
    const most = largestOf(counts)
    const [oldest] = await tx.list({ ...range.parkedOf(most), limit: 1 })
    if (oldest === undefined) return { kind: 'refused', reason: 'too many are parked' }
    await unpark(tx, oldest[0])
    tx.afterwards(() => context.log.info('envelope.parked-out', { reason: most }))
  }
  tx.put(place, pack(record))
  await addToCount(tx, place, 1)
  return { kind: 'parked' }
}

/** All that is parked, or what waits for one thing. */
export async function allParked(tx: Tx, wait?: Wait): Promise<readonly Entry[]> {
  return tx.list(wait === undefined ? range.parked : range.parkedFor(wait))
}

/** Lets go of a parked envelope. */
export async function unpark(tx: Tx, place: string): Promise<void> {
  if ((await tx.get(place)) === undefined) return
  tx.delete(place)
  await addToCount(tx, place, -1)
}

/** The record of an envelope that is kept. */
export function keptOf(
  context: SyncContext,
  { bytes, from, since, holder }: Incoming,
  wanted: Clock,
): KeptRecord {
  const record = { bytes, from, since: since ?? context.now(), wanted }
  return holder === undefined || holder === from ? record : { ...record, holder }
}

/** The record in a kept envelope's value. */
export function keptFrom(bytes: Uint8Array): KeptRecord {
  return must(unpack<KeptRecord>(bytes), 'a kept envelope has its record')
}

/** How many wait for one thing. */
export async function countParked(reader: Pick<Tx, 'get'>, wait: Wait): Promise<number> {
  const shares = Object.entries(await countsOf(reader))
  return sumOf(Object.fromEntries(shares.filter(([share]) => share.startsWith(`${wait}/`))))
}

/** Counts them anew. */
export async function recountParked(tx: Tx): Promise<void> {
  const counts: Record<string, number> = {}
  for (const [place] of await tx.list(range.parked))
    counts[shareOf(place)] = 1 + (counts[shareOf(place)] ?? 0)
  tx.put(key.parkedCounts, pack(counts satisfies ParkedCounts))
}

async function countsOf(reader: Pick<Tx, 'get'>): Promise<ParkedCounts> {
  return unpack<ParkedCounts>(await reader.get(key.parkedCounts)) ?? {}
}

async function addToCount(tx: Tx, place: string, difference: number): Promise<void> {
  const { [shareOf(place)]: before = 0, ...others } = await countsOf(tx)
  const count = Math.max(0, before + difference)
  const counts: ParkedCounts = count === 0 ? others : { ...others, [shareOf(place)]: count }
  tx.put(key.parkedCounts, pack(counts))
}

/** `<wait>/<peer>` of a place. */
function shareOf(place: string): string {
  return place.slice(range.parked.from.length, place.lastIndexOf('/'))
}

function sumOf(counts: ParkedCounts): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0)
}

function largestOf(counts: ParkedCounts): string {
  const [[share] = ['']] = Object.entries(counts).toSorted(([, a], [, b]) => b - a)
  return share
}
