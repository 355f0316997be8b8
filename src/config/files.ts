/**
 * Small files that must never be half there: written under another name, synced, then renamed, and the folder synced.
 * A power cut leaves the old content or the new.
 */
import { chmod, mkdir, open, readFile, rename, rm, stat } from 'node:fs/promises'
import { dirname } from 'node:path'
import { EdgeError } from '#base/errors.ts'

/** Only the owner reads and writes. */
export const SECRET_MODE = 0o600
/** Only the owner may look inside. */
export const SECRET_FOLDER_MODE = 0o700
/** Everybody on the machine reads. */
export const PUBLIC_MODE = 0o644

/** What is written: the content, or what it is once the mark is known by which the file system knows the file. */
export type Content = string | Uint8Array | ((mark: string) => string)

/** Puts `content` at `path` in one step, with exactly this mode, and resolves once it is on disk. */
export async function writeFileWhole(path: string, content: Content, mode: number): Promise<void> {
  const unfinished = `${path}.new`
  await using file = await open(unfinished, 'w', mode)
  await file.chmod(mode)
  const { ino, birthtimeNs } = await file.stat({ bigint: true })
  await file.writeFile(typeof content === 'function' ? content(`${ino}:${birthtimeNs}`) : content)
  await file.sync()
  await rename(unfinished, path)
  await syncFolder(dirname(path))
}

/** Makes the folder, with this mode when it was not there, and resolves once its name is on disk. */
export async function makeFolder(path: string, mode: number): Promise<void> {
  const made = await mkdir(path, { recursive: true, mode })
  if (made === undefined) return
  await chmod(path, mode)
  await syncFolder(dirname(path))
}

/**
 * Overwrites a file with zeros, synced, and then removes it; one that is not there is no error. Flash memory and file
 * systems that copy on write may keep the old blocks all the same.
 */
export async function destroyFile(path: string): Promise<void> {
  await absent(overwrite(path))
  await rm(path, { force: true })
  await absent(syncFolder(dirname(path)))
}

/** The bytes of a file, or undefined when there is none. */
export async function readBytes(path: string): Promise<Uint8Array | undefined> {
  return absent(readFile(path))
}

/**
 * The mark by which the file system knows a file or folder, or undefined when there is none: its number and, since
 * numbers are given out again, the time of its birth. A copy has another one.
 */
export async function markOf(path: string): Promise<string | undefined> {
  const found = await absent(stat(path, { bigint: true }))
  return found === undefined ? undefined : `${found.ino}:${found.birthtimeNs}`
}

/** Whether `mark` is that of what stands at `path` now. */
export async function hasMark(path: string, mark: string): Promise<boolean> {
  const found = await absent(stat(path, { bigint: true }))
  const [number, birth] = mark.split(':')
  if (found === undefined || String(found.ino) !== number) return false
  // Where a file system knows no births, Node gives the time of the last change: then the number alone must do.
  return found.birthtimeNs === found.ctimeNs || String(found.birthtimeNs) === birth
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

async function overwrite(path: string): Promise<void> {
  await using file = await open(path, 'r+')
  const { size } = await file.stat()
  await file.write(new Uint8Array(size), 0, size, 0)
  await file.sync()
}

/** The passphrase in a file: its text, without the end of the line. @throws EdgeError CONFIG_MISSING */
export async function passphraseIn(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((cause: unknown) => {
    const facts = { file, found: 'no such file', do: 'Name the file with the passphrase.' }
    throw new EdgeError('CONFIG_MISSING', facts, { cause })
  })
  return text.replace(/\r?\n$/, '')
}
