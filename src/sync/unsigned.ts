/**
 * What lies at a post office by our books and somebody who reads there does not sign for: it was lost there, or the receipt was.
 * A post office tells nobody what its limits or its owner have removed. So after a while everybody is asked, by a `have` that wants
 * an answer: who lacks some of it asks for it, who has it says so again, and hubs pass on what they have heard of others.
 * Only of nodes that have said something there since is it thought: who is away will read it when it is back.
 *
 * A node at the end of a metered link is asked in the same way. Nothing but a frame that anybody can forge has said that it took
 * what it was given, and there nobody says unasked what he has.
 */
import type { DocumentId, Instant, NodeId } from '#base/ids.ts'
import { NOTE_ITEMS_MAX, UNSIGNED_DOUBLINGS_MAX, UNSIGNED_MS } from '#base/limits.ts'
import type { Note } from '#codec/note.ts'
import { countBeyond, meetClocks, type Clock } from '#model/log.ts'
import type { PeerId } from '#ports/carrier.ts'
import type { ContactState } from './contact-state.ts'
import { isNode, type SyncContext, type Watch } from './context.ts'
import { heldBy, othersWith } from './gap-marks.ts'
import { key, range } from './keys.ts'
import { clockOf, hasOf } from './ledger.ts'
import { answers, doubtfulAt } from './meaning.ts'
import { pack } from './records.ts'
import type { Tx } from './replica.ts'

/** Documents to be asked about now, or when to look again; nothing while no document is marked. */
export interface Unsigned {
  readonly documents: readonly DocumentId[]
  readonly lookAgainAt: Instant | undefined
}

const NOTHING: Unsigned = { documents: [], lookAgainAt: undefined }

/** Everything that a peer, or everybody there, is to be asked about now: the documents of each question, and when to look again. */
export async function questionsAt(
  tx: Tx,
  context: SyncContext,
  state: ContactState,
): Promise<{
  readonly questions: readonly (readonly DocumentId[])[]
  readonly lookAgainAt: Instant | undefined
}> {
  const all = [await unsignedAt(tx, context, state), await doubtfulAt(tx, context, state)]
  const times = all.flatMap(({ lookAgainAt }) => lookAgainAt ?? [])
  return {
    questions: all.flatMap(({ documents }) => (documents.length === 0 ? [] : [documents])),
    lookAgainAt: times.length === 0 ? undefined : Math.min(...times),
  }
}

/** Looks whether somebody has to be asked, at most as often as something may be due. */
export async function unsignedAt(
  tx: Tx,
  context: SyncContext,
  state: ContactState,
): Promise<Unsigned> {
  if (state.isVisit === true || (isNode(state.peer) && state.isMetered !== true)) return NOTHING
  const now = context.now()
  const watch = watchOf(context, state.peer)
  const waitMs = watch.lookAt - now
  // A wait longer than the rule allows means that the clock was set back.
  if (waitMs > 0 && waitMs <= UNSIGNED_MS) return { documents: [], lookAgainAt: watch.lookAt }
  const marks = await tx.list({ ...range.uneven, limit: NOTE_ITEMS_MAX })
  watch.lookAt = now + UNSIGNED_MS
  const documents: DocumentId[] = []
  for (const [place] of marks) {
    const document = place.slice(place.lastIndexOf('/') + 1) as DocumentId
    if (await isDue(tx, context, { state, document, place })) documents.push(document)
  }
  const lookAgainAt = marks.length === 0 ? undefined : watch.lookAt
  return { documents, lookAgainAt }
}

function watchOf({ run }: SyncContext, peer: PeerId): Watch {
  const watch = run.watches.get(peer) ?? { lookAt: 0, watched: new Map() }
  run.watches.set(peer, watch)
  return watch
}

async function isDue(
  tx: Tx,
  context: SyncContext,
  one: { readonly state: ContactState; readonly document: DocumentId; readonly place: string },
): Promise<boolean> {
  const { state, document, place } = one
  const { watched } = watchOf(context, state.peer)
  const now = context.now()
  const mine = await clockOf(tx, document)
  const lies = meetClocks(mine, await hasOf(tx, state.peer, document))
  const known = watched.get(document)
  const begun = { at: now, clock: lies, times: 0 }
  if (known === undefined) {
    watched.set(document, begun)
    return false
  }
  const { peer, receiptDelayMs } = state
  const lacking = await lackingOf(tx, context, { peer, document, clock: known.clock })
  if (lacking.length === 0) {
    if ((await lackingOf(tx, context, { peer, document, clock: mine })).length === 0) {
      watched.delete(document)
      if (!isNode(peer)) tx.delete(place) // of one node this says nothing about the others
    } else watched.set(document, begun)
    return false
  }
  const patienceMs = Math.max(UNSIGNED_MS, 2 * receiptDelayMs) * 2 ** known.times
  if (known.at <= now && now < known.at + patienceMs) return false
  const heard = context.run.heard.get(state.peer)
  if (!lacking.some((node) => (heard?.get(node) ?? 0) > known.at)) return false
  const times = Math.min(UNSIGNED_DOUBLINGS_MAX, known.times + 1)
  watched.set(document, { at: now, clock: lies, times })
  return true
}

/** The nodes that have not signed for all of `clock`: those who read at a post office, or the peer. */
async function lackingOf(
  tx: Tx,
  context: SyncContext,
  {
    peer,
    document,
    clock,
  }: { readonly peer: PeerId; readonly document: DocumentId; readonly clock: Clock },
): Promise<readonly NodeId[]> {
  const found: NodeId[] = []
  const readers = othersWith(context, document).filter((node) => !isNode(peer) || node === peer)
  for (const node of readers)
    if (countBeyond(clock, await heldBy(tx, node, document)) > 0) found.push(node)
  return found
}

/**
 * Somebody asks who has what: it gets our word again, if it is for us to answer. Kits leave each other to a hub at a post office. True
 * when others' words are to be passed on, too.
 */
export async function owesAnswer(
  tx: Tx,
  context: SyncContext,
  question: {
    readonly from: PeerId
    readonly asking: NodeId
    readonly documents: readonly DocumentId[]
    readonly note: Note
  },
): Promise<boolean> {
  const { node, role } = context.identity.certificate
  if (!answers(context, { ...question, by: node })) return false
  for (const document of question.documents) {
    const place = key.owed(question.from, document)
    const hasSome = (await tx.get(key.document(document))) !== undefined
    if (hasSome && (await tx.get(place)) === undefined) tx.put(place, pack(context.now()))
  }
  tx.afterwards(context.ring)
  return role === 'hub' && !isNode(question.from)
}
