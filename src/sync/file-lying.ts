/**
 * What lies on the shelf of a post office. A piece there comes to nobody who does not fetch it (`ports/carrier.ts`), so whoever has put some
 * there says so to all: who wants it fetches it, who else has the file need not give it, and who comes to want it later asks nobody.
 */
import type { NodeId } from '#base/ids.ts'
import { LYING_MAX, WISH_SPANS_MAX } from '#base/limits.ts'
import { joinSpans, withoutSpans, type Spans } from '#base/spans.ts'
import { decodeGiven, encodeGiven } from '#codec/given.ts'
import type { FileName, PiecePlace } from '#codec/piece.ts'
import type { PeerId } from '#ports/carrier.ts'
import { noteStatement } from '#trust/attestation.ts'
import type { ContactState } from './contact-state.ts'
import { isNode, type SyncContext } from './context.ts'
import { dueMs } from './file-desk.ts'
import { FETCH_PATIENCE_MS, GIVEN_DELAY_MS_MAX, VAIN_PATIENCES_MAX } from './file-limits.ts'
import { fileKey, fileRange, type LyingRecord } from './file-records.ts'
import { noteGiven } from './file-wishes.ts'
import { within } from './keys.ts'
import { queueNote } from './note-queue.ts'
import { pack, unpack, type NoteRecord } from './records.ts'
import type { Tx } from './replica.ts'

/**
 * A piece was put on the shelf of a post office: that is said with what else was put there of the file and not said yet, at once when
 * nobody there wants more of it.
 */
export async function sayGiven(
  tx: Tx,
  context: SyncContext,
  {
    state: { peer, receiptDelayMs },
    piece: { name, from, to },
    number,
  }: {
    readonly state: Pick<ContactState, 'peer' | 'receiptDelayMs'>
    readonly piece: PiecePlace
    /** The parcel's: no two notes have the same name, as one that is given up goes back to its place. */
    readonly number: number
  },
): Promise<void> {
  const { identity, replica, now } = context
  const { actor } = replica
  const before = await waitingNote(tx, peer, name)
  const spans = joinSpans(before?.spans ?? [], [[from, to]])
  const body = encodeGiven([{ name, spans }])
  const signature = identity.sign(noteStatement(identity.organisation.id, { actor, body }))
  const [wish] = await tx.list({ ...fileRange.wishesFor(peer, name), limit: 1 })
  const soon = now() - Math.max(0, receiptDelayMs - GIVEN_DELAY_MS_MAX)
  const since = wish === undefined ? 0 : (before?.since ?? soon)
  const noteName = before?.noteName ?? `${prefixOf(name)}${number}`
  queueNote(tx, peer, { name: noteName, since, note: { actor, body, signature } })
}

/** What was put on a shelf of a file and waits to be said. */
async function waitingNote(
  tx: Tx,
  peer: PeerId,
  name: FileName,
): Promise<
  { readonly noteName: string; readonly since: number; readonly spans: Spans } | undefined
> {
  for (const [place, bytes] of await tx.list(within(`note/${peer}/${prefixOf(name)}`))) {
    const note = unpack<NoteRecord>(bytes)
    const [given] = (note && decodeGiven(note.body)) ?? []
    if (note === undefined || given === undefined || given.spans.length >= WISH_SPANS_MAX) continue
    const noteName = place.slice(place.lastIndexOf('/') + 1)
    return { noteName, since: note.since, spans: given.spans }
  }
  return undefined
}

function prefixOf(name: FileName): string {
  return `!given.${name}.`
}

/** Takes what a node says it has put on a shelf; why not, when it is malformed. */
export async function takeGiven(
  tx: Tx,
  context: SyncContext,
  {
    body,
    node: by,
    from: peer,
  }: { readonly body: Uint8Array; readonly node: NodeId; readonly from: PeerId | undefined },
): Promise<string | undefined> {
  const { files, ring, time, identity } = context
  const said = decodeGiven(body)
  if (said === undefined) return 'malformed'
  // Only who reads at a post office can find it there.
  if (peer === undefined || isNode(peer) || by === identity.certificate.node) return undefined
  for (const { name, spans } of said) {
    await noteGiven(tx, context, { peer, name, spans, by })
    const place = fileKey.lying(peer, name)
    const before = unpack<LyingRecord>(await tx.get(place))
    if (before === undefined) await makeRoom(tx)
    const all = joinSpans(before?.spans ?? [], spans).slice(0, WISH_SPANS_MAX)
    tx.put(place, pack({ ...before, spans: all, heardMs: time.nowMs() } satisfies LyingRecord))
  }
  tx.afterwards(files.changed)
  tx.afterwards(ring)
  return undefined
}

/** Where there are too many, the one that was heard of longest ago gives way: it is asked for like any other. */
async function makeRoom(tx: Tx): Promise<void> {
  const all = await tx.list({ ...fileRange.allLying, limit: LYING_MAX })
  if (all.length < LYING_MAX) return
  const times = all.map(
    ([place, bytes]) => [unpack<LyingRecord>(bytes)?.heardMs ?? 0, place] as const,
  )
  const [oldest] = times.toSorted(([a], [b]) => a - b)
  if (oldest !== undefined) tx.delete(oldest[1])
}

/** What lies on the shelf of a post office, by the files' names; nothing where there is none. */
export async function lyingAt(
  reader: Pick<Tx, 'list'>,
  peer: PeerId,
): Promise<ReadonlyMap<FileName, LyingRecord>> {
  const lying = new Map<FileName, LyingRecord>()
  if (isNode(peer)) return lying
  const { from } = fileRange.lyingAt(peer)
  for (const [place, bytes] of await reader.list(fileRange.lyingAt(peer))) {
    const record = unpack<LyingRecord>(bytes)
    if (record !== undefined) lying.set(place.slice(from.length), record)
  }
  return lying
}

/** From when on what was said to lie there is worth a look, by the running time: who is misled costs little, however often. */
export function worthALookMs(context: Pick<SyncContext, 'time'>, { vain }: LyingRecord): number {
  if (vain === undefined) return 0
  const patiences = Math.min(2 ** vain.times, VAIN_PATIENCES_MAX)
  return dueMs(context, vain.atMs, FETCH_PATIENCE_MS * patiences)
}

/** All that lay there of a file has come: what of it still lacks is not there, whoever said so. */
export async function forgetLying(
  tx: Tx,
  { time }: Pick<SyncContext, 'time'>,
  {
    peer,
    name,
    lacking,
  }: { readonly peer: PeerId; readonly name: FileName; readonly lacking: Spans },
): Promise<void> {
  const place = fileKey.lying(peer, name)
  const before = unpack<LyingRecord>(await tx.get(place))
  if (before === undefined) return
  const spans = withoutSpans(before.spans, lacking)
  const vain = { times: 1 + (before.vain?.times ?? 0), atMs: time.nowMs() }
  tx.put(place, pack({ ...before, spans, vain } satisfies LyingRecord))
}

/** Some of a file was there: who says that more is, is believed at once. */
export async function noteFound(tx: Tx, peer: PeerId, name: FileName): Promise<void> {
  const place = fileKey.lying(peer, name)
  const { vain, ...before } = unpack<LyingRecord>(await tx.get(place)) ?? {}
  if (vain !== undefined) tx.put(place, pack(before))
}
