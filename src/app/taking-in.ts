/**
 * Files as they come in: freed of the place where they were made, as the policy says, and looked at, so that everybody sees what they are
 * before any of it travels. Only then are they noted, in one commit.
 */
import { EdgeError } from '#base/errors.ts'
import type { FileId, UserId } from '#base/ids.ts'
import { SMALL_BYTES_MAX } from '#base/limits.ts'
import { patched } from '#media/patches.ts'
import { patchesOfPositions } from '#media/positions.ts'
import type { Blob, Blobs } from '#ports/blobs.ts'
import type { Look } from '#ports/previewer.ts'
import { noteHeld } from '#sync/file-fetching.ts'
import { smallRecord, type FileRecord } from '#sync/file-records.ts'
import type { Tx } from '#sync/replica.ts'
import type { AppContext } from './context.ts'
import type { FileDraft, KnownFile } from './file-types.ts'
import { knownFrom } from './known-file.ts'

/** A file that comes in. */
export interface Intake {
  readonly file: FileDraft & { readonly id: FileId; readonly owner: UserId }
  readonly source: AsyncIterable<Uint8Array>
  readonly bytesMax: number
  /** What else is done in the commit that takes it in. */
  readonly also?: (tx: Tx) => void
}

/** Bytes that are read at once to look for positions. */
const READ_BYTES = 65_536

/** Takes a file in. @throws EdgeError TOO_LARGE, STORE_FULL, INPUT_INVALID when positions cannot be taken out */
export function takeIn(context: AppContext, intake: Intake): Promise<KnownFile> {
  const { blobs, previewer, sync } = context
  const { file, also } = intake
  return blobs.take(async (write) => {
    const blob = await clean(context, intake, write)
    const look = await previewer?.look({
      bytes: blob.bytes,
      read: (span) => blobs.read(blob.hash, span),
    })
    const small = look?.small && (await write(once(look.small), SMALL_BYTES_MAX))
    return sync.replica.commit(async (tx) => {
      also?.(tx)
      return note(tx, context, { file, blob, look, small })
    })
  })
}

/** The file without its positions, unless they may stay. */
async function clean(
  { blobs, sync }: AppContext,
  { file, source, bytesMax }: Intake,
  write: Blobs['write'],
): Promise<Blob> {
  const blob = await write(source, bytesMax)
  const rule = sync.directory().policy.positionsOf(file.channel)
  if (rule === 'keep' || (rule === 'ask' && file.keepsPosition === true)) return blob
  const { bytes } = blob
  const patches = await patchesOfPositions({ bytes, readAt: readerOf(blobs, blob) })
  if (patches.length === 0) return blob
  const content = await blobs.read(blob.hash)
  // What was written just now and cannot be read is no empty file.
  if (content === undefined) throw new EdgeError('STORE_BROKEN', { part: 'blob', reason: 'absent' })
  return write(patched(content, patches), bytes)
}

/** Reads a blob here and there; what lies near the last place is not read again. */
function readerOf(
  blobs: Pick<Blobs, 'read'>,
  { hash, bytes }: Blob,
): (from: number, to: number) => Promise<Uint8Array> {
  let near: { readonly from: number; readonly bytes: Uint8Array } | undefined
  return async (from, to) => {
    const end = Math.min(to, bytes)
    if (from >= end) return new Uint8Array(0)
    if (near === undefined || from < near.from || end > near.from + near.bytes.length) {
      const span = { from, to: Math.min(bytes, Math.max(end, from + READ_BYTES)) }
      near = {
        from,
        bytes: Buffer.concat(await Array.fromAsync((await blobs.read(hash, span)) ?? [])),
      }
    }
    return Uint8Array.from(near.bytes.subarray(from - near.from, end - near.from))
  }
}

interface Taken {
  readonly file: Intake['file']
  readonly blob: Blob
  readonly look: Look | undefined
  readonly small: Blob | undefined
}

function note(tx: Tx, context: AppContext, { file, blob, look, small }: Taken): KnownFile {
  const { id, name, type, channel, owner } = file
  const record: FileRecord = {
    id,
    name,
    type,
    channel,
    owner,
    bytes: blob.bytes,
    hash: blob.hash,
    createdAt: context.sync.now(),
    ...(look && { preview: look.preview }),
    ...(small && { small: { bytes: small.bytes, hash: small.hash } }),
  }
  for (const one of [record, smallRecord(record)]) {
    if (one === undefined) continue
    noteHeld(tx, context.sync, one)
    context.blobs.use(tx, { hash: one.hash, id: one.id })
  }
  return knownFrom(context.sync, record, { here: record })
}

async function* once(bytes: Uint8Array): AsyncIterable<Uint8Array> {
  yield bytes
}
