/** Nodes' own words on what they have on disk: what is kept of each, and which receipts are news to be passed on. */
import type { ActorId, DocumentId, NodeId } from '#base/ids.ts'
import type { SignedNote } from '#codec/load.ts'
import { decodeNote, type NoteItem, type Prints } from '#codec/note.ts'
import { countBeyond, joinClocks, type Clock } from '#model/log.ts'
import { agreementOn, tellAgreed, withAgreement } from './agreement.ts'
import type { SyncContext } from './context.ts'
import { liftLess, noteAnnounced, storedAt, tellChanged, voidWords } from './gap-marks.ts'
import { key } from './keys.ts'
import { clockOf } from './ledger.ts'
import { beginsLife, type Life } from './lives.ts'
import { endOf, topOf } from './list-end.ts'
import { printsOf } from './prints.ts'
import { pack, unpack } from './records.ts'
import type { Tx } from './replica.ts'
import { keepSaid, type NamedList, type ReceiptRecord, type SaidRecord } from './said.ts'

/** A node's own word on what it has on disk, and how we came by it. */
export interface Word {
  readonly node: NodeId
  readonly document: DocumentId
  readonly clock: Clock
  readonly read: Clock
  readonly prints?: Prints | undefined
  /** The receipt it came in, as it was signed; one that tells something new is passed on, whatever we knew by other ways. */
  readonly receipt: SignedNote | undefined
  /** The life in which the node itself said it; undefined for what others passed on. */
  readonly life?: Life | undefined
  /** It says all that the node has of the document, as it stands: no less, and no more. */
  readonly isWhole?: boolean
}

/** Notes a node's own word. True when it is a receipt that tells something no receipt told before. */
export async function noteWord(tx: Tx, context: SyncContext, word: Word): Promise<boolean> {
  // Its node has said since what it holds, or will.
  if (word.life?.isCurrent === false) return false
  const { node, document } = word
  const place = key.receipt(node, document)
  const known = unpack<ReceiptRecord>(await tx.get(place)) ?? NO_RECEIPT
  const clock = joinClocks(known.clock, word.clock)
  const read = joinClocks(known.read, word.read)
  await noteAnnounced(tx, context, word)
  const life = await takeLife(tx, context, { word, known })
  const agreement = await agreementOn(tx, context, { ...word, known })
  const isNews = isBeyond(clock, known.clock) || isBeyond(read, known.read)
  const isOfUse = isNews || agreement !== known
  const { isTold, ...told } = await receiptsWith(tx, context, { word, known })
  if (!isOfUse && !isTold && life === known.life) return false
  const at = isNews ? context.now() : known.at
  const said = isTold
    ? await keepSaid(tx, context, { before: known.said, receipt: word.receipt })
    : known.said
  const record = { clock, read, ...told, said, at, ...(life && { life }) }
  tx.put(place, pack(withAgreement(record, agreement) satisfies ReceiptRecord))
  if (isOfUse) await context.deadlines.heard(tx, word)
  tellAgreed(tx, context, { document, before: known, after: agreement })
  tellRead(tx, context, { document, before: known.read, after: read })
  return isTold
}

const NO_RECEIPT: ReceiptRecord = {
  clock: {},
  read: {},
  told: {},
  toldRead: {},
  said: undefined,
  at: 0,
}

/** What a node says in a later life stands for all that it said before; gives the life in which it said last what it has. */
async function takeLife(
  tx: Tx,
  context: SyncContext,
  { word, known }: { readonly word: Word; readonly known: ReceiptRecord },
): Promise<ActorId | undefined> {
  const { life } = word
  const isOwn = life?.isCurrent === true
  const isWhole = isOwn && word.isWhole === true
  const { node, document } = word
  const before = await storedAt(tx, node, document)
  if (beginsLife(word, known)) await voidWords(tx, context, word)
  else await liftLess(tx, { ...word, isPassedOn: !isOwn })
  tellChanged(tx, context, { document, before, after: await storedAt(tx, node, document) })
  return isWhole ? life.actor : known.life
}

