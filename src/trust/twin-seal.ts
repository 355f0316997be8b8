/**
 * A seal that needs no nonce: what names the stream is a code over all that is sealed (the synthetic IV of Rogaway and Shrimpton,
 * "Deterministic Authenticated-Encryption", 2006). So nothing has to be counted, kept or drawn, and no disk that was put back or
 * copied can seal two things under one stream: two texts have two streams, and equal texts are equal bytes, which is all that shows.
 * The code is made with a hash, so that it also names the key: nothing opens under two.
 */
import {
  createCipheriv,
  createHmac,
  createSecretKey,
  timingSafeEqual,
  type KeyObject,
} from 'node:crypto'
import { assert } from '#base/assert.ts'
import { byteWriter } from '#base/bytes.ts'
import { TAG_BYTES, type SealInput, type Suite } from './keys.ts'

/** A key for `sealTwin` and `openTwin`. */
export interface TwinKey {
  readonly suite: Suite
  readonly key: KeyObject
}

const KEY_BYTES = 32
/** What the key makes: the code of a text, or the key of a stream. */
const CODE = 0
const STREAM = 1
/** A stream's key has this one stream: ChaCha20's counter and nonce (RFC 8439), or AES's first counter block (SP 800-38A). */
const BEGINNING = new Uint8Array(16)

/** A key from 32 bytes. */
export function twinKey(suite: Suite, bytes: Uint8Array): TwinKey {
  assert(bytes.length === KEY_BYTES, 'a sealing key is 32 bytes')
  return { suite, key: createSecretKey(bytes) }
}

/** Ciphertext and 16 bytes of tag; the same for the same key, text and bound bytes. */
export function sealTwin(sealKey: TwinKey, input: SealInput): Uint8Array {
  const tag = codeOf(sealKey, input)
  return Buffer.concat([streamed(sealKey, tag, input.bytes), tag])
}

/** What `sealTwin` sealed, or undefined when key, bound bytes or ciphertext are not what they were. */
export function openTwin(sealKey: TwinKey, { bytes, bound }: SealInput): Uint8Array | undefined {
  if (bytes.length < TAG_BYTES) return undefined
  const tag = bytes.subarray(-TAG_BYTES)
  const text = streamed(sealKey, tag, bytes.subarray(0, -TAG_BYTES))
  return timingSafeEqual(codeOf(sealKey, { bytes: text, bound }), tag) ? text : undefined
}

function codeOf({ suite, key }: TwinKey, { bytes, bound }: SealInput): Uint8Array {
  const front = byteWriter()
  front.byte(CODE)
  front.block(bound)
  const code = createHmac(suite.hash, key).update(front.bytes()).update(bytes)
  return code.digest().subarray(0, TAG_BYTES)
}

/** A key of its own for each code, so that streams never run into each other. */
function streamed({ suite, key }: TwinKey, tag: Uint8Array, bytes: Uint8Array): Uint8Array {
  const made = createHmac(suite.hash, key).update(Uint8Array.of(STREAM)).update(tag)
  const streamKey = createSecretKey(made.digest().subarray(0, KEY_BYTES))
  const cipher = suite.number === 1 ? 'chacha20' : 'aes-256-ctr'
  const stream = createCipheriv(cipher, streamKey, BEGINNING)
  return Buffer.concat([stream.update(bytes), stream.final()])
}
