/**
 * Backups: a node's whole data folder in one file, taken while it runs.
 *
 * The file is a tar archive sealed as age has it (age-encryption.org, version 1): under a passphrase, or for a public key
 * whose owner keeps the other half in a safe. Both are formats that other programs read, should this one be gone. In it:
 *
 *     backup.json     which node, when, and the version of this list
 *     folder/...      every file of the data folder but those that only a running node has
 *     store/1 ...     the store as one image (`#storage/store-image.ts`), in pieces
 *     blobs/...       files, each sealed as it lies there
 *     files/1 ...     which files the node needs, and where each is (`backup-list.ts`); not of a stopped node whose key is not at hand
 *
 * The store comes before the blobs: a file that comes in meanwhile is one too many, never one too few.
 */
import { createReadStream } from 'node:fs'
import { open, readdir, rename, rm, stat } from 'node:fs/promises'
import { dirname, join, relative } from 'node:path'
import { Readable } from 'node:stream'
import { Encrypter } from 'age-encryption'
import { createTarPacker, type TarPackController } from 'modern-tar'
import type { HeldBlob } from '#app/carrying-types.ts'
import { bytesFromText, concatBytes } from '#base/bytes.ts'
import { EdgeError } from '#base/errors.ts'
import type { Instant } from '#base/ids.ts'
import { layoutOf } from '#config/layout.ts'
import { SECRET_MODE } from '#config/files.ts'
import type { Log } from '#ports/log.ts'
import type { Random } from '#ports/random.ts'
import type { Entry } from '#ports/store.ts'
import { openLevelStore } from '#storage/level-store.ts'
import { entriesOf, imageOf } from '#storage/store-image.ts'
import { listedBlobs, piecesOf, reportOf, type BlobReport } from './backup-list.ts'
import { heldByStopped, type StoppedNode } from './stopped-files.ts'
import { sealWhole } from './unlocking.ts'

/** Who can open a backup. */
export type BackupKey = { readonly passphrase: string } | { readonly recipient: string }

/** What is taken. */
export interface BackupSource {
  readonly dataFolder: string
  /** The store, as `LevelStore.pages` and `imageOf` give it. */
  readonly image: AsyncIterable<Uint8Array>
  readonly about: BackupNote
  /** What lies beside the store, asked for when all that is here is in the backup; unknown without. */
  readonly held?: (() => Promise<readonly HeldBlob[]>) | undefined
}

/** What a backup says of itself. */
export interface BackupNote {
  readonly node: string
  readonly name: string
  readonly takenAt: Instant
}

/** What was written. */
export interface BackupReport {
  readonly bytes: number
  /** Files that people handed in. */
  readonly blobs: number
  /** What of all that the node needs is not among them; undefined where nobody could say. */
  readonly files: BlobReport | undefined
}

/** Version of the list above; the first had no `files`. */
export const BACKUP_FORMAT = 2
const PIECE_BYTES = 1 << 20

/**
 * Writes a backup to `file`, which must be new. It is there whole or not at all.
 * @throws EdgeError INPUT_INVALID when the file or the recipient will not do, STORE_FULL, and whatever the image throws
 */
export async function writeBackup(
  file: string,
  source: BackupSource,
  key: BackupKey,
): Promise<BackupReport> {
  const unfinished = `${file}.part`
  if ((await sizeOf(file)) !== undefined) throw notWritten(file, 'a file of this name')
  let isDone = false
  try {
    await using target = await open(unfinished, 'w', SECRET_MODE)
    const sealed = await sealBackup(source, key)
    let bytes = 0
    for await (const chunk of sealed.content) {
      await target.writeFile(chunk)
      bytes += chunk.length
    }
    const packed = await sealed.packed
    await target.sync()
    await rename(unfinished, file)
    await syncFolder(dirname(file))
    isDone = true
    return { bytes, ...packed }
  } catch (cause) {
    if (cause instanceof EdgeError || !(cause instanceof Error && 'code' in cause)) throw cause
    if (cause.code === 'ENOSPC') throw new EdgeError('STORE_FULL', { file }, { cause })
    throw notWritten(file, String(cause.code), cause)
  } finally {
    if (!isDone) await rm(unfinished, { force: true })
  }
}

/** A backup as it goes, for whoever writes it down. It is whole only when the content came to its end. */
export async function sealBackup(
  source: BackupSource,
  key: BackupKey,
): Promise<{ readonly content: AsyncIterable<Uint8Array>; readonly packed: Promise<Packed> }> {
  const encrypter = encrypterFor(key)
  const { readable, controller } = createTarPacker()
  const packed = pack(controller, source)
  packed.catch((error: unknown) => controller.error(error))
  return { content: await encrypter.encrypt(readable), packed }
}

type Packed = Omit<BackupReport, 'bytes'>

/**
 * The store of a folder whose node is stopped, and where its key is at hand, what lies beside it. Disposing it closes the store.
 * @throws EdgeError DATA_FOLDER_IN_USE, STORE_BROKEN
 */
