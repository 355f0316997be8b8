/**
 * Keys of certificates. Making one is chance, and WebCrypto takes its chance from the system and from nowhere else:
 * that is why this file stands apart. Nothing that is simulated comes here.
 */
import { createPrivateKey, webcrypto } from 'node:crypto'

/** What a key is for. RSA only where a phone's package format wants it. */
export type KeyKind = 'ec' | 'rsa'

/** Keys as the certificate library takes them. */
export type KeyPair = webcrypto.CryptoKeyPair

/** ECDSA over P-256: the one signature of our authorities. Browsers refuse Ed25519 (research/wire.md 3). */
export const SIGNING = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const

const RSA = {
  name: 'RSASSA-PKCS1-v1_5',
  modulusLength: 2_048,
  publicExponent: Uint8Array.of(1, 0, 1),
  hash: 'SHA-256',
} as const

/** A new pair. */
export async function newKeyPair(kind: KeyKind = 'ec'): Promise<KeyPair> {
  return webcrypto.subtle.generateKey(kind === 'ec' ? SIGNING : RSA, true, ['sign', 'verify'])
}

/** PKCS#8 as PEM. */
export async function pemFromKey(key: webcrypto.CryptoKey): Promise<string> {
  const der = await webcrypto.subtle.exportKey('pkcs8', key)
  return createPrivateKey({ key: Buffer.from(der), format: 'der', type: 'pkcs8' })
    .export({ format: 'pem', type: 'pkcs8' })
    .toString()
}

/** The signing key in a PEM of an authority. Throws what node:crypto throws for anything else. */
export async function keyFromPem(pem: string): Promise<webcrypto.CryptoKey> {
  const der = createPrivateKey(pem).export({ format: 'der', type: 'pkcs8' })
  return webcrypto.subtle.importKey('pkcs8', new Uint8Array(der), SIGNING, false, ['sign'])
}
