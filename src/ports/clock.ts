/** Time as the node sees it. The wall clock may be wrong by decades; waiting always works. */
import type { Instant } from '#base/ids.ts'

/** The node's only source of time. */
export interface Clock {
  /** What the wall clock says now. May jump either way. */
  readonly now: () => Instant
  /** Milliseconds since some fixed moment of this process; never goes back. */
  readonly monotonicMs: () => number
  /**
   * Resolves after `ms` milliseconds, or at once when `signal` aborts (it never rejects).
   * Removes its listener from `signal` when done.
   */
  readonly sleep: (ms: number, signal: AbortSignal) => Promise<void>
}
