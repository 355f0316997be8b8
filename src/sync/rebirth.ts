/**
 * A node that was put back to an earlier state of its disk, and cannot see it there: others know more of it than it
 * ever sent. Writing on under the same actor would use numbers again for other entries, so it takes a new life.
 *
 * Every cut notes how far of its own list a node has ever sent (`sent/`). Whoever holds more than that, with our signature,
 * has it from the time which was lost (`hearsay.ts` hears of it). In the new life the end of the old list that was never sent is set aside; the lost changes
 * come back from the others as another's; what was set aside and turns out to be the same is dropped, and the rest,
 * written since the restore, is written again; what shows itself only after that is withdrawn (`copies.ts`). So nothing is lost and
 * nothing stays doubled.
 */
import type { DocumentId, Instant, PostId } from '#base/ids.ts'
import { channelOfDocument } from '#model/document-id.ts'
import type { Content, Draft } from '#model/entry.ts'
import { joinClocks, postIdOf, type Clock, type Logged } from '#model/log.ts'
import type { MessageRecord } from '#model/view.ts'
import { forgetBeyond } from './agreement.ts'
import { haveHubsSpoken } from './anchors.ts'
import { audit, forgetRecords, lastAuditor } from './audit.ts'
import { writeHere } from './author.ts'
import type { SyncContext } from './context.ts'
import { newestId, noteCopy } from './copies.ts'
import { keepCut } from './cut-off.ts'
import { oweReceipts } from './debts.ts'
import { forgetAskings } from './file-asked.ts'
import { OF_DAMAGE } from './healing.ts'
import { hide, hideLost, keepAmendments } from './hiding.ts'
import { key, range } from './keys.ts'
import { allDocuments, clockOf } from './ledger.ts'
import { endOf, topOf } from './list-end.ts'
import { isOrder, uphold } from './orders.ts'
import { pack, unpack, type AsideRecord, type RebornRecord } from './records.ts'
import type { Tx } from './replica.ts'
import { sentOf } from './sent.ts'

/** How long what was set aside on somebody's mere word waits for what they named: 1 h. */
const ASIDE_DOUBTED_MS = 3_600_000

/**
 * It is proved that others hold changes of ours that we never sent (`heard`: up to which number, for each document): this
 * life is over. What was merely said is noted with it, for nothing may be written twice.
 */
export async function noteLoss(tx: Tx, context: SyncContext, heard: Clock): Promise<void> {
  const { replica, run } = context
  const { actor } = replica
  run.isOver = true
  const before = unpack<RebornRecord>(await tx.get(key.reborn))
  const isNews = before?.actor !== actor
  // Damage alone takes the disk back to no earlier time; this may.
  const isNewReason = isNews || before.why === OF_DAMAGE
  const why = isNewReason ? 'others know more' : before.why
  const said = Object.fromEntries(run.claimed)
  const record: RebornRecord = {
    ...(isNews ? {} : before),
    actor,
    heard: isNews ? heard : joinClocks(before.heard, heard),
    said: isNews ? said : joinClocks(before.said ?? {}, said),
    why,
  }
  tx.put(key.reborn, pack(record))
  if (!isNews) return
  tx.afterwards(() => {
    const count = Object.keys(heard).length
    context.log.error('node.restored', { actor, reason: why, count })
    context.onRebirth()
  })
}

/**
 * Begins a new life after a restore: sets aside what the old one has never sent. To be run before the directory is
 * read. False when the life is still the old one: then the node must be closed, and opened in a new one.
 */
export async function beginAgain(tx: Tx, context: SyncContext): Promise<boolean> {
  const { replica, now } = context
  const record = unpack<RebornRecord>(await tx.get(key.reborn))
  if (record === undefined) return true
  if (record.actor === replica.actor) return false
  const hidden: MessageRecord[] = []
  for (const document of await allDocuments(tx)) {
    hidden.push(...(await hideLost(tx, document)))
    // What damage left is ours, sent or not: nobody can have something else under its numbers.
    const isWhole = record.why === OF_DAMAGE && record.ends?.[document] === undefined
    if (!isWhole) hidden.push(...(await setAside(tx, context, { ...record, document, at: now() })))
  }
  await keepAmendments(tx, hidden, now())
  tx.delete(key.reborn)
  tx.put(key.auditNewLife, pack(record.why))
  return true
}

