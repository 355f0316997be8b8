/** Chance. Real nodes take it from the system, simulated ones from a seed. */

/** The node's only source of random bytes. */
export interface Random {
  /** `length` unpredictable bytes. */
  readonly bytes: (length: number) => Uint8Array
  /**
   * ML-KEM-768 (FIPS 203) towards the owner of `publicKey` (1,184 bytes): a fresh secret of 32 bytes, and the 1,088
   * bytes from which the owner finds it. Undefined when that is no such key.
   */
  readonly encapsulate: (publicKey: Uint8Array) => Encapsulation | undefined
}

/** What `encapsulate` gives. */
export interface Encapsulation {
  readonly secret: Uint8Array
  readonly ciphertext: Uint8Array
}
