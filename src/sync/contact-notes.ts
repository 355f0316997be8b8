/** The notes of a contact: who we are, what we want, what we have on disk. Decisions only. */
import type { DocumentId, Instant } from '#base/ids.ts'
import {
  INTRODUCTION_DELAY_MS,
  WANT_AFTER_MS,
  WANT_ANNOUNCED_AFTER_MS,
  WANT_ANNOUNCED_DOUBLINGS_MAX,
  WANT_DOUBLINGS_MAX,
  WANT_INTERVAL_MS,
} from '#base/limits.ts'
import type { Lane } from '#model/precedence.ts'
import type { PeerId } from '#ports/carrier.ts'
import type { ContactState, Next } from './contact-state.ts'
import { isNode, type SyncContext } from './context.ts'
import { cutNote, sealNote } from './cut.ts'
import { key, range } from './keys.ts'
import { isToBeAsked, noteQuestion } from './gap-marks.ts'
import { oldestDebt } from './ledger.ts'
import { describe, describeAll, gapsOf, type Gap } from './notes.ts'
import { pack, unpack, type AnnouncedRecord, type PeerRecord } from './records.ts'
import type { Tx } from './replica.ts'
import { unsignedAt } from './unsigned.ts'

/** Receipts and passed-on notes go behind what is urgent and before what is routine. */
export const NOTE_LANE: Lane = 'priority'

const NOTHING: Next = { cut: undefined, lookAgainAt: undefined }

/**
 * Says all we have, so that the peer can send what we lack; false while there is no key to say it under. In a later life a post
 * office is asked, too: the disk may have lost what others have signed for.
 */
export async function introduce(
  tx: Tx,
  context: SyncContext,
  state: Pick<ContactState, 'peer'>,
): Promise<boolean> {
  const known = unpack<PeerRecord>(await tx.get(key.peer(state.peer)))
  const isLater = known?.introducedAs !== undefined && !isNode(state.peer)
  for (const [index, note] of (await describeAll(tx)).entries()) {
    const isQuestion = isLater ? ({ isQuestion: true } as const) : {}
    const bytes = await sealNote(tx, context, { ...note, ...isQuestion })
    if (bytes === undefined) return false
    tx.put(key.note(state.peer, `!have.${index}`), bytes)
  }
  const told = known && ({ ...known, introducedAs: context.replica.actor } satisfies PeerRecord)
  if (told !== undefined) tx.put(key.peer(state.peer), pack(told))
  return true
}

/** A post office that may have lost something is told again what we have, once it has had time to give what it holds. */
export async function introduceAnew(tx: Tx, context: SyncContext, peer: PeerId): Promise<void> {
  const known = unpack<PeerRecord>(await tx.get(key.peer(peer)))
  if (known === undefined || isNode(peer)) return
  const again: PeerRecord = { ...known, firstAt: context.now(), introducedAs: undefined }
  tx.put(key.peer(peer), pack(again))
}

/** What waits as a note: passed on as it is, or a receipt that has been owed long enough. */
export async function nextNote(tx: Tx, context: SyncContext, state: ContactState): Promise<Next> {
  const [note] = await tx.list({ ...range.notes(state.peer), limit: 1 })
  if (note !== undefined) {
    tx.delete(note[0])
    const cut = await cutNote(tx, { peer: state.peer, lane: NOTE_LANE }, note[1])
    return { cut, lookAgainAt: undefined }
  }
  const introduceAt = await introductionAt(tx, context, state)
  if (introduceAt !== undefined && introduceAt <= context.now()) {
    const isSaid = await introduce(tx, context, state)
    return isSaid ? nextNote(tx, context, state) : NOTHING
  }
  const want = await nextWant(tx, context, state)
  if (want.cut !== undefined) return want
  const question = await nextQuestion(tx, context, state)
  if (question.cut !== undefined) return question
  const receipt = await nextReceipt(tx, context, state)
  if (receipt.cut !== undefined) return receipt
  const all = [introduceAt, want.lookAgainAt, question.lookAgainAt, receipt.lookAgainAt]
  const times = all.filter((at) => at !== undefined)
  return { cut: undefined, lookAgainAt: times.length === 0 ? undefined : Math.min(...times) }
}

/** Asks everybody at a post office about what nobody signs for. */
async function nextQuestion(tx: Tx, context: SyncContext, state: ContactState): Promise<Next> {
  const { documents, lookAgainAt } = await unsignedAt(tx, context, state)
  if (documents.length === 0) return { cut: undefined, lookAgainAt }
  const note = await describe(tx, 'have', documents)
  const bytes = await sealNote(tx, context, { ...note, isQuestion: true })
  if (bytes === undefined) return NOTHING
  const cut = await cutNote(tx, { peer: state.peer, lane: NOTE_LANE }, bytes)
  return { cut, lookAgainAt: undefined }
}

