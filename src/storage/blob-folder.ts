/**
 * Blobs as files of a folder, sealed (`sealed-blob.ts`). A blob is first written under a name that means nothing, synced,
 * then renamed to what its content makes of it under a key, and the folder synced: a power cut leaves all of it or none.
 */
import { open, mkdir, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { hexFromBytes } from '#base/bytes.ts'
import { EdgeError } from '#base/errors.ts'
import type { Blob, BlobLying, BlobPlace, BlobSpan, BlobState, Blobs } from '#ports/blobs.ts'
import type { Random } from '#ports/random.ts'
import type { Algorithm } from './seal.ts'
import {
  blobName,
  brokenBlob,
  openBlob,
  SALT_BYTES,
  sealBlob,
  type SealedSource,
} from './sealed-blob.ts'
import { storeError } from './store-errors.ts'

/** What a folder of blobs is opened with. */
export interface BlobFolderOptions {
  readonly folder: string
  readonly algorithm: Algorithm
  /** 32 bytes from which names and the key of each blob follow. */
  readonly key: Uint8Array
  readonly random: Random
}

/** A folder of blobs, and what lies in it, sealed: whoever moves it elsewhere need not open it. */
export interface BlobFolder extends Blobs {
  /** What a blob is called there. */
  readonly nameOf: (hash: string) => string
  readonly names: () => Promise<readonly string[]>
  readonly has: (name: string) => Promise<boolean>
  readonly pathOf: (name: string) => string
  /** Whether the file of this name is what was written under it, as `check` does. */
  readonly checkFile: (name: string, rest?: () => Promise<void>) => Promise<BlobState | undefined>
  /** Takes a file away. */
  readonly removeFile: (name: string) => Promise<void>
  /** Takes a file back, sealed as it was moved. */
  readonly takeFile: (name: string, source: AsyncIterable<Uint8Array>) => Promise<void>
}

/** What is not whole yet. */
const UNFINISHED = '.new-'
const FOLDER_MODE = 0o700
const FILE_MODE = 0o600
/** Bytes of one that is checked that are read without a rest: 1 MiB. */
const STRETCH_BYTES = 1_048_576
/** What a system says of a stretch of a disk that gives nothing any more. */
const UNREADABLE: readonly string[] = ['EIO', 'EBADMSG', 'EUCLEAN']

/** Opens the folder, made where it is not there; what an earlier run left unfinished is taken away. */
export async function openBlobFolder(options: BlobFolderOptions): Promise<BlobFolder> {
  const { folder } = options
  await guarded(async () => {
    await mkdir(folder, { recursive: true, mode: FOLDER_MODE })
    const left = (await readdir(folder)).filter((name) => name.startsWith(UNFINISHED))
    for (const name of left) await rm(join(folder, name), { force: true })
  })
  const bench: Bench = { ...options, key: Uint8Array.from(options.key) }
  const removeFile = (name: string): Promise<void> =>
    guarded(async () => {
      await rm(join(folder, name), { force: true })
      await syncFolder(folder)
    })
  const names = (): Promise<readonly string[]> =>
    guarded(async () => (await readdir(folder)).filter((name) => !name.startsWith(UNFINISHED)))
  return {
    write: (source, bytesMax) => write(bench, source, bytesMax),
    read: (hash, span) => openFile(bench, blobName(bench, hash), span),
    check: (hash, rest) => check(bench, blobName(bench, hash), rest),
    checkFile: (name, rest = async () => undefined) => check(bench, name, rest),
    places: async (hashes) => {
      const here = new Set(await names())
      return placesOf(hashes, {
        nameOf: (hash) => blobName(bench, hash),
        placeOf: (name) => (here.has(name) ? 'here' : 'nowhere'),
      })
    },
    remove: (hash) => removeFile(blobName(bench, hash)),
    retain: (hashes) =>
      guarded(async () => {
        const kept = new Set([...hashes].map((hash) => blobName(bench, hash)))
        for (const name of await readdir(folder))
          if (!kept.has(name)) await rm(join(folder, name), { force: true })
      }),
    nameOf: (hash) => blobName(bench, hash),
    names,
    has: async (name) => (await stat(join(folder, name)).catch(() => undefined)) !== undefined,
    pathOf: (name) => join(folder, name),
    removeFile,
    takeFile: async (name, source) => {
      await placed(bench, async (path) => {
        await using file = await guarded(() => open(path, 'wx', FILE_MODE))
        for await (const part of source) await guarded(() => file.writeFile(part))
        await guarded(() => file.sync())
        return { name }
      })
    },
  }
}

function openFile(
  bench: Bench,
  name: string,
  span?: BlobSpan,
): Promise<AsyncIterable<Uint8Array> | undefined> {
  return guarded(async () => {
    const source = await sourceAt(join(bench.folder, name))
    return source && (await openBlob(bench, source, { name, span }))
  })
}

async function check(
  bench: Bench,
  name: string,
  rest: () => Promise<void>,
): Promise<BlobState | undefined> {
  try {
    const content = await openFile(bench, name)
    if (content === undefined) return undefined
    let bytes = 0
    for await (const part of content) {
      bytes += part.length
      if (bytes < STRETCH_BYTES) continue
      bytes = 0
      await rest()
    }
    return 'sound'
  } catch (error) {
    if (error instanceof EdgeError && error.facts['part'] === 'blob') return 'damaged'
    throw error
  }
}

/** Each of these by what it is called, and where that lies. */
export function placesOf(
  hashes: ReadonlySet<string>,
  how: {
    readonly nameOf: (hash: string) => string
    readonly placeOf: (name: string) => BlobPlace
  },
): ReadonlyMap<string, BlobLying> {
  const lying = [...hashes].map((hash): readonly [string, BlobLying] => {
    const name = how.nameOf(hash)
    return [hash, { name, place: how.placeOf(name) }]
  })
  return new Map(lying)
}

type Bench = BlobFolderOptions

async function write(
  bench: Bench,
  source: AsyncIterable<Uint8Array>,
  bytesMax: number,
): Promise<Blob> {
  const { blob } = await placed(bench, async (path) => {
    const filled = await fill(bench, path, { source, bytesMax })
    return { name: blobName(bench, filled.hash), blob: filled }
  })
  return blob
}

/** A file comes under a name that means nothing, and gets its own once it is whole. */
async function placed<T extends { readonly name: string }>(
  { folder, random }: Bench,
  make: (path: string) => Promise<T>,
): Promise<T> {
  const unfinished = join(folder, `${UNFINISHED}${hexFromBytes(random.bytes(8))}`)
  let isDone = false
  try {
    const made = await make(unfinished)
    await guarded(async () => {
      await rename(unfinished, join(folder, made.name))
      await syncFolder(folder)
    })
    isDone = true
    return made
  } finally {
    if (!isDone) await rm(unfinished, { force: true })
  }
}

async function fill(
  bench: Bench,
  path: string,
  content: { readonly source: AsyncIterable<Uint8Array>; readonly bytesMax: number },
): Promise<Blob> {
  const salt = bench.random.bytes(SALT_BYTES)
  await using file = await guarded(() => open(path, 'wx', FILE_MODE))
  const blob = await sealBlob(bench, { ...content, salt }, (bytes) =>
    guarded(() => file.writeFile(bytes)),
  )
  await guarded(() => file.sync())
  return blob
}

async function sourceAt(path: string): Promise<SealedSource | undefined> {
  const file = await openIfThere(path)
  if (file === undefined) return undefined
  const { size } = await file.stat()
  return {
    size,
    readAt: async (position, length) => {
      const buffer = new Uint8Array(length)
      const { bytesRead } = await guarded(() => file.read(buffer, 0, length, position)).catch(
        (error: unknown) => {
          throw unreadable(error)
        },
      )
      if (bytesRead !== length) throw brokenBlob('file too short')
      return buffer
    },
    close: () => file.close(),
  }
}

/** A card that cannot read some of what it holds says so in several ways; that is damage as any other. */
function unreadable(error: unknown): unknown {
  const reason = error instanceof EdgeError ? error.facts['reason'] : undefined
  return UNREADABLE.includes(String(reason)) ? brokenBlob(String(reason), error) : error
}

async function openIfThere(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, 'r')
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, 'r')
  await handle.sync()
}

async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw storeError(error)
  }
}
