/**
 * Keys, and the two suites of algorithms an organisation may choose between when it is founded.
 *
 * Suite 1 is NaCl's (Ed25519, X25519, ChaCha20-Poly1305, SHA-256): fastest on small boxes without AES instructions
 * (research/wire.md 2). Suite 2 holds nothing that is not approved by FIPS (ECDSA and ECDH on P-384, AES-256-GCM,
 * SHA-384). Keys are KeyObjects: 4 to 6 times faster than raw bytes. Everything here is synchronous and pure: the random
 * bytes come in.
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
import { bytesFromText, hexFromBytes } from '#base/bytes.ts'

/** The algorithms of one organisation; `number` stands in its certificates and in what they sign. */
export interface Suite {
  readonly number: 1 | 2
  /** What an operator calls it. */
  readonly name: 'nacl' | 'fips'
  readonly signatureBytes: number
  /** Length of a public key for signatures. */
  readonly signingKeyBytes: number
  /** Length of a public key for key agreement. */
  readonly agreementKeyBytes: number
  readonly hash: 'sha256' | 'sha384'
  readonly cipher: 'chacha20-poly1305' | 'aes-256-gcm'
}

/** A signing or agreement key pair; the private half never leaves its KeyObject. */
export interface KeyPair {
  readonly privateKey: KeyObject
  /** 32 bytes; 49 on P-384 (a compressed point). */
  readonly publicBytes: Uint8Array
}

/** A key for `seal` and `open`. */
export interface SealKey {
  readonly cipher: Suite['cipher']
  readonly key: KeyObject
}

/** Ed25519, X25519, ChaCha20-Poly1305, SHA-256. */
export const SUITE_NACL: Suite = {
  number: 1,
  name: 'nacl',
  signatureBytes: 64,
  signingKeyBytes: 32,
  agreementKeyBytes: 32,
  hash: 'sha256',
  cipher: 'chacha20-poly1305',
}

/** ECDSA and ECDH on P-384, AES-256-GCM, SHA-384: FIPS 186-5, SP 800-56A, FIPS 197, FIPS 180-4. */
export const SUITE_FIPS: Suite = {
  number: 2,
  name: 'fips',
  signatureBytes: 96,
  signingKeyBytes: 49,
  agreementKeyBytes: 49,
  hash: 'sha384',
  cipher: 'aes-256-gcm',
}

/** All there are. */
export const SUITES: readonly Suite[] = [SUITE_NACL, SUITE_FIPS]

/** Bytes a sealed text is longer than the plain one. */
export const TAG_BYTES = 16

const SEED_BYTES = 32
const NO_SALT = new Uint8Array(0)

/** The suite with this number, or undefined. */
export function suiteOf(number: number): Suite | undefined {
  return SUITES.find((suite) => suite.number === number)
}

/** The pair for signatures that a 32-byte seed stands for. */
export function signingPair(suite: Suite, seed: Uint8Array): KeyPair {
  assert(seed.length === SEED_BYTES, 'a key seed is 32 bytes')
  return suite.number === 1 ? rawPair('ed25519', seed) : curvePair(seed, 'sign')
}

/** The pair for key agreement that a 32-byte seed stands for (an X25519 seed is the private key itself). */
export function agreementPair(suite: Suite, seed: Uint8Array): KeyPair {
  assert(seed.length === SEED_BYTES, 'a key seed is 32 bytes')
  return suite.number === 1 ? rawPair('x25519', seed) : curvePair(seed, 'agree')
}

/** The key that checks signatures of the owner of these public bytes; undefined when they are no such key. */
export function verifyingKey(suite: Suite, bytes: Uint8Array): KeyObject | undefined {
  return publicKey(suite.number === 1 ? 'ed25519' : 'ec', bytes, suite.signingKeyBytes)
}

/** A signature over `message`: Ed25519, or ECDSA with SHA-384 as two numbers of 48 bytes. */
export function sign(key: KeyObject, message: Uint8Array): Uint8Array {
  if (key.asymmetricKeyType === 'ed25519') return signBytes(null, message, key)
  return signBytes('sha384', message, { key, dsaEncoding: 'ieee-p1363' })
}

/** Whether `signature` is by the owner of `key` over exactly `message`. Signatures of a wrong length never are. */
export function verify(key: KeyObject, message: Uint8Array, signature: Uint8Array): boolean {
  if (key.asymmetricKeyType === 'ed25519')
    return (
      signature.length === SUITE_NACL.signatureBytes && verifyBytes(null, message, key, signature)
    )
  const isWhole = signature.length === SUITE_FIPS.signatureBytes
  return isWhole && verifyBytes('sha384', message, { key, dsaEncoding: 'ieee-p1363' }, signature)
}

/**
 * The secret both owners arrive at: 32 bytes, 48 on P-384. Undefined when `theirs` is no public key, or one of the
 * few that give everybody the same secret (RFC 7748 section 6.1); OpenSSL refuses those.
 */
export function agree(suite: Suite, mine: KeyObject, theirs: Uint8Array): Uint8Array | undefined {
  const key = publicKey(suite.number === 1 ? 'x25519' : 'ec', theirs, suite.agreementKeyBytes)
  if (key === undefined) return undefined
  try {
    return diffieHellman({ privateKey: mine, publicKey: key })
  } catch {
    return undefined
  }
}

