/**
 * Asking for files: one peer at a time, who is likely to have it first, and another when nothing comes. What is wanted for others who
 * asked us is asked for like our own.
 */
import type { Instant } from '#base/ids.ts'
import {
  CARRIED_BYTES_MAX,
  FAT_BYTES_PER_SECOND,
  FAT_ROUND_TRIP_MS,
  FETCH_DOUBLINGS_MAX,
  FETCH_LIKELY_MS,
  FETCH_PATIENCE_MS,
  FETCH_TRIES_MAX,
  WISHES_IN_NOTE_MAX,
} from '#base/limits.ts'
import { bytesIn, withoutSpans, type Spans } from '#base/spans.ts'
import type { FileName } from '#codec/piece.ts'
import { wantedOf, type Wish } from '#codec/wish.ts'
import type { ContactState } from './contact-state.ts'
import { isNode, type SyncContext } from './context.ts'
import { fetchOf, newFileLook, putFetch, type FileLook } from './file-desk.ts'
import type { FetchRecord } from './file-records.ts'
import { queueWishes, spansOf, wishesFor } from './file-wishes.ts'
import type { Tx } from './replica.ts'

/** Whether a link is good enough for what nobody asked for. */
export function isFat({ isMetered, metered, isVisit, measured }: ContactState): boolean {
  if (isMetered === true || metered !== undefined) return false
  if (isVisit === true) return true
  const { bytesPerSecond = 0, roundTripMs = 0 } = measured?.() ?? {}
  return (
    bytesPerSecond >= FAT_BYTES_PER_SECOND || (roundTripMs > 0 && roundTripMs <= FAT_ROUND_TRIP_MS)
  )
}

/** Asks the peer of a contact for what it is to be asked for now; when to look again. */
export async function sayWishes(
  tx: Tx,
  context: SyncContext,
  state: ContactState,
): Promise<Instant | undefined> {
  const { files, now } = context
  const look = (state.files ??= newFileLook())
  if (state.room?.parcelBytes !== undefined) files.rooms.set(state.peer, state.room.parcelBytes)
  if (files.open.size === 0) return undefined
  const [version, isFatNow] = [files.version(), isFat(state)]
  const isSame = look.version === version && look.isFat === isFatNow
  if (isSame && (look.lookAt ?? Infinity) > now()) return look.lookAt
  const { wishes, lookAt } = await wishesDue(tx, context, { ...state, files: look })
  look.version = version
  look.isFat = isFatNow
  look.lookAt = lookAt
  if (wishes.length === 0) return lookAt
  queueWishes(tx, context, { peer: state.peer, wishes })
  tx.afterwards(files.changed) // others need not ask
  return lookAt
}

type Looking = ContactState & { readonly files: FileLook }

async function wishesDue(
  tx: Tx,
  context: SyncContext,
  state: Looking,
): Promise<{ readonly wishes: readonly Wish[]; readonly lookAt: Instant | undefined }> {
  const { files, now } = context
  const wishes: Wish[] = []
  const later: Instant[] = []
  for (const name of files.open) {
    const fetch = await fetchOf(tx, name)
    const at = fetch && askAt(context, state, { name, fetch })
    if (fetch === undefined || at === undefined) continue
    if (at > now() || wishes.length >= WISHES_IN_NOTE_MAX) later.push(Math.max(at, now()))
    else {
      const wish = await wishOf(tx, context, { name, fetch, state })
      if (wish.spans.length === 0) continue
      wishes.push(wish)
      later.push(...noteAsked(tx, context, { name, fetch, state }))
    }
  }
  return { wishes, lookAt: later.length === 0 ? undefined : Math.min(...later) }
}

/** The peer of a contact is asked for a file now. A stick only carries the question, and whoever else was asked goes on. */
function noteAsked(
  tx: Tx,
  { files, now }: SyncContext,
  { name, fetch, state }: Asking,
): readonly Instant[] {
  const before = state.files.asked.get(name)
  const isMoving = before === undefined || fetch.movedAt >= before.at
  state.files.asked.set(name, { at: now(), times: isMoving ? 1 : before.times + 1 })
  if (state.isVisit === true) return []
  const times = fetch.source === undefined ? 0 : fetch.source.times + 1
  const source = { peer: state.peer, at: now(), times }
  putFetch(tx, files, { name, fetch: { ...fetch, source } })
  return [now() + patienceMs(times)]
}

interface Asking {
  readonly name: FileName
  readonly fetch: FetchRecord
  readonly state: Looking
}

function patienceMs(times: number): number {
  return FETCH_PATIENCE_MS * 2 ** Math.min(FETCH_DOUBLINGS_MAX, times)
}

/** When the peer is to be asked for a file; undefined: never, as things are. */
function askAt(
  context: SyncContext,
  state: Looking,
  { name, fetch }: Omit<Asking, 'state'>,
): Instant | undefined {
  const { peer, isVisit, files } = state
  const { source, since, movedAt, isAsked, liars } = fetch
  if (isNode(peer) && liars.includes(peer)) return undefined
  if (!isAsked && !isFat(state)) return undefined
  const asked = files.asked.get(name)
  const isAskedHere = asked !== undefined
  // An idle link costs nothing: whoever gave nothing all the while is asked again in another contact.
  if (isAskedHere && asked.times >= FETCH_TRIES_MAX && movedAt < asked.at) return undefined
  if (isVisit === true) return isAskedHere ? undefined : 0
  // Whoever is giving it goes on; in a new contact it is told what it may have given in vain.
  if (source?.peer === peer && !isAskedHere) return 0
  if (source === undefined) return since + likelyMs(context, state, fetch)
  const quietSince = Math.max(source.at, movedAt)
  return quietSince + patienceMs(source.times) + (source.peer === peer ? FETCH_LIKELY_MS : 0)
}

/** How long others have to be there first who are likelier to have it, or cost less. */
function likelyMs(
  { roster }: SyncContext,
  { peer, isMetered, metered }: ContactState,
  { file }: FetchRecord,
): number {
  const isLikely =
    isNode(peer) &&
    (roster.byNode(peer)?.role === 'hub' ||
      (file !== undefined && roster.homeOf(file.owner)?.node === peer))
  return (
    (isLikely ? 0 : FETCH_LIKELY_MS) +
    (isMetered === true || metered !== undefined ? 2 * FETCH_LIKELY_MS : 0)
  )
}

async function wishOf(
  tx: Tx,
  { files }: SyncContext,
  { name, fetch, state }: Asking,
): Promise<Wish> {
  const { bytes, isAsked, hops, have, file } = fetch
  const others = (await wishesFor(tx, name)).filter(({ peer }) => peer !== state.peer)
  const rooms = others.flatMap(({ peer, wish }) => [wish.pieceBytes, files.rooms.get(peer) ?? 0])
  const limits = rooms.filter((room) => room > 0)
  const pieceBytes = file !== undefined || limits.length === 0 ? 0 : Math.min(...limits)
  const wanted = wantedOf(bytes, have)
  if (file !== undefined) return { name, bytes, isAsked, hops, pieceBytes, spans: wanted }
  const forOthers = withoutSpans(spansOf(others), have)
  return { name, bytes, isAsked, hops, pieceBytes, spans: firstOf(forOthers, have) }
}

/** As much as may be carried at once. */
function firstOf(spans: Spans, have: Spans): Spans {
  let room = CARRIED_BYTES_MAX - bytesIn(have)
  return spans.flatMap(([from, to]): Spans => {
    const taken = Math.min(to - from, Math.max(0, room))
    room -= taken
    return taken === 0 ? [] : [[from, from + taken]]
  })
}
