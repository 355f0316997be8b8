/** Giving pieces of files to those who want them: behind all messages, one at a time, each cut to what the link takes now. */
import type { FileId } from '#base/ids.ts'
import { PIECE_BYTES_MAX, PIECE_BYTES_MIN, SMALL_BYTES_MAX } from '#base/limits.ts'
import { withoutSpans, type Span, type Spans } from '#base/spans.ts'
import { fileKeyOf, openPiece, sealPiece, type FileName, type Piece } from '#codec/piece.ts'
import type { ContactState, Next } from './contact-state.ts'
import type { SyncContext } from './context.ts'
import { cutPiece } from './cut.ts'
import { fetchOf, newFileLook } from './file-desk.ts'
import { fileKey, fileRange, type FileRecord, type PieceRecord } from './file-records.ts'
import { isFat } from './file-asking.ts'
import { turnMs } from './file-turns.ts'
import { smallestOf } from './file-wanted.ts'
import { wishesAt, type Wisher } from './file-wishes.ts'
import { keptKey } from './kept-keys.ts'
import { mayCarryFile } from './pace.ts'
import { unpack } from './records.ts'
import type { Tx } from './replica.ts'

/** How long until it is looked again whether a file has been brought: 10 s. */
const BRINGING_LOOK_MS = 10_000
/** What is around a piece in an envelope, about. */
const AROUND_BYTES = 60
/** Of a piece that became very small, the next is no larger than so many times as large. */
const GROWTH_MAX = 8

/** The next piece for the peer of a contact; asked-for files go first, of these small pictures, then those that were wanted first. */
export async function nextPiece(tx: Tx, context: SyncContext, state: ContactState): Promise<Next> {
  const nothing: Next = { cut: undefined, lookAgainAt: undefined }
  if (state.room?.isFlashOnly === true || state.lanes?.includes('routine') === false) return nothing
  const { now, time } = context
  const laterMs: number[] = []
  for (const wisher of await servedAt(tx, context, state)) {
    const spans = withoutSpans(wisher.wish.spans, flyingOf(state, wisher.name))
    if (spans.length === 0) continue
    const wanted = { state, wisher, spans, ...(await fileBehind(tx, wisher.name)) }
    if (!mayCarryFile(context, state.carrier, wanted.known?.channel)) continue
    const atMs = await givenAtMs(context, wanted)
    if (atMs > time.nowMs()) laterMs.push(atMs)
    else {
      const piece = await pieceFor(tx, context, wanted)
      const cut = piece && (await cutPiece(tx, context, { peer: state.peer, piece }))
      if (piece !== undefined && cut !== undefined)
        return { cut: { ...cut, plainBytes: piece.sealed.length }, lookAgainAt: undefined }
    }
  }
  if (laterMs.length === 0) return nothing
  return { cut: undefined, lookAgainAt: now() + Math.min(...laterMs) - time.nowMs() }
}

/** When it is our turn to give it; a commit does not wait for another machine, which has some files in a bucket. */
async function givenAtMs(context: SyncContext, { wisher, here, known }: Wanted): Promise<number> {
  const turn = turnMs(context, wisher, known?.owner)
  const nowMs = context.time.nowMs()
  if (turn > nowMs || here === undefined) return turn
  return (await context.files.blobs.isAtHand(here.hash)) ? turn : nowMs + BRINGING_LOOK_MS
}

/** Who may be given something there now, in their order. */
async function servedAt(
  tx: Tx,
  { roster }: SyncContext,
  state: ContactState,
): Promise<readonly Wisher[]> {
  const mayBe = ({ node, wish }: Wisher): boolean =>
    wish.isStale !== true &&
    (wish.isAsked || isFat(state)) &&
    roster.revokedSince(node) === undefined
  const all = (await wishesAt(tx, state.peer)).filter(mayBe)
  // At a post office one piece is for all who want it.
  const limitOf = (name: FileName): number =>
    smallestOf(all.flatMap((one) => (one.name === name ? [one.wish.pieceBytes] : [])))
  return all
    .map((one) => ({ ...one, wish: { ...one.wish, pieceBytes: limitOf(one.name) } }))
    .toSorted(
      (a, b) =>
        Number(b.wish.isAsked) - Number(a.wish.isAsked) ||
        Number(isLarge(a)) - Number(isLarge(b)) ||
        a.wish.heardMs - b.wish.heardMs,
    )
}

function isLarge({ wish }: Wisher): boolean {
  return wish.bytes > SMALL_BYTES_MAX
}

