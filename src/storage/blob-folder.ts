/**
 * Blobs as files of a folder, sealed like everything at rest. A blob is first written under a name that means nothing, synced,
 * then renamed to what its content makes of it under a key, and the folder synced: a power cut leaves all of it or none.
 *
 * A file is: the number of the algorithm (one byte, `seal.ts`), a salt (16, random) from which its own key is derived, and chunks
 * of 64 KiB, each with its tag (16). A chunk's nonce is 1 for the last and 0 for others, three zeros, and its number (8): none can
 * be moved, left out or cut off. Behind the last of the bytes stands their SHA-256, so a file that was put in the place of another
 * does not open.
 */
import { createHash, createHmac } from 'node:crypto'
import { open, mkdir, readdir, rename, rm, stat, type FileHandle } from 'node:fs/promises'
import { join } from 'node:path'
import { bytesFromHex, bytesFromText, concatBytes, equalBytes, hexFromBytes } from '#base/bytes.ts'
import { EdgeError } from '#base/errors.ts'
import type { Blob, Blobs, BlobSpan } from '#ports/blobs.ts'
import type { Random } from '#ports/random.ts'
import {
  deriveKey,
  NONCE_BYTES,
  openBytes,
  sealBytes,
  sealingKey,
  TAG_BYTES,
  type Algorithm,
  type SealingKey,
} from './seal.ts'
import { storeError } from './store-errors.ts'

/** What a folder of blobs is opened with. */
export interface BlobFolderOptions {
  readonly folder: string
  readonly algorithm: Algorithm
  /** 32 bytes from which names and the key of each blob follow. */
  readonly key: Uint8Array
  readonly random: Random
}

const CHUNK_BYTES = 65_536
const SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES
const SALT_BYTES = 16
const HEAD_BYTES = 1 + SALT_BYTES
const HASH_BYTES = 32
/** What is not whole yet. */
const UNFINISHED = '.new-'
const FOLDER_MODE = 0o700
const FILE_MODE = 0o600

/** Opens the folder, made where it is not there; what an earlier run left unfinished is taken away. */
export async function openBlobFolder(options: BlobFolderOptions): Promise<Blobs> {
  const { folder } = options
  await guarded(async () => {
    await mkdir(folder, { recursive: true, mode: FOLDER_MODE })
    const left = (await readdir(folder)).filter((name) => name.startsWith(UNFINISHED))
    for (const name of left) await rm(join(folder, name), { force: true })
  })
  const secret = Uint8Array.from(options.key)
  const bench: Bench = { ...options, key: secret }
  return {
    write: (source, bytesMax) => write(bench, source, bytesMax),
    read: (hash, span) => guarded(() => read(bench, hash, span)),
    remove: (hash) =>
      guarded(async () => {
        await rm(placeOf(bench, hash), { force: true })
        await syncFolder(folder)
      }),
    retain: (hashes) =>
      guarded(async () => {
        const kept = new Set([...hashes].map((hash) => placeOf(bench, hash)))
        const paths = (await readdir(folder)).map((name) => join(folder, name))
        for (const path of paths) if (!kept.has(path)) await rm(path, { force: true })
      }),
  }
}

type Bench = BlobFolderOptions

async function write(
  bench: Bench,
  source: AsyncIterable<Uint8Array>,
  bytesMax: number,
): Promise<Blob> {
  const { folder, random } = bench
  const unfinished = join(folder, `${UNFINISHED}${hexFromBytes(random.bytes(8))}`)
  let isDone = false
  try {
    const blob = await fill(bench, unfinished, { source, bytesMax })
    await guarded(async () => {
      await rename(unfinished, placeOf(bench, blob.hash))
      await syncFolder(folder)
    })
    isDone = true
    return blob
  } finally {
    if (!isDone) await rm(unfinished, { force: true })
  }
}

async function fill(
  bench: Bench,
  path: string,
  { source, bytesMax }: { readonly source: AsyncIterable<Uint8Array>; readonly bytesMax: number },
): Promise<Blob> {
  const { algorithm, random } = bench
  const salt = random.bytes(SALT_BYTES)
  const key = keyOf(bench, salt)
  const digest = createHash('sha256')
  await using file = await guarded(() => open(path, 'wx', FILE_MODE))
  const put = (bytes: Uint8Array): Promise<void> => guarded(() => file.writeFile(bytes))
  await put(concatBytes(Uint8Array.of(algorithm), salt))
  let waiting: Uint8Array = new Uint8Array(0)
  let number = 0
  let bytes = 0
  for await (const part of source) {
    bytes += part.length
    if (bytes > bytesMax)
      throw new EdgeError('TOO_LARGE', { field: 'file', wantedBytesMax: bytesMax })
    digest.update(part)
    waiting = concatBytes(waiting, part)
    // More than one chunk: the last one is known to be the last only at the end.
    while (waiting.length > CHUNK_BYTES) {
      await put(sealChunk(key, waiting.subarray(0, CHUNK_BYTES), { number, isLast: false }))
      waiting = waiting.slice(CHUNK_BYTES)
      number += 1
    }
  }
  const hash = new Uint8Array(digest.digest())
  await putEnd(put, key, { rest: concatBytes(waiting, hash), number })
  await guarded(() => file.sync())
  return { hash: hexFromBytes(hash), bytes }
}

