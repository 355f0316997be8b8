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
import { noteSettled, removeRemains } from './level-folder.ts'
import { openLevel, repairFolder, type TextToBytes } from './level-open.ts'
import { dropDeleted, FIRST_KEY, LAST_KEY } from './level-purge.ts'
import { openLevelWriter } from './level-writer.ts'
import { isDamage, storeClosed } from './store-errors.ts'

/** A process that has run so long, in milliseconds, was not ended by what stands in its tables: a node has read them by then. */
const SETTLED_MS = 120_000
/** Entries in a page: a document's own bytes are the largest of them. */
const PAGE_ENTRIES = 64

/** A store in a folder. */
export interface LevelStore extends Store {
  /** The files were damaged and have been repaired: entries may be missing, so look for holes. */
  readonly wasRepaired: boolean
  /** Everything as it was at the first page, in key order, while writing goes on. @throws EdgeError STORE_BROKEN after a repair */
  readonly pages: () => AsyncIterable<readonly Entry[]>
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
  await noteSettled(folder, false)
  const settling = setTimeout(() => void settle(folder), SETTLED_MS).unref()
  const writer = openLevelWriter(db, folder, () => repairFolder(folder, log))
  const queue = openBatchQueue(writer.write)
  let closing: Promise<void> | undefined

  const checkReadable = async (): Promise<void> => {
    if (closing !== undefined) throw storeClosed()
    if (!writer.isReadable()) await queue.alone(writer.recover)
  }
  const read = async <T>(job: (open: TextToBytes) => Promise<T>): Promise<T> => {
    await checkReadable()
    const before = writer.repairs()
    try {
      return await writer.read(job)
    } catch (error) {
      if (!isDamage(error)) throw error
      // A table that cannot be read stays so; what of it can be used is saved once, whoever met it first.
      await queue.alone(async () => {
        if (writer.repairs() === before) await writer.repair()
      })
      return writer.read(job)
    }
  }
  const close = async (): Promise<void> => {
    clearTimeout(settling)
    await queue.end()
    await writer.close()
    await settle(folder)
  }

  return {
    wasRepaired,
    get: (key) => read((open) => open.get(key)),
    getMany: (keys) => read((open) => open.getMany([...keys])),
    list: (range) => read((open) => listed(open, range)),
    write: (writes) => queue.add(writes),
    pages: () => pagesOf(read),
    compact: async (range) => {
      await checkReadable()
      await dropDeleted(writer, queue, range)
      await removeRemains(folder)
    },
    [Symbol.asyncDispose]: () => (closing ??= close()),
  }
}

/** Where it cannot be noted the next start looks over the tables, and that is all. */
async function settle(folder: string): Promise<void> {
  await noteSettled(folder, true).catch(() => undefined)
}

type Read = <T>(job: (open: TextToBytes) => Promise<T>) => Promise<T>

async function* pagesOf(read: Read): AsyncGenerator<readonly Entry[], void> {
  const snapshot = await read(async (open) => open.snapshot())
  try {
    let after = FIRST_KEY
    for (;;) {
      const range = { gt: after, lt: LAST_KEY, limit: PAGE_ENTRIES, snapshot }
      const page = await read((open) => open.iterator(range).all())
      if (page.length > 0) yield page
      const last = page.at(-1)
      if (last === undefined) return
      after = last[0]
    }
  } finally {
    await snapshot.close()
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
