/**
 * Releasing a kit: what a kit that starts locked and a hub say to each other, over any channel, even an open one.
 *
 * The hub keeps half of what opens the kit (the share) and a key by which the kit shows who asks. The kit's signing key
 * is locked away at that time; the authentication key follows from what lies open on its disk. So whoever takes the disk
 * can ask, and only the hub's answer stands between them and the store. Hence the answer is sealed for a key that
 * the kit makes for this one question and forgets: who recorded it, and has the disk later, cannot open it.
 */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { assert } from '#base/assert.ts'
import { bytesFromHex, byteReader, byteWriter, bytesFromText, concatBytes } from '#base/bytes.ts'
import { equalBytes, MalformedBytes, type ByteReader } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import { bytesFromId, type NodeId } from '#base/ids.ts'
import { derive, open, seal, sealKey, TAG_BYTES, type SealKey, type Suite } from './keys.ts'
import {
  KEM_CIPHERTEXT_BYTES,
  openSecret,
  SEALING_SEED_BYTES,
  sealingKeyBytes,
  sealingPair,
  sealSecret,
  type SealingChance,
  type SealingPair,
} from './sealing-key.ts'

/** What a hub keeps for one kit; each is 32 bytes. */
export interface ShareSecrets {
  /** Half of what opens the kit. */
  readonly share: Uint8Array
  /** By it the kit shows that it is the one that asks. */
  readonly authentication: Uint8Array
}

/** What a share is handed over for: bound into its seal, so that nobody can hand it on under another name. */
export interface ShareBinding {
  /** The node that the share opens. */
  readonly node: NodeId
  /** 32 hexadecimal digits. */
  readonly id: string
  /** 16 hexadecimal digits: the sealing key of the hub that is to keep it. */
  readonly keyName: string
}

/** A share on its way to a hub. */
export interface SealedShare {
  readonly ciphertext: Uint8Array
  /** SEALED_SHARE_BYTES bytes. */
  readonly sealed: Uint8Array
}

/** A question that read well. Who asks is not proven yet. */
export interface ReleaseRequest {
  readonly suite: Suite
  /** 32 hexadecimal digits. */
  readonly id: string
  /** 16 bytes that no honest question repeats. */
  readonly nonce: Uint8Array
  /** The whole question. */
  readonly bytes: Uint8Array
  readonly publicKey: Uint8Array
}

/** A question of ours, and what opens its answer. */
export interface Asking {
  /** What the hub must get. */
  readonly bytes: Uint8Array
  readonly pair: SealingPair
  readonly authentication: Uint8Array
}

/** Length of a share's id in bytes. */
const SHARE_ID_BYTES = 16
/** Length of a share, and of an authentication key. */
const SHARE_BYTES = 32
/** Length of both, sealed for a hub. */
export const SEALED_SHARE_BYTES = 2 * SHARE_BYTES + TAG_BYTES
/** Longest address in a question, in bytes: host and port. */
const ADDRESS_BYTES_MAX = 300

const VERSION = 1
const NONCE_BYTES = 16
const PROOF_BYTES = 32
const REQUEST_CONTEXT = bytesFromText('holdfast release request 1\0')
const SHARE_CONTEXT = bytesFromText('holdfast share 1\0')
/** Every key here seals one message only. */
const ONLY_NONCE = new Uint8Array(12)

/** The authentication key of a kit for one share: it follows from what lies open on its disk, and does not lead back. */
export function authenticationKey(suite: Suite, deviceSecret: Uint8Array, id: string): Uint8Array {
  assert(deviceSecret.length === SHARE_BYTES, 'a device secret is 32 bytes')
  const secret = concatBytes(deviceSecret, bytesFromHex(id))
  return derive(suite, secret, { label: 'holdfast release authentication', length: SHARE_BYTES })
}

/** A share for the hub that owns `publicKey`; undefined when that is no sealing key. */
export function sealShare(
  { suite, publicKey, chance }: ShareTarget,
  secrets: ShareSecrets,
  binding: ShareBinding,
): SealedShare | undefined {
  const made = sealSecret(suite, publicKey, chance)
  if (made === undefined) return undefined
  const bytes = concatBytes(secrets.share, secrets.authentication)
  const key = shareKey(suite, made.secret)
  const sealed = seal(key, ONLY_NONCE, { bytes, bound: boundTo(binding) })
  made.secret.fill(0)
  return { ciphertext: made.ciphertext, sealed: Uint8Array.from(sealed) }
}

/** For whom a share is sealed, and by what chance. */
export interface ShareTarget {
  readonly suite: Suite
  readonly publicKey: Uint8Array
  readonly chance: SealingChance
}

/** The share for the owner of `pair`; undefined when it was sealed for another, or for another purpose. */
export function openShare(
  pair: SealingPair,
  { ciphertext, sealed }: SealedShare,
  binding: ShareBinding,
): ShareSecrets | undefined {
  const secret = openSecret(pair, ciphertext)
  if (secret === undefined) return undefined
  const input = { bytes: sealed, bound: boundTo(binding) }
  const opened = open(shareKey(pair.suite, secret), ONLY_NONCE, input)
  if (opened?.length !== 2 * SHARE_BYTES) return undefined
  return {
    share: Uint8Array.from(opened.subarray(0, SHARE_BYTES)),
    authentication: Uint8Array.from(opened.subarray(SHARE_BYTES)),
  }
}

