/** Opens a LevelDB folder, and repairs it first where its files are damaged. */
import { Level } from 'level'
import { assert } from '#base/assert.ts'
import type { Log } from '#ports/log.ts'
import { copySmallFiles, countLost, isHeadless, isToBeChecked } from './level-folder.ts'
import { isDamage, storeError } from './store-errors.ts'
import { markDamagedBlocks } from './table-check.ts'

/** LevelDB with keys as text and values as bytes. */
export type TextToBytes = Level<string, Uint8Array> & Compacting

/** What the `level` package has on a disk and does not declare, since browsers lack it. */
interface Compacting {
  /** Rewrites the tables of the keys from `start` to `end`, both included. */
  readonly compactRange: (start: string, end: string) => Promise<void>
}

/**
 * LevelDB maps every table that it has open into memory, and what of it was read once stays resident: with tables of 2 MB and a
 * thousand of them open, as they are unless said otherwise, a node that has read its disk through is as large as its disk. With 64
 * open, the fewest it takes, of half a megabyte each, it is 32 MB. Sealed values do not compress, so what is read is not in its
 * cache as well.
 */
const TABLES = { maxFileSize: 512 * 1024, maxOpenFiles: 74, cacheSize: 2 * 1024 * 1024 }

interface Repairing {
  readonly repair: (folder: string) => Promise<void>
}

/** An open database, and whether it had to be repaired for that. */
export interface Opened {
  readonly db: TextToBytes
  readonly wasRepaired: boolean
}

/**
 * Opens the database in `folder`, making it when it is not there.
 *
 * A repair keeps every table and log that can still be read. Whatever it could not use is in the folder `lost`,
 * and the node has to look for holes: damage inside a log loses entries without a word.
 * @throws EdgeError DATA_FOLDER_IN_USE, STORE_FULL, STORE_BROKEN
 */
export async function openLevel(folder: string, log: Log): Promise<Opened> {
  try {
    // What ended the process may be in a table: LevelDB does not bear all damage there.
    const isMarked = (await isToBeChecked(folder)) && (await markDamagedBlocks(folder)) > 0
    const isSound = !isMarked && !(await isHeadless(folder))
    if (isSound) return { db: await opened(folder), wasRepaired: false }
  } catch (error) {
    if (!isDamage(error)) throw storeError(error)
  }
  try {
    return { db: await repaired(folder, log), wasRepaired: true }
  } catch (error) {
    throw storeError(error)
  }
}

async function opened(folder: string): Promise<TextToBytes> {
  const db = new Level<string, Uint8Array>(folder, {
    keyEncoding: 'utf8',
    valueEncoding: 'view',
    ...TABLES,
  })
  assert(isCompacting(db), 'LevelDB can compact a range')
  await db.open()
  return db
}

async function repaired(folder: string, log: Log): Promise<TextToBytes> {
  await repairFolder(folder, log)
  return opened(folder)
}

/** Repairs the files of a database that is closed, as `openLevel` does: what cannot be read is put aside. */
export async function repairFolder(folder: string, log: Log): Promise<void> {
  log.warn('store.damaged')
  await copySmallFiles(folder)
  await markDamagedBlocks(folder)
  const kind: unknown = Level
  assert(isRepairing(kind), 'LevelDB can repair a folder')
  await kind.repair(folder)
  log.warn('store.repaired', { lost: await countLost(folder) })
}

function isCompacting(db: object): db is Compacting {
  return 'compactRange' in db && typeof db.compactRange === 'function'
}

function isRepairing(kind: unknown): kind is Repairing {
  return typeof kind === 'function' && 'repair' in kind && typeof kind.repair === 'function'
}
