/**
 * The notes of a contact: who we are, what we want, what we have on disk. They ride along with deltas; an envelope of their own
 * goes only when they have waited for one long enough. Decisions only.
 */
import type { DocumentId, Instant } from '#base/ids.ts'
import {
  INTRODUCTION_DELAY_MS,
  RIDE_BESIDE_BYTES_MAX,
  RIDE_BYTES_MAX,
  WANT_AFTER_MS,
  WANT_ANNOUNCED_AFTER_MS,
  WANT_ANNOUNCED_DOUBLINGS_MAX,
  WANT_DOUBLINGS_MAX,
  WANT_INTERVAL_MS,
} from '#base/limits.ts'
import { channelOfDocument, KEYS } from '#model/document-id.ts'
import type { Note } from '#codec/note.ts'
import type { Lane } from '#model/precedence.ts'
import type { PeerId } from '#ports/carrier.ts'
import { audienceOf, mayHold } from './audience.ts'
import type { ContactState } from './contact-state.ts'
import { isNode, type SyncContext } from './context.ts'
import { cutNotes, type Cut, type Riders } from './cut.ts'
import { sayWishes } from './file-asking.ts'
import { key, range } from './keys.ts'
import { gapsOf, isToBeAsked, type Gap } from './gap-marks.ts'
import { oldestDebt } from './debts.ts'
import { clockOf } from './ledger.ts'
import { noteBytes, noteName, oldestNote, queueNote, signNote, takeQueued } from './note-queue.ts'
import { describe, describeAll, describeEach, itemBytes, NOTE_BYTES_MAX } from './notes.ts'
import { pack, unpack, type AnnouncedRecord, type PeerRecord, type QueuedNote } from './records.ts'
import type { Tx } from './replica.ts'
import { withoutUnsent } from './sent.ts'
import { questionsAt } from './unsigned.ts'
import { askFor, lacksKeys, WANT_KEYS } from './wanting.ts'

/** Notes that go alone go behind what is urgent and before what is routine. */
export const NOTE_LANE: Lane = 'priority'

/** Says all we have, so that the peer can send what we lack. In a later life a post office is asked what others have signed for. */
export async function introduce(
  tx: Tx,
  context: SyncContext,
  { peer }: Pick<ContactState, 'peer'>,
): Promise<void> {
  const known = unpack<PeerRecord>(await tx.get(key.peer(peer)))
  const isLater = known?.introducedAs !== undefined && !isNode(peer)
  for (const [index, note] of (await describeAll(tx)).entries()) {
    const said = isLater ? asQuestion(note) : note
    queueNote(tx, peer, { name: `!have.${index}`, since: 0, note: signNote(context, said) })
  }
  const told = known && ({ ...known, introducedAs: context.replica.actor } satisfies PeerRecord)
  if (told !== undefined) tx.put(key.peer(peer), pack(told))
}

function asQuestion(note: Note): Note {
  return { ...note, isQuestion: true }
}

/** A post office that may have lost something is told again what we have, once it has had time to give what it holds. */
export async function introduceAnew(tx: Tx, context: SyncContext, peer: PeerId): Promise<void> {
  const known = unpack<PeerRecord>(await tx.get(key.peer(peer)))
  if (known === undefined || isNode(peer)) return
  const again: PeerRecord = { ...known, firstAt: context.now(), introducedAs: undefined }
  tx.put(key.peer(peer), pack(again))
}

/** When what waits for the peer is to go, alone if need be; `lookAgainAt` is undefined when something changes. */
export interface NotesDue {
  readonly isDue: boolean
  readonly lookAgainAt: Instant | undefined
}

