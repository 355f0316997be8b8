/**
 * Fetching files: which are wanted here, what of them has come, and making them whole. What came is on disk with the note of it in
 * one commit, so a power cut costs no piece; a file is shown to nobody before its hash is right.
 */
import { codeOf } from '#base/errors.ts'
import type { NodeId, PostId } from '#base/ids.ts'
import { FETCH_UNASKED_BYTES_MAX, FILE_BYTES_MAX } from '#base/limits.ts'
import { bytesIn, joinSpans, withoutSpans, type Spans } from '#base/spans.ts'
import { fileKeyOf, openPiece, type FileName, type Piece } from '#codec/piece.ts'
import { wantedOf } from '#codec/wish.ts'
import type { FileHeader } from '#model/post-content.ts'
import type { MessageRecord } from '#model/view.ts'
import type { PeerId } from '#ports/carrier.ts'
import { isNode, type Outcome, type SyncContext } from './context.ts'
import { dropPieces, endFetch, fetchOf, putFetch } from './file-desk.ts'
import {
  fileIdIn,
  fileKey,
  fileRange,
  smallRecord,
  type FetchRecord,
  type FileRecord,
  type PieceRecord,
} from './file-records.ts'
import { noteCame, noteVain } from './file-asked.ts'
import { carryAgain, dropWish, noteGiven, wishesFor } from './file-wishes.ts'
import { noteFound } from './file-words.ts'
import { keptKey, keptRange } from './kept-keys.ts'
import { pack, unpack } from './records.ts'
import type { Tx } from './replica.ts'
import { FETCHES_MAX } from './file-limits.ts'

/** What a file is called on its way. */
export function nameOf(context: SyncContext, header: Pick<FileHeader, 'id' | 'hash'>): FileName {
  return fileKeyOf(context.identity.organisation, header).name
}

/** A file is here from now on: others may ask for it. */
export function noteHeld(tx: Tx, context: SyncContext, file: FileRecord): void {
  const name = nameOf(context, file)
  tx.put(keptKey.file(file.id), pack(file))
  tx.put(fileKey.named(name), pack(file.id))
  if (file.message !== undefined) tx.put(keptKey.fileOf(file.message, file.id), pack(name))
}

/** It is here no longer: who wants it is given it by others. */
export async function dropFile(
  tx: Tx,
  context: SyncContext,
  file: FileRecord | undefined,
): Promise<void> {
  if (file === undefined) return
  const name = nameOf(context, file)
  tx.delete(keptKey.file(file.id))
  tx.delete(fileKey.named(name))
  context.files.blobs.drop(tx, file)
  await carryAgain(tx, context, name)
}

/** A message is gone: so are its files, what has come of them, and what others want of them. */
export async function dropFilesOf(tx: Tx, context: SyncContext, message: PostId): Promise<void> {
  for (const [place, bytes] of await tx.list(keptRange.filesOf(message))) {
    const name = unpack<FileName>(bytes) ?? ''
    tx.delete(place)
    for (const wisher of await wishesFor(tx, name)) await dropWish(tx, context, wisher)
    const held = await tx.get(keptKey.file(fileIdIn(place)))
    await dropFile(tx, context, unpack<FileRecord>(held))
    await stopFetch(tx, context, name)
  }
}

/** The files of a message that came from elsewhere are wanted: by headquarters all of them, by a kit what is not too large. */
export async function wantFilesOf(
  tx: Tx,
  context: SyncContext,
  message: MessageRecord,
): Promise<void> {
  const isHub = context.identity.certificate.role === 'hub'
  const bytesMax = isHub ? FILE_BYTES_MAX : FETCH_UNASKED_BYTES_MAX
  for (const header of message.files ?? []) {
    // The first message that names a file has it.
    const seen = unpack<PostId>(await tx.get(keptKey.fileSeen(header.id)))
    if (seen !== message.id) continue
    const file = recordOf(message, header)
    for (const one of [smallRecord(file), file])
      if (one !== undefined && one.bytes <= bytesMax)
        await beginFetch(tx, context, { file: one, isAsked: false })
  }
}

