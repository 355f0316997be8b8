/**
 * Blobs that move to a bucket. What comes in is on the disk first, synced, and is answered for by that; a while later it is in the
 * bucket, sealed as it lay here, and when it was read back from there and is the same, the file here goes. While the bucket cannot be
 * reached, files stay; what was moved before can be read again when it can. What is read is brought back whole first, and stays a while: links
 * take a file in many small pieces.
 */
import { openAsBlob } from 'node:fs'
import { open } from 'node:fs/promises'
import { equalBytes } from '#base/bytes.ts'
import { EdgeError } from '#base/errors.ts'
import type { Blobs, BlobState } from '#ports/blobs.ts'
import type { Clock } from '#ports/clock.ts'
import type { Log } from '#ports/log.ts'
import { placesOf, type BlobFolder } from './blob-folder.ts'

/** Objects in a bucket, by name. Every method may throw: the bucket is elsewhere. */
export interface Bucket {
  readonly put: (name: string, content: Blob) => Promise<void>
  /** How many bytes it has; undefined when it is not there. */
  readonly sizeOf: (name: string) => Promise<number | undefined>
  readonly read: (name: string, from: number, to: number) => Promise<Uint8Array>
  readonly remove: (name: string) => Promise<void>
  readonly names: () => Promise<readonly string[]>
}

/** What blobs in a bucket need. */
export interface BlobBucketPorts {
  readonly folder: BlobFolder
  readonly bucket: Bucket
  readonly log: Log
  readonly clock: Pick<Clock, 'monotonicMs' | 'sleep'>
}

/** Bytes that are read at once. */
const READ_BYTES = 1_048_576
/** How long the bucket is left alone after it failed: 30 s. */
const AGAIN_MS = 30_000
/** How often it is looked whether something is to be moved: 5 s. */
const LOOK_MS = 5_000
/** How long a file stays here that was brought back, after it was last read: 10 min. */
const USED_MS = 600_000

/** Blobs of a folder and a bucket. Disposing ends what moves; it closes neither. */
export function openBlobBucket(ports: BlobBucketPorts): Blobs & AsyncDisposable {
  const { folder, bucket, log, clock } = ports
  const stop = new AbortController()
  const leaving = new Set<string>()
  const used = new Map<string, number>()
  const checked = new Map<string, BlobState>()
  const bringing = new Map<string, Promise<void>>()
  const moving = keepMoving({ ...ports, leaving, used, checked }, stop.signal)
  const bring = (name: string): Promise<void> => {
    const before = bringing.get(name)
    if (before !== undefined) return before
    used.set(name, clock.monotonicMs())
    const now = bringStaying(ports, leaving, name).finally(() => {
      bringing.delete(name)
      used.set(name, clock.monotonicMs()) // it may have taken long
    })
    checked.delete(name)
    bringing.set(name, now)
    return now
  }
  return {
    write: async (source, bytesMax) => {
      const blob = await folder.write(source, bytesMax)
      const name = folder.nameOf(blob.hash)
      leaving.delete(name)
      used.delete(name) // what the bucket has of it may be damaged
      checked.delete(name)
      return blob
    },
    read: async (hash, span) => {
      const name = folder.nameOf(hash)
      if (used.has(name)) used.set(name, clock.monotonicMs())
      const here = await folder.read(hash, span)
      if (here !== undefined || leaving.has(name)) return here
      await bring(name)
      return folder.read(hash, span)
    },
    isAtHand: async (hash) => {
      const name = folder.nameOf(hash)
      if (await folder.has(name)) return true
      bring(name).catch((error: unknown) => tellAway(log, error))
      return false
    },
    check: async (hash, rest) => {
      const state = await folder.check(hash, rest)
      const name = folder.nameOf(hash)
      if (state !== 'damaged' || leaving.has(name) || !(await isIn(bucket, name))) return state
      await bring(name)
      return folder.check(hash, rest)
    },
    places: (hashes) => placesIn(ports, hashes),
    ...openRemoving(ports, leaving),
    [Symbol.asyncDispose]: async () => {
      stop.abort()
      await moving
      await Promise.allSettled(bringing.values())
    },
  }
}

function openRemoving(
  ports: BlobBucketPorts,
  leaving: Set<string>,
): Pick<Blobs, 'remove' | 'retain'> {
  const { folder } = ports
  return {
    remove: async (hash) => {
      await folder.remove(hash)
      leaving.add(folder.nameOf(hash))
    },
    retain: async (hashes) => {
      await folder.retain(hashes)
      const kept = new Set([...hashes].map(folder.nameOf))
      for (const name of (await namesIn(ports)) ?? []) if (!kept.has(name)) leaving.add(name)
    },
  }
}

async function isIn(bucket: Bucket, name: string): Promise<boolean> {
  return (await away(() => bucket.sizeOf(name))) !== undefined
}

