/**
 * What is wanted of a peer: of a file that is fetched here all that lacks, and what others want of us. A wish for others says through
 * which nodes it came, and none of those is asked for it: that keeps most questions out of circles. What several want is passed
 * on as one, with those nodes alone that all of it came through, as each of the others may be the way to the file for one of them; so a
 * circle may close. Through how many nodes it came at least is counted as well, and told whenever that changes: once nobody is left who
 * wants the file himself it grows in every circle until it is too much, and the last of it goes.
 */
import type { NodeId } from '#base/ids.ts'
import { CARRIED_BYTES_MAX, WISH_SPANS_MAX, WISH_HOPS_MAX } from '#base/limits.ts'
import { bytesIn, joinSpans, withoutSpans, type Spans } from '#base/spans.ts'
import type { FileName } from '#codec/piece.ts'
import { wantedOf, type Wish } from '#codec/wish.ts'
import type { PeerId } from '#ports/carrier.ts'
import { isNode, type SyncContext } from './context.ts'
import { nothingOf } from './file-asked.ts'
import type { AskedRecord, FetchRecord } from './file-records.ts'
import { turnMs } from './file-turns.ts'
import type { Wisher } from './file-wishes.ts'

/** A file that is fetched, and a peer that may be asked for it. */
export interface Asking {
  readonly name: FileName
  readonly fetch: FetchRecord
  readonly peer: PeerId
  /** What nobody asked for may go there, too. */
  readonly isFat: boolean
  /** The peer was asked for some of it. */
  readonly isStanding: boolean
  /** Who else wants something of it. */
  readonly wishers: readonly Wisher[]
}

/** What of a node decides on that. */
export interface Ground extends Pick<SyncContext, 'roster'> {
  readonly identity: Pick<SyncContext['identity'], 'certificate'>
  readonly time: Pick<SyncContext['time'], 'nowMs'>
  readonly files: Pick<SyncContext['files'], 'rooms'>
}

/** What is wanted there now, and when more may be, by the running time. */
export interface Wanted {
  readonly wish: Wish
  readonly againMs: number | undefined
}

/** What is wanted of a file at a peer. */
export function wantedAt(context: Ground, asking: Asking): Wanted {
  const { name, fetch, peer, isFat } = asking
  const { file, have, liars } = fetch
  if (isNode(peer) && liars.includes(peer)) return { wish: nothingOf(name), againMs: undefined }
  const { causes, againMs } = causesOf(context, asking)
  const isOwn = file !== undefined && (fetch.isAsked || isFat)
  const bytes = bytesFor(fetch, causes)
  const carried = causes.reduce<Spans>((all, { spans }) => joinSpans(all, spans), [])
  const spans = isOwn
    ? wantedOf(bytes, have)
    : firstOf(withoutSpans(carried, have), { ...fetch, bytes })
  if (spans.length === 0) return { wish: nothingOf(name), againMs }
  const isAsked = (isOwn && fetch.isAsked) || causes.some(({ wisher }) => wisher.wish.isAsked)
  const through = isOwn ? [] : common(causes.map((one) => one.through))
  const hops = isOwn ? 0 : 1 + Math.min(...causes.map(({ wisher }) => wisher.wish.hops))
  // Whoever gives at a post office cannot tell how thin the link to it is here.
  const own = isNode(peer) ? [] : [context.files.rooms.get(peer) ?? 0]
  const pieceBytes = smallestOf(own, file === undefined ? roomsOf(context, causes) : [])
  return { wish: { name, bytes, isAsked, hops, through, pieceBytes, spans }, againMs }
}

/** Whether what a peer was asked for says all that is wanted there. */
export function isSaid(
  { spans, isAsked, hops, through }: Wish,
  before: Pick<AskedRecord, 'spans' | 'isAsked' | 'hops' | 'through'>,
): boolean {
  if (spans.length === 0) return before.spans.length === 0
  const isSame = hops === before.hops && through.join() === before.through.join()
  const isUrgentEnough = before.isAsked || !isAsked
  return isSame && isUrgentEnough && withoutSpans(spans, before.spans).length === 0
}

