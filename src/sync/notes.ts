/** Notes from other nodes: receipts, what they have, what they want. Each is believed only of the node that signed it. */
import type { DocumentId, NodeId } from '#base/ids.ts'
import { NOTE_ITEMS_MAX } from '#base/limits.ts'
import type { LoadedNote, SignedNote } from '#codec/load.ts'
import { decodeNote, type Note, type NoteItem } from '#codec/note.ts'
import { KEYS } from '#model/document-id.ts'
import type { Clock } from '#model/log.ts'
import type { PeerId } from '#ports/carrier.ts'
import { isNode, type SyncContext } from './context.ts'
import { lookForForks } from './doubts.ts'
import { takerOf } from './file-notes.ts'
import { noteLess } from './gap-marks.ts'
import { hearOfOurselves } from './hearsay.ts'
import { key } from './keys.ts'
import { hearLife, lifeOf, owesLife, type Spoken } from './lives.ts'
import { isVouchedFor, noteName, queueNote } from './note-queue.ts'
import { allDocuments, clockOf, receiptOf, signedFor } from './ledger.ts'
import { forgetAsked, lower, mayAskAgain, mayHearAgain, setHasAsSaid } from './lowering.ts'
import { newestPrints } from './prints.ts'
import { pack, unpack } from './records.ts'
import type { SaidRecord } from './said.ts'
import { settleAllAside } from './rebirth.ts'
import type { Reader, Tx } from './replica.ts'
import { owesAnswer } from './unsigned.ts'
import { noteWord, type Word } from './words.ts'

/** What became of the notes of an envelope. */
export interface NotesTaken {
  /** Some were of use, or at least true. */
  readonly isGood: boolean
  /** Why some were not taken. */
  readonly reason: string | undefined
  /** Somebody who said something is not known yet. */
  readonly isEarly: boolean
}

/** Takes the notes of an opened envelope, each for itself. */
export async function takeNotes(
  tx: Tx,
  context: SyncContext,
  arrival: {
    readonly notes: readonly LoadedNote[]
    readonly spoken: Spoken
    readonly from: PeerId | undefined
  },
): Promise<NotesTaken> {
  const { roster } = context
  let isGood = false
  let isEarly = false
  let reason: string | undefined
  for (const { actor, ...rest } of arrival.notes) {
    const node = actor && roster.ofActor(actor)?.node
    if (node === undefined || actor === undefined) isEarly = true
    // Nobody can tell what a revoked node writes now.
    else if (roster.revokedSince(node) !== undefined) reason = 'revoked'
    else {
      const refused = await takeNote(tx, context, { ...arrival, signed: { actor, ...rest }, node })
      isGood ||= refused === undefined
      reason = refused ?? reason
    }
  }
  return { isGood, reason, isEarly }
}

/** Takes a note; why not, when it is not taken. */
async function takeNote(
  tx: Tx,
  context: SyncContext,
  arrival: {
    readonly signed: SignedNote
    readonly node: NodeId
    readonly spoken: Spoken
    readonly from: PeerId | undefined
  },
): Promise<string | undefined> {
  const { signed, node, from, spoken } = arrival
  const { actor, body } = signed
  const takeOfFiles = takerOf(body)
  const note = takeOfFiles === undefined ? decodeNote(body, context.roster) : undefined
  if (note === undefined && takeOfFiles === undefined) return 'malformed'
  if (!isVouchedFor(context, arrival, note?.kind === 'receipt')) return 'not vouched for'
  if (note === undefined) return takeOfFiles?.(tx, context, { body, actor, node, from })
  await hearOfOurselves(tx, context, { claims: note.items, by: node, from })
  await lookForForks(tx, context, { note, from, sender: node })
  const named = note.items.map(({ clock }) => clock)
  const life = await (actor === spoken.actor
    ? hearLife(tx, { ...spoken, named })
    : lifeOf(tx, node, actor))
  switch (note.kind) {
    case 'receipt':
      await takeReceipt(tx, context, { note, from, sender: node, signed, life })
      break
    case 'have':
      await takeHave(tx, context, { note, from, sender: node, life })
      break
    case 'want':
      await takeWant(tx, context, { note, from, sender: node })
      break
  }
  // A hub may have said by it that it has heard of a fork of ours.
  if (note.items.some(({ document }) => document === KEYS)) await settleAllAside(tx, context)
  return undefined
}

