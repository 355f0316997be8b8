/**
 * A blob as it lies outside of the store, sealed like everything at rest: in a file, or in a bucket.
 *
 * It is: the number of the algorithm (one byte, `seal.ts`), a salt (16, random) from which its own key is derived, and chunks
 * of 64 KiB, each with its tag (16). A chunk's nonce is 1 for the last and 0 for others, three zeros, and its number (8): none can
 * be moved, left out or cut off. Behind the last of the bytes stands their SHA-256, so one that was put in the place of another
 * does not open.
 */
import { createHash, createHmac } from 'node:crypto'
import { bytesFromText, concatBytes, hexFromBytes } from '#base/bytes.ts'
import { EdgeError } from '#base/errors.ts'
import type { Blob, BlobSpan } from '#ports/blobs.ts'
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

/** What blobs are sealed with. */
export interface BlobSeal {
  readonly algorithm: Algorithm
  /** 32 bytes from which names and the key of each blob follow. */
  readonly key: Uint8Array
}

/** Something sealed that can be read here and there. */
export interface SealedSource {
  /** All bytes, as they lie there. */
  readonly size: number
  /** @throws EdgeError STORE_BROKEN when there are fewer */
  readonly readAt: (position: number, length: number) => Promise<Uint8Array>
  /** Called once when nothing more is read. */
  readonly close: () => Promise<void>
}

const CHUNK_BYTES = 65_536
const SEALED_CHUNK_BYTES = CHUNK_BYTES + TAG_BYTES
/** Random bytes of each. */
export const SALT_BYTES = 16
const HEAD_BYTES = 1 + SALT_BYTES
const HASH_BYTES = 32

/** What a finder of the disk reads in the place of the hash: it must not learn which well-known file this is. 32 hexadecimal digits. */
export function blobName({ key }: Pick<BlobSeal, 'key'>, hash: string): string {
  const mac = createHmac('sha256', key).update(bytesFromText(`holdfast blob name ${hash}`))
  return mac.digest('hex').slice(0, 32)
}

/** Seals what `source` gives, handing each stretch to `put` as it is ready. @throws EdgeError TOO_LARGE, and whatever the two throw */
export async function sealBlob(
  seal: BlobSeal,
  { source, bytesMax, salt }: SealedContent,
  put: (bytes: Uint8Array) => Promise<void>,
): Promise<Blob> {
  const key = keyOf(seal, salt)
  const digest = createHash('sha256')
  await put(concatBytes(Uint8Array.of(seal.algorithm), salt))
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
  return { hash: hexFromBytes(hash), bytes }
}

/** What is to be sealed. */
export interface SealedContent {
  readonly source: AsyncIterable<Uint8Array>
  readonly bytesMax: number
  /** `SALT_BYTES` random bytes. */
  readonly salt: Uint8Array
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

/** The bytes of a blob that is sealed under this name; closes its source when they are read, or when it fails. @throws EdgeError STORE_BROKEN */
export async function openBlob(
  seal: BlobSeal,
  source: SealedSource,
  { name, span }: { readonly name: string; readonly span?: BlobSpan | undefined },
): Promise<AsyncIterable<Uint8Array>> {
  try {
    const { size } = source
    const chunks = Math.ceil((size - HEAD_BYTES) / SEALED_CHUNK_BYTES)
    const bytes = size - HEAD_BYTES - chunks * TAG_BYTES - HASH_BYTES
    if (bytes < 0) throw brokenBlob('file too short')
    const head = await source.readAt(0, HEAD_BYTES)
    if (head[0] !== seal.algorithm) throw brokenBlob('unknown format')
    const opened: OpenedBlob = { source, key: keyOf(seal, head.subarray(1)), chunks }
    const end = await tailOf(opened)
    if (blobName(seal, hexFromBytes(end.subarray(-HASH_BYTES))) !== name)
      throw brokenBlob('another content')
    const from = Math.max(0, span?.from ?? 0)
    return spanOf(opened, { from, to: Math.min(bytes, span?.to ?? bytes) })
  } catch (error) {
    await source.close()
    throw error
  }
}

interface OpenedBlob {
  readonly source: SealedSource
  readonly key: SealingKey
  readonly chunks: number
}

/** The last bytes of all, at least the hash. */
async function tailOf(opened: OpenedBlob): Promise<Uint8Array> {
  const last = await chunkAt(opened, opened.chunks - 1)
  if (last.length >= HASH_BYTES || opened.chunks < 2) return last
  return concatBytes(await chunkAt(opened, opened.chunks - 2), last)
}

/** Closes the source when it is done, or when whoever reads has had enough. */
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
    await opened.source.close()
  }
}

async function chunkAt({ source, key, chunks }: OpenedBlob, number: number): Promise<Uint8Array> {
  const at = HEAD_BYTES + number * SEALED_CHUNK_BYTES
  const sealed = await source.readAt(at, Math.min(SEALED_CHUNK_BYTES, source.size - at))
  const isLast = number === chunks - 1
  try {
    return openBytes(key, {
      bytes: sealed,
      nonce: nonceOf({ number, isLast }),
      bound: Uint8Array.of(key.algorithm),
    })
  } catch (error) {
    throw brokenBlob('wrong key or damaged chunk', error)
  }
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

function keyOf({ algorithm, key }: BlobSeal, salt: Uint8Array): SealingKey {
  return sealingKey(algorithm, deriveKey(algorithm, key, { salt, label: 'holdfast blob' }))
}

/** A blob that is not as it was written. */
export function brokenBlob(reason: string, cause?: unknown): EdgeError {
  return new EdgeError('STORE_BROKEN', { part: 'blob', reason }, { cause })
}
