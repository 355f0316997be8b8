/** A disk whose room a test sets. */
import type { Disk } from '#ports/disk.ts'

/** Room in the hands of a test. */
export interface TestDisk extends Disk {
  readonly setFree: (bytes: number | undefined) => void
  /** How often the system was asked. */
  readonly asked: () => number
}

/** A disk with so much room at first. */
export function aDisk(bytes = 1e12): TestDisk {
  let free: number | undefined = bytes
  let count = 0
  return {
    freeBytes: async () => {
      count += 1
      return free
    },
    setFree: (next) => {
      free = next
    },
    asked: () => count,
  }
}
