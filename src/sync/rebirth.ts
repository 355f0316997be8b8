/**
 * A node that was put back to an earlier state of its disk, and cannot see it there: others know more of it than it
 * ever sent. Writing on under the same actor would use numbers again for other entries, so it takes a new life.
 *
 * Every cut notes how far of its own list a node has ever sent (`sent/`). Whoever names more than that has it from
 * the time which was lost. In the new life the end of the old list that was never sent is set aside; the lost changes
 * come back from the others as another's; what was set aside and turns out to be the same is dropped, and the rest,
 * written since the restore, is written again. So nothing is lost and nothing is doubled.
 */
import type { ActorId, DocumentId, Instant, NodeId, PostId } from '#base/ids.ts'
import { channelOfDocument } from '#model/document-id.ts'
import type { Content, Draft } from '#model/entry.ts'
import { postIdOf, type Clock, type Logged } from '#model/log.ts'
import type { ChannelRecord, MessageRecord } from '#model/view.ts'
import { haveHubsSpoken } from './anchors.ts'
import { audit, forgetRecords, lastAuditor } from './audit.ts'
import { writeHere } from './author.ts'
import type { SyncContext } from './context.ts'
import { key, range } from './keys.ts'
import { allDocuments, clockOf } from './ledger.ts'
import { endOf, topOf } from './list-end.ts'
import { pack, unpack, type AsideRecord, type CutRecord, type RebornRecord } from './records.ts'
import type { Tx } from './replica.ts'

/** How long our own changes wait for somebody's first word after a start: 5 s. */
const FIRST_WORD_MS = 5_000

/** What somebody says to hold of a document. */
export interface Claim {
  readonly document: DocumentId
  readonly clock: Clock
}

/** Notes that our own changes of a document up to `seq` are about to leave. */
export async function noteSent(
  tx: Tx,
  document: DocumentId,
  { actor, seq }: { readonly actor: ActorId; readonly seq: number },
): Promise<void> {
  const place = key.sent(document, actor)
  if ((unpack<number>(await tx.get(place)) ?? 0) < seq) tx.put(place, pack(seq))
}

/**
 * Whether a document has to wait for the first word of any node after a start: it would carry changes of our own that
 * were never sent, and their numbers may be taken. Not for long: a node that says nothing must not hold us up.
 */
export async function mustHearFirst(
  tx: Tx,
  context: SyncContext,
  document: DocumentId,
): Promise<boolean> {
  const { run, replica } = context
  if (!run.isUnsure && !run.isOver) return false
  run.unsureSince ??= context.now()
  const waitedMs = context.now() - run.unsureSince
  if (waitedMs < 0 || waitedMs >= FIRST_WORD_MS) run.isUnsure = false
  const have = (await clockOf(tx, document))[replica.actor] ?? 0
  const sent = unpack<number>(await tx.get(key.sent(document, replica.actor))) ?? 0
  return (run.isUnsure || run.isOver) && have > sent
}

/** When what waits for a first word goes anyway; undefined when nothing does. */
export function goesAnywayAt({ run }: SyncContext): Instant | undefined {
  return run.isUnsure && run.unsureSince !== undefined ? run.unsureSince + FIRST_WORD_MS : undefined
}

/**
 * Somebody says what they hold: whether they know more of us than we have ever sent. What we said ourselves, and get back
 * from a post office, may also name what we have and never sent.
 */
export async function hearOfOurselves(
  tx: Tx,
  context: SyncContext,
  { claims, by }: { readonly claims: readonly Claim[]; readonly by: NodeId | undefined },
): Promise<void> {
  const { actor } = context.replica
  const isOurs = by === context.identity.certificate.node
  if (context.run.isUnsure && !isOurs)
    tx.afterwards(() => {
      context.run.isUnsure = false
      context.ring()
    })
  const heard: Record<string, number> = {}
  for (const { document, clock } of claims) {
    const claimed = clock[actor] ?? 0
    if (claimed === 0) continue
    const sent = unpack<number>(await tx.get(key.sent(document, actor))) ?? 0
    const have = isOurs ? ((await clockOf(tx, document))[actor] ?? 0) : 0
    if (claimed > Math.max(sent, have)) heard[document] = claimed
  }
  if (Object.keys(heard).length === 0) return
  context.run.isOver = true
  const before = unpack<RebornRecord>(await tx.get(key.reborn))
  const isNews = before?.actor !== actor
  const record: RebornRecord = isNews
    ? { actor, heard, why: 'others know more' }
    : { ...before, heard: maxOf(before.heard, heard) }
  tx.put(key.reborn, pack(record))
  if (!isNews) return
  tx.afterwards(() => {
    context.log.error('node.restored', { actor, reason: record.why, count: claims.length })
    context.onRebirth()
  })
}

/**
 * Begins a new life after a restore: sets aside what the old one has never sent. To be run before the directory is
 * read. False when the life is still the old one: then the node must be closed, and opened in a new one.
 */