/** A receipt that has been owed long enough. */
async function nextReceipt(tx: Tx, context: SyncContext, state: ContactState): Promise<Next> {
  const debts = await tx.list(range.owed(state.peer))
  const oldest = oldestDebt(debts)
  const dueAt = oldest === undefined ? undefined : oldest + state.receiptDelayMs
  const isDue =
    oldest !== undefined &&
    dueAt !== undefined &&
    (dueAt <= context.now() || oldest > context.now())
  if (!isDue) return { cut: undefined, lookAgainAt: dueAt }
  const documents = debts.map(([place]) => place.slice(place.lastIndexOf('/') + 1) as DocumentId)
  const receipt = await describe(tx, 'receipt', documents)
  const bytes = await sealNote(tx, context, receipt)
  if (bytes === undefined) return NOTHING
  for (const { document } of receipt.items) tx.delete(key.owed(state.peer, document))
  const cut = await cutNote(tx, { peer: state.peer, lane: NOTE_LANE }, bytes)
  return { cut, lookAgainAt: undefined }
}

/** Asks for what is missing once it has had time to come by itself, and then ever more rarely. */
async function nextWant(tx: Tx, context: SyncContext, state: ContactState): Promise<Next> {
  const now = context.now()
  const wanted: DocumentId[] = []
  const times: Instant[] = []
  for (const gap of await allGaps(tx)) {
    const last = state.wanted.get(gap.document)
    const at = last === undefined ? gap.since : last.at
    const dueAt = at + waitMs(gap, state, last?.times)
    // A time that lies ahead means that the clock was set back.
    const isDue = dueAt <= now || at > now
    if (!isDue) times.push(dueAt)
    else if (!gap.isAnnounced || (await isToBeAsked(tx, context, { ...gap, peer: state.peer })))
      wanted.push(gap.document)
  }
  const lookAgainAt = times.length === 0 ? undefined : Math.min(...times)
  if (wanted.length === 0) return { cut: undefined, lookAgainAt }
  const note = await describe(tx, 'want', wanted)
  const bytes = await sealNote(tx, context, note)
  if (bytes === undefined) return NOTHING
  for (const { document } of note.items) {
    const asked = (state.wanted.get(document)?.times ?? -1) + 1
    state.wanted.set(document, { at: now, times: asked })
    noteQuestion(tx, document, { at: now, of: state.peer })
  }
  const cut = await cutNote(tx, { peer: state.peer, lane: NOTE_LANE }, bytes)
  return { cut, lookAgainAt: undefined }
}

interface Asking extends Gap {
  /** Nothing is there that waits for it; others have only signed for it. */
  readonly isAnnounced: boolean
}

async function allGaps(tx: Tx): Promise<readonly Asking[]> {
  const known = (await gapsOf(tx)).map((gap) => ({ ...gap, isAnnounced: false }))
  const documents = new Set(known.map(({ document }) => document))
  const announced = (await tx.list(range.announced)).flatMap(([place, bytes]) => {
    const document = place.slice(range.announced.from.length) as DocumentId
    const since = unpack<AnnouncedRecord>(bytes)?.since ?? 0
    return documents.has(document) ? [] : [{ document, since, isAnnounced: true }]
  })
  return [...known, ...announced]
}

/** How long to wait since it was noticed, or since it was asked for the last time. */
function waitMs({ isAnnounced }: Asking, { isVisit }: ContactState, times?: number): number {
  const doublings = isAnnounced ? WANT_ANNOUNCED_DOUBLINGS_MAX : WANT_DOUBLINGS_MAX
  if (times !== undefined) return WANT_INTERVAL_MS * 2 ** Math.min(doublings, times)
  if (isVisit === true) return 0
  return isAnnounced ? WANT_ANNOUNCED_AFTER_MS : WANT_AFTER_MS
}

/**
 * A post office may no longer hold what was put there before we first came, or what our disk held before it was put back to an
 * earlier state. When it has had time to give what it holds, we say what we have, once in each life, and a hub puts there
 * again what we lack.
 */
async function introductionAt(
  tx: Tx,
  context: SyncContext,
  state: ContactState,
): Promise<Instant | undefined> {
  const known = unpack<PeerRecord>(await tx.get(key.peer(state.peer)))
  if (known === undefined || known.introducedAs === context.replica.actor) return undefined
  const { run } = context
  const begunAt = Math.max(known.firstAt, run.startedAt)
  // A time that lies ahead means that the clock was set back.
  return begunAt > context.now() ? context.now() : begunAt + INTRODUCTION_DELAY_MS
}
