/**
 * Raw 32-byte keys, as NaCl has them, used through node:crypto KeyObjects: Ed25519 signs 120 times and X25519
 * agrees 13 times faster than tweetnacl, and a KeyObject is 4 to 6 times faster than raw key bytes
 * (research/wire.md 2). Everything here is synchronous and pure: the random bytes come in.
 */
import {
  createCipheriv,
  createDecipheriv,
  createPrivateKey,
  createPublicKey,
  createSecretKey,
  diffieHellman,
  hkdfSync,
  sign as signBytes,
  verify as verifyBytes,
  type KeyObject,
} from 'node:crypto'
import { assert } from '#base/assert.ts'
import { bytesFromText } from '#base/bytes.ts'

/** A signing or agreement key pair; the private half never leaves its KeyObject. */
export interface KeyPair {
  readonly privateKey: KeyObject
  /** 32 bytes. */
  readonly publicBytes: Uint8Array
}

/** A key for `seal` and `open`. */
export type SealKey = KeyObject

type Kind = 'ed25519' | 'x25519'

/** DER in front of the raw key: RFC 8410 object identifiers 1.3.101.112 (Ed25519) and .110 (X25519). */
const SPKI = {
  ed25519: Buffer.from('302a300506032b6570032100', 'hex'),
  x25519: Buffer.from('302a300506032b656e032100', 'hex'),
} as const
const PKCS8 = {
  ed25519: Buffer.from('302e020100300506032b657004220420', 'hex'),
  x25519: Buffer.from('302e020100300506032b656e04220420', 'hex'),
} as const
const KEY_BYTES = 32
const TAG_BYTES = 16
const CIPHER = 'chacha20-poly1305'

/** The key pair that a 32-byte seed stands for (an X25519 seed is the private key itself). */
export function keyPairFromSeed(kind: Kind, seed: Uint8Array): KeyPair {
  assert(seed.length === KEY_BYTES, 'a key seed is 32 bytes')
  const privateKey = createPrivateKey({
    key: Buffer.concat([PKCS8[kind], seed]),
    format: 'der',
    type: 'pkcs8',
  })
  const der = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  return { privateKey, publicBytes: new Uint8Array(der.subarray(-KEY_BYTES)) }
}

/** A public key of 32 raw bytes. Throws when they are no key of that kind. */
export function publicKeyFromBytes(kind: Kind, bytes: Uint8Array): KeyObject {
  assert(bytes.length === KEY_BYTES, 'a public key is 32 bytes')
  return createPublicKey({ key: Buffer.concat([SPKI[kind], bytes]), format: 'der', type: 'spki' })
}

/** 64 bytes of Ed25519 over `message`. */
export function sign(key: KeyObject, message: Uint8Array): Uint8Array {
  return signBytes(null, message, key)
}

/** Whether `signature` is by the owner of `key` over exactly `message`. */
export function verify(key: KeyObject, message: Uint8Array, signature: Uint8Array): boolean {
  return signature.length === 64 && verifyBytes(null, message, key, signature)
}

/** The 32 bytes that both owners of an X25519 pair arrive at. */
export function agree(mine: KeyObject, theirs: Uint8Array): Uint8Array {
  return diffieHellman({ privateKey: mine, publicKey: publicKeyFromBytes('x25519', theirs) })
}

/** HKDF-SHA-256 (RFC 5869) of `secret` for the purpose that `label` names. */
export function derive(secret: Uint8Array, label: string, length: number): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', secret, new Uint8Array(0), bytesFromText(label), length))
}

/** A key for `seal` and `open` from 32 bytes. */
export function sealKey(bytes: Uint8Array): SealKey {
  assert(bytes.length === KEY_BYTES, 'a sealing key is 32 bytes')
  return createSecretKey(bytes)
}

/** ChaCha20-Poly1305 (RFC 8439): ciphertext and 16 bytes of tag. `nonce` is 12 bytes and never used twice. */
export function seal(key: SealKey, nonce: Uint8Array, input: SealInput): Uint8Array {
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(input.bound, { plaintextLength: input.bytes.length })
  return Buffer.concat([cipher.update(input.bytes), cipher.final(), cipher.getAuthTag()])
}

/** What `seal` sealed, or undefined when key, nonce, bound bytes or ciphertext are not what they were. */
export function open(key: SealKey, nonce: Uint8Array, input: SealInput): Uint8Array | undefined {
  if (input.bytes.length < TAG_BYTES) return undefined
  const end = input.bytes.length - TAG_BYTES
  const decipher = createDecipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(input.bound, { plaintextLength: end })
  decipher.setAuthTag(input.bytes.subarray(end))
  try {
    return Buffer.concat([decipher.update(input.bytes.subarray(0, end)), decipher.final()])
  } catch {
    return undefined
  }
}

/** The bytes to seal or open, and those bound to them without being sent. */
export interface SealInput {
  readonly bytes: Uint8Array
  readonly bound: Uint8Array
}