/**
 * Says in the audit that this is a new life, and why: the first thing that it says there. Without a word of the old life
 * the folder was put back or copied.
 */
export async function noteNewLife(tx: Tx, context: SyncContext): Promise<void> {
  const told = unpack<string>(await tx.get(key.auditNewLife))
  const last = await lastAuditor(tx)
  if (told === undefined && (last === undefined || last === context.replica.actor)) return
  tx.delete(key.auditNewLife)
  await forgetAskings(tx)
  // Whoever hears of a new life takes back what was signed for in the old one, and so has nothing to pass on.
  for (const document of await allDocuments(tx)) await oweReceipts(tx, context, document)
  const reason = told ?? 'put back'
  const deed = reason === 'copied elsewhere' ? 'clone noticed' : 'restore noticed'
  await audit(tx, context, { deed, result: 'found', reason })
}

/** What was set aside and can be decided now is dropped or written again, in its order. */
export async function settleAside(
  tx: Tx,
  context: SyncContext,
  document: DocumentId,
): Promise<void> {
  if (context.run.isOver) return // nothing is written in a life that ends
  const kept = await tx.list(range.aside(document))
  if (kept.length === 0) return
  const waiting = new Set<PostId>()
  const records = kept.map(([place, bytes]) => ({ place, record: unpack<AsideRecord>(bytes) }))
  // Who is out stays out meanwhile.
  const contents = records.flatMap(({ record }) => record?.entry.content ?? [])
  await uphold(tx, context, contents)
  for (const { place, record } of records) {
    if (record === undefined) continue
    const { actor, seq, entry } = record
    const fate = await fateOf(tx, context, { document, record })
    if (fate === 'to be heard') return
    if (fate === 'open' || isAbout(entry.content, waiting)) {
      waiting.add(postIdOf(document, actor, seq))
      continue
    }
    tx.delete(place)
    const { content } = entry
    if (fate === 'lost' && !isOpening(content) && !isOrder(content))
      await writeAgain(tx, context, { document, record })
  }
}

/**
 * What became of a change that was set aside: it is here again; it is lost and has to be written again; others have named it
 * and it will come; or its list forked and it may yet come back: up to where hubs held the list, and as far as it was ever
 * sent, until each hub has said what it held.
 */
async function fateOf(
  tx: Tx,
  context: SyncContext,
  { document, record }: Displaced,
): Promise<'here' | 'lost' | 'to be heard' | 'open'> {
  const { actor, seq, hash, target } = record
  const list = { document, actor }
  const known = (await tx.log(document)).find(actor, seq)
  if (known !== undefined && (hash === undefined || hash === known.hash)) return 'here'
  const end = await endOf(tx, context.roster, list)
  if (end === undefined) {
    const isAwaited = known === undefined && seq <= target
    return isAwaited && !isOverdue(record, context.now()) ? 'to be heard' : 'lost'
  }
  if (known === undefined && seq <= topOf(end)) return 'open'
  const sent = await sentOf(tx, document, actor)
  if (seq > Math.max(sent, target)) return 'lost'
  return (await haveHubsSpoken(tx, context, list)) ? 'lost' : 'open'
}

/** Whether an entry is about one of these messages, whose ids may change. */
function isAbout(content: Content, messages: ReadonlySet<PostId>): boolean {
  const target = content.kind === 'post' ? content.root : 'target' in content && content.target
  return typeof target === 'string' && messages.has(target)
}

/** Settles what can be settled now: what lies beyond all that anybody has named, and what was waited for in vain. */
export async function settleAllAside(tx: Tx, context: SyncContext): Promise<void> {
  const documents = new Set<DocumentId>()
  for (const [place] of await tx.list(range.allAside))
    documents.add(place.split('/')[1] as DocumentId)
  for (const document of documents) await settleAside(tx, context, document)
  const left = documents.size === 0 ? [] : await tx.list(range.allAside)
  const times = left.flatMap(([, bytes]) => unpack<AsideRecord>(bytes)?.doubtedSince ?? [])
  const until = times.length === 0 ? undefined : Math.min(...times) + ASIDE_DOUBTED_MS
  tx.afterwards(() => {
    context.run.asideUntil = until
  })
}