/** About how long a note may become, in bytes before compression: sealed, it fits in one envelope of any carrier. */
export const NOTE_BYTES_MAX = 55_000
const ITEM_BYTES = 26
const CLOCK_ENTRY_BYTES = 10

/** About how many bytes a note has that tells this of one document. */
export function itemBytes(clock: Clock): number {
  return ITEM_BYTES + CLOCK_ENTRY_BYTES * Object.keys(clock).length
}

/** A note saying what this node has of `documents`, its readers' progress included: of as many of the first as fit. */
export async function describe(
  reader: Pick<Reader, 'get'>,
  kind: Note['kind'],
  documents: readonly DocumentId[],
): Promise<Note> {
  const items: NoteItem[] = []
  let bytes = 0
  for (const document of documents.slice(0, NOTE_ITEMS_MAX)) {
    const clock = await clockOf(reader, document)
    bytes += itemBytes(clock)
    if (items.length > 0 && bytes > NOTE_BYTES_MAX) break
    const read =
      kind === 'receipt' ? (unpack<Clock>(await reader.get(key.seenHere(document))) ?? {}) : {}
    items.push({ document, clock, read, prints: await newestPrints(reader, document, clock) })
  }
  return { kind, isWhole: false, items }
}

/** Notes that say all this node has: one where it fits. */
export async function describeAll(reader: Reader): Promise<readonly Note[]> {
  const notes = await describeEach(reader, await allDocuments(reader))
  const [only] = notes
  return notes.length === 1 && only !== undefined ? [{ ...only, isWhole: true }] : notes
}

/** Notes that say what this node has of each of these documents: one where it fits. */
export async function describeEach(
  reader: Pick<Reader, 'get'>,
  documents: readonly DocumentId[],
): Promise<readonly Note[]> {
  const notes: Note[] = []
  let from = 0
  do {
    const note = await describe(reader, 'have', documents.slice(from))
    notes.push(note)
    from += note.items.length
  } while (from < documents.length)
  return notes
}

interface NoteArrival {
  readonly note: Note
  readonly from: PeerId | undefined
  readonly sender: NodeId
}

type WordArrival = NoteArrival & Pick<Word, 'life'>

/** A receipt that tells us something new is passed on, as it is, to whoever may not have heard it. */
async function takeReceipt(
  tx: Tx,
  context: SyncContext,
  { note, from, sender, signed, life }: WordArrival & { readonly signed: SignedNote },
): Promise<void> {
  let isNews = false
  // It says as much as the node's introduction, and may come before it.
  const word = { node: sender, receipt: signed, life, isWhole: true }
  for (const { document, clock, read, prints } of note.items)
    if (await noteWord(tx, context, { ...word, document, clock, read, prints })) isNews = true
  if (!isNews) return
  const waiting = { name: noteName(signed), since: context.now(), note: signed }
  for (const peer of context.peers) {
    if (peer !== from && peer !== sender) queueNote(tx, peer, waiting)
  }
  tx.afterwards(context.ring)
}

/** What others' receipts told and `peer` may have lost, or has never heard, is put on its way to it: for itself and for those behind it. */
export async function passOnAgain(
  tx: Tx,
  context: SyncContext,
  to: {
    readonly peer: PeerId
    /** All unless given. */
    readonly documents?: readonly DocumentId[]
    /** Who wants to hear it, and knows its own. */
    readonly asking?: NodeId
  },
): Promise<void> {
  const { peer, asking = peer } = to
  const self = context.identity.certificate.node
  const others = context.roster.all().filter(({ node }) => node !== self && node !== asking)
  for (const document of to.documents ?? (await allDocuments(tx))) {
    for (const { node } of others) {
      const said = (await receiptOf(tx, node, document))?.said
      const bytes = said === undefined ? undefined : await tx.get(key.said(said))
      const record = unpack<SaidRecord>(bytes)
      if (said !== undefined && record !== undefined)
        queueNote(tx, peer, { name: said, since: 0, note: record })
    }
  }
}

