/**
 * What lies on the shelf of a post office. A piece there comes to nobody who does not fetch it (`ports/carrier.ts`), so whoever has put some
 * there says so to all: who wants it fetches it, who else has the file need not give it, and who comes to want it later asks nobody.
 */
import type { NodeId } from '#base/ids.ts'
import { WISH_SPANS_MAX } from '#base/limits.ts'
import { joinSpans, type Spans } from '#base/spans.ts'
import { decodeGiven, encodeGiven } from '#codec/given.ts'
import type { FileName, PiecePlace } from '#codec/piece.ts'
import type { PeerId } from '#ports/carrier.ts'
import { noteStatement } from '#trust/attestation.ts'
import type { ContactState } from './contact-state.ts'
import { isNode, type SyncContext } from './context.ts'
import { GIVEN_DELAY_MS_MAX } from './file-limits.ts'
import { fileKey, fileRange, type LyingRecord } from './file-records.ts'
import { isTrusted, makeRoom } from './file-words.ts'
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
  let more = 0
  for (const { name, spans } of said) {
    const place = fileKey.lying(peer, name, by)
    const before = unpack<LyingRecord>(await tx.get(place))
    if (before === undefined) more += 1
    const all = joinSpans(before?.spans ?? [], spans).slice(0, WISH_SPANS_MAX)
    const record = { ...before, spans: all, heardMs: time.nowMs() } satisfies LyingRecord
    tx.put(place, pack(record))
    // Nobody is kept from giving it by whoever said so in vain.
    if (isTrusted(context, record)) await noteGiven(tx, context, { peer, name, spans, by })
  }
  if (more > 0) await makeRoom(tx)
  tx.afterwards(files.changed)
  tx.afterwards(ring)
  return undefined
}
