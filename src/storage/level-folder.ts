/**
 * The files of a LevelDB folder, where they need a hand that LevelDB does not lend: telling damage from a new
 * folder, a copy before a repair, room before a reopening, and no remains of either after a purge.
 */
import { copyFile, mkdir, open, readdir, rm, stat, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { EdgeError } from '#base/errors.ts'
import { storeError } from './store-errors.ts'

/** Folders of copies kept; the oldest goes first. */
const COPIES_MAX = 3
/** Larger files are not copied: tables are what a repair reads, and it moves away what it cannot use. */
const COPIED_BYTES_MAX = 16 << 20
/** A table takes no more than this of the log it is written from. */
const TABLE_PER_LOG = 1.25
/** Room that LevelDB needs beside its tables to open: a new manifest, a new log, and some air. */
const AIR_BYTES = 1 << 20
const COPY_NAME = /^before-repair-(\d+)$/
/** So much is looked over at every start: a few hundredths of a second. */
const CHECKED_BYTES_MAX = 4 << 20
/** There from the opening until it is known to have gone well. */
const UNSETTLED_NAME = 'unsettled'
/** Where LevelDB's own repair puts what it could not use. */
const LOST_NAME = 'lost'

/**
 * Whether the folder holds data and no CURRENT file. LevelDB takes it for a new folder then, begins an empty
 * database, and deletes the data as left over.
 */
export async function isHeadless(folder: string): Promise<boolean> {
  const names = await namesIn(folder)
  return !names.includes('CURRENT') && names.some((name) => /^\d+\.(ldb|sst|log)$/.test(name))
}

/** Copies everything but the tables to a folder inside, for whoever wants to know what happened. */
export async function copySmallFiles(folder: string): Promise<void> {
  const names = await namesIn(folder)
  const numbers = names.flatMap((name) => COPY_NAME.exec(name)?.[1] ?? []).map(Number)
  const oldest = numbers.toSorted((a, b) => a - b).slice(0, -(COPIES_MAX - 1))
  await Promise.all(oldest.map((number) => removeTree(join(folder, `before-repair-${number}`))))

  const target = join(folder, `before-repair-${Math.max(0, ...numbers) + 1}`)
  await mkdir(target)
  for (const name of names.filter((each) => /^(CURRENT|MANIFEST-.*|LOG.*|.*\.log)$/.test(each))) {
    const { size } = await stat(join(folder, name))
    if (size <= COPIED_BYTES_MAX) await copyFile(join(folder, name), join(target, name))
  }
}

/**
 * Whether the tables are to be looked over: they are few, or the process that used the folder last ended soon after it had
 * opened it, by whatever.
 */
export async function isToBeChecked(folder: string): Promise<boolean> {
  const names = await namesIn(folder)
  const tables = names.filter((name) => /^\d+\.(?:ldb|sst)$/.test(name))
  if (tables.length === 0) return false
  if (names.includes(UNSETTLED_NAME)) return true
  const sizes = await Promise.all(tables.map(async (name) => (await stat(join(folder, name))).size))
  return sizes.reduce((sum, size) => sum + size, 0) <= CHECKED_BYTES_MAX
}

/** Notes that the folder is being opened, or that all is well with it. */
export async function noteSettled(folder: string, isSettled: boolean): Promise<void> {
  const file = join(folder, UNSETTLED_NAME)
  if (isSettled) await rm(file, { force: true })
  else await writeFile(file, '')
}

/** How many files the last repair put aside because it could not use them. */
export async function countLost(folder: string): Promise<number> {
  const names = await namesIn(join(folder, LOST_NAME))
  return names.filter((name) => /\.(ldb|sst)$/.test(name)).length
}

/** Removes what repairs left behind: it may hold what has been purged since. */
export async function removeRemains(folder: string): Promise<void> {
  const names = await namesIn(folder)
  const remains = names.filter((name) => name === LOST_NAME || COPY_NAME.test(name))
  await Promise.all(remains.map((name) => removeTree(join(folder, name))))
}

/**
 * Makes sure that LevelDB can be opened again once it is closed: opening writes the logs' content into tables.
 * Asks the file system first and then tries, since quotas show only on trying.
 * @throws EdgeError STORE_FULL
 */
export async function checkRoom(folder: string): Promise<void> {
  const logs = (await namesIn(folder)).filter((name) => name.endsWith('.log'))
  const sizes = await Promise.all(logs.map(async (name) => (await stat(join(folder, name))).size))
  const wanted = sizes.reduce((sum, size) => sum + Math.ceil(size * TABLE_PER_LOG), AIR_BYTES)
  const { bavail, bsize } = await statfs(folder)
  if (bavail * bsize < wanted)
    throw new EdgeError('STORE_FULL', { foundBytes: bavail * bsize, wantedBytes: wanted })
  await tryRoom(join(folder, 'room-probe'), wanted)
}

async function tryRoom(file: string, bytes: number): Promise<void> {
  const handle = await open(file, 'w')
  try {
    const piece = new Uint8Array(1 << 16)
    for (let left = bytes; left > 0; left -= piece.length) await handle.write(piece)
    await handle.sync()
  } catch (error) {
    // A limit per file says nothing about the room for LevelDB's several files.
    if (!hasCode(error, 'EFBIG')) throw storeError(error)
  } finally {
    await handle.close()
    await rm(file, { force: true })
  }
}

async function namesIn(folder: string): Promise<readonly string[]> {
  try {
    return await readdir(folder)
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return []
    throw error
  }
}

async function removeTree(folder: string): Promise<void> {
  await rm(folder, { recursive: true, force: true })
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}
