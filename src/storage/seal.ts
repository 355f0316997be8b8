/**
 * Sealing at rest, by the number of an algorithm, so that a folder says how it is sealed and a later version of the
 * program may add another way: 1 is ChaCha20-Poly1305 (RFC 8439) with HKDF-SHA-256 (RFC 5869), quick on machines
 * without AES instructions; 2 is AES-256-GCM (NIST SP 800-38D) with HKDF-SHA-384, for those who must use these.
 */
import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  type CipherGCMTypes,
  type KeyObject,
} from 'node:crypto'
import { assert } from '#base/assert.ts'
import { bytesFromText } from '#base/bytes.ts'

/** How a folder is sealed. */
export type Algorithm = 1 | 2

/** Bytes of every key. */
export const KEY_BYTES = 32
/** Bytes of a nonce. */
export const NONCE_BYTES = 12
/** Bytes that prove that a ciphertext is whole. */
export const TAG_BYTES = 16

const SUITES: Readonly<
  Record<
    Algorithm,
    { readonly cipher: 'chacha20-poly1305' | CipherGCMTypes; readonly hash: string }
  >
> = {
  1: { cipher: 'chacha20-poly1305', hash: 'sha256' },
  2: { cipher: 'aes-256-gcm', hash: 'sha384' },
}

/** A key that seals and opens. Passed as bytes, it would cost Node 24 four times as much for every value. */
export interface SealingKey {
  readonly algorithm: Algorithm
  readonly secret: KeyObject
}

/** What is sealed or opened: `bound` is authenticated with it and not part of it. */
export interface Sealable {
  readonly bytes: Uint8Array
  readonly nonce: Uint8Array
  readonly bound: Uint8Array
}

/** The algorithm of this number, or undefined when this version of the program has none. */
export function algorithmFrom(number: number | undefined): Algorithm | undefined {
  return number === 1 || number === 2 ? number : undefined
}

/** A key from 32 bytes. */
export function sealingKey(algorithm: Algorithm, bytes: Uint8Array): SealingKey {
  assert(bytes.length === KEY_BYTES, 'a key at rest is 32 bytes')
  return { algorithm, secret: createSecretKey(bytes) }
}

/** 32 bytes from `secret` for the purpose that `label` names. */
export function deriveKey(
  algorithm: Algorithm,
  secret: Uint8Array,
  { salt, label }: { readonly salt: Uint8Array; readonly label: string },
): Uint8Array {
  const { hash } = SUITES[algorithm]
  return new Uint8Array(hkdfSync(hash, secret, salt, bytesFromText(label), KEY_BYTES))
}

/** Ciphertext and tag. A nonce is used once under a key. */
export function sealBytes(
  { algorithm, secret }: SealingKey,
  plain: Sealable,
): readonly [body: Uint8Array, tag: Uint8Array] {
  const name = SUITES[algorithm].cipher
  const options = { authTagLength: TAG_BYTES }
  const cipher =
    name === 'chacha20-poly1305'
      ? createCipheriv(name, secret, plain.nonce, options)
      : createCipheriv(name, secret, plain.nonce, options)
  cipher.setAAD(plain.bound, { plaintextLength: plain.bytes.length })
  const body = cipher.update(plain.bytes)
  cipher.final()
  return [body, cipher.getAuthTag()]
}

/** What was sealed; `bytes` is ciphertext and tag. @throws whatever Node throws when it does not open */
export function openBytes({ algorithm, secret }: SealingKey, sealed: Sealable): Uint8Array {
  const name = SUITES[algorithm].cipher
  const options = { authTagLength: TAG_BYTES }
  const decipher =
    name === 'chacha20-poly1305'
      ? createDecipheriv(name, secret, sealed.nonce, options)
      : createDecipheriv(name, secret, sealed.nonce, options)
  const body = sealed.bytes.subarray(0, -TAG_BYTES)
  decipher.setAAD(sealed.bound, { plaintextLength: body.length })
  decipher.setAuthTag(sealed.bytes.subarray(-TAG_BYTES))
  const plain = decipher.update(body)
  decipher.final()
  return plain
}

/** What was sealed, or undefined when key, nonce, bound bytes or ciphertext are not what they were. */
export function tryOpenBytes(key: SealingKey, sealed: Sealable): Uint8Array | undefined {
  if (sealed.bytes.length < TAG_BYTES) return undefined
  try {
    return openBytes(key, sealed)
  } catch {
    return undefined
  }
}