export async function beginAgain(tx: Tx, actor: ActorId): Promise<boolean> {
  const record = unpack<RebornRecord>(await tx.get(key.reborn))
  if (record === undefined) return true
  if (record.actor === actor) return false
  for (const document of await allDocuments(tx)) await setAside(tx, document, record)
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
  for (const [place, bytes] of kept) {
    const record = unpack<AsideRecord>(bytes)
    if (record === undefined) continue
    const { actor, seq, entry } = record
    const fate = await fateOf(tx, context, { document, record })
    if (fate === 'to be heard') return
    if (fate === 'open' || isAbout(entry.content, waiting)) {
      waiting.add(postIdOf(document, actor, seq))
      continue
    }
    tx.delete(place)
    if (fate === 'lost' && !isOpening(entry.content))
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
  { document, record: { actor, seq, hash, target } }: Displaced,
): Promise<'here' | 'lost' | 'to be heard' | 'open'> {
  const list = { document, actor }
  const known = (await tx.log(document)).find(actor, seq)
  if (known !== undefined && (hash === undefined || hash === known.hash)) return 'here'
  const end = await endOf(tx, context.roster, list)
  if (end === undefined) return known === undefined && seq <= target ? 'to be heard' : 'lost'
  if (known === undefined && seq <= topOf(end)) return 'open'
  const sent = unpack<number>(await tx.get(key.sent(document, actor))) ?? 0
  if (seq > Math.max(sent, target)) return 'lost'
  return (await haveHubsSpoken(tx, context, list)) ? 'lost' : 'open'
}

/** Whether an entry is about one of these messages, whose ids may change. */
function isAbout(content: Content, messages: ReadonlySet<PostId>): boolean {
  const target = content.kind === 'post' ? content.root : 'target' in content && content.target
  return typeof target === 'string' && messages.has(target)
}

/** Settles what can be settled at once: what lies beyond all that anybody has named. */
export async function settleAllAside(tx: Tx, context: SyncContext): Promise<void> {
  const documents = new Set<DocumentId>()
  for (const [place] of await tx.list(range.allAside))
    documents.add(place.split('/')[1] as DocumentId)
  for (const document of documents) await settleAside(tx, context, document)
}

/** The first entry of an audit's list says nothing in another list. */
function isOpening(content: Content): boolean {
  return (
    content.kind === 'audit' &&
    (content.deed === 'audit begun' || content.deed === 'audit continued')
  )
}

async function setAside(tx: Tx, document: DocumentId, record: RebornRecord): Promise<void> {
  const { actor, heard, ends } = record
  const have = (await clockOf(tx, document))[actor] ?? 0
  const sent = unpack<number>(await tx.get(key.sent(document, actor))) ?? 0
  for (const [, bytes] of await tx.list(range.aside(document))) {
    const lost = unpack<AsideRecord>(bytes)
    if (lost !== undefined) await hide(tx, document, lost)
  }
  const end = ends?.[document]
  const last = Math.min(sent, end ?? sent)
  if (have <= last) return
  const target = heard[document] ?? sent
  for (const logged of await tx.cutBack(document, { actor, seq: last })) {
    const { hash, entry, seq, previous, value } = logged
    const cut: CutRecord = { previous, value, signature: undefined }
    if (end !== undefined) tx.put(key.cut(document, actor, logged), pack(cut))
    const aside: AsideRecord = { actor, seq, hash, entry, target }
    tx.put(key.aside(document, actor, seq), pack(aside))
    if (entry.content.kind === 'post') await hide(tx, document, logged)
  }
  await forgetRecords(tx, { document, actor, seq: last })
}

/** Takes a message out of the view: its id may turn out to be another's. */
async function hide(
  tx: Tx,
  document: DocumentId,
  { actor, seq }: Pick<Logged, 'actor' | 'seq'>,
): Promise<void> {
  const id = postIdOf(document, actor, seq)
  const message = unpack<MessageRecord>(await tx.get(key.message(id)))
  if (message === undefined) return
  const { channel, order, updatedAt, root } = message
  for (const place of [
    key.message(id),
    key.order(channel, order),
    key.changed(channel, updatedAt, id),
  ])
    tx.delete(place)
  if (root !== undefined) {
    tx.delete(key.thread(root, order))
    const first = unpack<MessageRecord>(await tx.get(key.message(root)))
    if (first !== undefined)
      tx.put(key.message(root), pack({ ...first, replyCount: Math.max(0, first.replyCount - 1) }))
  }
  const counts = unpack<ChannelRecord>(await tx.get(key.channel(channel)))
  if (counts === undefined) return
  const messageCount = Math.max(0, counts.messageCount - 1)
  const rootCount = Math.max(0, counts.rootCount - (root === undefined ? 1 : 0))
  tx.put(key.channel(channel), pack({ ...counts, messageCount, rootCount } satisfies ChannelRecord))
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
  tx.put(key.moved(from), pack(to))
  if (entry.author === undefined) return
  for (const [place, bytes] of await tx.list(range.pending(entry.author)))
    if (unpack<PostId>(bytes) === from) tx.put(place, pack(to))
}

async function redirected(tx: Tx, content: Content): Promise<Content> {
  const newId = async (id: PostId): Promise<PostId> =>
    unpack<PostId>(await tx.get(key.moved(id))) ?? id
  if (content.kind === 'post')
    return content.root === undefined ? content : { ...content, root: await newId(content.root) }
  return 'target' in content ? { ...content, target: await newId(content.target) } : content
}

function maxOf(a: Clock, b: Clock): Clock {
  const all: Record<string, number> = { ...a }
  for (const [name, seq] of Object.entries(b)) all[name] = Math.max(seq, all[name] ?? 0)
  return all
}