async function placesIn(
  ports: BlobBucketPorts,
  hashes: ReadonlySet<string>,
): ReturnType<Blobs['places']> {
  // The folder first: what moves meanwhile is in both.
  const here = new Set(await ports.folder.names())
  const there = await namesIn(ports)
  return placesOf(hashes, {
    nameOf: ports.folder.nameOf,
    placeOf: (name) => {
      if (here.has(name)) return 'here'
      if (there === undefined) return 'unknown'
      return there.has(name) ? 'elsewhere' : 'nowhere'
    },
  })
}

/** What the bucket has; undefined while it is away. */
async function namesIn({ bucket, log }: BlobBucketPorts): Promise<ReadonlySet<string> | undefined> {
  try {
    return new Set(await bucket.names())
  } catch (error) {
    tellAway(log, error)
    return undefined
  }
}

/** What was taken away meanwhile does not come back. */
async function bringStaying(
  ports: BlobBucketPorts,
  leaving: ReadonlySet<string>,
  name: string,
): Promise<void> {
  await away(() => bringBack(ports, name))
  if (leaving.has(name)) await ports.folder.removeFile(name)
}

/** One that is not there is no error: nothing is here afterwards. */
async function bringBack({ folder, bucket }: BlobBucketPorts, name: string): Promise<void> {
  const size = await bucket.sizeOf(name)
  if (size === undefined) return
  await folder.takeFile(name, inParts(bucket, name, size))
}

async function* inParts(bucket: Bucket, name: string, size: number): AsyncIterable<Uint8Array> {
  for (let from = 0; from < size; from += READ_BYTES)
    yield bucket.read(name, from, Math.min(size, from + READ_BYTES))
}

type Moving = BlobBucketPorts & {
  /** Names that are to go from the bucket. */
  readonly leaving: Set<string>
  /** When what was brought back was last read. */
  readonly used: Map<string, number>
  /** What was found of files here: a damaged one is never put in the place of what the bucket has. */
  readonly checked: Map<string, BlobState>
}

async function keepMoving(moving: Moving, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    let pauseMs = LOOK_MS
    try {
      await moveAll(moving, signal)
    } catch (error) {
      if (signal.aborted) return
      tellAway(moving.log, error)
      pauseMs = AGAIN_MS
    }
    await moving.clock.sleep(pauseMs, signal)
  }
}

async function moveAll(moving: Moving, signal: AbortSignal): Promise<void> {
  const { folder, bucket, leaving, used, checked, clock } = moving
  for (const name of await folder.names()) {
    if (signal.aborted) return
    if (clock.monotonicMs() - (used.get(name) ?? -Infinity) < USED_MS) continue
    if (!(await isSound(moving, name))) continue
    const content = await openAsBlob(folder.pathOf(name)).catch(() => undefined)
    if (content === undefined) continue // it was taken away meanwhile
    // What was brought back is there still.
    if (!used.has(name)) await bucket.put(name, content)
    used.delete(name)
    if (!(await isSame(bucket, name, folder.pathOf(name)))) continue
    await folder.removeFile(name)
    checked.delete(name)
  }
  for (const name of leaving) {
    if (signal.aborted) return
    // It may have come in again meanwhile.
    if (!(await folder.names()).includes(name)) await bucket.remove(name)
    leaving.delete(name)
  }
}

/** Whether a file may move. A damaged one stays until there is a good one, or goes where the bucket has what it was brought from. */
async function isSound(
  { folder, bucket, used, checked, log }: Moving,
  name: string,
): Promise<boolean> {
  const before = checked.get(name)
  if (before !== undefined) return before === 'sound'
  const state = await folder.checkFile(name)
  if (state === undefined) return false // it was taken away meanwhile
  checked.set(name, state)
  if (state === 'sound') return true
  log.warn('bucket.damaged', { count: 1 })
  if (used.delete(name) && (await bucket.sizeOf(name)) !== undefined) await folder.removeFile(name)
  return false
}

/** A file goes only when the bucket has every byte of it. */
async function isSame(bucket: Bucket, name: string, path: string): Promise<boolean> {
  const file = await open(path, 'r').catch(() => undefined)
  if (file === undefined) return false
  try {
    const { size } = await file.stat()
    if ((await bucket.sizeOf(name)) !== size) return false
    for (let from = 0; from < size; from += READ_BYTES) {
      const to = Math.min(size, from + READ_BYTES)
      const here = new Uint8Array(to - from)
      await file.read(here, 0, here.length, from)
      if (!equalBytes(here, await bucket.read(name, from, to))) return false
    }
    return true
  } finally {
    await file.close()
  }
}

async function away<T>(ask: () => Promise<T>): Promise<T> {
  try {
    return await ask()
  } catch (error) {
    throw new EdgeError('BUCKET_AWAY', { reason: reasonOf(error) }, { cause: error })
  }
}

function tellAway(log: Log, error: unknown): void {
  log.warn('bucket.away', { reason: reasonOf(error) })
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.name : 'unknown'
}
