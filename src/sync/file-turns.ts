/**
 * Whose turn it is at a post office, where all hear the same wish and many may have the file: headquarters first, then the home of whoever
 * handed the file in, then the others one after another, each once nothing has come for a while. Whoever is giving goes on.
 */
import type { UserId } from '#base/ids.ts'
import { isNode, type SyncContext } from './context.ts'
import { dueMs } from './file-desk.ts'
import type { Wisher } from './file-wishes.ts'
import { FETCH_NEXT_TURN_MS, FETCH_TURN_MS } from './file-limits.ts'

/** What of a node decides on that. */
interface Ground extends Pick<SyncContext, 'roster'> {
  readonly identity: Pick<SyncContext['identity'], 'certificate'>
  readonly time: Pick<SyncContext['time'], 'nowMs'>
}

/** From when on what somebody wants is for us to give, or to get from elsewhere, by the running time; `owner` is whose file it is, if that is known. */
export function turnMs(
  context: Ground,
  { peer, node, wish }: Wisher,
  owner: UserId | undefined,
): number {
  const { identity, roster } = context
  const self = identity.certificate.node
  if (isNode(peer) || wish.giver === self) return 0
  const others = roster.all().filter((one) => one.node !== node)
  const hubs = others.filter(({ role }) => role === 'hub')
  const kits = others.filter(({ role }) => role !== 'hub')
  const quietSinceMs = Math.max(wish.heardMs, wish.movedMs)
  const rank = hubs.findIndex((one) => one.node === self)
  if (rank >= 0) return dueMs(context, quietSinceMs, rank * FETCH_NEXT_TURN_MS)
  const isHome = owner !== undefined && roster.homeOf(owner)?.node === self
  const turn = isHome ? 0 : 1 + kits.findIndex((one) => one.node === self)
  const hubsMs = hubs.length === 0 ? 0 : FETCH_TURN_MS
  return dueMs(context, quietSinceMs, hubsMs + turn * FETCH_NEXT_TURN_MS)
}
