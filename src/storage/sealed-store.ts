/**
 * Seals every value of another store, so that a captured disk shows keys only and a damaged one shows itself.
 *
 * A sealed value is: the number of the algorithm (one byte, see `seal.ts`), nonce (12, random), ciphertext, tag (16).
 * The number and the key's name are authenticated with it, so a value opens under its own name only. An old value put
 * back, or one taken away, is not noticed here. Random nonces serve for 2^32 writes under one key.
 */
import { bytesFromText, concatBytes, giveBack } from '#base/bytes.ts'
import { EdgeError } from '#base/errors.ts'
import type { Random } from '#ports/random.ts'
import type { Entry, Store, Write } from '#ports/store.ts'
import { NONCE_BYTES, openBytes, sealBytes, type SealingKey } from './seal.ts'

/** Bytes a sealed value has more than the plain one. */
export const SEAL_BYTES = 29

const HEAD_BYTES = 1 + NONCE_BYTES

/** Sealed values of this size are not left to be collected: a node that reads many would grow by all of them first. */
const LARGE_BYTES = 16_384

/**
 * The same store with sealed values. It closes `inner` when it is closed.
 * A value that does not open is STORE_BROKEN with the fact `part`, the first part of its key's name.
 */
export function sealStore(inner: Store, key: SealingKey, random: Random): Store {
  const found = new Set<string>()
  const openOne = (name: string, sealed: Uint8Array): Uint8Array => {
    try {
      return openValue(key, name, sealed)
    } catch (error) {
      found.add(name)
      throw error
    }
  }
  const openEach = (name: string, sealed: Uint8Array | undefined): Uint8Array | undefined =>
    sealed && openOne(name, sealed)

  return {
    get: async (name) => openEach(name, await inner.get(name)),
    getMany: async (names) => {
      const sealed = await inner.getMany(names)
      return names.map((name, at) => openEach(name, sealed[at]))
    },
    list: async (range) => {
      const entries = await inner.list(range)
      return entries.map(([name, sealed]): Entry => [name, openOne(name, sealed)])
    },
    write: async (writes) => {
      const sealed = writes.map(({ key: name, value }): Write => ({
        key: name,
        value: value && sealValue(key, name, { value, nonce: random.bytes(NONCE_BYTES) }),
      }))
      await inner.write(sealed)
      for (const { value } of sealed) dropLarge(value)
    },
    damaged: () => {
      const names = [...found]
      found.clear()
      return names
    },
    compact: (range) => inner.compact(range),
    [Symbol.asyncDispose]: () => inner[Symbol.asyncDispose](),
  }
}

function sealValue(
  key: SealingKey,
  name: string,
  plain: { readonly value: Uint8Array; readonly nonce: Uint8Array },
): Uint8Array {
  const { value: bytes, nonce } = plain
  const sealed = sealBytes(key, { bytes, nonce, bound: boundTo(key, name) })
  const whole = concatBytes(Uint8Array.of(key.algorithm), nonce, ...sealed)
  dropLarge(sealed[0])
  return whole
}

function dropLarge(bytes: Uint8Array | undefined): void {
  if (bytes !== undefined && bytes.length >= LARGE_BYTES) giveBack(bytes)
}

function openValue(key: SealingKey, name: string, sealed: Uint8Array): Uint8Array {
  const broken = (reason: string, cause?: unknown): EdgeError =>
    new EdgeError('STORE_BROKEN', { part: firstPart(name), reason }, { cause })
  if (sealed.length < SEAL_BYTES) throw broken('value too short')
  if (sealed[0] !== key.algorithm) throw broken('unknown format')
  const nonce = sealed.subarray(1, HEAD_BYTES)
  const bytes = sealed.subarray(HEAD_BYTES)
  try {
    const plain = openBytes(key, { bytes, nonce, bound: boundTo(key, name) })
    dropLarge(sealed)
    return plain
  } catch (error) {
    throw broken('wrong key or damaged value', error)
  }
}

function boundTo({ algorithm }: SealingKey, name: string): Uint8Array {
  return concatBytes(Uint8Array.of(algorithm), bytesFromText(name))
}

/** The kind of a key, never the key: it may name a person or a channel. */
function firstPart(name: string): string {
  const end = name.indexOf('/')
  return end < 0 ? '' : name.slice(0, end)
}
