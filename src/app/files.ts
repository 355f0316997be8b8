/**
 * Files: taken whole, sealed beside the store, and named by a message of whoever handed them in. Whoever may read that message
 * may read them. Of a message from another node the header is here, and the bytes once they were fetched (`sync/file-fetching.ts`).
 */
import { EdgeError } from '#base/errors.ts'
import { idFromBytes, type ChannelId, type FileId, type PostId, type UserId } from '#base/ids.ts'
import {
  FETCHED_BYTES_MAX,
  FILE_BYTES_MAX,
  FILE_NAME_CHARACTERS_MAX,
  FILE_TYPE_CHARACTERS_MAX,
  FILES_PER_MESSAGE_MAX,
  FILES_WAITING_MS,
} from '#base/limits.ts'
import type { FileHeader } from '#model/post-content.ts'
import type { Blob } from '#ports/blobs.ts'
import { dropFile, dropFilesOf as dropAllOf, noteHeld } from '#sync/file-fetching.ts'
import type { FileRecord } from '#sync/file-records.ts'
import { keptKey, keptRange } from '#sync/kept-keys.ts'
import { unpack } from '#sync/records.ts'
import type { Tx } from '#sync/replica.ts'
import { insistInChannel, type AppContext } from './context.ts'
import { openFetching, whereItIs } from './file-fetching.ts'
import type { FileDraft, Files, KnownFile } from './file-types.ts'
import { fileOf, knownFrom } from './known-file.ts'

type FileParts = Pick<
  Files,
  'keepFile' | 'file' | 'readFile' | 'fetchFile' | 'cancelFetch' | 'filesUnderWay'
>

/** The file part of the app. */
export function openFiles(context: AppContext): FileParts {
  return {
    keepFile: async (subject, draft, source) => {
      await insistOnFile(context, subject, draft)
      const id = newFileId(context)
      const owned = { ...draft, id, owner: subject }
      return await context.blobs.keep(source, FILE_BYTES_MAX, async (tx, blob) =>
        noteFile(tx, context, { ...owned, ...blob }),
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

/** A blob becomes a file, in the commit that takes it in. */
export function noteFile(
  tx: Tx,
  context: Pick<AppContext, 'sync' | 'blobs'>,
  file: FileDraft & Blob & { readonly id: FileId; readonly owner: UserId },
): KnownFile {
  const { id, name, type, channel, owner, hash, bytes } = file
  const createdAt = context.sync.now()
  const record: FileRecord = { id, name, type, bytes, hash, channel, owner, createdAt }
  noteHeld(tx, context.sync, record)
  context.blobs.use(tx, { hash, id })
  return knownFrom(context.sync, record, { here: record })
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
    headers.push({ id, name, type, bytes, hash })
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
    if (record !== undefined) noteHeld(tx, sync, { ...record, message })
  }
}

/** A message was deleted: its files go, too. */
export async function dropFilesOf(context: AppContext, message: PostId): Promise<void> {
  const { replica } = context.sync
  const held = await replica.read.list({ ...keptRange.filesOf(message), limit: 1 })
  if (held.length === 0) return
  await replica.commit(async (tx) => {
    await dropAllOf(tx, context.sync, message)
  })
}

/** What a kit has fetched unasked goes, the oldest first, where it is more than a kit keeps; it may be fetched again. */
export async function dropOldFetched({ sync }: AppContext): Promise<void> {
  if (sync.identity.certificate.role === 'hub') return
  const held = await sync.replica.read.list(keptRange.files)
  const fetched = held
    .flatMap(([, bytes]) => unpack<FileRecord>(bytes) ?? [])
    .filter(({ isFetched }) => isFetched === true)
    .toSorted((a, b) => b.createdAt - a.createdAt)
  let left = FETCHED_BYTES_MAX
  for (const file of fetched) {
    left -= file.bytes
    if (left < 0) await sync.replica.commit(async (tx) => dropFile(tx, sync, file))
  }
}

/** Files that no message has taken within a week go. */
export async function dropForgottenFiles(context: AppContext): Promise<void> {
  const { replica, now } = context.sync
  const isForgotten = (record: FileRecord | undefined): boolean =>
    record?.message === undefined && now() - (record?.createdAt ?? 0) > FILES_WAITING_MS
  for (const [place, bytes] of await replica.read.list(keptRange.files))
    if (isForgotten(unpack<FileRecord>(bytes)))
      await replica.commit(async (tx) => {
        const record = unpack<FileRecord>(await tx.get(place))
        if (isForgotten(record)) dropFile(tx, context.sync, record)
      })
}

function wrong(field: string, found: string, max: number): EdgeError {
  return new EdgeError('INPUT_INVALID', { field, found, wanted: `1 to ${max}` })
}
