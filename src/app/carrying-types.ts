/** What people carry by hand, as doors see it. */
import type { ChannelId, Instant, UserId } from '#base/ids.ts'
import type { ChannelKind } from '#model/channel-id.ts'
import type { BlobLying } from '#ports/blobs.ts'
import type { CourierWait, StickStatus } from '#ports/courier.ts'

/** What is being done with a stick. */
export interface CourierProgress {
  readonly deed: 'export' | 'import'
  /** Where the stick is. */
  readonly folder: string
  /** What it waits for now. */
  readonly waitsFor: CourierWait
  readonly bytes: number
  /** All there is, where that is known. */
  readonly of: number | undefined
}

/** When the store was taken last, and by whom. */
export interface LastBackup {
  readonly at: Instant
  readonly by: UserId
}

/** Bytes beside the store that this node needs, and where they are. */
export interface HeldBlob extends BlobLying {
  readonly what: 'file' | 'small picture' | 'part of an upload' | 'picture'
  /** Undefined for what is no file, and for whoever may not read its channel. */
  readonly file: string | undefined
  /** Undefined where nobody noted it. */
  readonly bytes: number | undefined
  /** Undefined for what is in none. */
  readonly channel:
    { readonly id: ChannelId; readonly kind: ChannelKind; readonly name: string } | undefined
  /** A message has it: other nodes may hold it, too. */
  readonly isShared: boolean
}

/** What backups need of a node. */
export interface BackingUp {
  /**
   * The store as it lies on the disk, names hidden and values sealed, for a backup.
   * @throws EdgeError NOT_FOUND where there is no disk to back up
   */
  readonly storeImage: (subject: UserId) => Promise<AsyncIterable<Uint8Array>>
  /** Undefined where it was never taken here. */
  readonly lastBackup: (subject: UserId) => Promise<LastBackup | undefined>
  /** All that lies beside the store; only administrators. */
  readonly blobsHeld: (subject: UserId) => Promise<readonly HeldBlob[]>
}

/** What lies on a stick, as this node sees it. */
export interface CourierStatus extends Omit<StickStatus, 'peer'> {
  /** This node has read from it or written to it. */
  readonly isKnown: boolean
  /** Changes here that are not on it; undefined for a stick that would get everything. */
  readonly waiting: number | undefined
}
