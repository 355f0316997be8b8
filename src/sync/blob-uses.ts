/**
 * Blobs and what needs them: two files with the same content are one blob, and it goes when nothing needs it any more. None is
 * removed while another is being taken in, nor is one taken in while others are being removed: it may turn out to be the same.
 */
import type { Blob, Blobs } from '#ports/blobs.ts'
import { guardBlobs, type GuardedBlobs } from './blob-guard.ts'
import { keptKey, keptRange } from './kept-keys.ts'
import { pack, unpack } from './records.ts'
import type { Tx } from './replica.ts'
import type { SyncContext } from './context.ts'

/** Whoever needs a blob, by an id of its own. */
export interface BlobUse {
  readonly hash: string
  readonly id: string
}

/** The blobs of this node. */
export interface BlobUses {
  /** Takes a blob in, and notes in a commit what needs it. @throws EdgeError TOO_LARGE, STORE_FULL */
  readonly keep: <T>(
    source: AsyncIterable<Uint8Array>,
    bytesMax: number,
    note: (tx: Tx, blob: Blob) => Promise<T>,
  ) => Promise<T>
  /** The same for work that takes several in before its commit: what none then needs is removed. */
  readonly take: <T>(work: (write: Blobs['write']) => Promise<T>) => Promise<T>
  /** Undefined for what is damaged from its beginning, too, and for what is known to be. */
  readonly read: Blobs['read']
  /** What is known of those that are damaged. */
  readonly guard: Pick<
    GuardedBlobs,
    'damaged' | 'suspects' | 'bell' | 'found' | 'check' | 'readDamaged'
  >
  readonly isAtHand: (hash: string) => Promise<boolean>
  readonly places: Blobs['places']
  /** Every need there is. */
  readonly all: () => Promise<readonly BlobUse[]>
  /** Notes in a commit that a blob is needed. */
  readonly use: (tx: Tx, use: BlobUse) => void
  /** Notes in a commit that it is needed no more by that. */
  readonly drop: (tx: Tx, use: BlobUse) => void
  /** Removes what nothing needs: what a crash left between a blob and its commit. */
  readonly sweep: () => Promise<void>
}

/** The blobs of a node whose commits are `sync`'s. */
export function openBlobUses(
  kept: Blobs,
  { replica, log }: Pick<SyncContext, 'replica' | 'log'>,
): BlobUses {
  const blobs = guardBlobs(kept)
  const idle = new Set<string>()
  let taking = 0
  let removing: Promise<void> = Promise.resolve()
  // In a commit, so that nobody begins to need one meanwhile.
  const removeIdle = (): Promise<void> =>
    replica.commit(async (tx) => {
      if (taking > 0) return // what comes in may be one of them; it is looked at again then
      const done = removeUnused(tx, blobs, idle)
      removing = done.catch(() => undefined)
      await done
    })
  const removeSoon = (): void => {
    if (idle.size === 0 || taking > 0) return
    removeIdle().catch((error: unknown) =>
      log.warn('blob.left', { error: error instanceof Error ? error.name : 'unknown' }),
    )
  }
  const take: BlobUses['take'] = async (work) => {
    taking += 1
    try {
      await removing
      return await work(async (source, bytesMax) => {
        const blob = await blobs.write(source, bytesMax)
        idle.add(blob.hash) // should the commit fail
        return blob
      })
    } finally {
      taking -= 1
      removeSoon()
    }
  }
  return {
    keep: (source, bytesMax, note) =>
      take(async (write) => {
        const blob = await write(source, bytesMax)
        return replica.commit((tx) => note(tx, blob))
      }),
    take,
    read: blobs.read,
    guard: blobs,
    isAtHand: async (hash) => (await blobs.isAtHand?.(hash)) ?? true,
    places: blobs.places,
    all: () => usesOf(replica),
    use: (tx, { hash, id }) => tx.put(keptKey.blobUse(hash, id), pack(hash)),
    drop: (tx, { hash, id }) => {
      tx.delete(keptKey.blobUse(hash, id))
      tx.afterwards(() => {
        idle.add(hash)
        removeSoon()
      })
    },
    sweep: async () => blobs.retain(new Set((await usesOf(replica)).map(({ hash }) => hash))),
  }
}

async function removeUnused(tx: Tx, blobs: GuardedBlobs, idle: Set<string>): Promise<void> {
  for (const hash of idle) {
    idle.delete(hash)
    const left = await tx.list({ ...keptRange.blobUses(hash), limit: 1 })
    if (left.length > 0) continue
    await blobs.remove(hash)
    if (!blobs.damaged.has(hash)) continue
    tx.delete(keptKey.damagedBlob(hash))
    blobs.found(hash, undefined)
  }
}

async function usesOf({ read }: SyncContext['replica']): Promise<readonly BlobUse[]> {
  const uses = await read.list(keptRange.allBlobUses)
  return uses.flatMap(([place, bytes]) => {
    const hash = unpack<string>(bytes)
    return hash === undefined ? [] : [{ hash, id: place.slice(place.lastIndexOf('/') + 1) }]
  })
}
