/**
 * A stick as files: which courier files lie in its folder, reading one frame by frame, writing one so that it is there whole
 * or not at all. What lies there may be anything: only plain files of the folder itself are opened, nothing is followed.
 */
import { constants } from 'node:fs'
import { lstat, open, opendir, realpath, rename, rm, type FileHandle } from 'node:fs/promises'
import { isAbsolute, join } from 'node:path'
import { hexFromBytes } from '#base/bytes.ts'
import { EdgeError } from '#base/errors.ts'
import { COURIER_FILE_BYTES_MAX, COURIER_FILES_MAX, COURIER_NAMES_MAX } from '#base/limits.ts'
import { COURIER_FRAME_BYTES, COURIER_HEADER_BYTES, courierSalt } from '#codec/courier-file.ts'
import type { CourierRefusal } from '#ports/courier.ts'

/** A file that says of itself to be a courier file of this version. */
export interface StickFile {
  readonly path: string
  /** Hexadecimal digits of its salt: what names it, however it is called. */
  readonly id: string
  /** In bytes. */
  readonly size: number
}

/** What is in a folder. */
export interface StickContent {
  /** Each once, however often it lies there. */
  readonly files: readonly StickFile[]
  readonly refused: readonly CourierRefusal[]
}

/** Puts `bytes` into a file of a folder; a test may put another one in its place. */
export type WriteStickFile = (folder: string, name: string, bytes: Uint8Array) => Promise<void>

const ENDING = '.courier'
/** What a write that was interrupted leaves. */
const UNFINISHED = /^\.[0-9a-f]{16}\.part$/
/** Frames that are read at once. */
const FRAMES_READ = 16
/** Not through a link, and not waiting for whoever is at the other end of a pipe; Windows knows neither. */
const READ_ONLY = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0)
/** Writes of one file: each node that comes to the stick meanwhile may take away one. */
const WRITE_TRIES_MAX = 4
/** What a system says when it cannot sync a folder at all, or by this way. */
const NO_FOLDER_SYNC: ReadonlySet<string> = new Set(['EINVAL', 'ENOTSUP', 'EPERM', 'EISDIR'])

/** @throws EdgeError INPUT_INVALID unless it is a folder by its real path */
export async function assertFolder(folder: string): Promise<void> {
  const wanted = 'the absolute path of a folder on the stick'
  if (!isAbsolute(folder) || folder.includes('\0')) throw invalid(folder, ['another text', wanted])
  const facts = await lstat(folder).catch((cause: unknown) => {
    throw invalid(folder, [wordOf(cause), wanted], cause)
  })
  if (facts.isSymbolicLink()) throw invalid(folder, ['a link', wanted])
  if (!facts.isDirectory()) throw invalid(folder, ['something that is no folder', wanted])
  const real = await realpath(folder)
  if (real !== folder)
    throw invalid(folder, ['a path through a link', `${wanted}, such as ${real}`])
}

/** Looks at every name in the folder, and into the first 4,096 files that may be ours. */
export async function lookAt(folder: string): Promise<StickContent> {
  await assertFolder(folder)
  const found = new Map<string, StickFile>()
  const refused = new Map<string, number>()
  const refuse = (reason: string): void => void refused.set(reason, 1 + (refused.get(reason) ?? 0))
  let names = 0
  let opened = 0
  try {
    for await (const { name } of await opendir(folder)) {
      names += 1
      if (names > COURIER_NAMES_MAX) break
      if (!name.toLowerCase().endsWith(ENDING)) continue
      opened += 1
      if (opened > COURIER_FILES_MAX) {
        refuse('too many files')
        continue
      }
      const file = await identify(join(folder, name))
      if (typeof file === 'string') refuse(file)
      else if (file.size > (found.get(file.id)?.size ?? 0)) found.set(file.id, file)
    }
  } catch (cause) {
    throw invalid(folder, [wordOf(cause), 'a folder that can be read'], cause)
  }
  const refusals = [...refused].map(([reason, count]) => ({ what: 'file' as const, reason, count }))
  return { files: [...found.values()], refused: refusals }
}

/** The file's id and size, or why it is none of ours. */
async function identify(path: string): Promise<StickFile | string> {
  return reading(path, async (file) => {
    const { size } = await file.stat()
    if (size > COURIER_FILE_BYTES_MAX) return 'too large'
    const salt = courierSalt(await readAt(file, 0, COURIER_HEADER_BYTES))
    if (typeof salt === 'string') return salt
    if (size < COURIER_HEADER_BYTES + COURIER_FRAME_BYTES) return 'truncated'
    return { path, id: hexFromBytes(salt), size }
  })
}

/** One step of reading a file: its header, a frame, or the end of what is whole. */
export type StickPart =
  | { readonly kind: 'header' | 'frame'; readonly bytes: Uint8Array }
  /** Fewer bytes than a frame stand there, or it can be read no further. */
  | { readonly kind: 'broken'; readonly reason: 'truncated' | 'unreadable' }

