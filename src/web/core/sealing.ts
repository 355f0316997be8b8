/**
 * Sealing what a browser keeps: XSalsa20-Poly1305 of tweetnacl, as there is no WebCrypto on plain HTTP, under a key that
 * somebody's PIN opens by way of scrypt, or a passkey's secret by way of HKDF. Loaded only where there is a lock.
 */
import { hkdf } from '@noble/hashes/hkdf.js'
import { scryptAsync } from '@noble/hashes/scrypt.js'
import { sha256 } from '@noble/hashes/sha2.js'
import nacl from 'tweetnacl'

/** RFC 7914: 32 MiB and about half a second on an old phone, for each guess. */
const COST = { N: 2 ** 15, r: 8, p: 1, dkLen: nacl.secretbox.keyLength }
const SALT_BYTES = 16
/** What HKDF (RFC 5869) binds the key of a passkey to. */
const PASSKEY_PURPOSE = 'holdfast lock by passkey 1'
const NONCE_BYTES = nacl.secretbox.nonceLength
/** Files are sealed in parts of this many bytes, so that no more is in memory at once. */
const PART_BYTES = 1_048_576
const SEALED = 'sealed:'
const SEALED_TYPE = 'application/x-holdfast-sealed'
/** Set in the number of a file's last part: one that was cut off does not open. */
const LAST = 0x8000_0000

/** A key that is wrapped by a PIN or by a passkey's secret, as text. */
export interface Wrapped {
  readonly salt: string
  readonly key: string
}

/** A fresh key for what is kept. */
export function newKey(): Uint8Array {
  return nacl.randomBytes(nacl.secretbox.keyLength)
}

/** The key, to be opened with this PIN alone. */
export async function wrap(key: Uint8Array, pin: string): Promise<Wrapped> {
  const salt = nacl.randomBytes(SALT_BYTES)
  return { salt: textFrom(salt), key: textFrom(box(await stretched(pin, salt), key)) }
}

/** The key; undefined when it is another PIN. */
export async function unwrap({ salt, key }: Wrapped, pin: string): Promise<Uint8Array | undefined> {
  return unbox(await stretched(pin, bytesFrom(salt)), bytesFrom(key))
}

/** The key, to be opened by this secret alone; `salt` is what the authenticator was asked with to give it. */
export function wrapBySecret(key: Uint8Array, secret: Uint8Array, salt: Uint8Array): Wrapped {
  return { salt: textFrom(salt), key: textFrom(box(derived(secret, salt), key)) }
}

/** The key; undefined when it is another secret. */
export function unwrapBySecret({ salt, key }: Wrapped, secret: Uint8Array): Uint8Array | undefined {
  return unbox(derived(secret, bytesFrom(salt)), bytesFrom(key))
}

/** A value, bound to the name under which it is kept: text becomes text, a file a file. */
export async function seal(key: Uint8Array, name: string, value: unknown): Promise<unknown> {
  if (value instanceof Blob) return sealFile(key, name, value)
  return SEALED + textFrom(box(key, utf8(JSON.stringify([name, value]))))
}

/** What `seal` was given; what is not sealed as it is. @throws Error when it was changed, or kept under another name. */
export async function open(key: Uint8Array, name: string, kept: unknown): Promise<unknown> {
  if (kept instanceof Blob) return kept.type === SEALED_TYPE ? openFile(key, name, kept) : kept
  if (typeof kept !== 'string' || !kept.startsWith(SEALED)) return kept
  return named(name, unbox(key, bytesFrom(kept.slice(SEALED.length))))
}

/** Whether it is as `seal` leaves it. */
export function isSealed(kept: unknown): boolean {
  return kept instanceof Blob
    ? kept.type === SEALED_TYPE
    : typeof kept === 'string' && kept.startsWith(SEALED)
}

