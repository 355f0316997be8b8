/**
 * Asking for files. What is wanted of a peer (`file-wanted.ts`) is said once, and stands there (`file-asked.ts`). One is asked first, who is
 * likely to have it; while nothing comes one more and one more, until all have been. Then nothing is said until something changes: a
 * contact begins, a piece comes, somebody wants more or less. So a file comes wherever contacts join who wants it and who has it,
 * whatever is between them: each node on the way asks the next.
 */
import type { Instant } from '#base/ids.ts'
import { withoutSpans } from '#base/spans.ts'
import type { FileName } from '#codec/piece.ts'
import type { Wish } from '#codec/wish.ts'
import type { ContactState } from './contact-state.ts'
import { isNode, type SyncContext } from './context.ts'
import { askedOf, nothingOf, sayWanted } from './file-asked.ts'
import { dueMs, fetchOf, newFileLook, putFetch, type FileLook } from './file-desk.ts'
import { fileKey, type AskedRecord, type FetchRecord } from './file-records.ts'
import { believedOf, lyingAt } from './file-words.ts'
import { isSaid, wantedAt } from './file-wanted.ts'
import { allWishers, dropWish, type Wisher } from './file-wishes.ts'
import type { Tx } from './replica.ts'
import {
  CHEAPER_BACK_MS,
  FAT_BYTES_PER_SECOND,
  FAT_ROUND_TRIP_MS,
  FETCH_LIKELY_MS,
  FETCH_PATIENCE_MS,
  WISH_STALE_MS,
} from './file-limits.ts'

/** Whether a link is good enough for what nobody asked for. */
export function isFat({ isMetered, metered, isVisit, measured }: ContactState): boolean {
  if (isMetered === true || metered !== undefined) return false
  if (isVisit === true) return true
  const { bytesPerSecond = 0, roundTripMs = 0 } = measured?.() ?? {}
  return (
    bytesPerSecond >= FAT_BYTES_PER_SECOND || (roundTripMs > 0 && roundTripMs <= FAT_ROUND_TRIP_MS)
  )
}

/** Tells the peer of a contact what is wanted of it by now; when to look again. */
export async function sayWishes(
  tx: Tx,
  context: SyncContext,
  state: ContactState,
): Promise<Instant | undefined> {
  const { files, now, time } = context
  const look = (state.files ??= newFileLook())
  if (state.room?.parcelBytes !== undefined) files.rooms.set(state.peer, state.room.parcelBytes)
  const [version, isFatNow] = [files.version(), isFat(state)]
  const isSame = look.version === version && look.isFat === isFatNow
  if (isSame && (look.lookAt ?? Infinity) > now()) return look.lookAt
  look.begunMs ??= time.nowMs()
  const laterMs = await sayDue(tx, context, { ...state, files: look })
  look.version = version
  look.isFat = isFatNow
  look.lookAt = Number.isFinite(laterMs) ? now() + Math.max(0, laterMs - time.nowMs()) : undefined
  return look.lookAt
}

type Looking = ContactState & { readonly files: FileLook }

/** Says what is due; when more is, by the running time. */
async function sayDue(tx: Tx, context: SyncContext, state: Looking): Promise<number> {
  const { files, time } = context
  const { peer } = state
  const laterMs: number[] = []
  const others = await freshWishers(tx, context, { state, laterMs })
  const wishes: Wish[] = []
  const asked = await askedOf(tx, peer)
  const lying = await lyingAt(tx, peer)
  for (const name of new Set([...asked.keys(), ...files.open])) {
    const fetch = await fetchOf(tx, name)
    const before = asked.get(name)
    if (fetch === undefined) {
      if (before !== undefined) closeAsking(tx, state, { name, before, wishes })
      continue
    }
    const wishers = others.filter((one) => one.name === name)
    const isStanding = isAskedNow(before)
    // What nobody asked for goes on where it was asked of a link that was fat.
    const isFatThere = isFat(state) || (isAskedNow(before) && !before.isAsked)
    const { wish: all, againMs } = wantedAt(context, {
      name,
      fetch,
      wishers,
      peer,
      isFat: isFatThere,
      isStanding,
    })
    laterMs.push(againMs ?? Infinity)
    // What lies on the shelf there is fetched: nobody is asked for it.
    const there = believedOf(context, lying.get(name))
    const wish = { ...all, spans: withoutSpans(all.spans, there.spans) }
    if (wish.spans.length === 0 && all.spans.length > 0) continue
    const due = { name, fetch, before, wish }
    const atMs = dueAt(context, state, due)
    laterMs.push(atMs ?? Infinity)
    if (atMs === undefined || atMs > time.nowMs()) continue
    laterMs.pop()
    wishes.push(wish)
    noteSource(tx, context, { state, due })
  }
  await sayWanted(tx, context, { peer, wishes })
  return Math.min(Infinity, ...laterMs)
}

