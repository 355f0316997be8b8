/**
 * Liveness: how long after the last fault everything must have come to everybody. What nodes wait for on purpose (receipts ride
 * along, relays hold back, a gap is asked for after a while) takes minutes; the rest is what the bytes take on the
 * thinnest line, each document once to every node, with as much again for receipts, notes and what is sent twice.
 */
import type { Instant } from '#base/ids.ts'
import { EVERYTHING } from './disk.ts'
import type { Member } from './fleet.ts'
import type { Verdict } from './verdict.ts'

/** Nobody does anything for so long in the end, in milliseconds. */
export const IDLE_MS = 12 * 3_600_000

/** What nodes wait for on purpose, in milliseconds. */
const WAITING_MS_MAX = 20 * 60_000
/** What moves for each byte that somebody may lack. */
const BYTES_PER_BYTE = 4
/** Where documents lie in a store. */
const DOCUMENTS = /^(?:loose|snap)\//

/** What bounds the draining of a world. */
interface Draining {
  readonly members: readonly Pick<Member, 'disk'>[]
  readonly faults: { readonly slowestBps: () => number | undefined }
}

/** Longest time until nothing is under way any more, in milliseconds. */
export function drainMsMax({ members, faults }: Draining): number {
  const bps = faults.slowestBps()
  if (bps === undefined) return WAITING_MS_MAX
  const most = Math.max(...members.map(documentBytes))
  return WAITING_MS_MAX + (most * members.length * BYTES_PER_BYTE * 8_000) / bps
}

function documentBytes({ disk }: Pick<Member, 'disk'>): number {
  const entries = disk.durable(EVERYTHING).filter(([key]) => DOCUMENTS.test(key))
  return entries.reduce((sum, [, value]) => sum + value.length, 0)
}

/** Promise 10: where nobody does anything and nothing fails, nothing moves, whatever contacts are open. */
export function checkIdle(
  { verdict, lastTrafficAt }: { readonly verdict: Verdict; readonly lastTrafficAt: () => Instant },
  before: Instant,
): void {
  if (lastTrafficAt() === before) return
  verdict.fail({
    broken: 'promise 10: an idle link costs nothing',
    where: 'the world',
    wanted: `no parcel in ${IDLE_MS / 3_600_000} idle hours`,
    found: `one ${Math.round((lastTrafficAt() - before) / 1_000)} s after the last`,
  })
}

/** A time that is kept anew may have another length. */
const GROWTH_BYTES_MAX = 100

/** How much lies on a disk. */
export function bytesOn({ disk }: Pick<Member, 'disk'>): number {
  const entries = disk.durable(EVERYTHING)
  return entries.reduce((sum, [name, value]) => sum + name.length + value.length, 0)
}

/** Promise 11: where nobody does anything, no disk grows. */
export function checkGrowth(
  { verdict }: { readonly verdict: Verdict },
  { name, disk }: Pick<Member, 'name' | 'disk'>,
  before: number,
): void {
  const bytes = bytesOn({ disk }) - before
  if (bytes <= GROWTH_BYTES_MAX) return
  verdict.fail({
    broken: 'promise 11: bounded',
    where: name,
    wanted: `a disk that does not grow in ${IDLE_MS / 3_600_000} idle hours`,
    found: `${bytes} bytes more`,
  })
}
