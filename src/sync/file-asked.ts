/**
 * What peers were asked for. A wish stands: whoever was told of it gives what it has now and what it comes to have, until it has given all
 * or is told otherwise. So what was said is on disk, as what was heard is (`file-wishes.ts`), and both go down by what comes; a new
 * direct contact begins with none of it, on both sides.
 */
import { WISHES_IN_NOTE_MAX } from '#base/limits.ts'
import { withoutSpans } from '#base/spans.ts'
import type { FileName, PiecePlace } from '#codec/piece.ts'
import { encodeWishes, type Wish } from '#codec/wish.ts'
import type { PeerId } from '#ports/carrier.ts'
import { noteStatement } from '#trust/attestation.ts'
import type { ContactState } from './contact-state.ts'
import { isNode, type SyncContext } from './context.ts'
import { dueMs } from './file-desk.ts'
import { fileKey, fileRange, type AskedRecord, type FetchRecord } from './file-records.ts'
import { range } from './keys.ts'
import { queueNote } from './note-queue.ts'
import { pack, unpack } from './records.ts'
import type { Tx } from './replica.ts'
import { FETCH_PATIENCE_MS, FETCH_VAIN_MAX } from './file-limits.ts'

const NOTE_NAME = '!file.'

/** What a peer was asked for, by the files' names. */
export async function askedOf(
  tx: Pick<Tx, 'list'>,
  peer: PeerId,
): Promise<ReadonlyMap<FileName, AskedRecord>> {
  const { from } = fileRange.asked(peer)
  const asked = new Map<FileName, AskedRecord>()
  for (const [place, bytes] of await tx.list(fileRange.asked(peer))) {
    const record = unpack<AskedRecord>(bytes)
    if (record !== undefined) asked.set(place.slice(from.length), record)
  }
  return asked
}

/** Tells a peer what is wanted of files, all that was said of them before being void. */
export async function sayWanted(
  tx: Tx,
  context: SyncContext,
  { peer, wishes }: { readonly peer: PeerId; readonly wishes: readonly Wish[] },
): Promise<void> {
  for (const { name, isAsked, hops, through, spans } of wishes) {
    const asked: AskedRecord = {
      isAsked,
      hops,
      through,
      spans,
      atMs: context.time.nowMs(),
      vain: 0,
    }
    if (spans.length === 0) tx.delete(fileKey.asked(peer, name))
    else tx.put(fileKey.asked(peer, name), pack(asked))
  }
  for (let at = 0; at < wishes.length; at += WISHES_IN_NOTE_MAX)
    await queueWishes(tx, context, { peer, wishes: wishes.slice(at, at + WISHES_IN_NOTE_MAX) })
}

async function queueWishes(
  tx: Tx,
  { identity, replica }: SyncContext,
  { peer, wishes }: { readonly peer: PeerId; readonly wishes: readonly Wish[] },
): Promise<void> {
  const { actor } = replica
  const number = 1 + (unpack<number>(await tx.get(fileKey.notes)) ?? 0)
  tx.put(fileKey.notes, pack(number))
  const body = encodeWishes({ number, wishes })
  const signature = identity.sign(noteStatement(identity.organisation.id, { actor, body }))
  // One that waits for a peer is not overwritten by one about other files.
  const names = wishes.map((one) => one.name.slice(0, 8)).join('')
  const name = `${NOTE_NAME}${names}`.slice(0, 64)
  queueNote(tx, peer, { name, since: 0, note: { actor, body, signature } })
}

/** Nothing of a file is wanted of a peer. */
export function nothingOf(name: FileName): Wish {
  return { name, bytes: 0, isAsked: false, hops: 0, through: [], pieceBytes: 0, spans: [] }
}

