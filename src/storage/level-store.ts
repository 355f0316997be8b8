/**
 * The store on a disk: LevelDB, written by one coalesced and synced batch at a time.
 *
 * LevelDB checks neither its log nor its tables well enough to be trusted alone: one flipped bit may lose a
 * block of entries or change a value without a word. Seal the values (`sealed-store.ts`) and look for holes.
 */
import type { Log } from '#ports/log.ts'
import type { Entry, Range, Store } from '#ports/store.ts'
import { openBatchQueue } from './batch-queue.ts'
import { compareKeys } from './key-order.ts'
import { removeRemains } from './level-folder.ts'
import { openLevel, type TextToBytes } from './level-open.ts'
import { dropDeleted, FIRST_KEY, LAST_KEY } from './level-purge.ts'
import { openLevelWriter } from './level-writer.ts'
import { storeClosed } from './store-errors.ts'

/** A store in a folder. */
export interface LevelStore extends Store {
  /** The files were damaged and have been repaired: entries may be missing, so look for holes. */
  readonly wasRepaired: boolean
}

/** Where the files are, and who hears of a repair. */
export interface LevelStoreOptions {
  /** Made when it is not there. Nothing else may be kept in it. */
  readonly folder: string
  readonly log: Log
}

/**
 * Opens the store in a folder. A batch that had failed may be there, whole, after the process has died.
 * @throws EdgeError DATA_FOLDER_IN_USE, STORE_FULL (opening needs room), STORE_BROKEN
 */
export async function openLevelStore({ folder, log }: LevelStoreOptions): Promise<LevelStore> {
  const { db, wasRepaired } = await openLevel(folder, log)
  const writer = openLevelWriter(db, folder)
  const queue = openBatchQueue(writer.write)
  let closing: Promise<void> | undefined

  const checkReadable = async (): Promise<void> => {
    if (closing !== undefined) throw storeClosed()
    if (!writer.isReadable()) await queue.alone(writer.recover)
  }
  const read = async <T>(job: (open: TextToBytes) => Promise<T>): Promise<T> => {
    await checkReadable()
    return writer.read(job)
  }
  const close = async (): Promise<void> => {
    await queue.end()
    await writer.close()
  }

  return {
    wasRepaired,
    get: (key) => read((open) => open.get(key)),
    getMany: (keys) => read((open) => open.getMany([...keys])),
    list: (range) => read((open) => listed(open, range)),
    write: (writes) => queue.add(writes),
    compact: async (range) => {
      await checkReadable()
      await dropDeleted(writer, queue, range)
      await removeRemains(folder)
    },
    [Symbol.asyncDispose]: () => (closing ??= close()),
  }
}

async function listed(db: TextToBytes, range: Range): Promise<readonly Entry[]> {
  const to = compareKeys(range.to, LAST_KEY) < 0 ? range.to : LAST_KEY
  const entries = db.iterator({
    ...(range.from === FIRST_KEY ? { gt: FIRST_KEY } : { gte: range.from }),
    lt: to,
    reverse: range.reverse ?? false,
    ...(range.limit === undefined ? {} : { limit: range.limit }),
  })
  return entries.all()
}
