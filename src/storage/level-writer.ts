/**
 * Writes batches to LevelDB and gets it going again after a write has failed.
 *
 * LevelDB 1.20 goes on after a failed write, on top of a log whose last record is torn: what it takes from then
 * on is in memory only, and an acknowledged batch was gone after the next start (measured 2026 on a full disk).
 * After a failed sync or table write it refuses everything for good. So a failed write always ends that life of
 * the database: before the next one it is closed and opened again. Reads go on from the old life until then.
 *
 * A batch whose sync failed may stand in the log whole and come back on the way. Its writer was told that nothing
 * is kept, so the values from before it are written again before anybody reads.
 */
import { EdgeError } from '#base/errors.ts'
import type { Write } from '#ports/store.ts'
import { checkRoom } from './level-folder.ts'
import type { TextToBytes } from './level-open.ts'
import { openReadGate } from './read-gate.ts'
import { isDamage, storeError } from './store-errors.ts'

/** One database, its writer and its readers. `write` and `recover` are for one caller at a time. */
export interface LevelWriter {
  /** Whether reads show exactly what was acknowledged. Else `recover` first. */
  readonly isReadable: () => boolean
  /** All of `writes` in one synced batch, or none. @throws EdgeError STORE_FULL, STORE_BROKEN */
  readonly write: (writes: readonly Write[]) => Promise<void>
  /** Does nothing while all is well; after a failed write, opens the database again. */
  readonly recover: () => Promise<void>
  /** Closes the database, repairs its files and opens it again. */
  readonly repair: () => Promise<void>
  /** How often that was done. */
  readonly repairs: () => number
  /** Runs `job` on the database while it stays open. */
  readonly read: <T>(job: (db: TextToBytes) => Promise<T>) => Promise<T>
  /** Waits for the readers, then closes the database. */
  readonly close: () => Promise<void>
}

/** What happened since the last write that went well. */
type Health =
  | { readonly state: 'well' }
  /** `undo` holds what the keys of the failed batch held before it. */
  | { readonly state: 'failed'; readonly undo: readonly Write[]; readonly isReadable: boolean }
  | { readonly state: 'lost' }

/** A writer on `db`, whose files are in `folder`; `repairFiles` repairs them while the database is closed. */
export function openLevelWriter(
  db: TextToBytes,
  folder: string,
  repairFiles: () => Promise<void>,
): LevelWriter {
  const gate = openReadGate()
  let health: Health = { state: 'well' }
  let repairs = 0

  const repair = async (): Promise<void> => {
    const undo = health.state === 'failed' ? health.undo : []
    await gate.keep(async () => {
      health = { state: 'failed', undo, isReadable: false }
      await db.close()
      await repairFiles()
      await db.open()
      await putBatch(db, undo)
      repairs += 1
      health = { state: 'well' }
    })
  }

  const recover = async (): Promise<void> => {
    if (health.state === 'well') return
    if (health.state === 'lost') throw new EdgeError('STORE_BROKEN', { reason: 'unknown content' })
    const { undo } = health
    await checkRoom(folder)
    await gate.keep(async () => {
      health = { state: 'failed', undo, isReadable: false }
      await db.close()
      await db.open()
      await putBatch(db, undo)
      health = { state: 'well' }
    })
  }
  const write = async (writes: readonly Write[]): Promise<void> => {
    await orStoreError(recover())
    try {
      await putBatch(db, writes)
    } catch (error) {
      health = { state: 'lost' }
      // It takes nothing any more, and would not after another opening: what it was told is there whole, or not at all.
      if (isDamage(error)) await orStoreError(repair())
      if (isDamage(error)) throw storeError(error)
      const undo = await orStoreError(presentValues(db, writes))
      health = { state: 'failed', undo, isReadable: true }
      throw storeError(error)
    }
  }

  return {
    isReadable: () => health.state === 'well' || (health.state === 'failed' && health.isReadable),
    write,
    recover: () => orStoreError(recover()),
    repair: () => orStoreError(repair()),
    repairs: () => repairs,
    read: (job) => gate.read(() => orStoreError(job(db))),
    close: () => orStoreError(gate.keep(() => db.close())),
  }
}

async function putBatch(db: TextToBytes, writes: readonly Write[]): Promise<void> {
  if (writes.length === 0) return
  const steps = writes.map(({ key, value }) =>
    value === undefined ? ({ type: 'del', key } as const) : ({ type: 'put', key, value } as const),
  )
  await db.batch(steps, { sync: true })
}

/** What the keys of `writes` hold now, as the writes that would bring it back. */
async function presentValues(db: TextToBytes, writes: readonly Write[]): Promise<readonly Write[]> {
  const keys = [...new Set(writes.map((each) => each.key))]
  const values = await db.getMany(keys)
  return keys.map((key, at) => ({ key, value: values[at] }))
}

async function orStoreError<T>(work: Promise<T>): Promise<T> {
  try {
    return await work
  } catch (error) {
    throw storeError(error)
  }
}
