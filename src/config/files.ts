/**
 * Small files that must never be half there: written under another name, synced, then renamed, and the folder synced.
 * A power cut leaves the old content or the new.
 */
import { chmod, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'

/** Only the owner reads and writes. */
export const SECRET_MODE = 0o600
/** Only the owner may look inside. */
export const SECRET_FOLDER_MODE = 0o700
/** Everybody on the machine reads. */
export const PUBLIC_MODE = 0o644

/** Puts `content` at `path` in one step, with exactly this mode, and resolves once it is on disk. */
export async function writeFileWhole(
  path: string,
  content: string | Uint8Array,
  mode: number,
): Promise<void> {
  const unfinished = `${path}.new`
  await using file = await open(unfinished, 'w', mode)
  await file.chmod(mode)
  await file.writeFile(content)
  await file.sync()
  await rename(unfinished, path)
  await syncFolder(dirname(path))
}

/** Removes a file, which need not be there, and resolves once its name is gone from the disk. */
export async function removeFile(path: string): Promise<void> {
  await rm(path, { force: true })
  await syncFolder(dirname(path))
}

/** Makes the folder, with this mode when it was not there, and resolves once its name is on disk. */
export async function makeFolder(path: string, mode: number): Promise<void> {
  const made = await mkdir(path, { recursive: true, mode })
  if (made === undefined) return
  await chmod(path, mode)
  await syncFolder(dirname(path))
}

/** The text of a file, or undefined when there is none. */
export async function readText(path: string): Promise<string | undefined> {
  return absent(readFile(path, 'utf8'))
}

/** The permission bits of a file or folder, or undefined when there is none. */
export async function modeOf(path: string): Promise<number | undefined> {
  const found = await absent(stat(path))
  return found === undefined ? undefined : found.mode & 0o777
}

/** Whether something stands at `path`. */
export async function isThere(path: string): Promise<boolean> {
  return (await modeOf(path)) !== undefined
}

async function absent<T>(reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r')
  await folder.sync()
}