/** HKDF (RFC 5869) of `secret` with the suite's hash, for the purpose that `label` names. */
export function derive(
  suite: Suite,
  secret: Uint8Array,
  purpose: { readonly label: string; readonly length: number },
): Uint8Array {
  const info = bytesFromText(purpose.label)
  // Bytes would be made a key in a slower way.
  const key = createSecretKey(secret)
  return new Uint8Array(hkdfSync(suite.hash, key, NO_SALT, info, purpose.length))
}

/** A key for `seal` and `open` from 32 bytes. */
export function sealKey(suite: Suite, bytes: Uint8Array): SealKey {
  assert(bytes.length === SEED_BYTES, 'a sealing key is 32 bytes')
  return { cipher: suite.cipher, key: createSecretKey(bytes) }
}

/** The bytes to seal or open, and those bound to them without being sent. */
export interface SealInput {
  readonly bytes: Uint8Array
  readonly bound: Uint8Array
}

/** Ciphertext and 16 bytes of tag. `nonce` is 12 bytes and never used twice with one key. */
export function seal({ cipher, key }: SealKey, nonce: Uint8Array, input: SealInput): Uint8Array {
  const sealing =
    cipher === 'aes-256-gcm'
      ? createCipheriv(cipher, key, nonce, { authTagLength: TAG_BYTES })
      : createCipheriv(cipher, key, nonce, { authTagLength: TAG_BYTES })
  sealing.setAAD(input.bound, { plaintextLength: input.bytes.length })
  return Buffer.concat([sealing.update(input.bytes), sealing.final(), sealing.getAuthTag()])
}

/** What `seal` sealed, or undefined when key, nonce, bound bytes or ciphertext are not what they were. */
export function open(
  { cipher, key }: SealKey,
  nonce: Uint8Array,
  input: SealInput,
): Uint8Array | undefined {
  if (input.bytes.length < TAG_BYTES) return undefined
  const end = input.bytes.length - TAG_BYTES
  const opening =
    cipher === 'aes-256-gcm'
      ? createDecipheriv(cipher, key, nonce, { authTagLength: TAG_BYTES })
      : createDecipheriv(cipher, key, nonce, { authTagLength: TAG_BYTES })
  opening.setAAD(input.bound, { plaintextLength: end })
  opening.setAuthTag(input.bytes.subarray(end))
  try {
    return Buffer.concat([opening.update(input.bytes.subarray(0, end)), opening.final()])
  } catch {
    return undefined
  }
}

/** DER in front of a raw private key: RFC 8410 object identifiers 1.3.101.112 (Ed25519) and .110 (X25519). */
const PKCS8 = {
  ed25519: Buffer.from('302e020100300506032b657004220420', 'hex'),
  x25519: Buffer.from('302e020100300506032b656e04220420', 'hex'),
} as const
/** The same in front of a raw public key. */
const SPKI = {
  ed25519: Buffer.from('302a300506032b6570032100', 'hex'),
  x25519: Buffer.from('302a300506032b656e032100', 'hex'),
  /** A compressed point on P-384 (RFC 5480). */
  ec: Buffer.from('3046301006072a8648ce3d020106052b81040022033200', 'hex'),
} as const

function rawPair(kind: 'ed25519' | 'x25519', seed: Uint8Array): KeyPair {
  const key = Buffer.concat([PKCS8[kind], seed])
  const privateKey = createPrivateKey({ key, format: 'der', type: 'pkcs8' })
  const der = createPublicKey(privateKey).export({ format: 'der', type: 'spki' })
  return { privateKey, publicBytes: new Uint8Array(der.subarray(-32)) }
}

/** A private number on P-384 from a seed: 48 bytes of HKDF, too large for the curve once in 2^190 seeds. */
function curvePair(seed: Uint8Array, use: 'sign' | 'agree'): KeyPair {
  const d = derive(SUITE_FIPS, seed, { label: `holdfast p-384 ${use}`, length: 48 })
  // RFC 5915: version 1, the number, and the curve; OpenSSL works out the point.
  const key = Buffer.concat([
    Buffer.from('303e0201010430', 'hex'),
    d,
    Buffer.from('a00706052b81040022', 'hex'),
  ])
  const privateKey = createPrivateKey({ key, format: 'der', type: 'sec1' })
  const { x = '', y = '' } = createPublicKey(privateKey).export({ format: 'jwk' })
  const isOdd = ((Buffer.from(y, 'base64url').at(-1) ?? 0) & 1) === 1
  const point = Buffer.concat([Uint8Array.of(isOdd ? 3 : 2), Buffer.from(x, 'base64url')])
  return { privateKey, publicBytes: new Uint8Array(point) }
}

/** Keys that were made before: the same few certificates are read again and again, and making a key takes as long as using it. */
const PUBLIC_KEYS = new Map<string, KeyObject>()
const PUBLIC_KEYS_MAX = 1_024

function publicKey(
  kind: keyof typeof SPKI,
  bytes: Uint8Array,
  length: number,
): KeyObject | undefined {
  if (bytes.length !== length) return undefined
  const name = `${kind} ${hexFromBytes(bytes)}`
  const known = PUBLIC_KEYS.get(name)
  if (known !== undefined) return known
  try {
    const der = Buffer.concat([SPKI[kind], bytes])
    const key = createPublicKey({ key: der, format: 'der', type: 'spki' })
    if (PUBLIC_KEYS.size >= PUBLIC_KEYS_MAX) PUBLIC_KEYS.clear()
    PUBLIC_KEYS.set(name, key)
    return key
  } catch {
    return undefined // not a point on the curve
  }
}
