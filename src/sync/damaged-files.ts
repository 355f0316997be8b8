/**
 * Files whose bytes are here and not what was written: a card rots, a file is cut short, overwritten or taken away. Found when somebody reads
 * them, and by reading all of them in turn, a few each hour. Such a file is as one that is lost (`lost-files.ts`): others are asked for it, and
 * the damaged bytes lie where they are until good ones take their place. Only what lies on this machine is read: a bucket looks
 * after its own bytes, and has each one paid for that is fetched.
 */
import { codeOf, EdgeError } from '#base/errors.ts'
import type { FileId } from '#base/ids.ts'
import type { BlobState } from '#ports/blobs.ts'
import type { Piece } from '#codec/piece.ts'
import type { Clock } from '#ports/clock.ts'
import type { SyncContext } from './context.ts'
import {
  FILES_CHECK_EVERY_MS,
  FILES_CHECK_FIRST_MS,
  FILES_CHECK_REST_MS,
  FILES_CHECK_TURNS,
} from './file-limits.ts'
import type { FileRecord } from './file-records.ts'
import { keptKey, keptRange } from './kept-keys.ts'
import { noteLost } from './lost-files.ts'
import { pack, unpack } from './records.ts'
import { keepSound, soundPieces } from './salvage.ts'
import type { Tx } from './replica.ts'

/** How far the blobs were checked: all up to this key, so many keys in each turn. */
interface BlobTurn {
  readonly after: string
  readonly share: number
}

/** Reads what is known to be damaged. Called before anything is read. */
export async function loadDamaged({
  files,
  replica,
}: Pick<SyncContext, 'files' | 'replica'>): Promise<void> {
  const { guard } = files.blobs
  for (const [place] of await replica.read.list(keptRange.damagedBlobs))
    guard.found(place.slice(place.lastIndexOf('/') + 1), 'damaged')
  doubtDamaged(files)
}

/** Somebody may have put back what was damaged: it is looked at again. */
export function doubtDamaged({ blobs: { guard } }: SyncContext['files']): void {
  for (const hash of guard.damaged) guard.suspects.add(hash)
  guard.bell.ring()
}

/** Looks at what is in doubt at once, and at everything else in its turn, until `signal` aborts. */
export async function keepFilesSound(
  context: SyncContext,
  clock: Clock,
  signal: AbortSignal,
): Promise<void> {
  const rest = async (): Promise<void> => {
    await clock.sleep(FILES_CHECK_REST_MS, signal)
    if (signal.aborted) throw new EdgeError('STOPPING', { reason: 'files are being checked' })
  }
  await Promise.all([
    settleDoubts(context, rest, signal),
    checkInTurn(context, { clock, rest }, signal),
  ])
}

type Rest = () => Promise<void>

async function settleDoubts(context: SyncContext, rest: Rest, signal: AbortSignal): Promise<void> {
  const { suspects, bell } = context.files.blobs.guard
  signal.addEventListener('abort', bell.ring)
  while (!signal.aborted) {
    await bell.rung()
    for (const hash of suspects) {
      if (signal.aborted) return
      await guarded(context, async () => {
        const state = await context.files.blobs.guard.check(hash, rest)
        suspects.delete(hash)
        await settle(context, hash, state)
      })
    }
  }
}

async function checkInTurn(
  context: SyncContext,
  { clock, rest }: { readonly clock: Clock; readonly rest: Rest },
  signal: AbortSignal,
): Promise<void> {
  await clock.sleep(FILES_CHECK_FIRST_MS, signal)
  while (!signal.aborted) {
    await guarded(context, () => checkSome(context, rest))
    context.files.blobs.guard.bell.ring() // what could not be looked at, as a bucket was away
    await clock.sleep(FILES_CHECK_EVERY_MS, signal)
  }
}