/** Puts what there is to say by now into the queue, and tells whether anything there has waited long enough. */
export async function notesDue(
  tx: Tx,
  context: SyncContext,
  state: ContactState,
): Promise<NotesDue> {
  const now = context.now()
  const introduceAt = await introductionAt(tx, context, state)
  const isNow = introduceAt !== undefined && introduceAt <= now
  if (isNow) await introduce(tx, context, state)
  const wantsAt = await sayWants(tx, context, state)
  const askAt = await sayQuestions(tx, context, state)
  const wishAt = await sayWishes(tx, context, state)
  const times = await dueTimes(tx, context, state)
  const isDue = times.some((at) => at <= now)
  const all = [introduceAt, wantsAt, askAt, wishAt, ...times]
  const later = all.flatMap((at) => (at !== undefined && at > now ? at : []))
  return { isDue, lookAgainAt: later.length === 0 ? undefined : Math.min(...later) }
}

async function isAnyDue(tx: Tx, context: SyncContext, state: ContactState): Promise<boolean> {
  return (await dueTimes(tx, context, state)).some((at) => at <= context.now())
}

/** When the oldest of what waits has waited long enough. */
async function dueTimes(
  tx: Tx,
  context: SyncContext,
  { peer, receiptDelayMs }: ContactState,
): Promise<readonly Instant[]> {
  const waiting = [await oldestNote(tx, peer), oldestDebt(await tx.list(range.owed(peer)))]
  const known = waiting.filter((since) => since !== undefined)
  // A time that lies ahead means that the clock was set back.
  return known.map((since) => (since === 0 || since > context.now() ? 0 : since + receiptDelayMs))
}

/**
 * An envelope of nothing but notes: all that wait for the peer, as far as they fit. While there is no key to seal them by, or none that
 * others surely have, the question for what is lacking of the keys document, if it is one of them.
 */
export async function cutNotesAlone(
  tx: Tx,
  context: SyncContext,
  state: Pick<ContactState, 'peer' | 'toldAt'>,
): Promise<Cut | undefined> {
  const { peer } = state
  state.toldAt = context.now()
  const room = { peer, bytes: NOTE_BYTES_MAX, isAlone: true }
  const to = { peer, lane: NOTE_LANE }
  const all = () => cutNotes(tx, context, { ...to, take: () => take(tx, context, room) })
  const question = () => takeQueued(tx, context, { ...room, only: WANT_KEYS })
  const keys = () => cutNotes(tx, context, { ...to, isForAll: true, take: question })
  return (await lacksKeys(tx)) ? ((await keys()) ?? all()) : ((await all()) ?? keys())
}

/**
 * What rides along with a delta of a document. Everybody who is meant has to be able to open it: to a node that is the node
 * itself, in a post office the whole organisation. The keys document is read by those who were let in once, too.
 *
 * Not with every delta: each note costs a signature, and one a little later tells as much as many.
 */
export function ridersFor(
  tx: Tx,
  context: SyncContext,
  { state, document }: { readonly state: ContactState; readonly document: DocumentId },
): Riders | undefined {
  const { peer, toldAt, receiptDelayMs } = state
  if (!mayRide(context, peer, document)) return undefined
  const now = context.now()
  const isSoon = toldAt !== undefined && now >= toldAt && now - toldAt < receiptDelayMs
  return async (bytes) => {
    if (bytes > RIDE_BESIDE_BYTES_MAX || (isSoon && !(await isAnyDue(tx, context, state))))
      return []
    const notes = await take(tx, context, { peer, bytes: RIDE_BYTES_MAX, isAlone: false })
    if (notes.length > 0) state.toldAt = now
    return notes
  }
}

/** Whether notes for a peer may ride with a delta of a document. */
export function mayRide(
  context: SyncContext,
  peer: ContactState['peer'],
  document: DocumentId,
): boolean {
  if (document === KEYS) return false
  return isNode(peer) || audienceOf(context, document) === context.identity.organisation.id
}

interface Room {
  readonly peer: ContactState['peer']
  readonly bytes: number
  /** Whatever its length, the first goes. */
  readonly isAlone: boolean
}

