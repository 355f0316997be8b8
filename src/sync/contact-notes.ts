/** The notes of a contact: who we are, what we want, what we have on disk. Decisions only. */
import type { DocumentId, Instant } from '#base/ids.ts'
import {
  INTRODUCTION_DELAY_MS,
  WANT_AFTER_MS,
  WANT_DOUBLINGS_MAX,
  WANT_INTERVAL_MS,
} from '#base/limits.ts'
import type { Lane } from '#model/precedence.ts'
import type { ContactState, Next } from './contact-state.ts'
import type { SyncContext } from './context.ts'
import { cutNote, sealNote } from './cut.ts'
import { key, range } from './keys.ts'
import { noteQuestion } from './gap-marks.ts'
import { oldestDebt } from './ledger.ts'
import { describe, describeAll, gapsOf } from './notes.ts'
import { pack, unpack, type PeerRecord } from './records.ts'
import type { Tx } from './replica.ts'

/** Receipts and passed-on notes go behind what is urgent and before what is routine. */
export const NOTE_LANE: Lane = 'priority'

const NOTHING: Next = { cut: undefined, lookAgainAt: undefined }

/** Says all we have, so that the peer can send what we lack; false while there is no key to say it under. */
export async function introduce(
  tx: Tx,
  context: SyncContext,
  state: Pick<ContactState, 'peer'>,
): Promise<boolean> {
  const notes = await describeAll(tx)
  for (const [index, note] of notes.entries()) {
    const bytes = await sealNote(tx, context, note)
    if (bytes === undefined) return false
    tx.put(key.note(state.peer, `!have.${index}`), bytes)
  }
  const known = unpack<PeerRecord>(await tx.get(key.peer(state.peer)))
  if (known !== undefined) tx.put(key.peer(state.peer), pack({ ...known, isIntroduced: true }))
  return true
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
  const debts = await tx.list(range.owed(state.peer))
  const oldest = oldestDebt(debts)
  const dueAt = oldest === undefined ? undefined : oldest + state.receiptDelayMs
  const isDue =
    oldest !== undefined &&
    dueAt !== undefined &&
    (dueAt <= context.now() || oldest > context.now())
  if (!isDue) {
    const times = [introduceAt, want.lookAgainAt, dueAt].filter((at) => at !== undefined)
    return { cut: undefined, lookAgainAt: times.length === 0 ? undefined : Math.min(...times) }
  }
  const documents = debts.map(([place]) => place.slice(place.lastIndexOf('/') + 1) as DocumentId)
  const receipt = await describe(tx, 'receipt', documents)
  const bytes = await sealNote(tx, context, receipt)
  if (bytes === undefined) return NOTHING
  for (const { document } of receipt.items) tx.delete(key.owed(state.peer, document))
  return {
    cut: await cutNote(tx, { peer: state.peer, lane: NOTE_LANE }, bytes),
    lookAgainAt: undefined,
  }
}

/** Asks for what is missing once it has had time to come by itself, and then ever more rarely. */
async function nextWant(tx: Tx, context: SyncContext, state: ContactState): Promise<Next> {
  const now = context.now()
  const wanted: DocumentId[] = []
  const times: Instant[] = []
  for (const { document, since } of await gapsOf(tx)) {
    const last = state.wanted.get(document)
    const at = last === undefined ? since : last.at
    const firstMs = state.isVisit ? 0 : WANT_AFTER_MS
    const dueAt = at + (last === undefined ? firstMs : WANT_INTERVAL_MS * 2 ** last.times)
    // A time that lies ahead means that the clock was set back.
    if (dueAt <= now || at > now) wanted.push(document)
    else times.push(dueAt)
  }
  const lookAgainAt = times.length === 0 ? undefined : Math.min(...times)
  if (wanted.length === 0) return { cut: undefined, lookAgainAt }
  const note = await describe(tx, 'want', wanted)
  const bytes = await sealNote(tx, context, note)
  if (bytes === undefined) return NOTHING
  for (const { document } of note.items) {
    const asked = Math.min(WANT_DOUBLINGS_MAX, (state.wanted.get(document)?.times ?? -1) + 1)
    state.wanted.set(document, { at: now, times: asked })
    noteQuestion(tx, document, { at: now, of: state.peer })
  }
  const cut = await cutNote(tx, { peer: state.peer, lane: NOTE_LANE }, bytes)
  return { cut, lookAgainAt: undefined }
}

/**
 * A post office may no longer hold what was put there before we first came. When it has had time to give what it
 * holds, we say what we have, once, and a hub puts there again what we lack.
 */
async function introductionAt(
  tx: Tx,
  context: SyncContext,
  state: ContactState,
): Promise<Instant | undefined> {
  const known = unpack<PeerRecord>(await tx.get(key.peer(state.peer)))
  if (known === undefined || known.isIntroduced) return undefined
  // A time that lies ahead means that the clock was set back.
  return known.firstAt > context.now() ? context.now() : known.firstAt + INTRODUCTION_DELAY_MS
}
