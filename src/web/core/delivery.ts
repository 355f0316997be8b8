/**
 * Delivery in words: the node tells, for each destination, how far a message has come, each word only on its proof.
 * Here that becomes one short line under a message, and a story for whoever taps it.
 */
import { fields, list, number, text } from './wire.ts'

/** How far a message has come to one destination. */
export type Stage = 'on this kit' | 'queued' | 'left this kit' | 'stored' | 'read'

/** The way to one destination. */
export interface Delivery {
  readonly destination: string
  readonly name: string
  readonly isHub: boolean
  readonly stage: Stage
  readonly carrier: string
  readonly at: number
  /** The link by which it is likely to leave. */
  readonly link: string
  readonly place: number | undefined
  readonly estimateMs: number | undefined
}

/** The story of one message. */
export interface Story {
  readonly postId: string
  /** When it came onto the disk of this node. */
  readonly savedAt: number
  readonly overdueSince: number
  /** The node on which it was written; '' when the node does not say. */
  readonly origin: string
  readonly deliveries: readonly Delivery[]
}

/** The whole in one word, and where that holds. */
export interface Summary {
  readonly stage: Stage | 'waiting' | 'refused'
  /** `hub`: at headquarters. `some`: at `count` of `total`. `none`: nowhere else. */
  readonly where: 'hub' | 'some' | 'none'
  readonly count: number
  readonly total: number
  readonly carrier: string
  readonly place: number | undefined
  readonly estimateMs: number | undefined
  readonly isOverdue: boolean
}

/** In the order of the way. */
const STAGES: readonly Stage[] = ['on this kit', 'queued', 'left this kit', 'stored', 'read']

/** Later than this on the node's disk, a message counts as arrived late. */
const LATE_MS = 120_000

/** A story, from the node's answer. */
export function storyFrom(value: unknown): Story {
  const one = fields(value)
  return {
    postId: text(one.message),
    savedAt: number(one.savedAt),
    overdueSince: number(one.overdueSince),
    origin: text(one.origin),
    deliveries: list(one.deliveries).map(deliveryFrom),
  }
}

function deliveryFrom(value: unknown): Delivery {
  const one = fields(value)
  return {
    destination: text(one.destination),
    name: text(one.destinationName),
    isHub: one.isHub === true,
    stage: STAGES.find((stage) => stage === one.word) ?? 'on this kit',
    carrier: text(one.carrier),
    at: number(one.at),
    link: text(one.link),
    place: typeof one.place === 'number' ? one.place : undefined,
    estimateMs: typeof one.estimateMs === 'number' ? one.estimateMs : undefined,
  }
}

/** The line under a message. Headquarters counts first; without it, how many of all have come that far. */
export function summaryOf(story: Story): Summary {
  const { deliveries } = story
  const hubs = deliveries.filter(({ isHub }) => isHub)
  const best = furthest(hubs.length > 0 ? hubs : deliveries)
  const stage = best?.stage ?? 'on this kit'
  const there = deliveries.filter((one) => rank(one.stage) >= rank(stage))
  const isElsewhere = rank(stage) >= rank('left this kit')
  const where = best === undefined || !isElsewhere ? 'none' : best.isHub ? 'hub' : 'some'
  return {
    stage,
    where,
    count: there.length,
    total: deliveries.length,
    carrier: best?.carrier ?? '',
    place: best?.place,
    estimateMs: best?.estimateMs,
    isOverdue: story.overdueSince > 0,
  }
}

/** When a message of others came, if that was long after it was written. */
export function lateAt(story: Story, createdAt: number): number | undefined {
  return story.savedAt - createdAt > LATE_MS ? story.savedAt : undefined
}

/** Those furthest first, headquarters before others. */
export function inOrder(deliveries: readonly Delivery[]): readonly Delivery[] {
  return deliveries.toSorted(
    (a, b) =>
      Number(b.isHub) - Number(a.isHub) ||
      rank(b.stage) - rank(a.stage) ||
      (a.name < b.name ? -1 : 1),
  )
}

function furthest(deliveries: readonly Delivery[]): Delivery | undefined {
  return inOrder(deliveries)[0]
}

function rank(stage: Stage): number {
  return STAGES.indexOf(stage)
}
