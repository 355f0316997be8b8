/** The node's word on its links, queues, neighbours and gaps, as plain values to be drawn. */
import { LANES, type Lane } from '#model/precedence.ts'
import { fields, list, number, text } from './wire.ts'

/** One link, now. */
export interface Link {
  readonly carrier: string
  readonly peer: string
  readonly isUp: boolean
  readonly since: number
  readonly sentBytes: number
  readonly receivedBytes: number
  readonly queued: Readonly<Record<Lane, number>>
}

/**
 * Whether others still take what comes from this node. `out`: by the organisation's order, signed, which the node has heard. `refused` and
 * `expired`: because `from` says so, who has not proven it ('' where that may not be told).
 */
export type Standing =
  | { readonly kind: 'in' }
  | { readonly kind: 'out' }
  | { readonly kind: 'refused' | 'expired'; readonly from: string }

/** The node itself. */
export interface NodeStatus {
  readonly name: string
  readonly role: string
  readonly startedAt: number
  readonly links: readonly Link[]
  readonly overdue: Readonly<Record<Lane, number>>
  readonly waitingChanges: number
  readonly disk: string
  readonly isClockSure: boolean
  readonly standing: Standing
  readonly isToBeWiped: boolean
}

/** What one other node lacks, and could give. */
export interface NodeGap {
  readonly name: string
  readonly role: string
  readonly lacks: Readonly<Record<Lane, number>>
  readonly lacksBytes: number
  readonly canGive: number
  readonly hasLost: boolean
}

/** Gaps in both directions. */
export interface Gaps {
  readonly lacking: Readonly<Record<Lane, number>>
  readonly nodes: readonly NodeGap[]
  readonly isEmpty: boolean
}

/** A link was up or down, from then on. */
export interface Span {
  readonly from: number
  readonly to: number
  readonly isUp: boolean
}

/** The status. */
export function statusFrom(value: unknown): NodeStatus {
  const one = fields(value)
  const node = fields(one.node)
  return {
    name: text(node.name),
    role: text(node.role),
    startedAt: number(one.startedAt),
    links: list(one.links).map(linkFrom),
    overdue: lanesFrom(one.overdue),
    waitingChanges: number(one.waitingChanges),
    disk: text(fields(one.disk).state),
    isClockSure: fields(one.clock).state !== 'uncertain',
    standing: standingFrom(one),
    isToBeWiped: one.isToBeWiped === true,
  }
}

/** While some link to headquarters is up, nobody refuses this node whose word would count. */
function standingFrom(status: Readonly<Record<string, unknown>>): Standing {
  if (status.isRevoked === true) return { kind: 'out' }
  const hubs = list(status.nodes)
    .map(fields)
    .filter(({ role }) => role === 'hub')
  const isHubThere = list(status.links)
    .map(fields)
    .some(({ isUp, peer }) => isUp === true && hubs.some(({ name }) => name === peer))
  const refusals = isHubThere ? [] : list(status.refusals).map(fields)
  const [worst] = [...refusals.filter(({ why }) => why === 'revoked'), ...refusals]
  if (worst === undefined) return { kind: 'in' }
  return { kind: worst.why === 'revoked' ? 'refused' : 'expired', from: text(worst.from) }
}

/** A report of gaps. */
export function gapsFrom(value: unknown): Gaps {
  const one = fields(value)
  const lacking = sumLanes(list(one.lacking))
  const nodes = list(one.nodes).map((each): NodeGap => {
    const gap = fields(each)
    const node = fields(gap.node)
    return {
      name: text(node.name),
      role: text(node.role),
      lacks: sumLanes(list(gap.lacks)),
      lacksBytes: list(gap.lacks).reduce<number>(
        (sum, lane) => sum + number(fields(lane).bytes),
        0,
      ),
      canGive: number(gap.canGive),
      hasLost: gap.hasLost === true,
    }
  })
  const isEmpty = total(lacking) === 0 && nodes.every(({ lacks }) => total(lacks) === 0)
  return { lacking, nodes, isEmpty }
}

/** All lanes together. */
export function total(lanes: Readonly<Record<Lane, number>>): number {
  return LANES.reduce((sum, lane) => sum + lanes[lane], 0)
}

/**
 * What is remembered of a link, with its state now: spans of up and down without a gap, none before `from`. Each link
 * tells since when it is as it is, so a change that nobody watched is seen, too.
 */
export function withState(
  spans: readonly Span[],
  link: Link,
  { now, from }: { readonly now: number; readonly from: number },
): readonly Span[] {
  const before = spans
    .map((span) => ({ ...span, to: Math.min(span.to, link.since) }))
    .filter((span) => span.to > span.from && span.to > from)
  return [...before, { from: Math.max(link.since, from), to: now, isUp: link.isUp }]
}

/** A name for a link that stays. */
export function linkKey({ carrier, peer }: Pick<Link, 'carrier' | 'peer'>): string {
  return `${carrier} ${peer}`
}

function linkFrom(value: unknown): Link {
  const one = fields(value)
  return {
    carrier: text(one.carrier),
    peer: text(one.peer),
    isUp: one.isUp === true,
    since: number(one.since),
    sentBytes: number(one.sentBytes),
    receivedBytes: number(one.receivedBytes),
    queued: lanesFrom(one.queued),
  }
}

function lanesFrom(value: unknown): Readonly<Record<Lane, number>> {
  const one = fields(value)
  return {
    flash: number(one.flash),
    immediate: number(one.immediate),
    priority: number(one.priority),
    routine: number(one.routine),
  }
}

function sumLanes(gaps: readonly unknown[]): Readonly<Record<Lane, number>> {
  const sums = { flash: 0, immediate: 0, priority: 0, routine: 0 }
  for (const value of gaps) {
    const gap = fields(value)
    const lane = LANES.find((one) => one === gap.lane)
    if (lane !== undefined) sums[lane] += number(gap.changes)
  }
  return sums
}

/** A role as the catalogue knows it. */
export function roleOf(role: string): 'kit' | 'hub' | 'relay' {
  return role === 'hub' || role === 'relay' ? role : 'kit'
}
