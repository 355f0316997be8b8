/** Large things beside the store: bytes that belong together, known by their SHA-256, written once and never changed. */

/** What was taken. */
export interface Blob {
  /** SHA-256 of the bytes: 64 hexadecimal digits. */
  readonly hash: string
  readonly bytes: number
}

/**
 * Where a blob lies: on this machine, on another, nowhere, or nobody can say while that other cannot be reached. What lies here or
 * there and is known to be damaged is no use to anybody.
 */
export type BlobPlace = 'here' | 'elsewhere' | 'nowhere' | 'unknown' | 'damaged'

/** A blob as it lies there. */
export interface BlobLying {
  /** What it is called there; says nothing of its content. */
  readonly name: string
  readonly place: BlobPlace
}

/** What the disk does for files. Every method may throw EdgeError STORE_BROKEN. */
export interface Blobs {
  /**
   * Takes all that `source` gives and resolves once it is on disk, whole. What fails leaves nothing behind; what is there
   * already is there once.
   * @throws EdgeError TOO_LARGE above `bytesMax`, STORE_FULL when there is no room, and whatever `source` throws
   */
  readonly write: (source: AsyncIterable<Uint8Array>, bytesMax: number) => Promise<Blob>
  /**
   * The bytes from `from` to before `to` (all unless given), or undefined when there is no such blob.
   * What is damaged is STORE_BROKEN with the fact `part: blob`, at the latest where the damage is: no wrong byte is given.
   */
  readonly read: (hash: string, span?: BlobSpan) => Promise<AsyncIterable<Uint8Array> | undefined>
  /**
   * Whether it can be read without waiting for another machine; when not, it is being brought from there. Whoever must not wait asks
   * first. Where there is no such machine, everything is at hand.
   */
  readonly isAtHand?: (hash: string) => Promise<boolean>
  /**
   * Reads all of what lies on this machine and says whether it is what was written; undefined where nothing lies here. Waits for `rest`
   * after each MiB. What lies here damaged and sound on another machine is brought from there.
   */
  readonly check: (hash: string, rest: () => Promise<void>) => Promise<BlobState | undefined>
  /** Where each of these lies. Says `unknown` where another machine that cannot be reached may have it. */
  readonly places: (hashes: ReadonlySet<string>) => Promise<ReadonlyMap<string, BlobLying>>
  /** Takes a blob away; one that is not there is no error. */
  readonly remove: (hash: string) => Promise<void>
  /** Takes all away but these. Called before anything is written. */
  readonly retain: (hashes: ReadonlySet<string>) => Promise<void>
}

/** Whether a blob is what was written. */
export type BlobState = 'sound' | 'damaged'

/** Some of a blob. */
export interface BlobSpan {
  readonly from: number
  readonly to: number
}
