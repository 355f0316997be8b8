/**
 * Files that come in parts. Each part is on disk before it counts, so a phone that went away goes on where it was, whatever broke in
 * between. Parts are blobs of their own until the file is whole.
 */
import { codeOf, EdgeError } from '#base/errors.ts'
import type { FileId, Instant, UserId } from '#base/ids.ts'
import { FILE_BYTES_MAX, FILES_WAITING_MS, UPLOAD_PARTS_MAX, UPLOADS_MAX } from '#base/limits.ts'
import { keptKey, keptRange } from '#sync/kept-keys.ts'
import { pack, unpack } from '#sync/records.ts'
import type { Tx } from '#sync/replica.ts'
import type { AppContext } from './context.ts'
import type { Files, KnownFile, Upload } from './file-types.ts'
import { insistOnFile, newFileId } from './files.ts'
import { takeIn } from './taking-in.ts'
import type { UploadQuota } from './upload-quota.ts'

/** A file of which some has come: its parts in their order. */
interface UploadRecord extends Upload {
  readonly parts: readonly string[]
  readonly touchedAt: Instant
}

type Uploads = Pick<Files, 'beginUpload' | 'upload' | 'uploads' | 'continueUpload'>

/** The part of the app that takes files in parts. */
export function openUploads(context: AppContext, quota: UploadQuota): Uploads {
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
      await quota.insist(subject)
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
        const next = await quota.within(subject, source, (metered) =>
          takePart(context, record, metered),
        )
        return next.have < next.bytes ? undefined : await finish(context, next)
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
      if (record !== undefined) dropParts(tx, context, record)
    })
  }
}

/** Takes what comes now, and gives what is there then. */
async function takePart(
  context: AppContext,
  record: UploadRecord,
  source: AsyncIterable<Uint8Array>,
): Promise<UploadRecord> {
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
  return next
}

/** How many of the parts were read whole, and how many bytes those have; whether the next is damaged or gone. */
interface Reading {
  parts: number
  bytes: number
  isBroken: boolean
}

async function finish(context: AppContext, record: UploadRecord): Promise<KnownFile> {
  const reading: Reading = { parts: 0, bytes: 0, isBroken: false }
  try {
    return await takeIn(context, {
      file: record,
      source: inOrder(context, record.parts, reading),
      bytesMax: record.bytes,
      also: (tx) => {
        tx.delete(keptKey.upload(record.owner, record.id))
        dropParts(tx, context, record)
      },
    })
  } catch (error) {
    if (reading.isBroken) await goBack(context, record, reading)
    throw error
  }
}

/** What lies behind a part that cannot be read has to come again; whoever asks is told so. */
function goBack(
  { blobs, sync }: AppContext,
  record: UploadRecord,
  { parts, bytes: have }: Reading,
): Promise<void> {
  return sync.replica.commit(async (tx) => {
    const back: UploadRecord = { ...record, parts: record.parts.slice(0, parts), have }
    tx.put(keptKey.upload(record.owner, record.id), pack(back))
    dropParts(tx, { blobs }, { ...record, from: parts })
  })
}

function dropParts(
  tx: Tx,
  { blobs }: Pick<AppContext, 'blobs'>,
  { id, parts, from = 0 }: Pick<UploadRecord, 'id' | 'parts'> & { readonly from?: number },
): void {
  for (const [at, hash] of parts.entries())
    if (at >= from) blobs.drop(tx, { hash, id: `${id}.${at}` })
}

async function* inOrder(
  { blobs }: AppContext,
  parts: readonly string[],
  reading: Reading,
): AsyncIterable<Uint8Array> {
  try {
    for (const hash of parts) {
      const content = await blobs.read(hash)
      if (content === undefined)
        throw new EdgeError('STORE_BROKEN', { part: 'blob', reason: 'absent' })
      let bytes = 0
      for await (const part of content) {
        bytes += part.length
        yield part
      }
      reading.parts += 1
      reading.bytes += bytes
    }
  } catch (error) {
    reading.isBroken = codeOf(error) === 'STORE_BROKEN'
    throw error
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
