/**
 * Fetching files: which are wanted here, what of them has come, and making them whole. What came is on disk with the note of it in
 * one commit, so a power cut costs no piece; a file is shown to nobody before its hash is right.
 */
import { codeOf } from '#base/errors.ts'
import type { NodeId, PostId } from '#base/ids.ts'
import { FETCH_UNASKED_BYTES_MAX, FETCHES_MAX, FILE_BYTES_MAX } from '#base/limits.ts'
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
  type FetchRecord,
  type FileRecord,
  type PieceRecord,
} from './file-records.ts'
import { noteGiven, sayNoMore, wishesFor } from './file-wishes.ts'
import { keptKey, keptRange } from './kept-keys.ts'
import { pack, unpack } from './records.ts'
import type { Tx } from './replica.ts'

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

/** It is here no longer. */
export function dropFile(tx: Tx, context: SyncContext, file: FileRecord | undefined): void {
  if (file === undefined) return
  tx.delete(keptKey.file(file.id))
  tx.delete(fileKey.named(nameOf(context, file)))
  context.files.blobs.drop(tx, file)
}

/** A message is gone: so are its files, and what has come of them. */
export async function dropFilesOf(tx: Tx, context: SyncContext, message: PostId): Promise<void> {
  for (const [place, name] of await tx.list(keptRange.filesOf(message))) {
    tx.delete(place)
    dropFile(tx, context, unpack<FileRecord>(await tx.get(keptKey.file(fileIdIn(place)))))
    await stopFetch(tx, context, unpack<FileName>(name) ?? '')
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
    if (seen !== message.id || header.bytes > bytesMax) continue
    await beginFetch(tx, context, { file: recordOf(message, header), isAsked: false })
  }
}

/** A file as it will stand here. */
function recordOf(message: MessageRecord, header: FileHeader): FileRecord {
  const { channel, author: owner, createdAt, id } = message
  return { ...header, channel, owner, createdAt, message: id, isFetched: true }
}

/** Puts a file on its way here, unless it is here, or on its way; asked for, it goes by costly links, too. */
export async function beginFetch(
  tx: Tx,
  context: SyncContext,
  { file, isAsked }: { readonly file: FileRecord; readonly isAsked: boolean },
): Promise<void> {
  const { files, now } = context
  const name = nameOf(context, file)
  if ((await tx.get(fileKey.named(name))) !== undefined) return
  const before = await fetchOf(tx, name)
  if (before?.file !== undefined && (before.isAsked || !isAsked)) return
  if (before === undefined && !isAsked && files.open.size >= FETCHES_MAX) return
  const fresh = { have: [], since: now(), movedAt: 0, givers: [], liars: [] }
  const { bytes } = file
  const fetch: FetchRecord = { ...fresh, ...before, bytes, file, isAsked, hops: 0 }
  putFetch(tx, files, { name, fetch })
  if (file.message !== undefined) tx.put(keptKey.fileOf(file.message, file.id), pack(name))
  tx.afterwards(() => lookAgain(context))
}

/** A file is wanted here no more; what came of it goes. */
export async function stopFetch(tx: Tx, context: SyncContext, name: FileName): Promise<void> {
  const fetch = await fetchOf(tx, name)
  if (fetch?.file === undefined) return
  await endFetch(tx, context.files, name)
  sayNoMore(tx, context, { name, fetch })
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

/** Takes a piece that has come: for ourselves, or for others who want it. Whatever nobody here wants is let go of. */
export async function takePiece(
  tx: Tx,
  context: SyncContext,
  arrival: {
    readonly piece: Piece
    readonly by: NodeId
    readonly from: PeerId | undefined
  },
): Promise<Outcome> {
  const { piece, by, from } = arrival
  // Everybody at a post office has it by this.
  if (from !== undefined && !isNode(from)) await noteGiven(tx, context, { peer: from, piece })
  const fetch = await fetchOf(tx, piece.name)
  if (fetch === undefined || !isTaken(fetch, piece, by)) return { kind: 'noted' }
  if (fetch.file !== undefined) {
    const key = fileKeyOf(context.identity.organisation, fetch.file)
    if (openPiece(key, piece) === undefined) return { kind: 'refused', reason: 'not authentic' }
  }
  const { name } = piece
  const isNews = withoutSpans([[piece.from, piece.to]], fetch.have).length > 0
  if (!isNews) return { kind: 'noted' }
  const { sealed, to } = piece
  tx.put(fileKey.piece(name, piece.from), pack({ to, sealed } satisfies PieceRecord))
  const have = joinSpans(fetch.have, [[piece.from, to]])
  const givers = fetch.givers.includes(by) ? fetch.givers : [...fetch.givers, by]
  const movedAt = context.now()
  const { source } = fetch
  const asked = source && { source: { ...source, times: 0 } }
  const after = { ...fetch, ...asked, have, givers, movedAt }
  putFetch(tx, context.files, { name, fetch: after })
  const isWhole = fetch.file !== undefined && bytesIn(have) === fetch.bytes
  tx.afterwards(() => {
    if (isWhole) context.files.bell.ring()
    context.ring()
    if (fetch.file !== undefined && percentOf(have, fetch) > percentOf(fetch.have, fetch))
      context.emit({ kind: 'file', file: fetch.file, have: bytesIn(have), isWhole: false })
  })
  return { kind: 'noted' }
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
      const again = { ...fetch, have: [], givers: [], liars, source: undefined }
      putFetch(tx, files, { name, fetch: again })
      return false
    }
    noteHeld(tx, context, fetch.file)
    files.blobs.use(tx, { hash: file.hash, id: file.id })
    const isWanted = (await wishesFor(tx, name)).length > 0
    await endFetch(tx, files, name)
    if (isWanted) tx.afterwards(context.ring)
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
