/**
 * Files whose bytes are gone although this node had them, or damaged: from a damaged disk, or after a restore, from a bucket that was not
 * saved or is not the right one. Others are asked for them. What needs the bytes is not forgotten meanwhile: should the right bucket
 * be back, they are there.
 */
import { beginFetch, nameOf, noteHeld, stopFetch } from './file-fetching.ts'
import { fileKey, type FileRecord } from './file-records.ts'
import { keptKey, keptRange } from './kept-keys.ts'
import { pack, unpack } from './records.ts'
import type { SyncContext } from './context.ts'
import type { Tx } from './replica.ts'

/** Looks where the bytes of every file are, and asks for what is lost. What cannot be told now stays as it is. */
export async function lookForLost(context: SyncContext): Promise<void> {
  const { replica, files, log } = context
  const records = (await replica.read.list(keptRange.files)).flatMap(
    ([, bytes]) => unpack<FileRecord>(bytes) ?? [],
  )
  const places = await files.blobs.places(new Set(records.map(({ hash }) => hash)))
  let count = 0
  for (const record of records) {
    const place = places.get(record.hash)?.place ?? 'unknown'
    const isGone = place === 'nowhere' || place === 'damaged'
    if (place === 'unknown' || isSettled(record, isGone)) continue
    if (isGone && record.lost === undefined) count += 1
    await replica.commit((tx) => noteLost(tx, context, { record, isGone }))
  }
  if (count > 0) log.warn('file.lost', { count })
}

/** Somebody does not want to wait for it: it is not asked for again by itself. */
export async function leaveLost(tx: Tx, { id }: Pick<FileRecord, 'id'>): Promise<void> {
  const record = unpack<FileRecord>(await tx.get(keptKey.file(id)))
  if (record?.lost !== undefined)
    tx.put(keptKey.file(id), pack({ ...record, lost: 'left' } satisfies FileRecord))
}

/** Notes in a commit that the bytes of a file are gone, or are back; nothing where that is known. */
export async function noteLost(
  tx: Tx,
  context: SyncContext,
  { record, isGone }: { readonly record: FileRecord; readonly isGone: boolean },
): Promise<void> {
  const now = unpack<FileRecord>(await tx.get(keptKey.file(record.id)))
  if (now === undefined || now.hash !== record.hash || now.lost !== record.lost) return
  if (isSettled(now, isGone)) return
  const { lost: _lost, ...file } = now
  const name = nameOf(context, file)
  if (!isGone) {
    noteHeld(tx, context, file)
    return stopFetch(tx, context, name)
  }
  tx.put(keptKey.file(file.id), pack({ ...file, lost: 'wanted' } satisfies FileRecord))
  tx.delete(fileKey.named(name))
  // What no message has, no other node has.
  if (file.message !== undefined)
    await beginFetch(tx, context, { file: { ...file, isFetched: true }, isAsked: false })
}

function isSettled({ lost }: FileRecord, isGone: boolean): boolean {
  return isGone ? lost === 'left' : lost === undefined
}
