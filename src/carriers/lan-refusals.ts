/**
 * Who will not talk to us, and why, as they say. Whoever says it has not proven who they are, so it is told to people, and nothing
 * follows from it. It is heard only where the operator has us dial, or where one of ours has answered before: anybody on a network
 * can have other addresses called.
 */
import type { NodeId } from '#base/ids.ts'
import type { Refusal } from '#ports/carrier.ts'
import type { Clock } from '#ports/clock.ts'
import type { SessionEnd } from './lan-session.ts'

/** The refusals of one carrier. */
export interface Refusals {
  /** What was said last at each place; until one of ours has met us there, or that node anywhere. */
  readonly all: () => readonly Refusal[]
  readonly onChange: (listener: () => void) => void
  /** A session with `peer`, at `place` if we had dialled. */
  readonly met: (peer: NodeId, place?: string) => void
  /** A session ended, or never began; `peer` where it has proven itself. */
  readonly ended: (reason: SessionEnd, peer: NodeId | undefined, place?: string) => void
}

/** Places that are remembered at which one of ours has answered; the oldest is forgotten first. */
const PLACES_MAX = 64
const REASONS: Partial<Record<SessionEnd, Refusal['why']>> = {
  'expired-says-peer': 'expired',
  'revoked-says-peer': 'revoked',
}

/** None yet. `dialled` are URLs that the operator has written down. */
export function openRefusals(dialled: readonly string[], { now }: Pick<Clock, 'now'>): Refusals {
  const ownPlaces = new Set(dialled.map(placeOf))
  const metAt = new Map<string, NodeId>()
  const said = new Map<string, Refusal>()
  let tell = ignore
  return {
    all: () => [...said.values()],
    onChange: (listener) => {
      tell = listener
    },
    met: (peer, url) => {
      const place = url === undefined ? undefined : placeOf(url)
      if (place !== undefined) remember(metAt, place, peer)
      const over = [...said].filter(([key, one]) => key === place || one.peer === peer)
      for (const [key] of over) said.delete(key)
      if (over.length > 0) tell()
    },
    ended: (reason, proven, url) => {
      const why = REASONS[reason]
      const place = url === undefined ? '' : placeOf(url)
      const peer = proven ?? metAt.get(place)
      if (why === undefined || (peer === undefined && !ownPlaces.has(place))) return
      const key = place || String(peer)
      if (said.get(key)?.why === why) return
      said.set(key, { peer, place, why, since: now() })
      tell()
    },
  }
}

/** Nobody listens yet. */
function ignore(): void {}

function remember(metAt: Map<string, NodeId>, place: string, peer: NodeId): void {
  metAt.delete(place)
  metAt.set(place, peer)
  const [oldest] = metAt.keys()
  if (metAt.size > PLACES_MAX && oldest !== undefined) metAt.delete(oldest)
}

/** The same with TLS and without. */
function placeOf(url: string): string {
  return new URL(url).host
}