/** A peer is told that it need not give a file; not again at once, as more may be under way. */
async function sayNeedNot(
  tx: Tx,
  context: SyncContext,
  { peer, name }: { readonly peer: PeerId; readonly name: FileName },
): Promise<void> {
  const before = unpack<AskedRecord>(await tx.get(fileKey.asked(peer, name)))
  const isTold = before?.isOff === true
  if (isTold && dueMs(context, before.atMs, FETCH_PATIENCE_MS) > context.time.nowMs()) return
  const nothing = nothingOf(name)
  await sayWanted(tx, context, { peer, wishes: [nothing] })
  const { isAsked, hops, through, spans } = nothing
  const off = { isAsked, hops, through, spans, atMs: context.time.nowMs(), vain: 0, isOff: true }
  tx.put(fileKey.asked(peer, name), pack(off satisfies AskedRecord))
  tx.afterwards(context.files.changed)
  tx.afterwards(context.ring)
}

/** A piece came from a peer, which takes it for given. */
export async function noteCame(
  tx: Tx,
  { files }: SyncContext,
  { peer, piece }: { readonly peer: PeerId; readonly piece: PiecePlace },
): Promise<void> {
  const place = fileKey.asked(peer, piece.name)
  const asked = unpack<AskedRecord>(await tx.get(place))
  if (asked === undefined || asked.spans.length === 0) return
  const spans = withoutSpans(asked.spans, [[piece.from, piece.to]])
  tx.put(place, pack({ ...asked, spans } satisfies AskedRecord))
  if (spans.length === 0) tx.afterwards(files.changed) // there may be more to ask it for
}

/** What came from a peer was of no use: it is told so once it is clear that it gives what is not wanted, or what another gives, too. */
export async function noteVain(
  tx: Tx,
  context: SyncContext,
  {
    peer,
    name,
    fetch,
  }: { readonly peer: PeerId; readonly name: FileName; readonly fetch: FetchRecord | undefined },
): Promise<void> {
  const place = fileKey.asked(peer, name)
  const asked = unpack<AskedRecord>(await tx.get(place))
  // At a post office it may be for another.
  if (asked === undefined && !isNode(peer)) return
  if (fetch === undefined) return sayNeedNot(tx, context, { peer, name })
  if (asked === undefined || asked.isOff === true) return
  const vain = asked.vain + 1
  tx.put(place, pack({ ...asked, vain } satisfies AskedRecord))
  if (vain >= FETCH_VAIN_MAX && (await isAnotherGiving(tx, context, { peer, name, fetch })))
    await sayNeedNot(tx, context, { peer, name })
}

async function isAnotherGiving(
  tx: Tx,
  context: SyncContext,
  {
    peer,
    name,
    fetch: { source, movedMs },
  }: { readonly peer: PeerId; readonly name: FileName; readonly fetch: FetchRecord },
): Promise<boolean> {
  if (source === undefined || source.peer === peer) return false
  const asked = unpack<AskedRecord>(await tx.get(fileKey.asked(source.peer, name)))
  const isAtIt = dueMs(context, movedMs, FETCH_PATIENCE_MS) > context.time.nowMs()
  return isAtIt && asked !== undefined && asked.isOff !== true
}

/**
 * In a new contact a node does not know any more what it was asked for. A post office does: what lies there is read by all, unless it
 * may have forgotten. Where every byte is paid for, and on a stick, what is still wanted is said again.
 */
export async function beginAsking(
  tx: Tx,
  { peer, isVisit, isMetered }: ContactState,
  mayHaveForgotten: boolean,
): Promise<void> {
  const isForgotten = isNode(peer) && isMetered !== true
  const isToldAgain = isForgotten || isNode(peer) || isVisit === true || mayHaveForgotten
  for (const [name, { spans }] of await askedOf(tx, peer)) {
    const isOpen = (await tx.get(fileKey.fetch(name))) !== undefined
    const isToBeTakenBack = !isOpen && spans.length > 0 && !isForgotten
    if (!isToBeTakenBack && (isToldAgain || !isOpen)) tx.delete(fileKey.asked(peer, name))
  }
  if (!isForgotten) return
  for (const [place] of await tx.list(range.notes(peer)))
    if (place.slice(place.lastIndexOf('/') + 1).startsWith(NOTE_NAME)) tx.delete(place)
}

/** In a new life nobody knows what the last one asked for, or what became of it. */
export async function forgetAskings(tx: Tx): Promise<void> {
  for (const [place] of await tx.list(fileRange.allAsked)) tx.delete(place)
}
