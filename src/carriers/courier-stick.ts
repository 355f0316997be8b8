/**
 * A stick as files: which courier files lie in its folder, reading one frame by frame, writing one so that it is there whole
 * or not at all. What lies there may be anything; whatever else it is, it is left alone. Sticks are FAT, mostly: names may come back in
 * capitals or cut to 8.3, repairs give other names, and a folder may be readable only in part.
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
  /** What stopped the look before its end; nothing is known of what stands behind. */
  readonly stopped: EdgeError | undefined
}

/** Ours, also where long names were lost. */
const ENDING = /\.cou(?:rier)?$/i
/** What repairs of a FAT stick call files whose names were lost, and some machines files in short: ours may be among them. */
const PERHAPS = /^(?:fsck\d{4}\.rec|file\d{4}\.chk)$/i
/** What macOS puts beside every file of a FAT stick. */
const BESIDE = '._'
/** What a write that was interrupted leaves. */
const UNFINISHED = /^(?:\.[0-9a-f]{16}\.part|[0-9a-f]{8}\.hfp)$/i
/** How a file is called, and while it is being written: the second where a stick knows only 8.3. */
const NAMINGS: readonly ((name: string) => Naming)[] = [
  (name) => ({ whole: `${name}.courier`, unfinished: `.${name}.part` }),
  (name) => ({ whole: `${name.slice(0, 8)}.cou`, unfinished: `${name.slice(0, 8)}.hfp` }),
]
/** What a system says of a name that a stick cannot have. */
const NO_SUCH_NAMES: readonly string[] = ['EINVAL', 'ENAMETOOLONG', 'EILSEQ']
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
  let stopped: EdgeError | undefined
  try {
    for await (const name of disk.names(folder)) {
      names += 1
      if (names > COURIER_NAMES_MAX) {
        refuse('too many files')
        break
      }
      const isOurs = ENDING.test(name) && !name.startsWith(BESIDE)
      if (!isOurs && !PERHAPS.test(name)) continue
      opened += 1
      if (opened > COURIER_FILES_MAX) {
        refuse('too many files')
        continue
      }
      const file = await identify(disk, folder, name)
      if (typeof file !== 'string') {
        if (file.size > (found.get(file.id)?.size ?? 0)) found.set(file.id, file)
      } else if (isOurs) refuse(file)
    }
  } catch (cause) {
    stopped = unreadable(folder, cause)
    if (names === 0) throw stopped
    refuse('unreadable')
  }
  const refusals = [...refused].map(([reason, count]) => ({ what: 'file' as const, reason, count }))
  return { files: [...found.values()], refused: refusals, stopped }
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
  /** On what the folder lay when the export began (`StickDisk.mediumOf`): a stick that is gone leaves an empty folder. */
  readonly medium?: string | undefined
  readonly bytes: Uint8Array
}

/**
 * Writes a file under another name, syncs it, gives it its name, and syncs the folder.
 * @throws EdgeError STICK_FULL, INPUT_INVALID; nothing of the file is left then
 */
export async function writeStickFile(disk: StickDisk, file: NewStickFile): Promise<void> {
  const { folder, bytes } = file
  try {
    await putUnder(disk, file)
    await disk.sync(folder)
  } catch (cause) {
    const code = codeFrom(cause)
    if (['ENOSPC', 'EDQUOT', 'EFBIG'].includes(code))
      throw new EdgeError('STICK_FULL', { bytes: bytes.length }, { cause })
    throw folderInvalid(folder, [wordOf(cause), 'a folder that can be written to'], cause)
  }
}

/** Under the first name that the stick can have. */
async function putUnder(disk: StickDisk, file: NewStickFile): Promise<void> {
  for (const [index, naming] of NAMINGS.entries()) {
    const names = naming(file.name)
    try {
      // oxlint-disable-next-line no-await-in-loop -- the next only where this one will not do
      return await putInPlace(disk, file, names)
    } catch (cause) {
      // What has this name already is not ours.
      // oxlint-disable-next-line no-await-in-loop -- see above
      if (codeFrom(cause) !== 'EEXIST') await disk.remove(file.folder, names.unfinished)
      if (index === NAMINGS.length - 1 || !NO_SUCH_NAMES.includes(codeFrom(cause))) throw cause
    }
  }
}

interface Naming {
  readonly whole: string
  readonly unfinished: string
}

/** Again when it was taken away: by another node, as if it had been interrupted. */
async function putInPlace(
  disk: StickDisk,
  { folder, bytes, medium }: NewStickFile,
  { whole, unfinished }: Naming,
): Promise<void> {
  for (let tries = 1; ; tries += 1) {
    try {
      // oxlint-disable-next-line no-await-in-loop -- see above
      await disk.create(folder, unfinished, bytes)
      // oxlint-disable-next-line no-await-in-loop -- see above
      if (medium !== undefined && (await disk.mediumOf?.(folder)) !== medium)
        throw systemError('ENODEV')
      // oxlint-disable-next-line no-await-in-loop -- see above
      return await disk.rename(folder, unfinished, whole)
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

function systemError(code: string): Error {
  return Object.assign(new Error(code), { code })
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
  EEXIST: 'something else of the same name',
  EIO: 'a stick that does not answer',
  ENODEV: 'a stick that does not answer',
  ENXIO: 'a stick that does not answer',
  ENOTCONN: 'a stick that does not answer',
  EUCLEAN: 'a damaged folder',
  EBADMSG: 'a damaged folder',
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
