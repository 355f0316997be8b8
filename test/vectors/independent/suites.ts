/** PROTOCOL.md, “Suites”: the algorithms of both, from Node's crypto and @noble/post-quantum. */
import {
  createCipheriv,
  createDecipheriv,
  createECDH,
  createHmac,
  createPublicKey,
  diffieHellman,
  createPrivateKey,
  hkdfSync,
  verify,
} from 'node:crypto'
import { ml_kem768 } from '@noble/post-quantum/ml-kem.js'
import nacl from 'tweetnacl'
import { block, byte, concat, hash, hex, must, text } from './bytes.ts'

/** 1 `nacl`, 2 `fips`. */
export type Suite = 1 | 2

/** What is sealed: under which nonce, bound to what. */
export interface Sealed {
  readonly nonce: Uint8Array
  readonly bound: Uint8Array
  readonly bytes: Uint8Array
}

/** Lengths that depend on the suite: S, the signing key's, A. */
export const LENGTHS = {
  1: { signature: 64, signingKey: 32, agreementKey: 32 },
  2: { signature: 96, signingKey: 49, agreementKey: 49 },
} as const

const KEM_KEY_BYTES = 1_184
const KEM_CIPHERTEXT_BYTES = 1_088
const TAG_BYTES = 16
const ZEROS = Buffer.alloc(12)
// What DER says before a compressed point of P-384, a key of Ed25519 and one of X25519 (RFC 5480, RFC 8410).
const SPKI = {
  p384: hex('3046301006072a8648ce3d020106052b81040022033200'),
  ed25519: hex('302a300506032b6570032100'),
  x25519: hex('302a300506032b656e032100'),
}
const PKCS8_X25519 = hex('302e020100300506032b656e04220420')

/** The suite that a byte stands for. */
export function suiteOf(value: number): Suite {
  must(value === 1 || value === 2, `suite ${value}`)
  return value
}

/** `derive(secret, label, n)`. */
export function derive(suite: Suite, secret: Uint8Array, label: string, length = 32): Buffer {
  const name = suite === 1 ? 'sha256' : 'sha384'
  return Buffer.from(hkdfSync(name, secret, Buffer.alloc(0), text(label), length))
}

/** HMAC with the suite's hash. */
export function mac(suite: Suite, key: Uint8Array, bytes: Uint8Array): Buffer {
  return createHmac(suite === 1 ? 'sha256' : 'sha384', key)
    .update(bytes)
    .digest()
}

function seal(suite: Suite, key: Uint8Array, { nonce, bound, bytes }: Sealed): Buffer {
  const options = { authTagLength: TAG_BYTES }
  const cipher =
    suite === 2
      ? createCipheriv('aes-256-gcm', key, nonce, options)
      : createCipheriv('chacha20-poly1305', key, nonce, options)
  cipher.setAAD(bound, { plaintextLength: bytes.length })
  return concat(cipher.update(bytes), cipher.final(), cipher.getAuthTag())
}

/** What was sealed, or nothing where it does not open. */
export function unseal(suite: Suite, key: Uint8Array, sealed: Sealed): Buffer | undefined {
  const { nonce, bound, bytes } = sealed
  const plaintextLength = bytes.length - TAG_BYTES
  if (plaintextLength < 0) return undefined
  const options = { authTagLength: TAG_BYTES }
  const cipher =
    suite === 2
      ? createDecipheriv('aes-256-gcm', key, nonce, options)
      : createDecipheriv('chacha20-poly1305', key, nonce, options)
  cipher.setAAD(bound, { plaintextLength })
  cipher.setAuthTag(bytes.subarray(plaintextLength))
  try {
    return concat(cipher.update(bytes.subarray(0, plaintextLength)), cipher.final())
  } catch {
    return undefined
  }
}

/** Opens what `twin` made: the text first, then whether the tag is the one it gives. */
export function untwin(
  suite: Suite,
  key: Uint8Array,
  { bound, bytes }: Omit<Sealed, 'nonce'>,
): Buffer | undefined {
  if (bytes.length < TAG_BYTES) return undefined
  const tag = bytes.subarray(-TAG_BYTES)
  const stream = mac(suite, key, concat(byte(1), tag)).subarray(0, 32)
  const name = suite === 1 ? 'chacha20' : 'aes-256-ctr'
  const cipher = createDecipheriv(name, stream, Buffer.alloc(16))
  const said = concat(cipher.update(bytes.subarray(0, -TAG_BYTES)), cipher.final())
  const code = mac(suite, key, concat(byte(0), block(bound), said))
  return code.subarray(0, TAG_BYTES).equals(tag) ? said : undefined
}

