/**
 * Somebody who has named a list of ours that is not the same here, or more of it than is here, may hold some of ours all the same: what it
 * shares with that list, or what it got since. Any receipt of it shows that by its prints (`agreement.ts`); when none comes that says
 * so of what is doubted, it is asked for one.
 */
import type { ActorId, DocumentId, Instant, NodeId } from '#base/ids.ts'
import { MEANING_ASKED_MAX, MEANING_DOCUMENTS_MAX, MEANING_MS } from '#base/limits.ts'
import { countBeyond, type Clock } from '#model/log.ts'
import type { PeerId } from '#ports/carrier.ts'
import { isGood } from './audience.ts'
import type { ContactState } from './contact-state.ts'
import { isNode, type SyncContext } from './context.ts'
import { heldBy, othersWith, withinEnds } from './gap-marks.ts'
import { range } from './keys.ts'
import { clockOf, receiptOf } from './ledger.ts'
import type { Tx } from './replica.ts'
import type { ReceiptRecord } from './said.ts'

/** Documents of which somebody who reads there is to be asked now what it means, and when to look again. */
export async function doubtfulAt(
  tx: Tx,
  context: SyncContext,
  { peer, isVisit }: Pick<ContactState, 'peer' | 'isVisit'>,
): Promise<{
  readonly documents: readonly DocumentId[]
  readonly lookAgainAt: Instant | undefined
}> {
  const documents: DocumentId[] = []
  const times: Instant[] = []
  const marks = isVisit === true ? [] : await tx.list(range.doubtful)
  for (const [place] of marks) {
    const document = place.slice(range.doubtful.from.length) as DocumentId
    const mine = await clockOf(tx, document)
    const doubted = await doubtedAt(tx, context, document)
    if (doubted.length === 0) tx.delete(place)
    if (!(await isInDoubt(tx, context, { peer, document, mine, doubted }))) continue
    const askAt = askedAt(context, { peer, document, mine })
    if (askAt === undefined) continue
    if (askAt > context.now() || documents.length === MEANING_DOCUMENTS_MAX) times.push(askAt)
    else documents.push(document)
  }
  for (const document of documents)
    noteAsked(context, { peer, document, mine: await clockOf(tx, document) })
  return { documents, lookAgainAt: times.length === 0 ? undefined : Math.min(...times) }
}

interface Doubtful {
  readonly peer: PeerId
  readonly document: DocumentId
  readonly mine: Clock
}

/** The receipts of nodes that have named what is not the same here, or not here. */
async function doubtedAt(
  tx: Tx,
  context: SyncContext,
  document: DocumentId,
): Promise<readonly (readonly [NodeId, ReceiptRecord])[]> {
  const doubted: [NodeId, ReceiptRecord][] = []
  for (const node of othersWith(context, document)) {
    const receipt = await receiptOf(tx, node, document)
    if (receipt?.named !== undefined) doubted.push([node, receipt])
  }
  return doubted
}

/** Whether a node that would answer there signs for no more of our list than we have, and has not shown that it means the same. */
async function isInDoubt(
  tx: Tx,
  context: SyncContext,
  one: Doubtful & { readonly doubted: readonly (readonly [NodeId, ReceiptRecord])[] },
): Promise<boolean> {
  const { peer, document, mine, doubted } = one
  const heard = context.run.heard.get(peer)
  const self = context.identity.certificate.node
  for (const [node, { same = {}, named = {} }] of doubted) {
    const isThere = isNode(peer) ? node === peer : heard?.has(node) === true
    if (!isThere || !answers(context, { from: peer, by: node, asking: self })) continue
    // What they signed for beyond the end of a list that forked they have no more, and never take back.
    const wanted = await heldBy(tx, node, document)
    const theirs = await withinEnds(tx, context, { document, wanted })
    const isDoubted = Object.keys(named).some((name) => {
      const [theirSeq, mySeq] = [theirs[name as ActorId] ?? 0, mine[name as ActorId] ?? 0]
      return (same[name as ActorId] ?? 0) < theirSeq && theirSeq <= mySeq
    })
    if (isDoubted) return true
  }
  return false
}

/** When to ask, at once the first time; undefined once it was asked in vain so often. */
function askedAt(
  { run, now }: SyncContext,
  { peer, document, mine }: Doubtful,
): Instant | undefined {
  const known = run.meanings.get(`${peer} ${document}`)
  if (known === undefined) return now()
  const isSame = countBeyond(mine, known.clock) === 0
  if (isSame && known.times >= MEANING_ASKED_MAX) return undefined
  // A time that lies ahead means that the clock was set back.
  return known.at > now() ? now() : known.at + MEANING_MS * (isSame ? 2 ** (known.times - 1) : 1)
}

function noteAsked({ run, now }: SyncContext, { peer, document, mine }: Doubtful): void {
  const place = `${peer} ${document}`
  const known = run.meanings.get(place)
  const isSame = known !== undefined && countBeyond(mine, known.clock) === 0
  run.meanings.set(place, { at: now(), clock: mine, times: isSame ? known.times + 1 : 1 })
}

/** Whether a node answers who asks there: kits leave each other to a hub at a post office. */
export function answers(
  context: SyncContext,
  { from, by, asking }: { readonly from: PeerId; readonly by: NodeId; readonly asking: NodeId },
): boolean {
  const { roster } = context
  const areHubs = [by, asking].map((node) => roster.byNode(node)?.role === 'hub')
  if (isNode(from) || areHubs.includes(true)) return true
  const others = roster.all().filter((one) => isGood(context, one) && one.node !== asking)
  return !others.some(({ role }) => role === 'hub')
}
