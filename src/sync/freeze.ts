/**
 * A node that signs two different changes under one number is captured, copied or broken. The list it did that in ends for
 * everybody: the proof travels in the keys document, and with it the word of hubs on what they had held before (`anchors.ts`).
 * Whoever has both decides the same (`list-end.ts`). Other lists do not depend on it, so honest nodes go on and converge.
 */
import type { DocumentId } from '#base/ids.ts'
import { codeOf } from '#base/errors.ts'
import { channelOfDocument, DIRECTORY, KEYS } from '#model/document-id.ts'
import type { KeyNews } from '#model/key-book.ts'
import { postIdOf, type Logged } from '#model/log.ts'
import type { Trodden } from '#model/trail.ts'
import type { MessageRecord } from '#model/view.ts'
import { compareReturned, forgetBeyond } from './agreement.ts'
import { alarm, disbelieved } from './alarms.ts'
import { anchorHere, isSigned } from './anchors.ts'
import { mayHold } from './audience.ts'
import { writeHere } from './author.ts'
import type { Fork, SyncContext } from './context.ts'
import { cutBefore, keepCut } from './cut-off.ts'
import { oweReceipts } from './debts.ts'
import { isProof, proofOf } from './fork-proof.ts'
import { wantUpTo } from './healing.ts'
import { keepOwn } from './hiding.ts'
import { key } from './keys.ts'
import { hasOf, setHas } from './ledger.ts'
import {
  allForks,
  endOf,
  forgetFallen,
  forkOf,
  isKnown,
  noteAnchor,
  noteProof,
  reachOf,
  type ListEnd,
  type ListName,
} from './list-end.ts'
import { uphold } from './orders.ts'
import { noteLoss, settleAside } from './rebirth.ts'
import { pack, unpack, type CutRecord, type ForkRecord, type RebornRecord } from './records.ts'
import type { Tx } from './replica.ts'
import { reproject } from './reproject.ts'
import { sentOf } from './sent.ts'

type ForkNews = Extract<KeyNews, { readonly kind: 'fork' }>

/** Another branch of an actor's list came in, and its signature holds: tells everybody, and ends the list here. */
export async function proveFork(tx: Tx, context: SyncContext, fork: Fork): Promise<void> {
  const { document, actor, seq } = fork
  const { forkAt } = await forkOf(tx, fork)
  if (forkAt !== undefined && forkAt <= seq) return
  // A disk that was put back: nobody has seen our branch, and in a new life it is written again (`rebirth.ts`).
  const sent = await sentOf(tx, document, actor)
  if (actor === context.replica.actor && seq > sent)
    return noteLoss(tx, context, { [document]: seq - 1 + fork.branch.length })
  alarm(tx, context, { deed: 'fork found', document, actor, seq })
  const content = await proofOf(tx, context, fork)
  if (content !== undefined) {
    await anchorHere(tx, context, { document, actor, forkAt: seq })
    const entry = { author: undefined, claimedAt: context.now(), content }
    await writeHere(tx, context, { document: KEYS, entry })
    return // the entry has ended the list already
  }
  // What cannot be proved takes nothing back: others would not hear of it. We ourselves go on in a new life.
  const heard = Math.max(sent, seq + fork.branch.length - 1)
  if (actor === context.replica.actor)
    await beginAnew(tx, context, { list: fork, reach: seq - 1, heard })
}

/** A proof or an anchor came in, or was written here: checks it, and ends the list where it follows from all there are. */
export async function takeForkWord(
  tx: Tx,
  context: SyncContext,
  { word, at }: ForkNews,
): Promise<void> {
  const { document } = word
  const { roster, run } = context
  const { node } = roster.ofActor(word.actor) ?? {}
  if (await isKnown(tx, word, at)) return
  if (node === undefined) {
    run.hasDoubts = true // its certificate may be on its way
    return
  }
  if (!(word.kind === 'fork' ? isProof(context, word) : isSigned(context, word))) {
    const by = roster.ofActor(at.actor)?.node
    if (by !== undefined) disbelieved(tx, context, { deed: 'fork unproved', node: by, document })
    return
  }
  run.hasForks = true
  if (word.kind === 'fork') {
    tx.afterwards(() => context.log.error('node.forked', { node, document }))
    await anchorHere(tx, context, { document, actor: word.actor, forkAt: word.seq })
    await noteProof(tx, word, at)
  } else await noteAnchor(tx, word, at)
  await endList(tx, context, word)
}

