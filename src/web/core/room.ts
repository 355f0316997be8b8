/** Room on the device: where there is none left, what was only seen makes way for what was written. */
import type { Shelf } from './shelf.ts'

/** What the browser gives this page, in bytes. */
export interface Room {
  readonly used: number
  readonly quota: number
}

/** Of small rooms a tenth is left free for what is still to be written; of large ones this many bytes. */
const SPARE_BYTES_MAX = 16 * 1_024 * 1_024
const SPARE_PART = 0.1

/** Whether what is only seen is to leave the rest to what is written. */
export function isTight({ used, quota }: Room): boolean {
  return quota - used < Math.min(SPARE_BYTES_MAX, quota * SPARE_PART)
}

/** `shelf`; where it is full, `giveWay` throws something away, until it says `false`: then the browser's own error is thrown. */
export function roomyShelf(shelf: Shelf, giveWay: () => Promise<boolean>): Shelf {
  return {
    ...shelf,
    put: async (key, value) => {
      for (;;) {
        try {
          return await shelf.put(key, value)
        } catch (error) {
          if (!isFull(error) || !(await giveWay())) throw error
        }
      }
    },
  }
}

/** All browsers say it by this name. */
function isFull(error: unknown): boolean {
  return error instanceof Error && error.name === 'QuotaExceededError'
}
