/**
 * A tray: one folder of this machine for courier files that a browser carries, to and from a device that the node cannot reach as a
 * folder. What lies in it is sealed as on a stick, and is gone when the tray is cleared, or the node starts.
 */

/** A file in it. */
export interface TrayFile {
  readonly name: string
  readonly bytes: number
}

/** The tray of one node. */
export interface Tray {
  /** Empties it. */
  readonly clear: () => Promise<void>
  /** Empties it, and lets `work` have its folder: absolute, and through no link. Nobody else empties it before the work is over. */
  readonly fill: <T>(work: (folder: string) => Promise<T>) => Promise<T>
  readonly files: () => Promise<readonly TrayFile[]>
  /** The bytes of a file in it; undefined when there is none of this name. */
  readonly read: (name: string) => Promise<AsyncIterable<Uint8Array> | undefined>
  /**
   * Puts one file into a folder of its own, and lets `work` have that; it is gone when the work is over.
   * @throws EdgeError TOO_LARGE, TOO_MANY_REQUESTS, and whatever `work` and `source` throw
   */
  readonly receive: <T>(
    source: AsyncIterable<Uint8Array>,
    work: (folder: string) => Promise<T>,
  ) => Promise<T>
}
