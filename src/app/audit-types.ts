/** What the node tells its audit, and what it tells of it. */
import type { AuditRecord } from '#model/audit-record.ts'

/** How a node's store was opened, and what the node is set to do. */
export interface Opening {
  /** What opened the store. */
  readonly by: 'key file' | 'passphrase' | 'release'
  /** How many wrong passphrases were tried since it was locked, or since its process began. */
  readonly wrongTries: number
  /** All that is set, and the ways to open the store: 32 bytes, the hash of them. */
  readonly policy: Uint8Array
}

/** Entries of audits in the order in which they came to this node, and how far readers have got. */
export interface AuditFeed {
  /** Oldest first. */
  readonly after: (number: number, limit: number) => Promise<readonly AuditRecord[]>
  /** How far the reader of this name has been served; undefined for a new one. */
  readonly cursor: (reader: string) => Promise<number | undefined>
  readonly keepCursor: (reader: string, number: number) => Promise<void>
  /** Calls `listener` when there may be more. Returns how to stop. */
  readonly onNew: (listener: () => void) => () => void
}