/** A file as it will stand here; what it looks like is said by its message. */
function recordOf(message: MessageRecord, header: FileHeader): FileRecord {
  const { channel, author: owner, createdAt, id } = message
  const { preview: _preview, ...file } = header
  return { ...file, channel, owner, createdAt, message: id, isFetched: true }
}

/** Puts a file on its way here, unless it is here, or on its way; asked for, it goes by costly links, too. */
export async function beginFetch(
  tx: Tx,
  context: SyncContext,
  { file, isAsked }: { readonly file: FileRecord; readonly isAsked: boolean },
): Promise<void> {
  const { files, now, time } = context
  const name = nameOf(context, file)
  if ((await tx.get(fileKey.named(name))) !== undefined) return
  const before = await fetchOf(tx, name)
  if (before?.file !== undefined && (before.isAsked || !isAsked)) return
  if (before === undefined && !isAsked && files.open.size >= FETCHES_MAX) return
  const begun = { since: now(), begunMs: time.nowMs(), movedMs: 0 }
  const fresh = { ...begun, have: [], givers: [], liars: [] }
  const { bytes } = file
  const have = withoutSpans(before?.have ?? [], [[bytes, Infinity]])
  const fetch: FetchRecord = { ...fresh, ...before, bytes, have, file, isAsked }
  putFetch(tx, files, { name, fetch })
  if (file.message !== undefined) tx.put(keptKey.fileOf(file.message, file.id), pack(name))
  tx.afterwards(() => lookAgain(context))
}

/** A file is wanted here no more; what came of it goes. */
export async function stopFetch(tx: Tx, context: SyncContext, name: FileName): Promise<void> {
  const fetch = await fetchOf(tx, name)
  if (fetch?.file === undefined) return
  await endFetch(tx, context, name)
  await carryAgain(tx, context, name)
}

function lookAgain({ files, ring }: SyncContext): void {
  files.changed()
  files.bell.ring()
  ring()
}

/** Whether more may be taken in from whoever sealed it. */
function isTaken({ liars, bytes }: FetchRecord, piece: Piece, by: NodeId): boolean {
  return !liars.includes(by) && piece.to <= bytes
}

/** A piece, who sealed it, and who handed it over. */
interface CamePiece {
  readonly piece: Piece
  readonly by: NodeId
  readonly from: PeerId | undefined
}

/** Takes a piece that has come: for ourselves, or for others who want it. Whatever nobody here wants is let go of. */
export async function takePiece(
  tx: Tx,
  context: SyncContext,
  { piece, by, from }: CamePiece,
): Promise<Outcome> {
  const { name } = piece
  // Everybody at a post office has it by this.
  if (from !== undefined && !isNode(from)) {
    await noteGiven(tx, context, { peer: from, name, spans: [[piece.from, piece.to]], by })
    await noteFound(tx, { peer: from, name, by })
  }
  if (from !== undefined) await noteCame(tx, context, { peer: from, piece })
  const fetch = await fetchOf(tx, name)
  if (fetch !== undefined && !isTaken(fetch, piece, by)) return { kind: 'noted' }
  if (fetch?.file !== undefined) {
    const key = fileKeyOf(context.identity.organisation, fetch.file)
    if (openPiece(key, piece) === undefined) {
      putFetch(tx, context.files, { name, fetch: { ...fetch, liars: [...fetch.liars, by] } })
      tx.afterwards(() => lookAgain(context))
      return { kind: 'refused', reason: 'not authentic' }
    }
  }
  const lacking = fetch === undefined ? [] : withoutSpans([[piece.from, piece.to]], fetch.have)
  if (fetch !== undefined && lacking.length > 0) keepPiece(tx, context, { piece, by, from, fetch })
  else if (from !== undefined) await noteVain(tx, context, { peer: from, name, fetch })
  return { kind: 'noted' }
}

