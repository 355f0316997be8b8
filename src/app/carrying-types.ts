/** What people carry by hand, as doors see it. */
import type { Instant, UserId } from '#base/ids.ts'

/** What is being done with a stick. */
export interface CourierProgress {
  readonly deed: 'export' | 'import'
  readonly bytes: number
  /** All there is, where that is known. */
  readonly of: number | undefined
}

/** When the store was taken last, and by whom. */
export interface LastBackup {
  readonly at: Instant
  readonly by: UserId
}
