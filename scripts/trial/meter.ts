/** How every node stands: asked again and again, remembered while a node is down. */
import type { NodeStatus } from '#app/types.ts'
import type { Node } from '../fleet/node.ts'
import type { Fleet } from './fleet.ts'
import { nodesOf } from './fleet.ts'

/** One node as it was when it last answered. */
export interface Reading {
  readonly name: string
  readonly isUp: boolean
  /** The emulated link; undefined for the hub, which has none. */
  readonly isLinked: boolean | undefined
  /** Changes that wait here for a link. */
  readonly queued: number
  /** Changes that wait here for others. */
  readonly waiting: number
  readonly messages: number
  /** Envelope bytes since the meter was opened; what was sent in the last second before a kill is not in it. */
  readonly sentBytes: number
  readonly receivedBytes: number
}

/** The meter. */
export interface Meter {
  readonly read: () => Promise<readonly Reading[]>
  /** Bytes through the emulated links, both directions, since the meter was opened. */
  readonly wireBytes: () => number
}

interface Counter {
  startedAt: number
  /** Of runs before the present one, less what was there when the meter was opened. */
  sentBefore: number
  receivedBefore: number
  last: NodeStatus
}

/** A meter that begins at zero now. */
export async function openMeter(fleet: Fleet): Promise<Meter> {
  const wire = (): number =>
    fleet.kits.reduce((sum, { link }) => sum + link.stats().upBytes + link.stats().downBytes, 0)
  const wireBefore = wire()
  const counters = new Map<string, Counter>()
  for (const node of nodesOf(fleet)) {
    const last = await statusOf(node)
    if (last === undefined) throw new Error(`${node.name} does not answer`)
    const { startedAt } = last
    counters.set(node.name, {
      startedAt,
      sentBefore: -bytesOf(last, 'sentBytes'),
      receivedBefore: -bytesOf(last, 'receivedBytes'),
      last,
    })
  }
  return {
    wireBytes: () => wire() - wireBefore,
    read: () => Promise.all(nodesOf(fleet).map((node) => readingOf(fleet, node, counters))),
  }
}

async function readingOf(
  { kits }: Fleet,
  node: Node,
  counters: ReadonlyMap<string, Counter>,
): Promise<Reading> {
  const counter = counters.get(node.name)
  if (counter === undefined) throw new Error('the meter knows every node')
  const status = node.isUp() ? await statusOf(node) : undefined
  if (status !== undefined && status.startedAt !== counter.startedAt) {
    counter.startedAt = status.startedAt
    counter.sentBefore += bytesOf(counter.last, 'sentBytes')
    counter.receivedBefore += bytesOf(counter.last, 'receivedBytes')
  }
  counter.last = status ?? counter.last
  const { last, sentBefore, receivedBefore } = counter
  return {
    name: node.name,
    isUp: status !== undefined,
    isLinked: kits.find((kit) => kit.node === node)?.link.stats().isUp,
    queued: last.links.reduce(
      (sum, { queued }) => sum + Object.values(queued).reduce((all, one) => all + one, 0),
      0,
    ),
    waiting: last.waitingChanges,
    messages: last.messages,
    sentBytes: sentBefore + bytesOf(last, 'sentBytes'),
    receivedBytes: receivedBefore + bytesOf(last, 'receivedBytes'),
  }
}

function bytesOf(status: NodeStatus, key: 'sentBytes' | 'receivedBytes'): number {
  return status.links.reduce((sum, link) => sum + link[key], 0)
}

async function statusOf({ ask, token }: Node): Promise<NodeStatus | undefined> {
  const answer = await ask({ method: 'GET', path: '/api/holdfast/v1/status', token: token() })
  return answer.status === 200 ? (answer.value as NodeStatus) : undefined
}