/** A fresh question: version, suite, id 16, nonce 16, block(address), the answer's key, proof 32. */
export function askRelease(
  suite: Suite,
  facts: { readonly id: string; readonly authentication: Uint8Array; readonly address: string },
  bytesOf: (length: number) => Uint8Array,
): Asking {
  const { id, authentication, address } = facts
  const pair = sealingPair(suite, bytesOf(SEALING_SEED_BYTES))
  const writer = byteWriter()
  writer.byte(VERSION)
  writer.byte(suite.number)
  writer.raw(bytesFromHex(id))
  writer.raw(bytesOf(NONCE_BYTES))
  writer.block(bytesFromText(address))
  writer.raw(pair.publicBytes)
  const claim = writer.bytes()
  return { bytes: concatBytes(claim, proofOf(suite, authentication, claim)), pair, authentication }
}

/** Reads a question; undefined when it has another form, version or suite. */
export function readReleaseRequest(suite: Suite, bytes: Uint8Array): ReleaseRequest | undefined {
  try {
    const reader = byteReader(bytes)
    if (reader.byte() !== VERSION || reader.byte() !== suite.number) return undefined
    const id = Buffer.from(reader.raw(SHARE_ID_BYTES)).toString('hex')
    const nonce = Uint8Array.from(reader.raw(NONCE_BYTES))
    if (!readsAddress(reader)) return undefined
    const publicKey = Uint8Array.from(reader.raw(sealingKeyBytes(suite)))
    reader.raw(PROOF_BYTES)
    return reader.left() === 0 ? { suite, id, nonce, bytes, publicKey } : undefined
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined
    throw error
  }
}

/** Whether whoever asks has the authentication key. */
export function isProven({ suite, bytes }: ReleaseRequest, authentication: Uint8Array): boolean {
  const claim = bytes.subarray(0, -PROOF_BYTES)
  return timingSafeEqual(proofOf(suite, authentication, claim), bytes.subarray(-PROOF_BYTES))
}

/**
 * The answer: version, suite, nonce 16, ciphertext, sealed share. Only the kit that asked this very question opens it.
 * Undefined when the question's key is none.
 */
export function answerRelease(
  request: ReleaseRequest,
  secrets: ShareSecrets,
  chance: SealingChance,
): Uint8Array | undefined {
  const { suite } = request
  const made = sealSecret(suite, request.publicKey, chance)
  if (made === undefined) return undefined
  const head = Uint8Array.of(VERSION, suite.number)
  const header = concatBytes(head, chance.bytes(NONCE_BYTES), made.ciphertext)
  const key = answerKey(suite, [secrets.authentication, made.secret], [request.bytes, header])
  made.secret.fill(0)
  return concatBytes(header, seal(key, ONLY_NONCE, { bytes: secrets.share, bound: header }))
}

/** The share in the answer to our own question; undefined when it is none, or answers another. */
export function readReleaseAnswer(asking: Asking, answer: Uint8Array): Uint8Array | undefined {
  const { suite } = asking.pair
  const ciphertextBytes = suite.agreementKeyBytes + KEM_CIPHERTEXT_BYTES
  const headerBytes = 2 + NONCE_BYTES + ciphertextBytes
  if (answer.length !== headerBytes + SHARE_BYTES + TAG_BYTES) return undefined
  const header = answer.subarray(0, headerBytes)
  if (!equalBytes(header.subarray(0, 2), Uint8Array.of(VERSION, suite.number))) return undefined
  const secret = openSecret(asking.pair, header.subarray(2 + NONCE_BYTES))
  if (secret === undefined) return undefined
  const key = answerKey(suite, [asking.authentication, secret], [asking.bytes, header])
  const input = { bytes: answer.subarray(headerBytes), bound: header }
  const share = open(key, ONLY_NONCE, input)
  return share && Uint8Array.from(share)
}

function readsAddress(reader: ByteReader): boolean {
  const { length } = reader.block()
  return length > 0 && length <= ADDRESS_BYTES_MAX
}

function proofOf(suite: Suite, authentication: Uint8Array, claim: Uint8Array): Uint8Array {
  const mac = createHmac(suite.hash, authentication).update(REQUEST_CONTEXT).update(claim)
  return mac.digest().subarray(0, PROOF_BYTES)
}

function boundTo({ node, id, keyName }: ShareBinding): Uint8Array {
  return concatBytes(SHARE_CONTEXT, bytesFromId(node), bytesFromHex(id), bytesFromHex(keyName))
}

function shareKey(suite: Suite, secret: Uint8Array): SealKey {
  return sealKey(suite, derive(suite, secret, { label: 'holdfast share', length: 32 }))
}

function answerKey(
  suite: Suite,
  secrets: readonly Uint8Array[],
  said: readonly Uint8Array[],
): SealKey {
  const secret = concatBytes(...secrets, sha256(...said))
  return sealKey(suite, derive(suite, secret, { label: 'holdfast release answer', length: 32 }))
}
