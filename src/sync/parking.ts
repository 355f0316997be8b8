/**
 * Envelopes that cannot be opened yet, on disk until what they wait for has come. There is a limit to them. Nobody can tell who
 * wrote such an envelope, so beyond the limit the one that has waited longest gives way, of those that wait for a key, for a
 * certificate or for a dictionary, whichever are most: on a post office that several audiences share most are for others and
 * wait for a key, and whoever makes up senders must not take all the room.
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

const WAITS: readonly Wait[] = ['key', 'certificate', 'dictionary']
const NONE: ParkedCounts = { key: 0, certificate: 0, dictionary: 0 }

/** Parks an envelope; another gives way where there is no room. */
export async function park(
  tx: Tx,
  context: SyncContext,
  { incoming, wait }: { readonly incoming: Incoming; readonly wait: Wait },
): Promise<Outcome> {
  const record = keptOf(context, incoming, {})
  const place = key.parked(wait, record.since, envelopeName(incoming.bytes))
  if ((await tx.get(place)) !== undefined) return { kind: 'parked' }
  const counts = await countsOf(tx)
  if (WAITS.reduce((sum, one) => sum + counts[one], 0) >= PARKED_ENVELOPES_MAX) {
    const most = WAITS.reduce((a, b) => (counts[b] > counts[a] ? b : a))
    const [oldest] = await tx.list({ ...range.parkedFor(most), limit: 1 })
    if (oldest === undefined) return { kind: 'refused', reason: 'too many are parked' }
    await unpark(tx, oldest[0])
    tx.afterwards(() => context.log.info('envelope.parked-out', { reason: most }))
  }
  tx.put(place, pack(record))
  await addToCount(tx, wait, 1)
  return { kind: 'parked' }
}

/** All that is parked, or what waits for one thing, the longest parked first. */
export async function allParked(tx: Tx, wait?: Wait): Promise<readonly Entry[]> {
  return tx.list(wait === undefined ? range.parked : range.parkedFor(wait))
}

/** Lets go of a parked envelope. */
export async function unpark(tx: Tx, place: string): Promise<void> {
  if ((await tx.get(place)) === undefined) return
  tx.delete(place)
  const wait = WAITS.find((one) => place.startsWith(range.parkedFor(one).from))
  await addToCount(tx, must(wait, 'what is parked waits for something'), -1)
}

/** The record of an envelope that is kept. */
export function keptOf(
  context: SyncContext,
  { bytes, from, since }: Incoming,
  wanted: Clock,
): KeptRecord {
  return { bytes, from, since: since ?? context.now(), wanted }
}

/** The record in a kept envelope's value. */
export function keptFrom(bytes: Uint8Array): KeptRecord {
  return must(unpack<KeptRecord>(bytes), 'a kept envelope has its record')
}

/** How many are parked, and for what. */
export async function countsOf(reader: Pick<Tx, 'get'>): Promise<ParkedCounts> {
  return { ...NONE, ...unpack<ParkedCounts>(await reader.get(key.parkedCounts)) }
}

/** Counts them anew. */
export async function recountParked(tx: Tx): Promise<void> {
  const count = async (wait: Wait): Promise<number> => (await tx.list(range.parkedFor(wait))).length
  const counts: ParkedCounts = {
    key: await count('key'),
    certificate: await count('certificate'),
    dictionary: await count('dictionary'),
  }
  tx.put(key.parkedCounts, pack(counts))
}

async function addToCount(tx: Tx, wait: Wait, difference: number): Promise<void> {
  const counts = await countsOf(tx)
  const count = Math.max(0, counts[wait] + difference)
  tx.put(key.parkedCounts, pack({ ...counts, [wait]: count } satisfies ParkedCounts))
}