/** Who has lost something, in a new life or not, hears again what we and others have signed for, for itself and those behind it. */
async function signAgain(tx: Tx, context: SyncContext, node: NodeId): Promise<void> {
  await passOnAgain(tx, context, { peer: node })
  for (const document of await allDocuments(tx)) {
    const place = key.owed(node, document)
    if ((await tx.get(place)) === undefined) tx.put(place, pack(context.now()))
  }
  tx.afterwards(context.ring)
}

/** Who says what it has may have lost what others had signed for, in this life or the last; at a post office it asks for that. */
async function takeHave(tx: Tx, context: SyncContext, have: WordArrival): Promise<void> {
  const { from, sender } = have
  const isAnew = from === sender && (await owesLife(tx, sender, context.now()))
  if (isAnew) forgetAsked(context, sender)
  const hasLost = await believeHave(tx, context, have)
  if (isAnew) tx.afterwards(() => context.log.warn('peer.new-life', { node: sender }))
  if (isAnew || (hasLost && mayHearAgain(context, sender))) await signAgain(tx, context, sender)
}

/** It is the truth about what a node has, also when that is less than we thought. True when it tells us itself that it has lost something. */
async function believeHave(
  tx: Tx,
  context: SyncContext,
  { note, from, sender, life }: WordArrival,
): Promise<boolean> {
  let hasLost = false
  const said = new Map(note.items.map((item) => [item.document, item]))
  if (note.isQuestion === true) await answer(tx, context, { note, from, sender })
  // What it does not name it does not have: of what is here, and of what it has signed for once.
  const unnamed = note.isWhole
    ? [...(await allDocuments(tx)), ...(await signedFor(tx, sender))]
    : []
  const documents = new Set([...said.keys(), ...unnamed])
  for (const document of documents) {
    const { clock = {}, prints } = said.get(document) ?? {}
    // What lies somewhere may have been said long ago.
    if (from === sender && (await noteLess(tx, context, { node: sender, document, clock })))
      hasLost = true
    const word = { node: sender, document, clock, prints, read: {}, receipt: undefined, life }
    await noteWord(tx, context, { ...word, isWhole: true })
    if (from === undefined) continue
    if (isNode(from)) {
      if (from === sender) await setHasAsSaid(tx, context, { peer: from, document, clock })
      continue
    }
    // In a post office others may hold it for the sender to find; a hub puts there again what the sender lacks.
    await lower(tx, context, { from, document, clock, sender })
  }
  return hasLost
}

/** Somebody wants to hear who has what. At a post office a hub also says again what it heard of others. */
async function answer(
  tx: Tx,
  context: SyncContext,
  { note, from, sender }: NoteArrival,
): Promise<void> {
  if (from === undefined || sender === context.identity.certificate.node) return
  if (isNode(from) && from !== sender) return
  // Who has recorded a question can ask it again.
  const isFresh = (document: DocumentId): boolean =>
    mayAskAgain(context, { sender: `question ${sender}`, document })
  const documents = note.items.map(({ document }) => document).filter(isFresh)
  if (documents.length === 0) return
  if (await owesAnswer(tx, context, { from, asking: sender, documents, note }))
    await passOnAgain(tx, context, { peer: from, documents, asking: sender })
}

async function takeWant(
  tx: Tx,
  context: SyncContext,
  { note, from, sender }: NoteArrival,
): Promise<void> {
  if (from === undefined) return
  for (const { document, clock } of note.items) {
    if (!isNode(from)) await lower(tx, context, { from, document, clock, sender })
    else if (from === sender) await setHasAsSaid(tx, context, { peer: from, document, clock })
  }
}
