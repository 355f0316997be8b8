/**
 * What of a damaged file is still sound lies as pieces that have come: of a large file with one bad place on its disk others are asked
 * for that place alone. Each stretch was proved as it was read, and the whole file is by its hash once all of it is here.
 */
import { bytesIn, joinSpans, withoutSpans } from '#base/spans.ts'
import { fileKeyOf, sealPiece, type Piece } from '#codec/piece.ts'
import type { SyncContext } from './context.ts'
import { fetchOf, putFetch } from './file-desk.ts'
import { nameOf } from './file-fetching.ts'
import { SALVAGE_BYTES_MAX } from './file-limits.ts'
import { fileKey, type FileRecord, type PieceRecord } from './file-records.ts'
import { pack } from './records.ts'
import type { Tx } from './replica.ts'

/** Bytes that are tried at once: half of what is damaged at once on a disk. */
const STRETCH_BYTES = 32_768

/** The sound stretches of a file as pieces, so many as fit in one commit; none of what others do not have. */
export async function soundPieces(
  { files, identity }: SyncContext,
  file: FileRecord,
): Promise<readonly Piece[]> {
  if (file.message === undefined) return []
  const key = fileKeyOf(identity.organisation, file)
  const pieces: Piece[] = []
  let left = SALVAGE_BYTES_MAX
  for (let from = 0; from < file.bytes && left > 0; from += STRETCH_BYTES) {
    const to = Math.min(file.bytes, from + STRETCH_BYTES)
    const bytes = await files.blobs.guard.readDamaged(file.hash, { from, to })
    if (bytes === undefined) continue
    left -= bytes.length
    pieces.push(sealPiece(key, { from, bytes }))
  }
  return pieces
}

/** Puts them where what has come of the file lies, in the commit that begins to fetch it. */
export async function keepSound(
  tx: Tx,
  context: SyncContext,
  { file, pieces }: { readonly file: FileRecord; readonly pieces: readonly Piece[] },
): Promise<void> {
  const name = nameOf(context, file)
  const fetch = await fetchOf(tx, name)
  if (fetch?.file === undefined) return
  let { have } = fetch
  for (const { from, to, sealed } of pieces) {
    if (withoutSpans([[from, to]], have).length === 0) continue
    tx.put(fileKey.piece(name, from), pack({ to, sealed } satisfies PieceRecord))
    have = joinSpans(have, [[from, to]])
  }
  putFetch(tx, context.files, { name, fetch: { ...fetch, have } })
  if (bytesIn(have) === fetch.bytes) tx.afterwards(context.files.bell.ring)
}