async function sealFile(key: Uint8Array, name: string, file: Blob): Promise<Blob> {
  const base = nacl.randomBytes(NONCE_BYTES - 4)
  const count = Math.ceil(file.size / PART_BYTES)
  const about = utf8(JSON.stringify([name, file.type]))
  const head = nacl.secretbox(about, nonceOf(base, count === 0 ? LAST : 0), key)
  const parts: Uint8Array<ArrayBuffer>[] = [base, lengthOf(head), head].map(owned)
  for (let part = 1; part <= count; part += 1) {
    const plain = await file.slice((part - 1) * PART_BYTES, part * PART_BYTES).arrayBuffer()
    const nonce = nonceOf(base, part === count ? part + LAST : part)
    parts.push(owned(nacl.secretbox(new Uint8Array(plain), nonce, key)))
  }
  return new Blob(parts, { type: SEALED_TYPE })
}

async function openFile(key: Uint8Array, name: string, sealed: Blob): Promise<Blob> {
  const bytesAt = async (from: number, to: number): Promise<Uint8Array> =>
    new Uint8Array(await sealed.slice(from, to).arrayBuffer())
  const base = await bytesAt(0, NONCE_BYTES - 4)
  const at =
    NONCE_BYTES + new DataView((await bytesAt(NONCE_BYTES - 4, NONCE_BYTES)).buffer).getUint32(0)
  const step = PART_BYTES + nacl.secretbox.overheadLength
  const count = Math.ceil((sealed.size - at) / step)
  const numberOf = (part: number): number => (part === count ? part + LAST : part)
  const head = await bytesAt(NONCE_BYTES, at)
  const type = named(name, nacl.secretbox.open(head, nonceOf(base, numberOf(0)), key))
  const parts: Uint8Array<ArrayBuffer>[] = []
  for (let part = 1; part <= count; part += 1) {
    const from = at + (part - 1) * step
    const plain = nacl.secretbox.open(
      await bytesAt(from, from + step),
      nonceOf(base, numberOf(part)),
      key,
    )
    parts.push(owned(plain ?? broken()))
  }
  return new Blob(parts, { type: String(type) })
}

function nonceOf(base: Uint8Array, part: number): Uint8Array {
  const nonce = new Uint8Array(NONCE_BYTES)
  nonce.set(base)
  new DataView(nonce.buffer).setUint32(base.length, part)
  return nonce
}

function lengthOf(bytes: Uint8Array): Uint8Array {
  const length = new Uint8Array(4)
  new DataView(length.buffer).setUint32(0, bytes.length)
  return length
}

function stretched(pin: string, salt: Uint8Array): Promise<Uint8Array> {
  return scryptAsync(utf8(pin.normalize('NFKC')), salt, COST)
}

function derived(secret: Uint8Array, salt: Uint8Array): Uint8Array {
  return hkdf(sha256, secret, salt, utf8(PASSKEY_PURPOSE), nacl.secretbox.keyLength)
}

function box(key: Uint8Array, plain: Uint8Array): Uint8Array {
  const nonce = nacl.randomBytes(NONCE_BYTES)
  const sealed = nacl.secretbox(plain, nonce, key)
  const all = new Uint8Array(nonce.length + sealed.length)
  all.set(nonce)
  all.set(sealed, nonce.length)
  return all
}

function unbox(key: Uint8Array, all: Uint8Array): Uint8Array | undefined {
  if (all.length < NONCE_BYTES) return undefined
  return (
    nacl.secretbox.open(all.subarray(NONCE_BYTES), all.subarray(0, NONCE_BYTES), key) ?? undefined
  )
}

/** The value of `[name, value]`. */
function named(name: string, plain: Uint8Array | null | undefined): unknown {
  const [kept, value] = JSON.parse(new TextDecoder().decode(plain ?? broken())) as unknown[]
  return kept === name ? value : broken()
}

function broken(): never {
  throw new Error('what is kept here was changed')
}

function utf8(text: string): Uint8Array {
  // In tests `TextEncoder` may be of another realm than the arrays that tweetnacl wants.
  return Uint8Array.from(new TextEncoder().encode(text))
}

function owned(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(bytes)
}

/** Bytes as base64. */
export function textFrom(bytes: Uint8Array): string {
  let text = ''
  for (let at = 0; at < bytes.length; at += 32_768)
    text += String.fromCharCode(...bytes.subarray(at, at + 32_768))
  return btoa(text)
}

/** Bytes of base64. */
export function bytesFrom(text: string): Uint8Array {
  return Uint8Array.from(atob(text), (character) => character.charCodeAt(0))
}