function keepPiece(
  tx: Tx,
  context: SyncContext,
  { piece, by, from, fetch }: CamePiece & { readonly fetch: FetchRecord },
): void {
  const { name, sealed, to } = piece
  tx.put(fileKey.piece(name, piece.from), pack({ to, sealed } satisfies PieceRecord))
  const have = joinSpans(fetch.have, [[piece.from, to]])
  const givers = fetch.givers.includes(by) ? fetch.givers : [...fetch.givers, by]
  const movedMs = context.time.nowMs()
  const source = from === undefined ? fetch.source : { peer: from, atMs: movedMs }
  putFetch(tx, context.files, { name, fetch: { ...fetch, source, have, givers, movedMs } })
  const isWhole = fetch.file !== undefined && bytesIn(have) === fetch.bytes
  tx.afterwards(() => {
    if (isWhole) context.files.bell.ring()
    context.ring()
    if (fetch.file !== undefined && percentOf(have, fetch) > percentOf(fetch.have, fetch))
      context.emit({ kind: 'file', file: fetch.file, have: bytesIn(have), isWhole: false })
  })
}

function percentOf(have: Spans, { bytes }: FetchRecord): number {
  return Math.floor((100 * bytesIn(have)) / Math.max(1, bytes))
}

/** Makes whole what has all come, until the signal aborts. */
export async function keepMakingWhole(context: SyncContext, signal: AbortSignal): Promise<void> {
  const { files, replica, log } = context
  signal.addEventListener('abort', files.bell.ring)
  while (!signal.aborted) {
    await files.bell.rung()
    for (const name of files.open) {
      if (signal.aborted) break
      try {
        const fetch = unpack<FetchRecord>(await replica.read.get(fileKey.fetch(name)))
        if (fetch?.file !== undefined && wantedOf(fetch.bytes, fetch.have).length === 0)
          await makeWhole(context, { name, file: fetch.file })
      } catch (error) {
        const code = codeOf(error) ?? 'unknown'
        if (code !== 'STOPPING') log.warn('file.failed', { code })
      }
    }
  }
}

async function makeWhole(
  context: SyncContext,
  { name, file }: { readonly name: FileName; readonly file: FileRecord },
): Promise<void> {
  const { files } = context
  const source = bytesOf(context, { name, file })
  const isRight = await files.blobs.keep(source, file.bytes, async (tx, blob) => {
    const fetch = await fetchOf(tx, name)
    if (fetch?.file === undefined) return undefined // it was cancelled meanwhile
    const isSame = blob.hash === file.hash
    if (!isSame) {
      const liars = [...new Set([...fetch.liars, ...fetch.givers])]
      await dropPieces(tx, name)
      const again = { ...fetch, have: [], readAt: [], givers: [], liars, source: undefined }
      putFetch(tx, files, { name, fetch: again })
      return false
    }
    noteHeld(tx, context, fetch.file)
    files.blobs.use(tx, { hash: file.hash, id: file.id })
    await endFetch(tx, context, name)
    return true
  })
  if (isRight === undefined) return
  if (isRight) context.emit({ kind: 'file', file, have: file.bytes, isWhole: true })
  else {
    context.log.warn('file.wrong', { bytes: file.bytes })
    lookAgain(context)
  }
}

/** The bytes of a file of which all pieces are here. They may overlap: each holder cuts as its link allows. */
async function* bytesOf(
  { identity, replica }: SyncContext,
  { name, file }: { readonly name: FileName; readonly file: FileRecord },
): AsyncIterable<Uint8Array> {
  const key = fileKeyOf(identity.organisation, file)
  let at = 0
  let from = 0
  while (at < file.bytes) {
    const next = { ...fileRange.piecesBetween(name, from, file.bytes), limit: 1 }
    const [found] = await replica.read.list(next)
    if (found === undefined) return // a hash will tell
    const [place, bytes] = found
    const begin = Number(place.slice(place.lastIndexOf('/') + 1))
    const { to = begin, sealed = new Uint8Array(0) } = unpack<PieceRecord>(bytes) ?? {}
    const plain = openPiece(key, { name, from: begin, to, sealed })
    if (plain !== undefined && to > at && begin <= at) {
      yield plain.subarray(at - begin)
      at = to
    }
    from = begin + 1
  }
}
