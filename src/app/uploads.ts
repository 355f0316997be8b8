/**
 * Files that come in parts. Each part is on disk before it counts, so a phone that went away goes on where it was, whatever broke in
 * between. Parts are blobs of their own until the file is whole.
 */
import { EdgeError } from '#base/errors.ts'
import type { FileId, Instant, UserId } from '#base/ids.ts'
import { FILE_BYTES_MAX, FILES_WAITING_MS, UPLOAD_PARTS_MAX, UPLOADS_MAX } from '#base/limits.ts'
import { keptKey, keptRange } from '#sync/kept-keys.ts'
import { pack, unpack } from '#sync/records.ts'
import type { AppContext } from './context.ts'
import type { Files, KnownFile, Upload } from './file-types.ts'
import { insistOnFile, newFileId } from './files.ts'
import { takeIn } from './taking-in.ts'

/** A file of which some has come: its parts in their order. */
interface UploadRecord extends Upload {
  readonly parts: readonly string[]
  readonly touchedAt: Instant
}

type Uploads = Pick<Files, 'beginUpload' | 'upload' | 'uploads' | 'continueUpload'>

/** The part of the app that takes files in parts. */
export function openUploads(context: AppContext): Uploads {
  const { replica, now } = context.sync
  /** Two connections must not both go on with one file. */
  const busy = new Set<FileId>()
  const recordOf = async (subject: UserId, id: FileId): Promise<UploadRecord> => {
    const record = unpack<UploadRecord>(await replica.read.get(keptKey.upload(subject, id)))
    if (record === undefined) throw new EdgeError('NOT_FOUND', { what: 'upload', id })
    return record
  }
  return {
    beginUpload: async (subject, draft) => {
      await insistOnFile(context, subject, draft)
      if (draft.bytes > FILE_BYTES_MAX || draft.bytes < 1) throw wrongSize(draft.bytes)
      const { channel, name, type, bytes, keepsPosition = false } = draft
      const at = now()
      const id = newFileId(context)
      const upload: Upload = {
        id,
        channel,
        name,
        type,
        bytes,
        keepsPosition,
        owner: subject,
        have: 0,
        createdAt: at,
      }
      const record: UploadRecord = { ...upload, parts: [], touchedAt: at }
      await replica.commit(async (tx) => {
        const held = await tx.list({ ...keptRange.uploads(subject), limit: UPLOADS_MAX })
        if (held.length === UPLOADS_MAX)
          throw new EdgeError('TOO_MANY_REQUESTS', { field: 'uploads', wanted: UPLOADS_MAX })
        tx.put(keptKey.upload(subject, id), pack(record))
      })
      return upload
    },
    upload: recordOf,
    uploads: async (subject) => {
      const held = await replica.read.list(keptRange.uploads(subject))
      return held.flatMap(([, bytes]) => unpack<UploadRecord>(bytes) ?? [])
    },
    continueUpload: async (subject, id, source) => {
      if (busy.has(id))
        throw new EdgeError('ALREADY_EXISTS', { what: 'connection that goes on with this upload' })
      busy.add(id)
      try {
        const record = await recordOf(subject, id)
        await insistOnFile(context, subject, record)
        return await goOn(context, record, source)
      } finally {
        busy.delete(id)
      }
    },
  }
}

/** Uploads that nobody has gone on with for a week go, with all that came of them. */
export async function dropForgottenUploads(context: AppContext): Promise<void> {
  const { replica, now } = context.sync
  for (const [place, bytes] of await replica.read.list(keptRange.allUploads)) {
    const record = unpack<UploadRecord>(bytes)
    if (record !== undefined && now() - record.touchedAt <= FILES_WAITING_MS) continue
    await replica.commit(async (tx) => {
      tx.delete(place)
      for (const [at, hash] of (record?.parts ?? []).entries())
        context.blobs.drop(tx, { hash, id: `${record?.id}.${at}` })
    })
  }
}

async function goOn(
  context: AppContext,
  record: UploadRecord,
  source: AsyncIterable<Uint8Array>,
): Promise<KnownFile | undefined> {
  const { blobs, sync } = context
  const { id, owner } = record
  if (record.parts.length >= UPLOAD_PARTS_MAX)
    throw new EdgeError('TOO_LARGE', { field: 'parts', wantedMax: UPLOAD_PARTS_MAX })
  const broken: { error?: unknown } = {}
  const lacking = record.bytes - record.have
  const next = await blobs.keep(asFarAsItComes(source, broken), lacking, async (tx, part) => {
    const after: UploadRecord = {
      ...record,
      parts: part.bytes === 0 ? record.parts : [...record.parts, part.hash],
      have: record.have + part.bytes,
      touchedAt: sync.now(),
    }
    if (part.bytes > 0) blobs.use(tx, { hash: part.hash, id: `${id}.${record.parts.length}` })
    tx.put(keptKey.upload(owner, id), pack(after))
    return after
  })
  if (broken.error !== undefined) throw broken.error
  return next.have < next.bytes ? undefined : finish(context, next)
}

function finish(context: AppContext, record: UploadRecord): Promise<KnownFile> {
  return takeIn(context, {
    file: record,
    source: inOrder(context, record.parts),
    bytesMax: record.bytes,
    also: (tx) => {
      tx.delete(keptKey.upload(record.owner, record.id))
      for (const [at, hash] of record.parts.entries())
        context.blobs.drop(tx, { hash, id: `${record.id}.${at}` })
    },
  })
}

async function* inOrder(
  { blobs }: AppContext,
  parts: readonly string[],
): AsyncIterable<Uint8Array> {
  for (const hash of parts) {
    const content = await blobs.read(hash)
    if (content === undefined)
      throw new EdgeError('STORE_BROKEN', { part: 'blob', reason: 'absent' })
    yield* content
  }
}

/** What comes before the connection breaks; how it broke is told. */
async function* asFarAsItComes(
  source: AsyncIterable<Uint8Array>,
  broken: { error?: unknown },
): AsyncIterable<Uint8Array> {
  try {
    yield* source
  } catch (error) {
    broken.error = error
  }
}

function wrongSize(found: number): EdgeError {
  return new EdgeError('INPUT_INVALID', {
    field: 'file_size',
    found,
    wanted: `1 to ${FILE_BYTES_MAX} bytes`,
  })
}