/** Takes every proof and anchor in the keys document again: one may have been written by, or about, a node not known then. */
export async function takeAllForkWords(tx: Tx, context: SyncContext): Promise<void> {
  context.run.hasDoubts = false
  for (const list of await allForks(tx)) await forgetFallen(tx, list)
  for (const { actor, seq, entry } of (await tx.log(KEYS)).since({})) {
    const { content: word, placeAt } = entry
    if (word.kind !== 'fork' && word.kind !== 'anchor') continue
    await takeForkWord(tx, context, { kind: 'fork', word, at: { actor, seq, placeAt } })
  }
  await endAllLists(tx, context)
}

/** A certificate or a revocation may change whose anchors count, and say whose list it is that forked. */
export function lookAtForks(context: SyncContext): void {
  const { run, replica, log } = context
  if (run.isLooking || !(run.hasForks || run.hasDoubts)) return
  run.isLooking = true
  const work = async (tx: Tx): Promise<void> => {
    run.isLooking = false
    await (run.hasDoubts ? takeAllForkWords : endAllLists)(tx, context)
  }
  // What a full disk prevents is done at the next start.
  replica.commit(work).catch((error: unknown) => {
    run.isLooking = false
    log.warn('forks.unsettled', { code: codeOf(error) ?? 'UNKNOWN' })
  })
}

async function endAllLists(tx: Tx, context: SyncContext): Promise<void> {
  const forks = await allForks(tx)
  context.run.hasForks = forks.length > 0
  for (const list of forks) await endList(tx, context, list)
}

/** Brings a list to its end: what counts and was cut off comes back, what does not count is taken out, what lacks is asked for. */
export async function endList(tx: Tx, context: SyncContext, list: ListName): Promise<void> {
  const end = await endOf(tx, context.roster, list)
  if (end === undefined) return
  const { document, actor } = list
  const log = await tx.log(document)
  const reach = reachOf(end, (seq) => log.trail(actor, seq))
  if (actor === context.replica.actor) return beginAnew(tx, context, { list, reach, heard: reach })
  const back = await cutBefore(tx, list, { end, reach })
  const last = back[0] === undefined ? reach : back[0].seq - 1
  if ((log.clock()[actor] ?? 0) > last || !log.isCut) await cutTo(tx, context, { list, last })
  if (back.length > 0) await giveBack(tx, context, { list, back })
  await keepSignatures(tx, list, end)
  if (mayHold(context, context.identity.certificate.node, document))
    await wantUpTo(tx, context.now(), { document, actor, end })
  await settleAside(tx, context, document)
}

/** Takes an actor's changes after `last` out of document and view, and keeps them apart; people are told what is gone. */
export async function cutTo(
  tx: Tx,
  context: SyncContext,
  { list, last }: { readonly list: ListName; readonly last: number },
): Promise<void> {
  const { document, actor } = list
  const log = await tx.log(document)
  const hadUnexplained = log.hasUnexplained()
  await forgetBeyond(tx, context, { ...list, last })
  const gone = await tx.cutBack(document, { actor, seq: last, isProved: true })
  for (const change of gone) {
    const place = key.attestation(document, actor, change.seq)
    const signature = await tx.get(place)
    tx.delete(place)
    keepCut(tx, log, { change, signature })
  }
  keepOwn(tx, context, { document, gone })
  if (gone.length === 0 && !hadUnexplained) return
  // What nodes signed for may have meant what is gone: each says anew what it has left.
  await oweReceipts(tx, context, document)
  await show(tx, context, { document, back: [] })
  if (document === KEYS) await sayAgain(tx, context, gone)
  tx.afterwards(() => context.log.warn('list.frozen', { document, actor, count: gone.length }))
}

/**
 * Orders and proofs that stood in a list which is cut itself are written again, as anybody may: whoever hears of that list
 * once it is cut never reads them. What hubs said there counts no more.
 */
