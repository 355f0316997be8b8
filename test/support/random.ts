/** Chance that follows from a seed. Never for keys that protect anything. */
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js'
import type { Random } from '#ports/random.ts'

/** The same bytes for the same seed, however they are asked for (sfc32 by Chris Doty-Humphrey, PractRand). */
export function seededRandom(seed: number): Random {
  const next = sfc32(seed)
  const bytes = (length: number): Uint8Array => Uint8Array.from({ length }, () => next() & 255)
  return {
    bytes,
    encapsulate: (publicKey) => {
      try {
        const { sharedSecret: secret, cipherText: ciphertext } = ml_kem768.encapsulate(
          publicKey,
          bytes(32),
        )
        return { secret, ciphertext }
      } catch {
        return undefined
      }
    },
  }
}

/** 32-bit numbers; the first rounds mix the seed in. */
function sfc32(seed: number): () => number {
  let [a, b, c, counter] = [0x9e3779b9, 0x243f6a88, seed >>> 0, 1]
  const next = (): number => {
    const sum = (a + b + counter) >>> 0
    counter = (counter + 1) >>> 0
    a = (b ^ (b >>> 9)) >>> 0
    b = (c + (c << 3)) >>> 0
    c = (((c << 21) | (c >>> 11)) + sum) >>> 0
    return sum
  }
  for (let round = 0; round < 15; round += 1) next()
  return next
}