/** The first entry of an audit's list says nothing in another list. */
function isOpening(content: Content): boolean {
  return (
    content.kind === 'audit' &&
    (content.deed === 'audit begun' || content.deed === 'audit continued')
  )
}

/** Settles what was waited for in vain, once it is time. Gives that time while it lies ahead. */
export async function settleOverdue(tx: Tx, context: SyncContext): Promise<Instant | undefined> {
  const { asideUntil } = context.run
  if (asideUntil === undefined) return undefined
  const waitMs = asideUntil - context.now()
  // A wait longer than the rule allows means that the clock was set back.
  if (waitMs > 0 && waitMs <= ASIDE_DOUBTED_MS) return asideUntil
  await settleAllAside(tx, context)
  return undefined
}

/** Whether what was only said to be another's has not shown itself in time; a clock that was set back decides so, too. */
function isOverdue({ doubtedSince }: AsideRecord, now: Instant): boolean {
  if (doubtedSince === undefined) return false
  const waitedMs = now - doubtedSince
  return waitedMs < 0 || waitedMs >= ASIDE_DOUBTED_MS
}

async function setAside(
  tx: Tx,
  context: SyncContext,
  about: RebornRecord & { readonly document: DocumentId; readonly at: Instant },
): Promise<readonly MessageRecord[]> {
  const { document, actor, heard, said, ends, at } = about
  const hidden: MessageRecord[] = []
  const hideOne = async (one: Pick<Logged, 'actor' | 'seq'>): Promise<void> => {
    const message = await hide(tx, document, one)
    if (message !== undefined) hidden.push(message)
  }
  const have = (await clockOf(tx, document))[actor] ?? 0
  const sent = await sentOf(tx, document, actor)
  const end = ends?.[document]
  const last = Math.min(sent, end ?? sent)
  if (have <= last && end === undefined) return hidden
  const proved = heard[document] ?? sent
  const target = Math.max(proved, said?.[document] ?? 0)
  const log = await tx.log(document)
  await forgetBeyond(tx, context, { document, actor, last })
  for (const logged of await tx.cutBack(document, {
    actor,
    seq: last,
    isProved: end !== undefined,
  })) {
    const { hash, entry, seq } = logged
    if (end !== undefined) keepCut(tx, log, { change: logged, signature: undefined })
    const doubt = seq > proved ? { doubtedSince: at } : {}
    const aside: AsideRecord = { actor, seq, hash, entry, target, ...doubt }
    tx.put(key.aside(document, actor, seq), pack(aside))
    if (entry.content.kind === 'post') await hideOne(logged)
  }
  await forgetRecords(tx, { document, actor, seq: last })
  return hidden
}

interface Displaced {
  readonly document: DocumentId
  readonly record: AsideRecord
}

/** The same entry under the new life; what it refers to may have a new id, too. */
async function writeAgain(
  tx: Tx,
  context: SyncContext,
  { document, record }: Displaced,
): Promise<void> {
  const entry: Draft = { ...record.entry, content: await redirected(tx, record.entry.content) }
  const { logged } = await writeHere(tx, context, { document, entry })
  if (entry.content.kind !== 'post' || channelOfDocument(document) === undefined) return
  const from = postIdOf(document, record.actor, record.seq)
  const to = postIdOf(document, logged.actor, logged.seq)
  noteCopy(tx, { document, ...record }, to)
  if (entry.author === undefined) return
  for (const [place, bytes] of await tx.list(range.pending(entry.author)))
    if (unpack<PostId>(bytes) === from) tx.put(place, pack(to))
}

async function redirected(tx: Tx, content: Content): Promise<Content> {
  if (content.kind === 'post')
    return content.root === undefined
      ? content
      : { ...content, root: await newestId(tx, content.root) }
  return 'target' in content ? { ...content, target: await newestId(tx, content.target) } : content
}