function flyingOf({ flying }: ContactState, name: FileName): Spans {
  return [...flying].flatMap(({ record: { piece } }): Spans =>
    piece?.name === name ? [[piece.from, piece.to]] : [],
  )
}

/** What is known here of a file: it is here, or on its way. */
interface Behind {
  readonly here: FileRecord | undefined
  readonly known: FileRecord | undefined
}

/** What is known here of what has this name on the way. */
export async function fileBehind(tx: Pick<Tx, 'get'>, name: FileName): Promise<Behind> {
  const id = unpack<FileId>(await tx.get(fileKey.named(name)))
  const here = id && unpack<FileRecord>(await tx.get(keptKey.file(id)))
  return { here, known: here ?? (await fetchOf(tx, name))?.file }
}

interface Wanted extends Behind {
  readonly state: ContactState
  readonly wisher: Wisher
  readonly spans: Spans
}

/** The first of what is wanted that is here, as large as the link takes in about two seconds. */
async function pieceFor(tx: Tx, context: SyncContext, wanted: Wanted): Promise<Piece | undefined> {
  const { here } = wanted
  return here === undefined ? fromPieces(tx, context, wanted) : fromBlob(context, wanted, here)
}

async function fromBlob(
  context: SyncContext,
  { state, wisher, spans }: Wanted,
  file: FileRecord,
): Promise<Piece | undefined> {
  const [[from, end] = [0, 0]] = spans
  const to = Math.min(end, from + plainBytesFor(state, wisher), file.bytes)
  const content = to > from ? await context.files.blobs.read(file.hash, { from, to }) : undefined
  if (content === undefined) return undefined
  const parts: Uint8Array[] = []
  for await (const part of content) parts.push(part)
  return sealed(context, { file, state, from, bytes: new Uint8Array(Buffer.concat(parts)) })
}

function sealed(
  { identity }: SyncContext,
  cut: {
    readonly file: FileRecord
    readonly state: ContactState
    readonly from: number
    readonly bytes: Uint8Array
  },
): Piece {
  const { file, state, from, bytes } = cut
  const isThin = (state.room?.parcelBytes ?? PIECE_BYTES_MAX) < PIECE_BYTES_MAX / 8
  const piece = sealPiece(fileKeyOf(identity.organisation, file), { from, bytes, isThin })
  const look = (state.files ??= newFileLook())
  look.share = Math.max(1 / GROWTH_MAX, piece.sealed.length / Math.max(1, bytes.length))
  return piece
}

/** How many bytes of a file make a parcel as large as the link takes, going by the last piece. */
function plainBytesFor({ room, files }: ContactState, { wish }: Wisher): number {
  const parcel = room?.parcelBytes ?? PIECE_BYTES_MAX
  const most = wish.pieceBytes === 0 ? parcel : Math.min(parcel, wish.pieceBytes)
  const plain = Math.round((most - AROUND_BYTES) / Math.min(1, files?.share ?? 1))
  return Math.min(PIECE_BYTES_MAX, Math.max(PIECE_BYTES_MIN, plain))
}

/** Of a file that is still on its way here, or that we only carry. */
async function fromPieces(
  tx: Tx,
  context: SyncContext,
  { state, wisher, spans, known: file }: Wanted,
): Promise<Piece | undefined> {
  const { name } = wisher
  for (const span of spans) {
    const piece = await storedIn(tx, name, span)
    if (piece === undefined) continue
    const plain = file && openPiece(fileKeyOf(context.identity.organisation, file), piece)
    if (file === undefined || plain === undefined) return piece
    const from = Math.max(piece.from, span[0])
    const to = Math.min(piece.to, span[1], from + plainBytesFor(state, wisher))
    const bytes = plain.subarray(from - piece.from, to - piece.from)
    return sealed(context, { file, state, from, bytes })
  }
  return undefined
}

/** The first piece that lies here with some of a stretch in it. */
async function storedIn(tx: Tx, name: FileName, [from, to]: Span): Promise<Piece | undefined> {
  const before = { ...fileRange.piecesBetween(name, 0, from + 1), reverse: true, limit: 1 }
  const after = { ...fileRange.piecesBetween(name, from + 1, to), limit: 1 }
  for (const [place, bytes] of [...(await tx.list(before)), ...(await tx.list(after))]) {
    const begin = Number(place.slice(place.lastIndexOf('/') + 1))
    const record = unpack<PieceRecord>(bytes)
    if (record !== undefined && record.to > from)
      return { name, from: begin, to: record.to, sealed: record.sealed }
  }
  return undefined
}