/** The hash may need a chunk more. */
async function putEnd(
  put: (bytes: Uint8Array) => Promise<void>,
  key: SealingKey,
  end: { readonly rest: Uint8Array; readonly number: number },
): Promise<void> {
  const { rest, number } = end
  const isTwo = rest.length > CHUNK_BYTES
  if (isTwo) await put(sealChunk(key, rest.subarray(0, CHUNK_BYTES), { number, isLast: false }))
  const last = isTwo ? rest.subarray(CHUNK_BYTES) : rest
  await put(sealChunk(key, last, { number: number + (isTwo ? 1 : 0), isLast: true }))
}

async function read(
  bench: Bench,
  hash: string,
  span: BlobSpan | undefined,
): Promise<AsyncIterable<Uint8Array> | undefined> {
  const path = placeOf(bench, hash)
  const size = await sizeOf(path)
  if (size === undefined) return undefined
  const chunks = Math.ceil((size - HEAD_BYTES) / SEALED_CHUNK_BYTES)
  const bytes = size - HEAD_BYTES - chunks * TAG_BYTES - HASH_BYTES
  if (bytes < 0) throw broken('file too short')
  const from = Math.max(0, span?.from ?? 0)
  const to = Math.min(bytes, span?.to ?? bytes)
  const file = await open(path, 'r')
  try {
    const head = await readAt(file, 0, HEAD_BYTES)
    if (head[0] !== bench.algorithm) throw broken('unknown format')
    const key = keyOf(bench, head.subarray(1))
    const opened: OpenedBlob = { file, key, chunks, size }
    const end = await tailOf(opened)
    if (!equalBytes(end.subarray(-HASH_BYTES), bytesFromHex(hash))) throw broken('another content')
    return spanOf(opened, { from, to })
  } catch (error) {
    await file.close()
    throw error
  }
}

interface OpenedBlob {
  readonly file: FileHandle
  readonly key: SealingKey
  readonly chunks: number
  readonly size: number
}

/** The last bytes of all, at least the hash. */
async function tailOf(opened: OpenedBlob): Promise<Uint8Array> {
  const last = await chunkAt(opened, opened.chunks - 1)
  if (last.length >= HASH_BYTES || opened.chunks < 2) return last
  return concatBytes(await chunkAt(opened, opened.chunks - 2), last)
}

/** Closes the file when it is done, or when whoever reads has had enough. */
async function* spanOf(opened: OpenedBlob, { from, to }: BlobSpan): AsyncIterable<Uint8Array> {
  try {
    let at = from
    while (at < to) {
      const number = Math.floor(at / CHUNK_BYTES)
      const chunk = await chunkAt(opened, number)
      const start = number * CHUNK_BYTES
      yield chunk.subarray(at - start, Math.min(to - start, chunk.length))
      at = start + CHUNK_BYTES
    }
  } finally {
    await opened.file.close()
  }
}

async function chunkAt(
  { file, key, chunks, size }: OpenedBlob,
  number: number,
): Promise<Uint8Array> {
  const at = HEAD_BYTES + number * SEALED_CHUNK_BYTES
  const sealed = await readAt(file, at, Math.min(SEALED_CHUNK_BYTES, size - at))
  const isLast = number === chunks - 1
  try {
    return openBytes(key, {
      bytes: sealed,
      nonce: nonceOf({ number, isLast }),
      bound: Uint8Array.of(key.algorithm),
    })
  } catch (error) {
    throw broken('wrong key or damaged chunk', error)
  }
}

async function readAt(file: FileHandle, position: number, length: number): Promise<Uint8Array> {
  const buffer = new Uint8Array(length)
  const { bytesRead } = await guarded(() => file.read(buffer, 0, length, position))
  if (bytesRead !== length) throw broken('file too short')
  return buffer
}

interface ChunkPlace {
  readonly number: number
  readonly isLast: boolean
}

function sealChunk(key: SealingKey, bytes: Uint8Array, place: ChunkPlace): Uint8Array {
  const bound = Uint8Array.of(key.algorithm)
  return concatBytes(...sealBytes(key, { bytes, nonce: nonceOf(place), bound }))
}

function nonceOf({ number, isLast }: ChunkPlace): Uint8Array {
  const nonce = Buffer.alloc(NONCE_BYTES)
  nonce[0] = isLast ? 1 : 0
  nonce.writeBigUInt64BE(BigInt(number), NONCE_BYTES - 8)
  return nonce
}

function keyOf({ algorithm, key }: Bench, salt: Uint8Array): SealingKey {
  return sealingKey(algorithm, deriveKey(algorithm, key, { salt, label: 'holdfast blob' }))
}

/** A finder of the disk must not learn which well-known file this is. */
function placeOf({ folder, key }: Bench, hash: string): string {
  const mac = createHmac('sha256', key).update(bytesFromText(`holdfast blob name ${hash}`))
  return join(folder, mac.digest('hex').slice(0, 32))
}

async function sizeOf(path: string): Promise<number | undefined> {
  try {
    return (await stat(path)).size
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined
    throw error
  }
}

async function syncFolder(folder: string): Promise<void> {
  await using handle = await open(folder, 'r')
  await handle.sync()
}

function broken(reason: string, cause?: unknown): EdgeError {
  return new EdgeError('STORE_BROKEN', { part: 'blob', reason }, { cause })
}

async function guarded<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    throw storeError(error)
  }
}
