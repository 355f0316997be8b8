/**
 * What lies on the shelf of a post office. A piece there comes to nobody who does not fetch it (`ports/carrier.ts`), so whoever has put some
 * there says so to all: who wants it fetches it, who else has the file need not give it, and who comes to want it later asks nobody.
 */
import type { NodeId } from '#base/ids.ts'
import { WISHES_IN_NOTE_MAX, WISH_SPANS_MAX } from '#base/limits.ts'
import { joinSpans } from '#base/spans.ts'
import { decodeGiven, encodeGiven, type Given } from '#codec/given.ts'
import type { FileName, PiecePlace } from '#codec/piece.ts'
import type { PeerId } from '#ports/carrier.ts'
import { noteStatement } from '#trust/attestation.ts'
import type { ContactState } from './contact-state.ts'
import { isNode, type SyncContext } from './context.ts'
import { GIVEN_DELAY_MS_MAX, GIVEN_TOGETHER_MS } from './file-limits.ts'
import { fileKey, fileRange, type LyingRecord } from './file-records.ts'
import { isTrusted, makeRoom } from './file-words.ts'
import { noteGiven } from './file-wishes.ts'
import { within } from './keys.ts'
import { queueNote } from './note-queue.ts'
import { pack, unpack, type NoteRecord } from './records.ts'
import type { Tx } from './replica.ts'

/** A note of it has no more bytes than about so many. */
const GIVEN_NOTE_BYTES = 1_000
/** Names of waiting notes begin so. */
const PREFIX = '!given.'

/**
 * A piece was put on the shelf of a post office: that is said with what else was put there and not said yet, at once when nobody there
 * wants more of the file; of many small ones several together.
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
  const told = before?.given.find((one) => one.name === name)?.spans ?? []
  const others = before?.given.filter((one) => one.name !== name) ?? []
  const body = encodeGiven([...others, { name, spans: joinSpans(told, [[from, to]]) }])
  const signature = identity.sign(noteStatement(identity.organisation.id, { actor, body }))
  const [wish] = await tx.list({ ...fileRange.wishesFor(peer, name), limit: 1 })
  const delayMs = wish === undefined ? togetherMs(tx, context, peer) : GIVEN_DELAY_MS_MAX
  const soon = delayMs === 0 ? 0 : now() - Math.max(0, receiptDelayMs - delayMs)
  const since = Math.min(before?.since ?? Infinity, soon)
  const noteName = before?.noteName ?? `${PREFIX}${name}.${number}`
  queueNote(tx, peer, { name: noteName, since, note: { actor, body, signature } })
}

/** How long what is due waits for more: not at all, unless something was said there just now. */
function togetherMs(
  tx: Tx,
  { files: { givenMs }, time }: Pick<SyncContext, 'files' | 'time'>,
  peer: PeerId,
): number {
  const nowMs = time.nowMs()
  const fromMs = (givenMs.get(peer) ?? -Infinity) + GIVEN_TOGETHER_MS
  const delayMs = Math.max(0, fromMs - nowMs)
  if (delayMs === 0) tx.afterwards(() => void givenMs.set(peer, nowMs))
  return delayMs
}

/** A note of what was put on a shelf that waits to be said, and has room for more of a file. */
async function waitingNote(
  tx: Tx,
  peer: PeerId,
  name: FileName,
): Promise<
  | { readonly noteName: string; readonly since: number; readonly given: readonly Given[] }
  | undefined
> {
  for (const [place, bytes] of await tx.list(within(`note/${peer}/${PREFIX}`))) {
    const note = unpack<NoteRecord>(bytes)
    const given = note && decodeGiven(note.body)
    if (note === undefined || given === undefined) continue
    const told = given.find((one) => one.name === name)
    const hasRoom = note.body.length < GIVEN_NOTE_BYTES && given.length < WISHES_IN_NOTE_MAX
    if (told === undefined ? !hasRoom : told.spans.length >= WISH_SPANS_MAX) continue
    const noteName = place.slice(place.lastIndexOf('/') + 1)
    return { noteName, since: note.since, given }
  }
  return undefined
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
