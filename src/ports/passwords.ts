/** Slow on purpose: turning a password into something that can be kept. Simulated worlds have a quick one. */

/** The node's only way to handle passwords. */
export interface Passwords {
  /** A salted, slow hash of `password`, with all that is needed to check it. */
  readonly hash: (password: string) => Promise<Uint8Array>
  /** Whether `hash` was made of `password`. */
  readonly check: (password: string, hash: Uint8Array) => Promise<boolean>
}