/** `seal` with a nonce of zeros, for keys that seal one text. */
export function sealOnce(
  suite: Suite,
  key: Uint8Array,
  { bound, bytes }: Omit<Sealed, 'nonce'>,
): Buffer {
  return seal(suite, key, { nonce: ZEROS, bound, bytes })
}

/** Opens what `sealOnce` makes. */
export function unsealOnce(
  suite: Suite,
  key: Uint8Array,
  { bound, bytes }: Omit<Sealed, 'nonce'>,
): Buffer | undefined {
  return unseal(suite, key, { nonce: ZEROS, bound, bytes })
}

/** Whether the owner of a signing key signed these bytes. */
export function isSigned(
  suite: Suite,
  key: Uint8Array,
  { signed, signature }: { readonly signed: Uint8Array; readonly signature: Uint8Array },
): boolean {
  if (signature.length !== LENGTHS[suite].signature) return false
  const prefix = suite === 1 ? SPKI.ed25519 : SPKI.p384
  const publicKey = createPublicKey({ key: concat(prefix, key), format: 'der', type: 'spki' })
  return suite === 1
    ? verify(null, signed, publicKey, signature)
    : verify('sha384', signed, { key: publicKey, dsaEncoding: 'ieee-p1363' }, signature)
}

/** The public signing key of a private one that is kept as a seed. */
export function signingKeyOf(suite: Suite, seed: Uint8Array): Buffer {
  if (suite === 1) return Buffer.from(nacl.sign.keyPair.fromSeed(new Uint8Array(seed)).publicKey)
  return Buffer.from(curveOf(seed, 'sign').getPublicKey('hex', 'compressed'), 'hex')
}

/** The public half of a key for agreements that is kept as a seed. */
export function agreementKeyOf(suite: Suite, seed: Uint8Array): Buffer {
  if (suite === 1) return Buffer.from(nacl.scalarMult.base(new Uint8Array(seed)))
  return Buffer.from(curveOf(seed, 'agree').getPublicKey('hex', 'compressed'), 'hex')
}

/** What two owners of agreement keys share. */
export function agreed(suite: Suite, seed: Uint8Array, other: Uint8Array): Buffer {
  if (suite === 2) return curveOf(seed, 'agree').computeSecret(other)
  const key = concat(PKCS8_X25519, seed)
  return diffieHellman({
    privateKey: createPrivateKey({ key, format: 'der', type: 'pkcs8' }),
    publicKey: createPublicKey({ key: concat(SPKI.x25519, other), format: 'der', type: 'spki' }),
  })
}

/** “Sealing keys”: the public half of a private key of 96 bytes. */
export function sealingKeyOf(suite: Suite, seed: Uint8Array): Buffer {
  const { publicKey } = ml_kem768.keygen(seed.subarray(32))
  return concat(agreementKeyOf(suite, seed.subarray(0, 32)), publicKey)
}

/** “Pair”: the secret that a ciphertext says to the owner of a sealing key. */
export function pairSecret(suite: Suite, seed: Uint8Array, ciphertext: Uint8Array): Buffer {
  const length = LENGTHS[suite].agreementKey
  must(ciphertext.length === length + KEM_CIPHERTEXT_BYTES, 'a ciphertext of another length')
  const publicKey = sealingKeyOf(suite, seed)
  const { secretKey } = ml_kem768.keygen(seed.subarray(32))
  const both = concat(
    agreed(suite, seed.subarray(0, 32), ciphertext.subarray(0, length)),
    ml_kem768.decapsulate(ciphertext.subarray(length), secretKey),
  )
  return derive(suite, both, `holdfast sealing ${hash(publicKey, ciphertext).toString('hex')}`)
}

/** How long a sealing key's public half is, and what is enciphered for it. */
export function sealingLengths(suite: Suite): {
  readonly key: number
  readonly ciphertext: number
} {
  const { agreementKey } = LENGTHS[suite]
  return { key: agreementKey + KEM_KEY_BYTES, ciphertext: agreementKey + KEM_CIPHERTEXT_BYTES }
}

function curveOf(seed: Uint8Array, purpose: 'sign' | 'agree'): ReturnType<typeof createECDH> {
  const curve = createECDH('secp384r1')
  curve.setPrivateKey(derive(2, seed, `holdfast p-384 ${purpose}`, 48))
  return curve
}
