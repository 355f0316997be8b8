/**
 * Chance from a seed. Each part of the simulated world draws from a fork of its own, so that switching one kind of
 * fault off leaves all the others as they were: that is what lets a failing run be made smaller.
 */
import { createHash } from 'node:crypto'
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js'
import { must } from '#base/assert.ts'
import type { Random } from '#ports/random.ts'

/** A generator; equal names give equal sequences. */
export interface Chance {
  /** A whole number from 0 up to, not including, `limit`. */
  readonly below: (limit: number) => number
  /** A whole number from `low` to `high`, both included. */
  readonly between: (low: number, high: number) => number
  readonly happens: (probability: number) => boolean
  /** One of `list`, which is not empty. */
  readonly pick: <T>(list: readonly T[]) => T
  readonly bytes: (length: number) => Uint8Array
  /** Another generator, the same for the same name whatever was drawn here before. */
  readonly fork: (name: string) => Chance
}

/** The generator of this name. */
export function openChance(name: string): Chance {
  const next = sfc32(name)
  const below = (limit: number): number => Math.floor((next() / 2 ** 32) * limit)
  return {
    below,
    between: (low, high) => low + below(high - low + 1),
    happens: (probability) => next() / 2 ** 32 < probability,
    pick: (list) => must(list[below(list.length)], 'a list to pick from is not empty'),
    bytes: (length) => Uint8Array.from({ length }, () => next() & 255),
    fork: (part) => openChance(`${name}/${part}`),
  }
}

/** A node's chance: OpenSSL draws for itself when it encapsulates, so another implementation of FIPS 203 does it here. */
export function randomFrom({ bytes }: Pick<Chance, 'bytes'>): Random {
  return {
    bytes,
    encapsulate: (publicKey) => {
      try {
        const made = ml_kem768.encapsulate(publicKey, bytes(32))
        return { secret: made.sharedSecret, ciphertext: made.cipherText }
      } catch {
        return undefined // no such key
      }
    },
  }
}

/** Chris Doty-Humphrey's sfc32 (PractRand 0.95), seeded by SHA-256: 128 bits of state, quick in JavaScript. */
function sfc32(name: string): () => number {
  const seed = createHash('sha256').update(name).digest()
  let a = seed.readInt32LE(0)
  let b = seed.readInt32LE(4)
  let c = seed.readInt32LE(8)
  let counter = 1
  return () => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return sum >>> 0
  }
}
