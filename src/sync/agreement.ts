/**
 * How far other nodes hold the very changes of our lists that we do. A word counts for our messages only as far as its node has
 * shown that by a print (`prints.ts`): under one number something else may stand there, where a disk was put back and numbers were
 * used twice, or where a list forked. What was shown stays true, as a print stands for all before it too, until that part of our own
 * list is cut off here. What cannot be compared, or is not the same, is kept, as it may come back.
 */
import type { ActorId, DocumentId, NodeId } from '#base/ids.ts'
import type { Prints } from '#codec/note.ts'
import { joinClocks, type Clock } from '#model/log.ts'
import type { SyncContext } from './context.ts'
import { isOwn } from './cut-changes.ts'
import { key, within } from './keys.ts'
import { clockOf, receiptOf, tellDelivery } from './ledger.ts'
import type { ListName } from './list-end.ts'
import { ownPrint, printsOf } from './prints.ts'
import { pack, unpack } from './records.ts'
import type { Reader, Tx } from './replica.ts'
import type { NamedList, ReceiptRecord } from './said.ts'

/** How far of each of our lists a node has shown to hold what we do, and what it named beyond that. */
export type Agreement = Pick<ReceiptRecord, 'same' | 'named'>

/** What a word shows. */
interface Found {
  readonly same: Clock
  readonly named: Readonly<Record<ActorId, NamedList>>
}

interface Compared {
  readonly document: DocumentId
  readonly clock: Clock
  readonly prints?: Prints | undefined
  readonly known: Agreement
}

/** What a node means by its word on a document, with what it has shown before: that itself when nothing is new. */
export async function agreementOn(
  tx: Tx,
  context: SyncContext,
  word: Compared,
): Promise<Agreement> {
  const { document, known } = word
  const news = await compare(tx, context, word)
  const isNew = ([name, one]: [string, NamedList]): boolean => {
    const before = known.named?.[name as ActorId]
    return before?.seq !== one.seq || before.print !== one.print
  }
  const isNamed = Object.entries(news.named).some(isNew)
  if (isNamed) tx.put(key.doubtful(document), pack(context.now()))
  return isNamed || Object.keys(news.same).length > 0 ? joined(known, news) : known
}

async function compare(
  tx: Tx,
  context: SyncContext,
  { document, clock, prints = {}, known }: Compared,
): Promise<Found> {
  const same: Record<ActorId, number> = {}
  const named: Record<ActorId, NamedList> = {}
  const mine = await clockOf(tx, document)
  const isToCompare = ([name, seq]: [string, number]): boolean => {
    const actor = name as ActorId
    const isAsked = isOwn(context, actor) || known.named?.[actor] !== undefined
    return isAsked && seq > (known.same?.[actor] ?? 0)
  }
  for (const [name, seq] of Object.entries(clock).filter(isToCompare)) {
    const actor = name as ActorId
    const print = prints[actor] ?? 0
    const isHere = seq <= (mine[actor] ?? 0)
    const here = isHere ? await printOfList(tx, context, { document, actor, seq }) : undefined
    if (here === print) same[actor] = seq
    else if (seq >= (known.named?.[actor]?.seq ?? 0)) named[actor] = { seq, print }
  }
  return { same, named }
}

async function printOfList(
  tx: Tx,
  context: SyncContext,
  { document, actor, seq }: ListName & { readonly seq: number },
): Promise<number | undefined> {
  if (isOwn(context, actor)) return ownPrint(tx, { document, actor }, seq)
  return (await printsOf(tx, document, { [actor]: seq }))[actor]
}

function joined(known: Agreement, news: Found): Agreement {
  const same = joinClocks(known.same ?? {}, news.same)
  const all = Object.entries({ ...known.named, ...news.named })
  const isLeft = ([name, { seq }]: [string, NamedList]): boolean =>
    seq > (same[name as ActorId] ?? 0)
  return { same, named: Object.fromEntries(all.filter(isLeft)) }
}

