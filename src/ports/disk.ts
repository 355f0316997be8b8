/** The disk beneath the store, as far as its room goes. */

/** Asks the system how much room there is. */
export interface Disk {
  /** Bytes that this program may still write; undefined where the system does not say. */
  readonly freeBytes: () => Promise<number | undefined>
}
