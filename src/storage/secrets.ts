/**
 * The node's secrets in one sealed file, so that a kit which is off and locked tells nothing but its name and its
 * certificates. Names and bytes, in the order of names:
 *
 *     version 1 | algorithm | nonce 12 | ciphertext | tag 16        plain: count, then block(name) block(bytes) each
 */
import {
  byteReader,
  byteWriter,
  bytesFromText,
  concatBytes,
  MalformedBytes,
  textFromBytes,
} from '#base/bytes.ts'
import type { Random } from '#ports/random.ts'
import { NONCE_BYTES, sealBytes, tryOpenBytes, type SealingKey } from './seal.ts'

/** Secrets by name: lower-case words. */
export type Secrets = ReadonlyMap<string, Uint8Array>

const VERSION = 1
const HEAD_BYTES = 2

/** The bytes of the file. */
export function sealSecrets(key: SealingKey, secrets: Secrets, random: Random): Uint8Array {
  const writer = byteWriter()
  writer.uint(secrets.size)
  for (const [name, bytes] of [...secrets].toSorted(([a], [b]) => (a < b ? -1 : 1))) {
    writer.block(bytesFromText(name))
    writer.block(bytes)
  }
  const head = Uint8Array.of(VERSION, key.algorithm)
  const nonce = random.bytes(NONCE_BYTES)
  const plain = writer.bytes()
  const sealed = sealBytes(key, { bytes: plain, nonce, bound: head })
  plain.fill(0)
  return concatBytes(head, nonce, ...sealed)
}

/** The secrets in the file's bytes, or undefined when they are damaged or sealed under another key. */
export function openSecrets(key: SealingKey, bytes: Uint8Array): Secrets | undefined {
  const head = bytes.subarray(0, HEAD_BYTES)
  if (head[0] !== VERSION || head[1] !== key.algorithm) return undefined
  const nonce = bytes.subarray(HEAD_BYTES, HEAD_BYTES + NONCE_BYTES)
  if (nonce.length !== NONCE_BYTES) return undefined
  const plain = tryOpenBytes(key, {
    bytes: bytes.subarray(HEAD_BYTES + NONCE_BYTES),
    nonce,
    bound: head,
  })
  return plain && readSecrets(plain)
}

function readSecrets(plain: Uint8Array): Secrets | undefined {
  try {
    const reader = byteReader(plain)
    const count = reader.uint()
    const secrets = new Map<string, Uint8Array>()
    for (let at = 0; at < count; at += 1) {
      const name = textFromBytes(reader.block())
      secrets.set(name, Uint8Array.from(reader.block()))
    }
    plain.fill(0)
    return reader.left() === 0 ? secrets : undefined
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined
    throw error
  }
}
