/** Sticks as the system has them: folders of its file system. What lies there may be anything; nothing is followed. */
import { constants } from 'node:fs'
import { lstat, open, opendir, realpath, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import type { StickDisk, StickReading } from '#ports/stick.ts'
import { codeFrom, folderInvalid, wordOf } from './courier-stick.ts'

/** Not through a link, and not waiting for whoever is at the other end of a pipe; Windows knows neither. */
const READ_ONLY = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)
/** What a system says when it cannot sync a folder at all, or by this way. */
const NO_FOLDER_SYNC: ReadonlySet<string> = new Set(['EINVAL', 'ENOTSUP', 'EPERM', 'EISDIR'])

/** The file system of this machine. */
export const SYSTEM_STICKS: StickDisk = {
  assertFolder,
  mediumOf: async (folder) => String((await stat(folder)).dev),
  names: namesIn,
  open: (folder, name) => openPlain(join(folder, name)),
  create: async (folder, name, bytes) => {
    const file = await open(join(folder, name), 'wx', 0o600)
    try {
      await file.writeFile(bytes)
      await file.sync()
    } finally {
      await file.close()
    }
  },
  rename: (folder, from, to) => rename(join(folder, from), join(folder, to)),
  remove: (folder, name) => rm(join(folder, name), { force: true }).catch(() => undefined),
  sync: syncFolder,
}

async function assertFolder(folder: string): Promise<void> {
  const wanted = 'the absolute path of a folder on the stick'
  if (!isAbsolute(folder) || folder.includes('\0'))
    throw folderInvalid(folder, ['another text', wanted])
  const facts = await lstat(folder).catch((cause: unknown) => {
    throw folderInvalid(folder, [wordOf(cause), wanted], cause)
  })
  if (facts.isSymbolicLink()) throw folderInvalid(folder, ['a link', wanted])
  if (!facts.isDirectory()) throw folderInvalid(folder, ['something that is no folder', wanted])
  const real = await realpath(folder)
  if (real !== folder)
    throw folderInvalid(folder, ['a path through a link', `${wanted}, such as ${real}`])
}

async function* namesIn(folder: string): AsyncGenerator<string> {
  for await (const { name } of await opendir(folder)) yield name
}

async function openPlain(path: string): Promise<StickReading | 'not a file' | 'unreadable'> {
  try {
    if (!(await lstat(path)).isFile()) return 'not a file'
    const file = await open(path, READ_ONLY)
    const facts = await file.stat()
    if (facts.isFile()) return readingOf(file, facts.size)
    await file.close()
    return 'not a file'
  } catch {
    return 'unreadable'
  }
}

function readingOf(file: FileHandle, size: number): StickReading {
  return {
    size,
    read: async (position, length) => {
      const bytes = new Uint8Array(length)
      let filled = 0
      while (filled < length) {
        const at = position + filled
        // oxlint-disable-next-line no-await-in-loop -- a read may give less than was asked for
        const { bytesRead } = await file.read(bytes, filled, length - filled, at)
        if (bytesRead === 0) break
        filled += bytesRead
      }
      return bytes.subarray(0, filled)
    },
    close: () => file.close().catch(() => undefined),
  }
}

async function syncFolder(folder: string): Promise<void> {
  try {
    const handle = await open(folder, constants.O_RDONLY)
    try {
      await handle.sync()
    } finally {
      await handle.close()
    }
  } catch (cause) {
    if (!NO_FOLDER_SYNC.has(codeFrom(cause))) throw cause
  }
}
