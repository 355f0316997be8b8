/**
 * How much somebody may hand in that no message has: files that are whole, what has come of others, and what is coming now, over all
 * connections together. Counted as it comes, so many at once take no more than one; what breaks off is given back.
 */
import { EdgeError } from '#base/errors.ts'
import type { UserId } from '#base/ids.ts'
import { WAITING_BYTES_MAX } from '#base/limits.ts'
import type { FileRecord } from '#sync/file-records.ts'
import { keptRange } from '#sync/kept-keys.ts'
import { unpack } from '#sync/records.ts'
import type { AppContext } from './context.ts'
import type { Upload } from './file-types.ts'

/** The quota of everybody. */
export interface UploadQuota {
  /** Refuses who has nothing left, before anything comes. @throws EdgeError TOO_LARGE */
  readonly insist: (subject: UserId) => Promise<void>
  /** Runs `work` with what comes from `source`, which fails with TOO_LARGE once it is too much. It is on disk, or gone, when `work` is done. */
  readonly within: <T>(
    subject: UserId,
    source: AsyncIterable<Uint8Array>,
    work: (source: AsyncIterable<Uint8Array>) => Promise<T>,
  ) => Promise<T>
}

/** What is coming from one person. */
interface Account {
  connections: number
  coming: number
  /** What is on disk; undefined when that may have changed, as it has so many times. */
  waiting: number | undefined
  changes: number
}

/** Nobody hands anything in yet. */
export function openUploadQuota(
  context: Pick<AppContext, 'sync'>,
  bytesMax = WAITING_BYTES_MAX,
): UploadQuota {
  const accounts = new Map<UserId, Account>()
  const insistOn = async (subject: UserId, account: Account): Promise<void> => {
    for (;;) {
      const { waiting, changes } = account
      if (waiting !== undefined && waiting + account.coming <= bytesMax) return
      if (waiting !== undefined) throw tooMuch(waiting + account.coming, bytesMax)
      const found = await waitingOf(context, subject)
      if (account.changes === changes) account.waiting = found
    }
  }
  return {
    insist: async (subject) => {
      const waiting = await waitingOf(context, subject)
      if (waiting >= bytesMax) throw tooMuch(waiting, bytesMax)
    },
    within: async (subject, source, work) => {
      const account = accounts.get(subject) ?? newAccount()
      accounts.set(subject, account)
      account.connections += 1
      noteChange(account) // a message may have taken some
      let own = 0
      async function* metered(): AsyncIterable<Uint8Array> {
        for await (const part of source) {
          own += part.length
          account.coming += part.length
          await insistOn(subject, account)
          yield part
        }
      }
      try {
        return await work(metered())
      } finally {
        account.coming -= own
        noteChange(account)
        account.connections -= 1
        if (account.connections === 0) accounts.delete(subject)
      }
    },
  }
}

/** Bytes on disk of what somebody has handed in that no message has. */
async function waitingOf({ sync }: Pick<AppContext, 'sync'>, subject: UserId): Promise<number> {
  const { read } = sync.replica
  const uploads = await read.list(keptRange.uploads(subject))
  const files = await read.list(keptRange.files)
  let bytes = 0
  for (const [, record] of uploads) bytes += unpack<Upload>(record)?.have ?? 0
  for (const [, record] of files) {
    const file = unpack<FileRecord>(record)
    if (file?.owner === subject && file.message === undefined) bytes += file.bytes
  }
  return bytes
}

function newAccount(): Account {
  return { connections: 0, coming: 0, waiting: undefined, changes: 0 }
}

function noteChange(account: Account): void {
  account.waiting = undefined
  account.changes += 1
}

function tooMuch(foundBytes: number, wantedBytesMax: number): EdgeError {
  const field = 'files that no message has'
  return new EdgeError('TOO_LARGE', { field, foundBytes, wantedBytesMax })
}
