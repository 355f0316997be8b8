/**
 * The disk: an ordered map of text keys to bytes, changed only by atomic, synced batches.
 * Keys are compared by their UTF-8 bytes. All keys in use are listed in `#sync/keys.ts`.
 */

/** One step of a batch. A `value` of undefined deletes the key. */
export interface Write {
  readonly key: string
  readonly value: Uint8Array | undefined
}

/** Part of the map, in key order. */
export interface Range {
  /** First key of the range, included. */
  readonly from: string
  /** First key after the range, not included. */
  readonly to: string
  readonly limit?: number
  /** From the end of the range to its start. */
  readonly reverse?: boolean
}

/** A key and its value. */
export type Entry = readonly [key: string, value: Uint8Array]

/**
 * What the disk does for the node. Every method may throw EdgeError STORE_BROKEN. A store keeps no
 * hold of a value that it gave, nor, once it is written, of one that it was given: whoever has it may use it up.
 */
export interface Store extends AsyncDisposable {
  readonly get: (key: string) => Promise<Uint8Array | undefined>
  /** The values of `keys`, in their order. */
  readonly getMany: (keys: readonly string[]) => Promise<readonly (Uint8Array | undefined)[]>
  readonly list: (range: Range) => Promise<readonly Entry[]>
  /**
   * All of `writes` or none. Resolves only once the disk has said that they are synced.
   * Batches reach the disk in the order of the calls.
   * @throws EdgeError STORE_FULL when there is no room: nothing of the batch is kept, later calls may succeed.
   */
  readonly write: (writes: readonly Write[]) => Promise<void>
  /** Names of values that were found damaged since this was asked last. They stay as they are until they are written anew. */
  readonly damaged?: () => readonly string[]
  /** Removes deleted data of the range from the files (compact, delete, compact: research/automerge.md 6). */
  readonly compact: (range: Range) => Promise<void>
}
