/**
 * Whether this node's clock can be right, and how far others are from it. One node alone proves nothing: as long as fewer than
 * two, or fewer than agree, say otherwise, ours counts as good. Pure.
 */
import { nodePrefix, type Instant, type NodeId } from '#base/ids.ts'
import { CERTIFICATE_GRACE_MS, CLOCK_TOLERANCE_MS, EARLIEST_CREDIBLE_AT } from '#base/limits.ts'
import type { ClockEvidence } from '#sync/clock-evidence.ts'

/** How this node's own clock stands, as far as it can tell. */
export interface ClockState {
  readonly state: 'good' | 'uncertain'
  /** Unless it is good. */
  readonly why?:
    | 'before this program was written'
    | 'before this node was made'
    | 'after the end of its certificate'
    | 'before what it has seen'
    | 'other nodes differ'
    | undefined
  /** Nodes whose clocks were close to ours, and those that cannot be, in the last day of this run. */
  readonly agreeing: number
  readonly differing: number
  /** How far those that differ are ahead of ours, at least; negative when ours is ahead. Nobody sets a clock by it. */
  readonly othersAheadMs?: number
}

/** How another node's clock stands to ours, by what it signed lately. */
export interface NodeClock {
  readonly state: 'good' | 'differs' | 'unknown'
  /** How far it is ahead of ours, at least; negative when it is behind. */
  readonly aheadMs?: number
}

/** What there is to judge by. */
export interface ClockGround {
  readonly now: Instant
  readonly certificate: { readonly validFrom: Instant; readonly validUntil: Instant }
  /** By the part of a node's id that its actors carry. */
  readonly heard: ReadonlyMap<string, ClockEvidence>
  /** The newest time at which this node has written or seen something. */
  readonly seenAt: Instant
}

/** How another node's clock stands to ours. */
export function clockOf({ heard }: Pick<ClockGround, 'heard'>, node: NodeId): NodeClock {
  return judge(heard.get(nodePrefix(node)) ?? {})
}

/** How our own clock stands. */
export function clockState(ground: ClockGround): ClockState {
  const { now, certificate, seenAt } = ground
  const most = certificate.validUntil + CERTIFICATE_GRACE_MS - now
  const others = [...ground.heard.values()]
    .map(judge)
    .filter(({ aheadMs = 0 }) => aheadMs <= Math.max(most, 0))
  const differing = others.flatMap(({ state, aheadMs }) =>
    state === 'differs' ? [aheadMs ?? 0] : [],
  )
  const agreeing = others.filter(({ state }) => state === 'good').length
  const counts = { agreeing, differing: differing.length }
  const isOutvoted = differing.length >= 2 && differing.length > agreeing
  const why = whyNot({ now, certificate, seenAt }, isOutvoted)
  if (why === undefined) return { state: 'good', ...counts }
  const middle = differing.toSorted((a, b) => a - b)[Math.floor(differing.length / 2)]
  return {
    state: 'uncertain',
    why,
    ...counts,
    ...(middle !== undefined && { othersAheadMs: middle }),
  }
}

function whyNot(
  { now, certificate, seenAt }: Omit<ClockGround, 'heard'>,
  isOutvoted: boolean,
): ClockState['why'] {
  if (now < EARLIEST_CREDIBLE_AT) return 'before this program was written'
  if (now < certificate.validFrom - CERTIFICATE_GRACE_MS) return 'before this node was made'
  if (now > certificate.validUntil + CERTIFICATE_GRACE_MS) return 'after the end of its certificate'
  if (seenAt > now + HOUR_MS) return 'before what it has seen'
  return isOutvoted ? 'other nodes differ' : undefined
}

/** What the evidence says of one node; by default nothing. */
function judge({ least, most }: ClockEvidence): NodeClock {
  if (least !== undefined && least.aheadMs > CLOCK_TOLERANCE_MS)
    return { state: 'differs', aheadMs: least.aheadMs }
  if (most !== undefined && most.aheadMs < -CLOCK_TOLERANCE_MS)
    return { state: 'differs', aheadMs: most.aheadMs }
  const isClose = least !== undefined && least.aheadMs >= -CLOCK_TOLERANCE_MS
  return isClose ? { state: 'good' } : { state: 'unknown' }
}

const HOUR_MS = 3_600_000
