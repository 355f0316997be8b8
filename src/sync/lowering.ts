/**
 * A node that reads at a post office, or says so to us, lacks something: what it should find there is put there again, by those whose
 * it is, and not more often than it may honestly be asked for.
 */
import {
  nodePrefix,
  nodePrefixOfActor,
  type ActorId,
  type DocumentId,
  type NodeId,
} from '#base/ids.ts'
import { RELAY_DELAY_MS, WANT_DOUBLINGS_MAX, WANT_INTERVAL_MS } from '#base/limits.ts'
import { KEYS } from '#model/document-id.ts'
import { countBeyond, type Clock } from '#model/log.ts'
import type { PeerId } from '#ports/carrier.ts'
import { disbelieved } from './alarms.ts'
import { isGood } from './audience.ts'
import type { SyncContext } from './context.ts'
import { hasOf, setHas } from './ledger.ts'
import type { Tx } from './replica.ts'

/** Forgets that a post office holds what `sender` lacks, for the part that it is ours to put there again. */
export async function lower(
  tx: Tx,
  context: SyncContext,
  item: {
    readonly from: PeerId
    readonly document: DocumentId
    readonly clock: Clock
    readonly sender: NodeId
  },
): Promise<void> {
  const { role, node } = context.identity.certificate
  if (item.sender === node) return
  const known = Object.entries(await hasOf(tx, item.from, item.document))
  const isLess = ([actor, seq]: readonly [string, number]): boolean =>
    seq > (item.clock[actor] ?? 0)
  const isMine = ([actor]: readonly [string, number]): boolean =>
    role === 'hub' || nodePrefixOfActor(actor as ActorId) === nodePrefix(node)
  const isAtOnce = known.some((one) => isMine(one) && isLess(one))
  const helpMs = helpDelayMs(context, item.sender)
  const lowered = known.map((one): readonly [string, number] => {
    const isAsked = isLess(one) && (isMine(one) || helpMs !== undefined)
    return isAsked ? [one[0], item.clock[one[0]] ?? 0] : one
  })
  if (lowered.every(([, seq], index) => seq === known[index]?.[1])) return
  if (!mayAskAgain(context, item)) {
    const { sender: asking, document } = item
    const why = { deed: 'want refused', node: asking, document, reason: 'too often' } as const
    return disbelieved(tx, context, why)
  }
  const { from: peer, document } = item
  const notBefore = isAtOnce ? 0 : context.now() + (helpMs ?? 0)
  const clock = Object.fromEntries(lowered.filter(([, seq]) => seq > 0))
  tx.afterwards(() => context.pace.asked.add(`${peer} ${document}`))
  await setHas(tx, context, { peer, document, clock, notBefore })
}

/**
 * A node says at a direct contact what it holds of a document, or lacks: the truth, also when that is less than we thought. But what it
 * said once can be said again by whoever recorded it, where frames or a radio prove nothing, and each answer may be paid for.
 */
export async function setHasAsSaid(
  tx: Tx,
  context: SyncContext,
  said: { readonly peer: NodeId; readonly document: DocumentId; readonly clock: Clock },
): Promise<void> {
  const { peer, document, clock } = said
  const isLess = countBeyond(await hasOf(tx, peer, document), clock) > 0
  if (!isLess || mayAskAgain(context, { sender: `direct ${peer}`, document, isInContact: true }))
    return setHas(tx, context, said)
  const why = { deed: 'want refused', node: peer, document, reason: 'too often' } as const
  disbelieved(tx, context, why)
}

/**
 * After how long we help out with what is not ours to put there again; undefined when it is for others. Nobody but the kits has
 * what the only hub lost. Each lets those before it go first, and has nothing left to give once it has seen it there.
 */
function helpDelayMs(context: SyncContext, asking: NodeId): number | undefined {
  const good = context.roster.all().filter((one) => isGood(context, one) && one.node !== asking)
  const isForHub = context.roster.byNode(asking)?.role === 'hub'
  if (!isForHub && good.some(({ role }) => role === 'hub')) return undefined
  const place = good.findIndex(({ node }) => node === context.identity.certificate.node)
  return Math.round((RELAY_DELAY_MS / 2) * (1 + Math.max(0, place) / good.length))
}

/** Questions about one document that are answered as often as they may honestly come. */
const QUICK_ANSWERS = 4
/** A day after its last question a node is a stranger again. */
const ASKED_FORGOTTEN_MS = 86_400_000

/**
 * Whether a node has not asked for a document too often: every answer puts all we have of it there again, and who pays for
 * the link is not who asks. Honest nodes ask ever more rarely (`contact-notes.ts`).
 */
export function mayAskAgain(
  { run, now }: SyncContext,
  item: {
    readonly sender: string
    readonly document: DocumentId
    /** A contact may end and begin again at once: the first few times count without a pause between them. */
    readonly isInContact?: true
  },
): boolean {
  const { sender, document, isInContact = false } = item
  const place = `${sender} ${document}`
  const known = run.asked.get(place)
  const sinceMs = known === undefined ? Infinity : now() - known.at
  const isAnew = known === undefined || sinceMs < 0 || sinceMs > ASKED_FORGOTTEN_MS
  const times = isAnew ? 0 : known.times
  const doublings = Math.min(WANT_DOUBLINGS_MAX, Math.max(0, times - QUICK_ANSWERS))
  const isEarly = !isAnew && sinceMs < WANT_INTERVAL_MS * 2 ** doublings
  if (isEarly && !(isInContact && times < QUICK_ANSWERS)) return false
  run.asked.set(place, { at: now(), times: times + 1 })
  return true
}

/** Whether a node that says to have lost something hears again what was signed for: it may not be the one that says so. */
export function mayHearAgain(context: SyncContext, node: NodeId): boolean {
  return mayAskAgain(context, { sender: `loss ${node}`, document: KEYS, isInContact: true })
}

/** What a node asked for in a life that is over says nothing of what it lacks in this one. */
export function forgetAsked({ run }: SyncContext, node: NodeId): void {
  const senders = [node, `direct ${node}`, `question ${node}`, `loss ${node}`]
  const places = senders.map((sender) => `${sender} `)
  for (const place of run.asked.keys())
    if (places.some((start) => place.startsWith(start))) run.asked.delete(place)
}
