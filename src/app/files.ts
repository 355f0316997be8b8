/**
 * Files: taken whole, sealed beside the store, and named by a message of whoever handed them in. Whoever may read that message
 * may read them. Of a message from another node the header is here, and the bytes once they were fetched (`sync/file-fetching.ts`).
 */
import { EdgeError } from '#base/errors.ts'
import { idFromBytes, type ChannelId, type FileId, type PostId, type UserId } from '#base/ids.ts'
import {
  FILE_BYTES_MAX,
  FILE_NAME_CHARACTERS_MAX,
  FILE_TYPE_CHARACTERS_MAX,
  FILES_PER_MESSAGE_MAX,
  PREVIEWS_BYTES_MAX,
} from '#base/limits.ts'
import type { FileHeader } from '#model/post-content.ts'
import { bytesOfPreview } from '#model/preview.ts'
import { noteHeld } from '#sync/file-fetching.ts'
import { smallRecord, type FileRecord } from '#sync/file-records.ts'
import { keptKey } from '#sync/kept-keys.ts'
import { unpack } from '#sync/records.ts'
import type { Tx } from '#sync/replica.ts'
import { insistInChannel, type AppContext } from './context.ts'
import { openFetching, whereItIs } from './file-fetching.ts'
import type { FileDraft, Files } from './file-types.ts'
import { fileOf } from './known-file.ts'
import { takeIn } from './taking-in.ts'
import type { UploadQuota } from './upload-quota.ts'

type FileParts = Pick<
  Files,
  'keepFile' | 'file' | 'readFile' | 'readSmall' | 'fetchFile' | 'cancelFetch' | 'filesUnderWay'
>

/** The file part of the app. */
export function openFiles(context: AppContext, quota: UploadQuota): FileParts {
  return {
    keepFile: async (subject, draft, source) => {
      await insistOnFile(context, subject, draft)
      await quota.insist(subject)
      const file = { ...draft, id: newFileId(context), owner: subject }
      return quota.within(subject, source, (metered) =>
        takeIn(context, { file, source: metered, bytesMax: FILE_BYTES_MAX }),
      )
    },
    file: (subject, id) => fileOf(context, subject, id),
    readFile: async (subject, id, span) => {
      const file = await fileOf(context, subject, id)
      const content = file.isHere ? await context.blobs.read(file.hash, span) : undefined
      if (content !== undefined) return content
      const found = file.isHere ? 'its header; its bytes were lost' : whereItIs(file)
      throw new EdgeError('NOT_FOUND', { what: 'file', found })
    },
    readSmall: async (subject, id) => {
      const { little } = await fileOf(context, subject, id)
      return little?.isHere === true ? context.blobs.read(little.hash) : undefined
    },
    ...openFetching(context),
  }
}

/** Refuses what nobody could post anyway, before anything of it comes. */
export async function insistOnFile(
  context: AppContext,
  subject: UserId,
  draft: FileDraft,
): Promise<void> {
  if (draft.name === '' || draft.name.length > FILE_NAME_CHARACTERS_MAX)
    throw wrong('filename', `${draft.name.length} characters`, FILE_NAME_CHARACTERS_MAX)
  if (draft.type.length > FILE_TYPE_CHARACTERS_MAX)
    throw wrong('type', `${draft.type.length} characters`, FILE_TYPE_CHARACTERS_MAX)
  const { channel } = draft
  await insistInChannel(context, subject, { channel, action: 'post' })
  await insistInChannel(context, subject, { channel, action: 'send files' })
  await context.sync.room.insist()
}

/** An id for something that is kept here. */
export function newFileId({ random }: Pick<AppContext, 'random'>): FileId {
  return idFromBytes<FileId>(random.bytes(16))
}

/** The headers of the files of a new message. @throws EdgeError INPUT_INVALID, NOT_FOUND */
export async function headersFor(
  tx: Tx,
  subject: UserId,
  draft: { readonly channel: ChannelId; readonly files?: readonly FileId[] },
): Promise<readonly FileHeader[]> {
  const ids = [...new Set(draft.files ?? [])]
  if (ids.length > FILES_PER_MESSAGE_MAX)
    throw wrong('file_ids', `${ids.length} files`, FILES_PER_MESSAGE_MAX)
  const headers: FileHeader[] = []
  let room = PREVIEWS_BYTES_MAX
  for (const file of ids) {
    const record = unpack<FileRecord>(await tx.get(keptKey.file(file)))
    if (record?.owner !== subject) throw new EdgeError('NOT_FOUND', { what: 'file', id: file })
    const { id, name, type, bytes, hash, channel, message } = record
    if (channel !== draft.channel || message !== undefined)
      throw new EdgeError('INPUT_INVALID', {
        field: 'file_ids',
        found: message === undefined ? 'a file of another channel' : 'a file of another message',
        wanted: 'files that were handed in for this channel and are in no message yet',
      })
    const header = { id, name, type, bytes, hash, ...(record.small && { small: record.small }) }
    const { preview } = record
    if (preview !== undefined) room -= bytesOfPreview(preview).length
    headers.push(preview === undefined || room < 0 ? header : { ...header, preview })
  }
  return headers
}

/** The message that was just written has them. */
export async function attachFiles(
  tx: Tx,
  { sync }: AppContext,
  { message, headers }: { readonly message: PostId; readonly headers: readonly FileHeader[] },
): Promise<void> {
  for (const { id } of headers) {
    const record = unpack<FileRecord>(await tx.get(keptKey.file(id)))
    const small = record && smallRecord(record)
    if (record !== undefined) noteHeld(tx, sync, { ...record, message })
    if (small !== undefined) noteHeld(tx, sync, { ...small, message })
  }
}

function wrong(field: string, found: string, max: number): EdgeError {
  return new EdgeError('INPUT_INVALID', { field, found, wanted: `1 to ${max}` })
}
