/**
 * Somebody who has named more of our list than we ever sent may mean something else by its numbers, so nothing that left since counts
 * as stored there (`sent.ts`). When no fork shows itself, it is asked what it means once it signs for all that we have of a
 * document: its answer is a `have`, and the same digest there says that it has the very same changes.
 */
import type { DocumentId, Instant, NodeId } from '#base/ids.ts'
import { MEANING_ASKED_MAX, MEANING_DOCUMENTS_MAX, MEANING_MS } from '#base/limits.ts'
import type { Note, NoteItem } from '#codec/note.ts'
import { countBeyond, type Clock } from '#model/log.ts'
import type { PeerId } from '#ports/carrier.ts'
import { isGood } from './audience.ts'
import type { ContactState } from './contact-state.ts'
import { isNode, type SyncContext } from './context.ts'
import { compare } from './doubts.ts'
import { heldBy, othersWith, withinEnds } from './gap-marks.ts'
import { range } from './keys.ts'
import { clockOf } from './ledger.ts'
import { noteName, queueNote, signNote } from './note-queue.ts'
import { unpack } from './records.ts'
import type { Tx } from './replica.ts'
import type { HollowRecord } from './sent.ts'

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
  const hollow = isVisit === true ? [] : await tx.list(range.hollow)
  for (const [place, bytes] of hollow) {
    const document = place.slice(range.hollow.from.length) as DocumentId
    const mine = await clockOf(tx, document)
    const lists = unpack<HollowRecord>(bytes) ?? {}
    if (!(await isInDoubt(tx, context, { peer, document, mine, lists }))) continue
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

/** Whether a node that would answer there signs for just what we have, and may mean something else by some of it. */
async function isInDoubt(
  tx: Tx,
  context: SyncContext,
  { peer, document, mine, lists }: Doubtful & { readonly lists: HollowRecord },
): Promise<boolean> {
  const heard = context.run.heard.get(peer)
  const self = context.identity.certificate.node
  for (const node of othersWith(context, document)) {
    const isThere = isNode(peer) ? node === peer : heard?.has(node) === true
    if (!isThere || !answers(context, { from: peer, by: node, asking: self })) continue
    const isDoubted = Object.entries(lists).some(
      ([actor, from]) => (from[node] ?? Infinity) <= (mine[actor] ?? 0),
    )
    if (!isDoubted) continue
    // What they signed for beyond the end of a list that forked they have no more, and never take back.
    const wanted = await heldBy(tx, node, document)
    const theirs = await withinEnds(tx, context, { document, wanted })
    if (countBeyond(mine, theirs) === 0 && countBeyond(theirs, mine) === 0) return true
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

/** Says of what a short question names, and is the very same here, that it is. */
export async function saySame(
  tx: Tx,
  context: SyncContext,
  {
    from,
    documents,
    note,
  }: { readonly from: PeerId; readonly documents: readonly DocumentId[]; readonly note: Note },
): Promise<void> {
  if (note.isWhole || note.items.length > MEANING_DOCUMENTS_MAX) return
  const items: NoteItem[] = []
  for (const item of note.items)
    if (documents.includes(item.document) && (await compare(tx, item)) === 'same') items.push(item)
  if (items.length === 0) return
  const said = signNote(context, { kind: 'have', isWhole: false, items })
  queueNote(tx, from, { name: `!same.${noteName(said)}`, since: 0, note: said })
}
