/**
 * How much of files is kept, and what goes when it is more. What is held (legal hold) stays: messages of a held channel, or of a held person,
 * keep their files wherever these are. What no other node has goes never.
 */
import { FETCHED_BYTES_MAX, FILES_WAITING_MS } from '#base/limits.ts'
import type { MessageRecord } from '#model/view.ts'
import { dropFile, dropFilesOf as dropAllOf } from '#sync/file-fetching.ts'
import type { FileRecord } from '#sync/file-records.ts'
import { keptRange } from '#sync/kept-keys.ts'
import { key } from '#sync/keys.ts'
import { unpack } from '#sync/records.ts'
import type { AppContext } from './context.ts'
import type { Message } from './types.ts'

/** What a kit has fetched goes, the oldest first, where it is more than a kit keeps and is not held; it may be fetched again. */
export async function dropOldFetched(context: AppContext): Promise<void> {
  const { sync } = context
  if (sync.identity.certificate.role === 'hub') return
  const fetched = (await filesHere(context))
    .filter(({ isFetched, lost }) => isFetched === true && lost === undefined)
    .toSorted((a, b) => b.createdAt - a.createdAt)
  let left = FETCHED_BYTES_MAX
  for (const file of fetched) {
    left -= file.bytes
    if (left < 0 && !isHeld(context, file))
      await sync.replica.commit(async (tx) => dropFile(tx, sync, file))
  }
}

/** A message was deleted: its files go, too, unless they are held. */
export async function dropFilesOf(
  context: AppContext,
  { id, channel, author: owner }: Pick<Message, 'id' | 'channel' | 'author'>,
): Promise<void> {
  const { replica } = context.sync
  if (isHeld(context, { channel, owner })) return
  const held = await replica.read.list({ ...keptRange.filesOf(id), limit: 1 })
  if (held.length > 0) await replica.commit((tx) => dropAllOf(tx, context.sync, id))
}

/** What was deleted while it was held goes once it is held no more. */
export async function dropFilesOfDeleted(context: AppContext): Promise<void> {
  const { read } = context.sync.replica
  const messages = new Set((await filesHere(context)).map(({ message }) => message))
  for (const id of messages) {
    const message = id && unpack<MessageRecord>(await read.get(key.message(id)))
    if (message !== undefined && message.deletedAt !== 0) await dropFilesOf(context, message)
  }
}

/** Whether files of this channel or this person stay for now, whatever is wanted. */
function isHeld(
  { sync }: AppContext,
  { channel, owner }: Pick<FileRecord, 'channel' | 'owner'>,
): boolean {
  const { policy } = sync.directory()
  return policy.isHeld(channel) || policy.isPersonHeld(owner)
}

async function filesHere({ sync }: AppContext): Promise<readonly FileRecord[]> {
  const held = await sync.replica.read.list(keptRange.files)
  return held.flatMap(([, bytes]) => unpack<FileRecord>(bytes) ?? [])
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
        if (isForgotten(record)) await dropFile(tx, context.sync, record)
      })
}
