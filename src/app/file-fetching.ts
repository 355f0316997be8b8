/** Fetching files that are not here, as people ask for it. */
import { codeOf } from '#base/errors.ts'
import { beginFetch, nameOf, stopFetch } from '#sync/file-fetching.ts'
import { fileRange, type FetchRecord, type FileRecord } from '#sync/file-records.ts'
import { unpack } from '#sync/records.ts'
import type { AppContext } from './context.ts'
import type { Files, KnownFile } from './file-types.ts'
import { fileOf } from './known-file.ts'

/** The part of the app that fetches files. */
export function openFetching(
  context: AppContext,
): Pick<Files, 'fetchFile' | 'cancelFetch' | 'filesUnderWay'> {
  const { sync } = context
  const { replica } = sync
  return {
    fetchFile: async (subject, id) => {
      const file = await fileOf(context, subject, id)
      if (file.isHere) return file
      await sync.room.insist()
      const { name, type, bytes, hash, channel, owner, createdAt, message } = file
      const header = { id, name, type, bytes, hash }
      const record: FileRecord = {
        ...header,
        channel,
        owner,
        createdAt,
        isFetched: true,
        ...(message !== undefined && { message }),
      }
      await replica.commit((tx) => beginFetch(tx, sync, { file: record, isAsked: true }))
      return fileOf(context, subject, id)
    },
    cancelFetch: async (subject, id) => {
      const file = await fileOf(context, subject, id)
      await replica.commit((tx) => stopFetch(tx, sync, nameOf(sync, file)))
      return fileOf(context, subject, id)
    },
    filesUnderWay: async (subject) => {
      const found: KnownFile[] = []
      for (const [, bytes] of await replica.read.list(fileRange.fetches)) {
        const id = unpack<FetchRecord>(bytes)?.file?.id
        const file = id && (await fileOf(context, subject, id).catch(unlessHidden))
        if (file !== undefined) found.push(file)
      }
      return found.toSorted((a, b) => turnOf(a) - turnOf(b) || a.createdAt - b.createdAt)
    },
  }
}

function turnOf({ fetch }: KnownFile): number {
  return fetch?.isAsked === true ? 0 : 1
}

function unlessHidden(error: unknown): undefined {
  if (codeOf(error) !== 'NOT_FOUND') throw error
}

/** What is here of a file whose bytes are not. */
export function whereItIs({ originName, fetch, have, bytes }: KnownFile): string {
  const about = `its header; it is on ${originName}`
  return fetch === undefined ? about : `${about}, and ${have} of ${bytes} bytes have come`
}