/** A wish of another for which the peer may be asked. */
interface Cause {
  readonly wisher: Wisher
  readonly through: readonly number[]
  readonly spans: Spans
}

function causesOf(
  context: Ground,
  asking: Asking,
): { readonly causes: readonly Cause[]; readonly againMs: number | undefined } {
  const { peer, fetch, wishers, isFat, isStanding } = asking
  const self = numberOf(context, context.identity.certificate.node)
  const causes: Cause[] = []
  const laterMs: number[] = []
  for (const wisher of wishers) {
    const { wish, node } = wisher
    const through = sayersOf(context, wisher)
    const isCircle = wisher.peer === peer || node === peer || isIn(context, peer, through)
    const isTooFar = wish.hops >= WISH_HOPS_MAX || through.includes(self)
    if (isCircle || isTooFar || !(wish.isAsked || isFat)) continue
    const turn = isStanding ? 0 : turnMs(context, wisher, fetch.file?.owner)
    if (turn > context.time.nowMs()) laterMs.push(turn)
    else causes.push({ wisher, through, spans: notSaidAt(context, asking, { wisher, through }) })
  }
  const againMs = laterMs.length === 0 ? undefined : Math.min(...laterMs)
  return { causes: causes.filter(({ spans }) => spans.length > 0), againMs }
}

/** Who a wish came from, and through whom. */
function sayersOf(context: Ground, { node, wish }: Wisher): readonly number[] {
  return [...new Set([numberOf(context, node), ...wish.through])].toSorted((a, b) => a - b)
}

function isIn(context: Ground, peer: PeerId, numbers: readonly number[]): boolean {
  return isNode(peer) && numbers.includes(numberOf(context, peer))
}

/** The short number of a node; 0 is nobody's. */
function numberOf({ roster }: Ground, node: NodeId): number {
  return roster.byNode(node)?.number ?? 0
}

/** What of a wish was not said at this post office by who it came through: everybody there hears that. */
function notSaidAt(
  context: Ground,
  { peer, wishers }: Asking,
  { wisher, through }: Pick<Cause, 'wisher' | 'through'>,
): Spans {
  const { spans } = wisher.wish
  if (isNode(peer)) return spans
  return wishers
    .filter((one) => one.peer === peer && through.includes(numberOf(context, one.node)))
    .reduce<Spans>((left, one) => withoutSpans(left, one.wish.spans), spans)
}

/** Those that are in all of them. */
function common(lists: readonly (readonly number[])[]): readonly number[] {
  const [first = [], ...rest] = lists
  return first.filter((number) => rest.every((list) => list.includes(number)))
}

/** None of the links on which a file goes on should have to wait long for a piece of it. */
function roomsOf({ files }: Ground, causes: readonly Cause[]): readonly number[] {
  return causes.flatMap(({ wisher: { peer, wish } }) => [
    wish.pieceBytes,
    files.rooms.get(peer) ?? 0,
  ])
}

/** The smallest that is a limit: 0 is none. */
export function smallestOf(...rooms: readonly (readonly number[])[]): number {
  const limits = rooms.flat().filter((room) => room > 0)
  return limits.length === 0 ? 0 : Math.min(...limits)
}

/** How large a file is; of what we cannot read nobody but who wants it can tell, and the largest hides nothing of it. */
function bytesFor({ file, bytes }: FetchRecord, causes: readonly Cause[]): number {
  if (file !== undefined) return bytes
  return Math.max(bytes, ...causes.map(({ wisher }) => wisher.wish.bytes))
}

/** As much as may be carried at once of what we cannot read; of what we can, nothing beyond its end, whatever others say. */
function firstOf(spans: Spans, { file, have, bytes }: FetchRecord): Spans {
  if (file !== undefined) return withoutSpans(spans, [[bytes, Infinity]]).slice(0, WISH_SPANS_MAX)
  let room = CARRIED_BYTES_MAX - bytesIn(have)
  const first = spans.flatMap(([from, to]): Spans => {
    const taken = Math.min(to - from, Math.max(0, room))
    room -= taken
    return taken === 0 ? [] : [[from, from + taken]]
  })
  return first.slice(0, WISH_SPANS_MAX)
}