/** The parts of a file, 64 KB of it in memory at a time. Never throws. */
export async function* partsOf({ path, size }: StickFile): AsyncGenerator<StickPart> {
  const file = await openPlain(path)
  if (typeof file === 'string') return yield { kind: 'broken', reason: 'unreadable' }
  try {
    yield { kind: 'header', bytes: await readAt(file, 0, COURIER_HEADER_BYTES) }
    for (let at = COURIER_HEADER_BYTES; at < size; at += FRAMES_READ * COURIER_FRAME_BYTES) {
      const length = Math.min(size - at, FRAMES_READ * COURIER_FRAME_BYTES)
      // oxlint-disable-next-line no-await-in-loop -- one piece after another, in bounded memory
      const piece = await readAt(file, at, length)
      for (let from = 0; from < piece.length; from += COURIER_FRAME_BYTES) {
        const bytes = piece.slice(from, from + COURIER_FRAME_BYTES)
        if (bytes.length < COURIER_FRAME_BYTES) yield { kind: 'broken', reason: 'truncated' }
        else yield { kind: 'frame', bytes }
      }
      if (piece.length < length) return yield { kind: 'broken', reason: 'truncated' }
    }
  } catch {
    yield { kind: 'broken', reason: 'unreadable' }
  } finally {
    await file.close().catch(() => undefined)
  }
}

/** What `use` makes of an open plain file, or why it cannot be opened or read. */
async function reading(
  path: string,
  use: (file: FileHandle) => Promise<StickFile | string>,
): Promise<StickFile | string> {
  const file = await openPlain(path)
  if (typeof file === 'string') return file
  try {
    return await use(file)
  } catch {
    return 'unreadable'
  } finally {
    await file.close().catch(() => undefined)
  }
}

async function openPlain(path: string): Promise<FileHandle | 'not a file' | 'unreadable'> {
  try {
    if (!(await lstat(path)).isFile()) return 'not a file'
    const file = await open(path, READ_ONLY)
    if ((await file.stat()).isFile()) return file
    await file.close()
    return 'not a file'
  } catch {
    return 'unreadable'
  }
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const bytes = new Uint8Array(length)
  let filled = 0
  while (filled < length) {
    // oxlint-disable-next-line no-await-in-loop -- a read may give less than was asked for
    const { bytesRead } = await file.read(bytes, filled, length - filled, position + filled)
    if (bytesRead === 0) break
    filled += bytesRead
  }
  return bytes.subarray(0, filled)
}

/**
 * Writes a file under another name, syncs it, gives it its name (16 hexadecimal digits and an ending), and syncs the folder.
 * @throws EdgeError STICK_FULL, INPUT_INVALID; nothing of the file is left then
 */
export async function writeStickFile(
  folder: string,
  name: string,
  bytes: Uint8Array,
): Promise<void> {
  const unfinished = join(folder, `.${name}.part`)
  try {
    await putInPlace(unfinished, join(folder, name + ENDING), bytes)
    await syncFolder(folder)
  } catch (cause) {
    await rm(unfinished, { force: true }).catch(() => undefined)
    const code = codeFrom(cause)
    if (['ENOSPC', 'EDQUOT', 'EFBIG'].includes(code))
      throw new EdgeError('STICK_FULL', { bytes: bytes.length }, { cause })
    throw invalid(folder, [wordOf(cause), 'a folder that can be written to'], cause)
  }
}

/** Again when it was taken away: by another node, as if it had been interrupted. */
async function putInPlace(unfinished: string, path: string, bytes: Uint8Array): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- see above
      await writeSynced(unfinished, bytes)
      // oxlint-disable-next-line no-await-in-loop -- see above
      return await rename(unfinished, path)
    } catch (cause) {
      if (codeFrom(cause) !== 'ENOENT' || tries === WRITE_TRIES_MAX) throw cause
    }
  }
}

async function writeSynced(path: string, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o600)
  try {
    await file.writeFile(bytes)
    await file.sync()
  } finally {
    await file.close()
  }
}

/** Takes away what writes that were interrupted have left. */
export async function clearUnfinished(folder: string): Promise<void> {
  let names = 0
  for await (const { name } of await opendir(folder)) {
    names += 1
    if (names > COURIER_NAMES_MAX) return
    if (UNFINISHED.test(name)) await rm(join(folder, name), { force: true }).catch(() => undefined)
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

function codeFrom(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
}

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'nothing of this name',
  ENOTDIR: 'something that is no folder',
  EACCES: 'no permission',
  EPERM: 'no permission',
  EROFS: 'a stick that cannot be written to',
}

function wordOf(cause: unknown): string {
  const code = codeFrom(cause)
  return WORDS[code] ?? code
}

function invalid(
  folder: string,
  [found, wanted]: readonly [found: string, wanted: string],
  cause?: unknown,
): EdgeError {
  return new EdgeError('INPUT_INVALID', { field: 'folder', folder, found, wanted }, { cause })
}
