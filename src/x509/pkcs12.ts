/**
 * PKCS#12: a certificate and its key in one file, as phones and laptops import them.
 *
 * Certificates and keys come from `issue.ts`; node-forge only wraps them. It carries RSA keys alone, so the key is
 * RSA-2048, made by the system (research/wire.md 3). Nor can it read a certificate of an EC key: the package holds the
 * device's certificate without the organisation's, which is installed by itself.
 */
import { createPrivateKey } from 'node:crypto'
import forge from 'node-forge'
import type { Credentials } from './certificate.ts'

/** A package. */
export interface PackageDraft {
  /** With an RSA key. */
  readonly credentials: Credentials
  /** What people see in their list of certificates. */
  readonly friendlyName: string
  readonly password: string
}

/** Rounds of PBKDF2: what node-forge does in a second on a small machine (research/wire.md 3). */
const ROUNDS = 100_000

/** PKCS#12, AES-256 under the password. */
export function pkcs12({ credentials, friendlyName, password }: PackageDraft): Uint8Array {
  const key = forge.pki.privateKeyFromPem(pkcs1Of(credentials.keyPem))
  const certificate = forge.pki.certificateFromPem(credentials.certificatePem)
  const asn1 = forge.pkcs12.toPkcs12Asn1(key, [certificate], password, {
    algorithm: 'aes256',
    count: ROUNDS,
    friendlyName,
  })
  return new Uint8Array(Buffer.from(forge.asn1.toDer(asn1).getBytes(), 'latin1'))
}

function pkcs1Of(pem: string): string {
  return createPrivateKey(pem).export({ type: 'pkcs1', format: 'pem' }).toString()
}
