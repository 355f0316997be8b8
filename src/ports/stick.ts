/**
 * The disk of a stick, as far as a courier needs it: plain files in one folder. Whatever goes wrong there rejects with the
 * system's error, whose `code` says what it was (`ENOSPC`, `ENOENT`, ...), unless said otherwise.
 */

/** A plain file that is being read. */
export interface StickReading {
  /** Length of the file when it was opened, in bytes. */
  readonly size: number
  /** `length` bytes from `position` on; fewer at the end of the file. */
  readonly read: (position: number, length: number) => Promise<Uint8Array>
  /** Never rejects. */
  readonly close: () => Promise<void>
}

/** Files in the folders of sticks. A folder is named by its absolute path, a file by what it is called there. */
export interface StickDisk {
  /** @throws EdgeError INPUT_INVALID unless it is a folder by its real path, through no link */
  readonly assertFolder: (folder: string) => Promise<void>
  /** What the folder lies on, where the system can tell: once a stick is gone, it is something else. */
  readonly mediumOf?: (folder: string) => Promise<string>
  /** Whatever lies there, in the order of the system. */
  readonly names: (folder: string) => AsyncIterable<string>
  /** Opens a plain file; follows no link, and waits for nobody. Never rejects. */
  readonly open: (
    folder: string,
    name: string,
  ) => Promise<StickReading | 'not a file' | 'unreadable'>
  /** Makes a file that was not there, with these bytes in it, synced. Part of it may be left when that goes wrong. */
  readonly create: (folder: string, name: string, bytes: Uint8Array) => Promise<void>
  /** Whatever was called `to` is gone then. */
  readonly rename: (folder: string, from: string, to: string) => Promise<void>
  /** Does nothing, and rejects not, when it is not there or will not go. */
  readonly remove: (folder: string, name: string) => Promise<void>
  /** Resolves once the names in the folder are on the disk, where the system can say so. */
  readonly sync: (folder: string) => Promise<void>
}
