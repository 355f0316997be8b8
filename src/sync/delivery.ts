/**
 * Where a message stands on its way to each node, each word only on its proof: `stored` on the destination's own
 * signed receipt (or its custody answer to us), `left this kit` on the carrier's answer, never on hope.
 */
import type { Instant, NodeId } from '#base/ids.ts'
import { covers } from '#model/log.ts'
import type { MessageRecord } from '#model/view.ts'
import { isMeant } from './agreement.ts'
import { mayHold } from './audience.ts'
import type { SyncContext } from './context.ts'
import type { LinkState } from './links.ts'
import { range } from './keys.ts'
import { storedAt } from './gap-marks.ts'
import { receiptOf } from './ledger.ts'
import { queuesOf, queueTo, type Queued } from './queue.ts'
import { unpack, type DepartureRecord } from './records.ts'
import type { Replica } from './replica.ts'
import { sentOf } from './sent.ts'

/** The way of one message to one node. */
export interface Standing {
  readonly destination: NodeId
  readonly word: 'on this kit' | 'queued' | 'left this kit' | 'stored' | 'read'
  /** Where it waits, by which link, and until when: of `queued` alone. */
  readonly queue: Queued | undefined
  readonly carrier: string | undefined
  readonly at: Instant | undefined
}

/** The ways of a message to all other nodes, by their number. */
export async function standings(
  context: SyncContext,
  message: MessageRecord,
  links: readonly LinkState[],
): Promise<readonly Standing[]> {
  const { read } = context.replica
  // The queue first: what leaves between the two looks is then found to have left, and no word goes back.
  const queues = await queuesOf(context, message, links)
  const left = await departureOf(context.replica, message)
  const found: Standing[] = []
  // Who names more of our list than we ever sent means something else, from a time that our disk has lost.
  const isSent =
    message.actor !== context.replica.actor ||
    message.seq <= (await sentOf(read, message.document, message.actor))
  for (const { node } of context.roster.all()) {
    if (node === context.identity.certificate.node || node === message.origin) continue
    if (!mayHold(context, node, message.document)) continue
    const receipt = await receiptOf(read, node, message.document)
    const isRead = covers(receipt?.read ?? {}, message.actor, message.seq)
    // What was signed for and is said to be lost by now is not stored there.
    const held = await storedAt(read, node, message.document)
    const isNamed = isSent && covers(held, message.actor, message.seq)
    const isStored = isNamed && (await isMeant(read, context, { ...message, node }))
    const rest = { queue: undefined, carrier: undefined, at: receipt?.at }
    if (isStored) found.push({ destination: node, word: isRead ? 'read' : 'stored', ...rest })
    else found.push({ destination: node, ...standingHere(left, queueTo(queues, node)) })
  }
  return found
}

/** How far a message has come on this node, on its way to somebody who has not said to have it. */
function standingHere(
  left: DepartureRecord | undefined,
  queue: Queued | undefined,
): Omit<Standing, 'destination'> {
  const nothing = { queue: undefined, carrier: undefined, at: undefined }
  if (left !== undefined)
    return { ...nothing, word: 'left this kit', carrier: left.carrier, at: left.at }
  return { ...nothing, word: queue === undefined ? 'on this kit' : 'queued', queue }
}

/** The departure whose changes include this message; later ones may be answered for first. */
async function departureOf(
  { read }: Replica,
  message: MessageRecord,
): Promise<DepartureRecord | undefined> {
  const later = await read.list(range.departures(message.document, message.actor, message.seq))
  const records = later.map(([, bytes]) => unpack<DepartureRecord>(bytes))
  return records.find((record) => record !== undefined && record.from <= message.seq)
}
