/**
 * Seals every value of another store, so that a captured disk shows keys only and a damaged one shows itself.
 *
 * A sealed value is: format 1 (one byte), nonce (12, random), ciphertext, tag (16); ChaCha20-Poly1305 (RFC 8439).
 * The format byte and the key's name are authenticated with it, so a value opens under its own name only. An old
 * value put back, or one taken away, is not noticed here. Random nonces serve for 2^32 writes under one key.
 */
import { createCipheriv, createDecipheriv, createSecretKey, type KeyObject } from 'node:crypto'
import { assert } from '#base/assert.ts'
import { bytesFromText, concatBytes } from '#base/bytes.ts'
import { EdgeError } from '#base/errors.ts'
import type { Random } from '#ports/random.ts'
import type { Entry, Store, Write } from '#ports/store.ts'

/** Length of the key, in bytes. */
export const STORE_KEY_BYTES = 32
/** Bytes a sealed value has more than the plain one. */
export const SEAL_BYTES = 29

const FORMAT = 1
const CIPHER = 'chacha20-poly1305'
const NONCE_BYTES = 12
const TAG_BYTES = 16
const HEAD_BYTES = 1 + NONCE_BYTES

/**
 * The same store with sealed values. It closes `inner` when it is closed.
 * A value that does not open is STORE_BROKEN with the fact `part`, the first part of its key's name.
 */
export function sealStore(inner: Store, key: Uint8Array, random: Random): Store {
  assert(key.length === STORE_KEY_BYTES, 'a store key is 32 bytes')
  // A key passed as bytes costs Node 24 four times as much for every value.
  const secret = createSecretKey(key)
  const openEach = (name: string, sealed: Uint8Array | undefined): Uint8Array | undefined =>
    sealed && openValue(secret, name, sealed)

  return {
    get: async (name) => openEach(name, await inner.get(name)),
    getMany: async (names) => {
      const sealed = await inner.getMany(names)
      return names.map((name, at) => openEach(name, sealed[at]))
    },
    list: async (range) => {
      const entries = await inner.list(range)
      return entries.map(([name, sealed]): Entry => [name, openValue(secret, name, sealed)])
    },
    write: async (writes) =>
      inner.write(
        writes.map(({ key: name, value }): Write => ({
          key: name,
          value: value && sealValue(secret, name, { value, nonce: random.bytes(NONCE_BYTES) }),
        })),
      ),
    compact: (range) => inner.compact(range),
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  }
}

function sealValue(
  secret: KeyObject,
  name: string,
  plain: { readonly value: Uint8Array; readonly nonce: Uint8Array },
): Uint8Array {
  const cipher = createCipheriv(CIPHER, secret, plain.nonce, { authTagLength: TAG_BYTES })
  cipher.setAAD(boundTo(name), { plaintextLength: plain.value.length })
  const body = cipher.update(plain.value)
  cipher.final()
  return concatBytes(Uint8Array.of(FORMAT), plain.nonce, body, cipher.getAuthTag())
}

function openValue(secret: KeyObject, name: string, sealed: Uint8Array): Uint8Array {
  const broken = (reason: string, cause?: unknown): EdgeError =>
    new EdgeError('STORE_BROKEN', { part: firstPart(name), reason }, { cause })
  if (sealed.length < SEAL_BYTES) throw broken('value too short')
  if (sealed[0] !== FORMAT) throw broken('unknown format')

  const body = sealed.subarray(HEAD_BYTES, -TAG_BYTES)
  const nonce = sealed.subarray(1, HEAD_BYTES)
  const decipher = createDecipheriv(CIPHER, secret, nonce, { authTagLength: TAG_BYTES })
  decipher.setAAD(boundTo(name), { plaintextLength: body.length })
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES))
  const value = decipher.update(body)
  try {
    decipher.final()
  } catch (error) {
    throw broken('wrong key or damaged value', error)
  }
  return value
}

function boundTo(name: string): Uint8Array {
  return concatBytes(Uint8Array.of(FORMAT), bytesFromText(name))
}

/** The kind of a key, never the key: it may name a person or a channel. */
function firstPart(name: string): string {
  const end = name.indexOf('/')
  return end < 0 ? '' : name.slice(0, end)
}
