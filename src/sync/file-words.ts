/**
 * Whose word counts on what lies on the shelf of a post office (`file-lying.ts`). Each node's is kept for itself: one that says what is
 * not so costs its readers a look, and is believed later and later, while others are.
 */
import type { NodeId } from '#base/ids.ts'
import { LYING_MAX } from '#base/limits.ts'
import { bytesIn, commonSpans, joinSpans, withoutSpans, type Spans } from '#base/spans.ts'
import type { FileName } from '#codec/piece.ts'
import type { PeerId } from '#ports/carrier.ts'
import { isNode, type SyncContext } from './context.ts'
import { crowdedOut } from './file-crowd.ts'
import { dueMs } from './file-desk.ts'
import { FETCH_PATIENCE_MS, VAIN_PATIENCES_MAX } from './file-limits.ts'
import { fileKey, fileRange, placeOf, type LyingRecord, type Misled } from './file-records.ts'
import { pack, unpack } from './records.ts'
import type { Tx } from './replica.ts'

/** Where there are too many, some give way: what they name is asked for like any other. */
export async function makeRoom(tx: Tx): Promise<void> {
  const all = (await tx.list(fileRange.allLying)).map(([place, bytes]) => ({
    place,
    node: placeOf(place).node,
    heardMs: unpack<LyingRecord>(bytes)?.heardMs ?? 0,
  }))
  for (const { place } of crowdedOut(all, LYING_MAX)) tx.delete(place)
}

/** What a node says of a file. */
export interface Lying {
  readonly node: NodeId
  readonly record: LyingRecord
}

/** What lies on the shelf of a post office, by the files' names and who says so; nothing where there is none. */
export async function lyingAt(
  reader: Pick<Tx, 'list'>,
  peer: PeerId,
): Promise<ReadonlyMap<FileName, readonly Lying[]>> {
  const lying = new Map<FileName, Lying[]>()
  if (isNode(peer)) return lying
  for (const [place, bytes] of await reader.list(fileRange.lyingAt(peer))) {
    const record = unpack<LyingRecord>(bytes)
    const { name, node } = placeOf(place)
    const told = lying.get(name) ?? []
    if (record !== undefined) told.push({ node, record })
    lying.set(name, told)
  }
  return lying
}

/** What of it is worth a look now, and from when on more may be, by the running time. */
export function believedOf(
  context: Pick<SyncContext, 'time' | 'roster'>,
  told: readonly Lying[] = [],
): { readonly spans: Spans; readonly moreMs: number } {
  let spans: Spans = []
  let moreMs = Infinity
  for (const { node, record } of told)
    // Of what a revoked node has put there nothing is taken.
    if (context.roster.revokedSince(node) !== undefined) continue
    else if (isBelieved(context, record)) spans = joinSpans(spans, record.spans)
    else moreMs = Math.min(moreMs, believedFromMs(context, record))
  return { spans, moreMs }
}

function isBelieved(context: Pick<SyncContext, 'time'>, record: LyingRecord): boolean {
  return believedFromMs(context, record) <= context.time.nowMs()
}

/** Whether others who have the file are spared by it: nobody has asked for it all the same since, or long ago. */
export function isTrusted(context: Pick<SyncContext, 'time'>, record: LyingRecord): boolean {
  const fromMs = laterMs(context, record.denied)
  return isBelieved(context, record) && fromMs <= context.time.nowMs()
}

function believedFromMs(context: Pick<SyncContext, 'time'>, { vain }: LyingRecord): number {
  return laterMs(context, vain)
}

/** Whoever misled is believed later and later: it costs little, and keeps nobody from asking others, however often. */
function laterMs(context: Pick<SyncContext, 'time'>, misled: Misled | undefined): number {
  if (misled === undefined) return 0
  const patiences = Math.min(2 ** misled.times, VAIN_PATIENCES_MAX)
  return dueMs(context, misled.atMs, FETCH_PATIENCE_MS * patiences)
}

function onceMore({ time }: Pick<SyncContext, 'time'>, before: Misled | undefined): Misled {
  return { times: 1 + (before?.times ?? 0), atMs: time.nowMs() }
}

/** All that lay there of a file has come: what of it still lacks is not there, whoever was believed to have put it there. */
export async function forgetLying(
  tx: Tx,
  context: Pick<SyncContext, 'time'>,
  { peer, name, lacking }: Of & { readonly lacking: Spans },
): Promise<void> {
  for (const { place, record } of await wordsOn(tx, { peer, name })) {
    const spans = withoutSpans(record.spans, lacking)
    if (!isBelieved(context, record) || bytesIn(spans) === bytesIn(record.spans)) continue
    const vain = onceMore(context, record.vain)
    tx.put(place, pack({ ...record, spans, vain } satisfies LyingRecord))
  }
}

/** Somebody who reads there asks for some of a file: whoever said that it lies there spares nobody for a while. */
export async function denyLying(
  tx: Tx,
  context: Pick<SyncContext, 'time'>,
  { peer, name, wanted }: Of & { readonly wanted: Spans },
): Promise<void> {
  if (isNode(peer)) return
  for (const { place, record } of await wordsOn(tx, { peer, name })) {
    if (!isTrusted(context, record) || commonSpans(record.spans, wanted).length === 0) continue
    const denied = onceMore(context, record.denied)
    tx.put(place, pack({ ...record, denied } satisfies LyingRecord))
  }
}

/** A piece of a node's was there: what it says of that file is believed again. */
export async function noteFound(
  tx: Tx,
  { peer, name, by }: Of & { readonly by: NodeId },
): Promise<void> {
  const place = fileKey.lying(peer, name, by)
  const { vain, denied, ...before } = unpack<LyingRecord>(await tx.get(place)) ?? {}
  if (vain !== undefined || denied !== undefined) tx.put(place, pack(before))
}

/** A file at a post office. */
interface Of {
  readonly peer: PeerId
  readonly name: FileName
}

async function wordsOn(
  tx: Tx,
  { peer, name }: Of,
): Promise<readonly { readonly place: string; readonly record: LyingRecord }[]> {
  return (await tx.list(fileRange.lyingOf(peer, name))).flatMap(([place, bytes]) => {
    const record = unpack<LyingRecord>(bytes)
    return record === undefined ? [] : [{ place, record }]
  })
}