/** A receipt with what it shows: an empty part takes no place. */
export function withAgreement(
  receipt: Omit<ReceiptRecord, 'same' | 'named'>,
  { same = {}, named = {} }: Agreement,
): ReceiptRecord {
  return {
    ...receipt,
    same: Object.keys(same).length > 0 ? same : undefined,
    named: Object.keys(named).length > 0 ? named : undefined,
  }
}

/** Whether what a node signed for under this number is what stands there here. Others' lists are theirs to compare. */
export async function isMeant(
  reader: Pick<Reader, 'get'>,
  context: SyncContext,
  { node, document, actor, seq }: ListName & { readonly node: NodeId; readonly seq: number },
): Promise<boolean> {
  if (!isOwn(context, actor)) return true
  return seq <= ((await receiptOf(reader, node, document))?.same?.[actor] ?? 0)
}

/** Changes of ours that our disk had lost have come back: what nodes had named of that list can be compared now. */
export async function compareReturned(
  tx: Tx,
  context: SyncContext,
  { document, actor }: ListName,
): Promise<void> {
  if (!isOwn(context, actor) || (await tx.get(key.doubtful(document))) === undefined) return
  const last = (await clockOf(tx, document))[actor] ?? 0
  for (const { node } of context.roster.all()) {
    const known = await receiptOf(tx, node, document)
    const one = known?.named?.[actor]
    if (known === undefined || one === undefined || one.seq > last) continue
    if ((await ownPrint(tx, { document, actor }, one.seq)) !== one.print) continue
    const agreement = joined(known, { same: { [actor]: one.seq }, named: {} })
    tx.put(key.receipt(node, document), pack(withAgreement(known, agreement)))
    const { clock } = known
    await context.deadlines.heard(tx, { node, document, clock })
    tellAgreed(tx, context, { document, before: known, after: agreement })
  }
}

/**
 * A list was cut off after `last`. What nodes hold of ours beyond that is no longer what stands here; and what they signed for of others'
 * may have meant what is gone, so they are asked what they have left, for those whose list it is.
 */
export async function forgetBeyond(
  tx: Tx,
  context: SyncContext,
  { document, actor, last }: ListName & { readonly last: number },
): Promise<void> {
  // Whose they are may not be known yet, at the begin of a life.
  for (const [place, bytes] of await tx.list(within('got/'))) {
    const known = place.endsWith(`/${document}`) ? unpack<ReceiptRecord>(bytes) : undefined
    if (known === undefined) continue
    const seq = (isOwn(context, actor) ? known.same : known.told)?.[actor] ?? 0
    if (seq <= last) continue
    const print = await printOfList(tx, context, { document, actor, seq })
    const { [actor]: one = { seq, print: print ?? 0 }, ...others } = known.named ?? {}
    const { [actor]: shown = 0, ...rest } = known.same ?? {}
    const same = shown === 0 ? rest : { ...rest, [actor]: Math.min(shown, last) }
    const agreement = { same, named: { ...others, [actor]: one } }
    tx.put(place, pack(withAgreement(known, agreement)))
    tx.put(key.doubtful(document), pack(context.now()))
    tellAgreed(tx, context, { document, before: known, after: agreement })
  }
}

/** Tells that words on our messages have changed, as a node has shown more, or what it has shown was cut off. */
export function tellAgreed(
  tx: Tx,
  context: SyncContext,
  {
    document,
    before,
    after,
  }: { readonly document: DocumentId; readonly before: Agreement; readonly after: Agreement },
): void {
  for (const name of Object.keys({ ...before.same, ...after.same })) {
    const actor = name as ActorId
    const ends = [before.same?.[actor] ?? 0, after.same?.[actor] ?? 0]
    const [from, to] = [Math.min(...ends) + 1, Math.max(...ends)]
    if (to >= from) tellDelivery(tx, context, { document, actor, from, to })
  }
}