/** What receipts have told with this word, and whether it is one that tells more than those before. */
async function receiptsWith(
  tx: Tx,
  context: SyncContext,
  { word, known }: { readonly word: Word; readonly known: ReceiptRecord },
): Promise<Pick<ReceiptRecord, 'told' | 'toldRead'> & { readonly isTold: boolean }> {
  // What it signed for in an earlier life is to be heard again of this one.
  const before = beginsLife(word, known) ? {} : known.told
  if (word.receipt === undefined) return { told: before, toldRead: known.toldRead, isTold: false }
  const toldRead = joinClocks(known.toldRead, word.read)
  const told: Record<ActorId, number> = { ...before }
  let isTold = isBeyond(toldRead, known.toldRead)
  for (const [name, seq] of Object.entries(word.clock)) {
    const actor = name as ActorId
    const { [actor]: toldSeq = 0 } = before
    const about = { word, said: known.said, actor, toldSeq }
    if (seq === 0 || !(await tellsMore(tx, context, about))) continue
    told[actor] = seq
    isTold = true
  }
  return { told, toldRead, isTold }
}

/**
 * Whether a receipt tells more of a list than was told. Where the list ended, what is told of the branch that counts is more than
 * anything told of another, which says nothing to whose list it is; so no order in which receipts come hides it.
 */
async function tellsMore(
  tx: Tx,
  context: SyncContext,
  about: {
    readonly word: Word
    readonly said: string | undefined
    readonly actor: ActorId
    readonly toldSeq: number
  },
): Promise<boolean> {
  const { word, actor, toldSeq } = about
  const { document, clock, prints = {} } = word
  const [seq, print] = [clock[actor] ?? 0, prints[actor] ?? 0]
  const list = { document, actor }
  const end = context.run.hasForks ? await endOf(tx, context.roster, list) : undefined
  if (end === undefined || toldSeq === 0) return seq > toldSeq
  const top = topOf(end)
  const told = await toldOf(tx, context, { ...about, document })
  const isOther = await isOtherBranch(tx, { ...list, seq, print, top })
  const wasOther = await isOtherBranch(tx, { ...list, ...told, top })
  return isOther === wasOther ? seq > toldSeq : wasOther
}

/** How the receipt that was kept names a list. */
async function toldOf(
  tx: Tx,
  { roster }: SyncContext,
  about: {
    readonly said: string | undefined
    readonly document: DocumentId
    readonly actor: ActorId
    readonly toldSeq: number
  },
): Promise<NamedList> {
  const { said, document, actor, toldSeq } = about
  const record = unpack<SaidRecord>(said === undefined ? undefined : await tx.get(key.said(said)))
  const items: readonly NoteItem[] = (record && decodeNote(record.body, roster)?.items) ?? []
  const { clock = {}, prints = {} } = items.find((one) => one.document === document) ?? {}
  return clock[actor] === toldSeq
    ? { seq: toldSeq, print: prints[actor] ?? 0 }
    : { seq: toldSeq, print: 0 }
}

/** Whether what is named of a list that ended is no part of what counts there, as far as can be seen here. */
async function isOtherBranch(
  tx: Tx,
  named: NamedList & {
    readonly document: DocumentId
    readonly actor: ActorId
    readonly top: number
  },
): Promise<boolean> {
  const { document, actor, seq, print, top } = named
  if (seq > ((await clockOf(tx, document))[actor] ?? 0)) return seq > top
  const here = (await printsOf(tx, document, { [actor]: seq }))[actor]
  return print !== 0 && here !== undefined && here !== print
}

function isBeyond(ahead: Clock, behind: Clock): boolean {
  return countBeyond(ahead, behind) > 0
}

function tellRead(
  tx: Tx,
  { replica: { actor }, emit }: SyncContext,
  change: { readonly document: DocumentId; readonly before: Clock; readonly after: Clock },
): void {
  const { document, before, after } = change
  const [from, to] = [1 + (before[actor] ?? 0), after[actor] ?? 0]
  if (to >= from)
    tx.afterwards(() => emit({ kind: 'delivery', span: { document, actor, from, to } }))
}
