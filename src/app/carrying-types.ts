/** What people carry by hand, as doors see it. */
import type { Instant, UserId } from '#base/ids.ts'
import type { StickStatus } from '#ports/courier.ts'

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

/** What lies on a stick, as this node sees it. */
export interface CourierStatus extends Omit<StickStatus, 'peer'> {
  /** This node has read from it or written to it. */
  readonly isKnown: boolean
  /** Changes here that are not on it; undefined for a stick that would get everything. */
  readonly waiting: number | undefined
}
