/** Files on their way, as a running node has them in mind: which are open, and what links are like. All else is on disk. */
import type { FileName } from '#codec/piece.ts'
import type { PeerId } from '#ports/carrier.ts'
import type { Instant } from '#base/ids.ts'
import { openBell, type Bell } from './bell.ts'
import type { BlobUses } from './blob-uses.ts'
import type { SyncContext } from './context.ts'
import { fileKey, fileRange, type FetchRecord } from './file-records.ts'
import { pack, unpack } from './records.ts'
import type { Replica, Tx } from './replica.ts'

/** Pieces that are read at once to be taken away. */
const PIECES_AT_ONCE = 64

/** What is kept in memory. */
export interface FileDesk {
  readonly blobs: BlobUses
  /** Names of all that is being fetched. */
  readonly open: Set<FileName>
  /** Changes whenever somebody may have to be asked or told. */
  readonly version: () => number
  readonly changed: () => void
  /** Rings when a file may be whole. */
  readonly bell: Bell
  /** How large a parcel each link takes: a piece that goes on there should not be larger. */
  readonly rooms: Map<PeerId, number>
  /** When it was last said at once what lies on the shelf of a post office, by the running time. */
  readonly givenMs: Map<PeerId, number>
  /** Whether a link that costs less than a carrier's is there, or one to that peer; never, before sync runs. */
  isCheaperThere: (carrier: string, peer?: PeerId) => boolean
}

/** What one contact remembers of files. */
export interface FileLook {
  version: number
  lookAt: Instant | undefined
  isFat: boolean
  /** Since when it has been looked at, by the running time. */
  begunMs: number | undefined
  /** How small the last piece became. */
  share: number
}

/** Nothing in mind yet. */
export function openFileDesk(blobs: BlobUses): FileDesk {
  let version = 0
  return {
    blobs,
    open: new Set(),
    version: () => version,
    changed: () => {
      version += 1
    },
    bell: openBell(),
    rooms: new Map(),
    givenMs: new Map(),
    isCheaperThere: () => false,
  }
}

/** A contact in which nothing was looked at. */
export function newFileLook(): FileLook {
  return { version: -1, lookAt: undefined, isFat: false, begunMs: undefined, share: 1 }
}

/** Reads what was on its way when the node stopped. */
export async function loadFetches(desk: FileDesk, { read }: Replica): Promise<void> {
  for (const [place] of await read.list(fileRange.fetches))
    desk.open.add(place.slice(fileRange.fetches.from.length))
  desk.changed()
  desk.bell.ring()
}

/** A file that is being fetched. */
export async function fetchOf(
  reader: Pick<Tx, 'get'>,
  name: FileName,
): Promise<FetchRecord | undefined> {
  return unpack<FetchRecord>(await reader.get(fileKey.fetch(name)))
}

/** When something is due that was begun then: at once when that lies ahead, as a time that was lost with the power may. */
export function dueMs(
  { time }: { readonly time: Pick<SyncContext['time'], 'nowMs'> },
  begunMs: number,
  ms: number,
): number {
  return begunMs > time.nowMs() ? time.nowMs() : begunMs + ms
}

/** Notes how far a file is. */
export function putFetch(
  tx: Tx,
  desk: FileDesk,
  { name, fetch }: { readonly name: FileName; readonly fetch: FetchRecord },
): void {
  tx.put(fileKey.fetch(name), pack(fetch))
  if (!desk.open.has(name)) tx.afterwards(() => void desk.open.add(name))
}

/** Nothing of it is on its way any more; what came of it goes. */
export async function endFetch(
  tx: Tx,
  { files, ring }: Pick<SyncContext, 'files' | 'ring'>,
  name: FileName,
): Promise<void> {
  tx.delete(fileKey.fetch(name))
  await dropPieces(tx, name)
  tx.afterwards(() => {
    files.open.delete(name)
    files.changed()
    ring() // who was asked for it is told
  })
}

/** Takes all pieces of a file away. */
export async function dropPieces(tx: Tx, name: FileName): Promise<void> {
  for (;;) {
    const pieces = await tx.list({ ...fileRange.pieces(name), limit: PIECES_AT_ONCE })
    if (pieces.length === 0) return
    for (const [place] of pieces) tx.delete(place)
  }
}
