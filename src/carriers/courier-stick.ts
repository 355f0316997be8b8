/**
 * A stick as files: which courier files lie in its folder, reading one frame by frame, writing one so that it is there whole
 * or not at all. What lies there may be anything; whatever else it is, it is left alone.
 */
import { hexFromBytes } from '#base/bytes.ts'
import { EdgeError } from '#base/errors.ts'
import { COURIER_FILE_BYTES_MAX, COURIER_FILES_MAX, COURIER_NAMES_MAX } from '#base/limits.ts'
import { COURIER_FRAME_BYTES, COURIER_HEADER_BYTES, courierSalt } from '#codec/courier-file.ts'
import type { CourierRefusal } from '#ports/courier.ts'
import type { StickDisk } from '#ports/stick.ts'

/** A file that says of itself to be a courier file of this version. */
export interface StickFile {
  readonly folder: string
  /** What it is called there. */
  readonly name: string
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

const ENDING = '.courier'
/** What a write that was interrupted leaves. */
const UNFINISHED = /^\.[0-9a-f]{16}\.part$/
/** Frames that are read at once. */
const FRAMES_READ = 16
/** Writes of one file: each node that comes to the stick meanwhile may take away one. */
const WRITE_TRIES_MAX = 4

/** Looks at every name in the folder, and into the first 4,096 files that may be ours. */
export async function lookAt(disk: StickDisk, folder: string): Promise<StickContent> {
  await disk.assertFolder(folder)
  const found = new Map<string, StickFile>()
  const refused = new Map<string, number>()
  const refuse = (reason: string): void => void refused.set(reason, 1 + (refused.get(reason) ?? 0))
  let names = 0
  let opened = 0
  try {
    for await (const name of disk.names(folder)) {
      names += 1
      if (names > COURIER_NAMES_MAX) break
      if (!name.toLowerCase().endsWith(ENDING)) continue
      opened += 1
      if (opened > COURIER_FILES_MAX) {
        refuse('too many files')
        continue
      }
      const file = await identify(disk, folder, name)
      if (typeof file === 'string') refuse(file)
      else if (file.size > (found.get(file.id)?.size ?? 0)) found.set(file.id, file)
    }
  } catch (cause) {
    throw unreadable(folder, cause)
  }
  const refusals = [...refused].map(([reason, count]) => ({ what: 'file' as const, reason, count }))
  return { files: [...found.values()], refused: refusals }
}

/** The file's id and size, or why it is none of ours. */
async function identify(
  disk: StickDisk,
  folder: string,
  name: string,
): Promise<StickFile | string> {
  const file = await disk.open(folder, name)
  if (typeof file === 'string') return file
  try {
    const { size } = file
    if (size > COURIER_FILE_BYTES_MAX) return 'too large'
    const salt = courierSalt(await file.read(0, COURIER_HEADER_BYTES))
    if (typeof salt === 'string') return salt
    if (size < COURIER_HEADER_BYTES + COURIER_FRAME_BYTES) return 'truncated'
    return { folder, name, id: hexFromBytes(salt), size }
  } catch {
    return 'unreadable'
  } finally {
    await file.close()
  }
}

/** One step of reading a file: its header, a frame, or the end of what is whole. */
export type StickPart =
  | { readonly kind: 'header' | 'frame'; readonly bytes: Uint8Array }
  /** Fewer bytes than a frame stand there, or it can be read no further. */
  | { readonly kind: 'broken'; readonly reason: 'truncated' | 'unreadable' }

/** The parts of a file, 64 KB of it in memory at a time. Never throws. */
export async function* partsOf(
  disk: StickDisk,
  { folder, name, size }: StickFile,
): AsyncGenerator<StickPart> {
  const file = await disk.open(folder, name)
  if (typeof file === 'string') return yield { kind: 'broken', reason: 'unreadable' }
  try {
    yield { kind: 'header', bytes: await file.read(0, COURIER_HEADER_BYTES) }
    for (let at = COURIER_HEADER_BYTES; at < size; at += FRAMES_READ * COURIER_FRAME_BYTES) {
      const length = Math.min(size - at, FRAMES_READ * COURIER_FRAME_BYTES)
      // oxlint-disable-next-line no-await-in-loop -- one piece after another, in bounded memory
      const piece = await file.read(at, length)
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
    await file.close()
  }
}

/** A file that is to be written. */
export interface NewStickFile {
  readonly folder: string
  /** 16 hexadecimal digits; an ending is added. */
  readonly name: string
  readonly bytes: Uint8Array
}

/**
 * Writes a file under another name, syncs it, gives it its name, and syncs the folder.
 * @throws EdgeError STICK_FULL, INPUT_INVALID; nothing of the file is left then
 */
export async function writeStickFile(disk: StickDisk, file: NewStickFile): Promise<void> {
  const { folder, name, bytes } = file
  try {
    await putInPlace(disk, file)
    await disk.sync(folder)
  } catch (cause) {
    await disk.remove(folder, unfinished(name))
    const code = codeFrom(cause)
    if (['ENOSPC', 'EDQUOT', 'EFBIG'].includes(code))
      throw new EdgeError('STICK_FULL', { bytes: bytes.length }, { cause })
    throw folderInvalid(folder, [wordOf(cause), 'a folder that can be written to'], cause)
  }
}

/** Again when it was taken away: by another node, as if it had been interrupted. */
async function putInPlace(disk: StickDisk, { folder, name, bytes }: NewStickFile): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- see above
      await disk.create(folder, unfinished(name), bytes)
      // oxlint-disable-next-line no-await-in-loop -- see above
      return await disk.rename(folder, unfinished(name), name + ENDING)
    } catch (cause) {
      if (codeFrom(cause) !== 'ENOENT' || tries === WRITE_TRIES_MAX) throw cause
    }
  }
}

/** Takes away what writes that were interrupted have left. @throws EdgeError INPUT_INVALID */
export async function clearUnfinished(disk: StickDisk, folder: string): Promise<void> {
  let names = 0
  try {
    for await (const name of disk.names(folder)) {
      names += 1
      if (names > COURIER_NAMES_MAX) return
      if (UNFINISHED.test(name)) await disk.remove(folder, name)
    }
  } catch (cause) {
    throw unreadable(folder, cause)
  }
}

function unfinished(name: string): string {
  return `.${name}.part`
}

/** What the system calls an error: `ENOSPC` and the like. */
export function codeFrom(cause: unknown): string {
  return cause instanceof Error && 'code' in cause ? String(cause.code) : 'unknown'
}

const WORDS: Readonly<Record<string, string>> = {
  ENOENT: 'nothing of this name',
  ENOTDIR: 'something that is no folder',
  EACCES: 'no permission',
  EPERM: 'no permission',
  EIO: 'a stick that does not answer',
  EROFS: 'a stick that cannot be written to',
}

/** What the system found, in words where there are some. */
export function wordOf(cause: unknown): string {
  const code = codeFrom(cause)
  return WORDS[code] ?? code
}

function unreadable(folder: string, cause: unknown): EdgeError {
  return folderInvalid(folder, [wordOf(cause), 'a folder that can be read'], cause)
}

/** A folder that will not do: what was found and what was wanted. */
export function folderInvalid(
  folder: string,
  [found, wanted]: readonly [found: string, wanted: string],
  cause?: unknown,
): EdgeError {
  return new EdgeError('INPUT_INVALID', { field: 'folder', folder, found, wanted }, { cause })
}