async function sayAgain(tx: Tx, context: SyncContext, gone: readonly Logged[]): Promise<void> {
  lookAgain(tx, context)
  const contents = gone.map(({ entry }) => entry.content)
  await uphold(tx, context, contents)
  for (const content of contents) {
    if (content.kind !== 'fork') continue
    const { forkAt, proofs } = await forkOf(tx, content)
    const isGone = (at: ForkRecord['proofs'][number]): boolean =>
      gone.some(({ actor, seq }) => at.actor === actor && at.seq === seq)
    if (forkAt !== content.seq || !proofs.every(isGone)) continue
    const again = { author: undefined, claimedAt: context.now(), content }
    await writeHere(tx, context, { document: KEYS, entry: again })
  }
}

/** Words in the keys document have gone, or have come back. */
function lookAgain(tx: Tx, context: SyncContext): void {
  context.run.hasDoubts = true
  tx.afterwards(() => lookAtForks(context))
}

/** Puts changes that had been cut off, and count after all, where they were. */
async function giveBack(
  tx: Tx,
  context: SyncContext,
  { list, back }: { readonly list: ListName; readonly back: readonly Trodden[] },
): Promise<void> {
  const { document, actor } = list
  const logged: Logged[] = []
  for (const change of back) {
    const place = key.cut(document, actor, change)
    const { signature } = unpack<CutRecord>(await tx.get(place)) ?? {}
    tx.delete(place)
    if (signature !== undefined) tx.put(key.attestation(document, actor, change.seq), signature)
    logged.push(await tx.take(document, change))
  }
  await compareReturned(tx, context, list)
  await show(tx, context, { document, back: logged })
  if (document === KEYS) lookAgain(tx, context)
}

/**
 * Makes the picture anew, tells people what is gone from it and what of `back` is there again, and offers peers what they
 * lack now, and no more.
 */
async function show(
  tx: Tx,
  context: SyncContext,
  { document, back }: { readonly document: DocumentId; readonly back: readonly Logged[] },
): Promise<void> {
  for (const peer of context.peers)
    await setHas(tx, context, { peer, document, clock: await hasOf(tx, peer, document) })
  if (document === KEYS || document === DIRECTORY) return context.refold(tx)
  const channel = channelOfDocument(document)
  if (channel === undefined) return
  for (const message of await reproject(tx, context, channel))
    tx.afterwards(() => context.emit({ kind: 'withdrawn', message }))
  for (const { actor, seq } of back) {
    const id = postIdOf(document, actor, seq)
    const message = unpack<MessageRecord>(await tx.get(key.message(id)))
    if (message !== undefined)
      tx.afterwards(() => context.emit({ kind: 'posted', message, isLate: true }))
  }
}

/** With the signatures in anchors whoever reached one can hand the list on. */
async function keepSignatures(tx: Tx, { document, actor }: ListName, end: ListEnd): Promise<void> {
  const log = await tx.log(document)
  for (const { seq, trail, signature } of end.points)
    if (log.trail(actor, seq) === trail) tx.put(key.attestation(document, actor, seq), signature)
}

/**
 * A copy of this very node wrote elsewhere under our name. We go on in a new life, in which the copy cannot follow; there the
 * list of the old one is cut back to `reach`, and what we wrote since is written again (`rebirth.ts`). Until then it stays,
 * so that none of its numbers is used twice.
 */
async function beginAnew(
  tx: Tx,
  context: SyncContext,
  {
    list: { document, actor },
    reach,
    heard,
  }: { readonly list: ListName; readonly reach: number; readonly heard: number },
): Promise<void> {
  const known = unpack<RebornRecord>(await tx.get(key.reborn))
  const before = known?.actor === actor ? known : undefined
  const record: RebornRecord = {
    ...before,
    actor,
    heard: { ...before?.heard, [document]: heard },
    ends: { ...before?.ends, [document]: reach },
    why: 'copied elsewhere',
  }
  tx.put(key.reborn, pack(record))
  context.run.isOver = true
  tx.afterwards(() => {
    context.log.error('node.cloned', { actor, document })
    context.onRebirth()
  })
}
