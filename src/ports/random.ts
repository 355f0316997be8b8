/** Chance. Real nodes take it from the system, simulated ones from a seed. */

/** The node's only source of random bytes. */
export interface Random {
  /** `length` unpredictable bytes. */
  readonly bytes: (length: number) => Uint8Array
}
