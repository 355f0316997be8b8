/**
 * Sealing for one node: a hybrid of X25519 (or P-384) and ML-KEM-768, because what goes over a satellite today is
 * recorded for the computers of tomorrow (design 4). Whoever breaks only one of the two learns nothing.
 *
 *     public key   agreement key | ML-KEM-768 key 1,184
 *     ciphertext   fresh agreement key | ML-KEM-768 ciphertext 1,088
 *     secret       HKDF over both secrets, with SHA-256 of public key and ciphertext in the label
 */
import { createPrivateKey, createPublicKey, decapsulate, type KeyObject } from 'node:crypto'
import { assert } from '#base/assert.ts'
import { concatBytes, hexFromBytes } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import { agree, agreementPair, derive, type KeyPair, type Suite } from './keys.ts'

/** The private side: what the owner opens with. */
export interface SealingPair {
  readonly suite: Suite
  readonly classic: KeyPair
  readonly kem: KeyObject
  readonly publicBytes: Uint8Array
}

/** Chance for one sealing: a seed, and an encapsulation towards an ML-KEM-768 public key. */
export interface SealingChance {
  readonly bytes: (length: number) => Uint8Array
  readonly encapsulate: (
    kemPublicKey: Uint8Array,
  ) => { readonly secret: Uint8Array; readonly ciphertext: Uint8Array } | undefined
}

/** Random bytes that make one pair. */
export const SEALING_SEED_BYTES = 96
/** Length of an ML-KEM-768 public key. */
export const KEM_KEY_BYTES = 1_184
/** Length of an ML-KEM-768 ciphertext. */
export const KEM_CIPHERTEXT_BYTES = 1_088

const SECRET_BYTES = 32
const KEM_SEED_BYTES = 64

/** The pair that 96 bytes stand for. */
export function sealingPair(suite: Suite, seed: Uint8Array): SealingPair {
  assert(seed.length === SEALING_SEED_BYTES, 'a sealing seed is 96 bytes')
  const classic = agreementPair(suite, seed.subarray(0, -KEM_SEED_BYTES))
  const kem = createPrivateKey({
    key: Buffer.from(seed.subarray(-KEM_SEED_BYTES)),
    format: 'raw-seed',
    asymmetricKeyType: 'ml-kem-768',
  })
  const der = createPublicKey(kem).export({ format: 'der', type: 'spki' })
  const publicBytes = concatBytes(classic.publicBytes, der.subarray(-KEM_KEY_BYTES))
  return { suite, classic, kem, publicBytes }
}

/** Bytes of a public sealing key in a suite. */
export function sealingKeyBytes(suite: Suite): number {
  return suite.agreementKeyBytes + KEM_KEY_BYTES
}

/** A fresh secret for the owner of `publicBytes`; undefined when those are no sealing key. */
export function sealSecret(
  suite: Suite,
  publicBytes: Uint8Array,
  chance: SealingChance,
): { readonly secret: Uint8Array; readonly ciphertext: Uint8Array } | undefined {
  if (publicBytes.length !== sealingKeyBytes(suite)) return undefined
  const fresh = agreementPair(suite, chance.bytes(32))
  const shared = agree(suite, fresh.privateKey, publicBytes.subarray(0, suite.agreementKeyBytes))
  const kem = chance.encapsulate(publicBytes.subarray(suite.agreementKeyBytes))
  if (shared === undefined || kem === undefined) return undefined
  const ciphertext = concatBytes(fresh.publicBytes, kem.ciphertext)
  const secrets = concatBytes(shared, kem.secret)
  return { secret: combine(suite, secrets, concatBytes(publicBytes, ciphertext)), ciphertext }
}

/**
 * The secret in `ciphertext`; undefined when its form is wrong. One that was made for another key gives another secret
 * (ML-KEM rejects silently), which opens nothing.
 */
export function openSecret(pair: SealingPair, ciphertext: Uint8Array): Uint8Array | undefined {
  const { suite } = pair
  if (ciphertext.length !== suite.agreementKeyBytes + KEM_CIPHERTEXT_BYTES) return undefined
  const shared = agree(
    suite,
    pair.classic.privateKey,
    ciphertext.subarray(0, suite.agreementKeyBytes),
  )
  if (shared === undefined) return undefined
  const kem = decapsulate(pair.kem, Buffer.from(ciphertext.subarray(suite.agreementKeyBytes)))
  return combine(suite, concatBytes(shared, kem), concatBytes(pair.publicBytes, ciphertext))
}

function combine(suite: Suite, secrets: Uint8Array, bound: Uint8Array): Uint8Array {
  const label = `holdfast sealing ${hexFromBytes(sha256(bound))}`
  return derive(suite, secrets, { label, length: SECRET_BYTES })
}