async function checkSome(context: SyncContext, rest: Rest): Promise<void> {
  const { replica, files } = context
  const { read } = replica
  const before = unpack<BlobTurn>(await read.get(keptKey.blobTurn))
  const turn = before === undefined || before.after === '' ? await newTurn(context) : before
  const { allBlobUses } = keptRange
  const from = turn.after === '' ? allBlobUses.from : `${turn.after}\0`
  const uses = await read.list({ ...allBlobUses, from, limit: turn.share })
  for (const hash of new Set(uses.map(([, bytes]) => unpack<string>(bytes)))) {
    if (hash === undefined || files.blobs.guard.damaged.has(hash)) continue
    const state = await files.blobs.guard.check(hash, rest)
    if (state === 'damaged') await settle(context, hash, state)
    await rest()
  }
  const [after = ''] = uses.length < turn.share ? [] : (uses.at(-1) ?? [])
  if (uses.length > 0 || turn.after !== '')
    await replica.commit(async (tx) =>
      tx.put(keptKey.blobTurn, pack({ ...turn, after } satisfies BlobTurn)),
    )
}

async function newTurn({ files }: SyncContext): Promise<BlobTurn> {
  const { length } = await files.blobs.all()
  return { after: '', share: Math.max(1, Math.ceil(length / FILES_CHECK_TURNS)) }
}

/** Notes what was found, in one commit with what follows for every file that has these bytes. */
async function settle(
  context: SyncContext,
  hash: string,
  state: BlobState | undefined,
): Promise<void> {
  const { replica, files, log } = context
  const { guard } = files.blobs
  // What has moved to a bucket is not fetched to look at it: whoever reads it looks.
  if (state === undefined && (await isElsewhere(context, hash))) {
    if (!guard.damaged.has(hash)) guard.found(hash, undefined)
    return
  }
  const isNew = state === 'damaged' && !guard.damaged.has(hash)
  const sound = isNew ? await soundOf(context, hash) : []
  await replica.commit(async (tx) => {
    const records = await recordsOf(tx, hash)
    const isNeeded = (await tx.list({ ...keptRange.blobUses(hash), limit: 1 })).length > 0
    if (state === 'damaged' && isNeeded) tx.put(keptKey.damagedBlob(hash), pack(context.now()))
    else tx.delete(keptKey.damagedBlob(hash))
    for (const record of records) await noteLost(tx, context, { record, isGone: state !== 'sound' })
    for (const one of sound) await keepSound(tx, context, one)
    tx.afterwards(() => guard.found(hash, isNeeded ? state : undefined))
  })
  if (isNew) log.warn('file.damaged', { count: 1 })
}

/** What can still be read of the files that have these bytes, read before the commit, which others wait for. */
async function soundOf(
  context: SyncContext,
  hash: string,
): Promise<readonly { readonly file: FileRecord; readonly pieces: readonly Piece[] }[]> {
  const [file] = await recordsOf(context.replica.read, hash)
  // Of several files with the same bytes the first that is back heals all.
  return file === undefined ? [] : [{ file, pieces: await soundPieces(context, file) }]
}

async function isElsewhere({ files }: SyncContext, hash: string): Promise<boolean> {
  const places = await files.blobs.places(new Set([hash]))
  return places.get(hash)?.place !== 'nowhere'
}

async function recordsOf(
  tx: Pick<Tx, 'get' | 'list'>,
  hash: string,
): Promise<readonly FileRecord[]> {
  const records: FileRecord[] = []
  for (const [place] of await tx.list(keptRange.blobUses(hash))) {
    const id = place.slice(place.lastIndexOf('/') + 1) as FileId
    const record = unpack<FileRecord>(await tx.get(keptKey.file(id)))
    if (record?.hash === hash) records.push(record)
  }
  return records
}

async function guarded({ log }: SyncContext, work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    const code = codeOf(error) ?? 'unknown'
    if (code !== 'STOPPING') log.warn('file.unchecked', { code })
  }
}