/** Takes notes out of the queue, and a receipt of our own for what is owed. */
async function take(tx: Tx, context: SyncContext, room: Room): Promise<readonly QueuedNote[]> {
  const but = (await lacksKeys(tx)) ? WANT_KEYS : undefined
  const queued = await takeQueued(tx, context, { ...room, but })
  const used = queued.reduce((sum, note) => sum + noteBytes(context, note), 0)
  const isAlone = room.isAlone && queued.length === 0
  const receipt = await takeDebts(tx, context, { ...room, bytes: room.bytes - used, isAlone })
  return receipt === undefined ? queued : [...queued, receipt]
}

async function takeDebts(
  tx: Tx,
  context: SyncContext,
  { peer, bytes, isAlone }: Room,
): Promise<QueuedNote | undefined> {
  const debts = await tx.list(range.owed(peer))
  const chosen: DocumentId[] = []
  let left = bytes - noteBytes(context, { body: new Uint8Array(0) })
  for (const [place] of debts) {
    const document = place.slice(place.lastIndexOf('/') + 1) as DocumentId
    const more = itemBytes(await clockOf(tx, document))
    if (more > left && !(isAlone && chosen.length === 0)) continue
    chosen.push(document)
    left -= more
  }
  const told = withoutUntold(context, await describe(tx, 'receipt', chosen))
  const receipt = await withoutUnsent(tx, context.replica.actor, told)
  if (receipt.items.length === 0) return undefined
  for (const { document } of receipt.items) tx.delete(key.owed(peer, document))
  const note = signNote(context, receipt)
  return { ...note, name: noteName(note), since: oldestDebt(debts) ?? 0 }
}

/** What was noted as read before that was to be told no more. */
function withoutUntold({ tellsRead }: SyncContext, receipt: Note): Note {
  const items = receipt.items.map((item) => {
    const channel = channelOfDocument(item.document)
    return channel === undefined || tellsRead(channel) ? item : { ...item, read: {} }
  })
  return { ...receipt, items }
}

/** Asks for what is missing once it has had time to come by itself, and then ever more rarely; when to look again. */
async function sayWants(
  tx: Tx,
  context: SyncContext,
  state: ContactState,
): Promise<Instant | undefined> {
  const now = context.now()
  const { peer, isVisit = false } = state
  const wanted: DocumentId[] = []
  const times: Instant[] = []
  for (const gap of await allGaps(tx)) {
    if (!mayHold(context, context.identity.certificate.node, gap.document)) continue // nobody gives it to us
    const dueAt = wantAt(gap, state, now)
    if (dueAt > now) times.push(dueAt)
    else if (!gap.isAnnounced || (await isToBeAsked(tx, context, { ...gap, peer, isVisit })))
      wanted.push(gap.document)
  }
  await askFor(tx, context, { state, wanted })
  return times.length === 0 ? undefined : Math.min(...times)
}

/** Asks everybody at a post office about what nobody signs for, and whoever is in doubt what it means; when to look again. */
async function sayQuestions(
  tx: Tx,
  context: SyncContext,
  state: ContactState,
): Promise<Instant | undefined> {
  const { questions, lookAgainAt } = await questionsAt(tx, context, state)
  const notes = await Promise.all(questions.map((documents) => describeEach(tx, documents)))
  for (const [index, note] of notes.flat().entries()) {
    const signed = signNote(context, asQuestion(note))
    queueNote(tx, state.peer, { name: `!ask.${index}`, since: 0, note: signed })
  }
  return lookAgainAt
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

/** When it is to be asked for, or asked for again. */
function wantAt(gap: Asking, state: ContactState, now: Instant): Instant {
  const last = state.wanted.get(gap.document)
  const at = last === undefined ? gap.since : last.at
  // A time that lies ahead means that the clock was set back.
  return at > now ? now : at + waitMs(gap, state, last?.times)
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
  // What a hub has is long; kits ask.
  if (state.isMetered === true && context.identity.certificate.role === 'hub') return undefined
  const begunAt = Math.max(known.firstAt, context.run.startedAt)
  // A time that lies ahead means that the clock was set back.
  return begunAt > context.now() ? context.now() : begunAt + INTRODUCTION_DELAY_MS
}