export async function openStoppedStore(
  dataFolder: string,
  log: Log,
  opened?: Omit<StoppedNode, 'dataFolder'> & { readonly random: Random },
): Promise<Pick<BackupSource, 'image' | 'held'> & AsyncDisposable> {
  const store = await openLevelStore({ folder: layoutOf(dataFolder).store, log })
  return {
    image: imageOf(store.pages()),
    held:
      opened &&
      (() => heldByStopped({ dataFolder, ...opened }, sealWhole(store, opened.key, opened.random))),
    [Symbol.asyncDispose]: () => store[Symbol.asyncDispose](),
  }
}

/** Syncs a folder, so that what was renamed in it stays so. */
export async function syncFolder(path: string): Promise<void> {
  await using folder = await open(path, 'r')
  await folder.sync()
}

function encrypterFor(key: BackupKey): Encrypter {
  const encrypter = new Encrypter()
  if ('passphrase' in key) encrypter.setPassphrase(key.passphrase)
  else
    try {
      encrypter.addRecipient(key.recipient)
    } catch (cause) {
      const facts = { field: 'recipient', found: 'another text', wanted: 'a public key, age1…' }
      throw new EdgeError('INPUT_INVALID', facts, { cause })
    }
  return encrypter
}

async function pack(controller: TarPackController, source: BackupSource): Promise<Packed> {
  const { dataFolder, image, about } = source
  const note = bytesFromText(`${JSON.stringify({ format: BACKUP_FORMAT, ...about })}\n`)
  await add(controller, { name: 'backup.json', bytes: note, mode: SECRET_MODE })
  const layout = layoutOf(dataFolder)
  const left = [
    layout.store,
    layout.blobs,
    layout.tray,
    layout.run,
    layout.operatorToken,
    layout.wiped,
  ]
  for (const path of await filesIn(dataFolder, left))
    await addFile(controller, { name: `folder/${relative(dataFolder, path)}`, path })
  await addPieces(controller, 'store', inPieces(imageOf(checked(image))))
  const packed = await packBlobs(controller, layout.blobs, source)
  controller.finalize()
  return packed
}

async function packBlobs(
  controller: TarPackController,
  folder: string,
  { held }: Pick<BackupSource, 'held'>,
): Promise<Packed> {
  const names = new Set<string>()
  const addBlob = async (name: string): Promise<void> => {
    if (await addFile(controller, { name: `blobs/${name}`, path: join(folder, name) }))
      names.add(name)
  }
  for (const path of await filesIn(folder, [])) await addBlob(relative(folder, path))
  if (held === undefined) return { blobs: names.size, files: undefined }
  const all = await held()
  // What came in, or back from a bucket, since the folder was read.
  for (const { name, place } of all) if (place === 'here' && !names.has(name)) await addBlob(name)
  const list = listedBlobs(all, names)
  await addPieces(controller, 'files', piecesOf(list))
  return { blobs: names.size, files: reportOf(list) }
}

async function addPieces(
  controller: TarPackController,
  folder: string,
  pieces: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
): Promise<void> {
  let number = 0
  for await (const bytes of pieces) {
    number += 1
    await add(controller, { name: `${folder}/${number}`, bytes, mode: SECRET_MODE })
  }
}

interface Piece {
  readonly name: string
  readonly bytes: Uint8Array
  readonly mode: number
}

async function add(controller: TarPackController, { name, bytes, mode }: Piece): Promise<void> {
  const body = controller.add({ name, size: bytes.length, mode, type: 'file' }).getWriter()
  await body.write(bytes)
  await body.close()
}

/** False when the file has gone meanwhile: nothing needs it any more. */
async function addFile(
  controller: TarPackController,
  { name, path }: { readonly name: string; readonly path: string },
): Promise<boolean> {
  const size = await sizeOf(path)
  if (size === undefined) return false
  const { mode } = await stat(path)
  const body = controller.add({ name, size, mode: mode & 0o777, type: 'file' })
  await Readable.toWeb(createReadStream(path, { end: Math.max(0, size - 1) })).pipeTo(body)
  return true
}

/** Every file below a folder but what is left out, in the order of their names. Links are left out, too. */
async function filesIn(folder: string, left: readonly string[]): Promise<readonly string[]> {
  const found: string[] = []
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => [])
  for (const entry of entries.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const path = join(folder, entry.name)
    if (left.includes(path)) continue
    if (entry.isDirectory()) found.push(...(await filesIn(path, left)))
    else if (entry.isFile() && !entry.name.startsWith('.')) found.push(path)
  }
  return found
}

/** An image that is not whole is no backup. */
async function* checked(image: AsyncIterable<Uint8Array>): AsyncGenerator<readonly Entry[], void> {
  for await (const entry of entriesOf(image)) yield [entry]
}

async function* inPieces(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
  let waiting: Uint8Array[] = []
  let bytes = 0
  for await (const part of source) {
    waiting.push(part)
    bytes += part.length
    if (bytes < PIECE_BYTES) continue
    yield concatBytes(...waiting)
    waiting = []
    bytes = 0
  }
  if (bytes > 0) yield concatBytes(...waiting)
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

function notWritten(file: string, found: string, cause?: unknown): EdgeError {
  const wanted = 'a new file in a folder that can be written to'
  return new EdgeError('INPUT_INVALID', { field: 'file', file, found, wanted }, { cause })
}
