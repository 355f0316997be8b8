/** Fetching files that are not here, as people ask for it. */
import { codeOf, EdgeError } from '#base/errors.ts'
import { beginFetch, nameOf, stopFetch } from '#sync/file-fetching.ts'
import { fileRange, smallRecord, type FetchRecord, type FileRecord } from '#sync/file-records.ts'
import { leaveLost } from '#sync/lost-files.ts'
import { unpack } from '#sync/records.ts'
import type { AppContext } from './context.ts'
import type { Files, KnownFile, Quality } from './file-types.ts'
import { fileOf } from './known-file.ts'

/** The part of the app that fetches files. */
export function openFetching(
  context: AppContext,
): Pick<Files, 'fetchFile' | 'cancelFetch' | 'filesUnderWay'> {
  const { sync } = context
  const { replica } = sync
  return {
    fetchFile: async (subject, id, quality = 'whole') => {
      const known = await fileOf(context, subject, id)
      if ((quality === 'whole' ? known : known.little)?.isHere === true) return known
      await sync.room.insist()
      const file = recordFor(known, quality)
      await replica.commit((tx) => beginFetch(tx, sync, { file, isAsked: true }))
      return fileOf(context, subject, id)
    },
    cancelFetch: async (subject, id, quality = 'whole') => {
      const file = recordFor(await fileOf(context, subject, id), quality)
      await replica.commit(async (tx) => {
        await leaveLost(tx, file)
        await stopFetch(tx, sync, nameOf(sync, file))
      })
      return fileOf(context, subject, id)
    },
    filesUnderWay: async (subject) => {
      const fetches = (await replica.read.list(fileRange.fetches)).flatMap(
        ([, bytes]) => unpack<FetchRecord>(bytes)?.file ?? [],
      )
      const found: KnownFile[] = []
      for (const id of new Set(fetches.map((file) => file.of ?? file.id))) {
        const file = await fileOf(context, subject, id).catch(unlessHidden)
        if (file !== undefined) found.push(file)
      }
      return found.toSorted((a, b) => turnOf(a) - turnOf(b) || a.createdAt - b.createdAt)
    },
  }
}

/** A file as it will stand here, or its small picture. @throws EdgeError NOT_FOUND when it has none */
function recordFor(known: KnownFile, quality: Quality): FileRecord {
  const { id, name, type, bytes, hash, small } = known
  const { channel, owner, createdAt, message } = known
  const file: FileRecord = {
    id,
    name,
    type,
    bytes,
    hash,
    channel,
    owner,
    createdAt,
    isFetched: true,
    ...(small && { small }),
    ...(message !== undefined && { message }),
  }
  const record = quality === 'whole' ? file : smallRecord(file)
  if (record === undefined) throw new EdgeError('NOT_FOUND', { what: 'small picture', id })
  return record
}

function turnOf({ fetch, little }: KnownFile): number {
  return fetch?.isAsked === true || little?.fetch?.isAsked === true ? 0 : 1
}

function unlessHidden(error: unknown): undefined {
  if (codeOf(error) !== 'NOT_FOUND') throw error
}

/** What is here of a file whose bytes are not. */
export function whereItIs({ originName, isLost, fetch, have, bytes }: KnownFile): string {
  const about = `its header; ${isLost ? 'its bytes were lost here' : `it is on ${originName}`}`
  return fetch === undefined ? about : `${about}, and ${have} of ${bytes} bytes have come`
}