/** A file is wanted here no more: so whoever was asked for it need not give the rest. */
function closeAsking(
  tx: Tx,
  { peer }: Looking,
  {
    name,
    before: { spans, isOff },
    wishes,
  }: { readonly name: FileName; readonly before: AskedRecord; readonly wishes: Wish[] },
): void {
  if (spans.length > 0) wishes.push(nothingOf(name))
  // Who was told lately is not told again.
  else if (isOff !== true || !isNode(peer)) tx.delete(fileKey.asked(peer, name))
}

/** Everybody who wants something; who has not said so again in this contact by now does not want it any more. */
async function freshWishers(
  tx: Tx,
  context: SyncContext,
  { state, laterMs }: { readonly state: Looking; readonly laterMs: number[] },
): Promise<readonly Wisher[]> {
  const endsMs = dueMs(context, state.files.begunMs ?? 0, WISH_STALE_MS)
  const isOver = endsMs <= context.time.nowMs()
  const fresh: Wisher[] = []
  for (const wisher of await allWishers(tx)) {
    const isStale = wisher.peer === state.peer && wisher.wish.isStale === true
    if (isStale && !isOver) laterMs.push(endsMs)
    if (isStale && isOver) await dropWish(tx, context, wisher)
    else if (context.roster.revokedSince(wisher.node) === undefined) fresh.push(wisher)
  }
  return fresh
}

/** A file that is fetched, what is wanted of it at a peer, and what that peer was asked for before. */
interface Due {
  readonly name: FileName
  readonly fetch: FetchRecord
  readonly before: AskedRecord | undefined
  readonly wish: Wish
}

/** Whether a peer was asked, and not told since that it need not. */
export function isAskedNow(before: AskedRecord | undefined): before is AskedRecord {
  return before !== undefined && before.isOff !== true
}

/** When the peer is to be told, by the running time; undefined: never, as things are. */
function dueAt(context: SyncContext, state: Looking, due: Due): number | undefined {
  const { before, fetch, wish } = due
  if (!isAskedNow(before))
    return wish.spans.length === 0 ? undefined : askedFromMs(context, state, due)
  if (isSaid(wish, before)) return undefined
  // Who gives what is not of the file is asked in vain.
  const isPlain = fetch.liars.length === 0 || wish.spans.length === 0
  return isPlain ? 0 : dueMs(context, before.atMs, FETCH_PATIENCE_MS)
}

/** When a peer is asked that was not, or that need not give any more, by the running time. */
export function askedFromMs(
  context: SyncContext,
  state: Pick<ContactState, 'peer' | 'isVisit' | 'carrier'>,
  { before, fetch }: Pick<Due, 'before' | 'fetch'>,
): number {
  const { peer, isVisit } = state
  const { source, begunMs, movedMs } = fetch
  // A stick only carries the question, and whoever else was asked goes on.
  if (isVisit === true) return 0
  const offMs = before === undefined ? 0 : dueMs(context, before.atMs, FETCH_PATIENCE_MS)
  const likely = likelyMs(context, state, fetch)
  if (source === undefined) return Math.max(offMs, dueMs(context, begunMs, likely))
  // Whoever was giving it goes on; in a new contact it is told what it may have given in vain.
  if (source.peer === peer && before === undefined) return 0
  const quietSinceMs = Math.max(source.atMs, movedMs)
  return Math.max(offMs, dueMs(context, quietSinceMs, FETCH_PATIENCE_MS + likely))
}

/** How long others have to be there first who are likelier to have it, or cost less. */
function likelyMs(
  { roster, files }: SyncContext,
  { peer, carrier }: Pick<ContactState, 'peer' | 'carrier'>,
  { file }: FetchRecord,
): number {
  const isLikely =
    isNode(peer) &&
    (roster.byNode(peer)?.role === 'hub' ||
      (file !== undefined && roster.homeOf(file.owner)?.node === peer))
  return (isLikely ? 0 : FETCH_LIKELY_MS) + (files.isCheaperThere(carrier) ? CHEAPER_BACK_MS : 0)
}

/** One more is asked for it: the next has to wait for a while. */
function noteSource(
  tx: Tx,
  { files, time }: SyncContext,
  { state, due }: { readonly state: Looking; readonly due: Due },
): void {
  const { name, fetch, before, wish } = due
  if (state.isVisit === true || isAskedNow(before) || wish.spans.length === 0) return
  const source = { peer: state.peer, atMs: time.nowMs() }
  putFetch(tx, files, { name, fetch: { ...fetch, source } })
}
