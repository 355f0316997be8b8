/**
 * The vault: the one random key that everything at rest hangs on, wrapped once for each way to open it. The key never
 * changes, so a way is added or taken away without touching the store; with the last slot gone, all is gone.
 *
 * Each slot's wrapping key is HKDF of what its way gives, with the slot's salt; the slot's parameters and the vault's
 * head are authenticated with it. `vault-format.ts` has the bytes.
 */
import { argon2 } from 'node:crypto'
import { promisify } from 'node:util'
import { assert } from '#base/assert.ts'
import { byteWriter, concatBytes } from '#base/bytes.ts'
import type { Random } from '#ports/random.ts'
import {
  deriveKey,
  KEY_BYTES,
  NONCE_BYTES,
  sealBytes,
  sealingKey,
  tryOpenBytes,
  type Algorithm,
} from './seal.ts'
import {
  boundTo,
  costOf,
  ID_BYTES,
  SALT_BYTES,
  type PassphraseCost,
  type Slot,
  type Vault,
  type Way,
} from './vault-format.ts'

/** What a new passphrase slot costs to open. */
const PASSPHRASE_COST: PassphraseCost = { memoryKib: 65_536, passes: 3, lanes: 1 }

const compute = promisify(argon2)

/** A vault without any slot. */
export function emptyVault(algorithm: Algorithm, random: Random): Vault {
  return { algorithm, id: random.bytes(ID_BYTES), slots: [] }
}

/** The ways by which this vault opens. */
export function waysOf(vault: Vault): readonly Way[] {
  return vault.slots.map(({ way }) => way)
}

/** The vault without this way. The slot's bytes may be on the disk still: overwrite the file. */
export function withoutWay(vault: Vault, way: Way): Vault {
  return { ...vault, slots: vault.slots.filter((slot) => slot.way !== way) }
}

/** The vault with a slot for the 32 bytes of a key file, instead of any it had. */
export function withKeyFile(vault: Vault, key: Uint8Array, wrap: Wrap): Vault {
  assert(wrap.secret.length === KEY_BYTES, 'a key file has 32 bytes')
  return withSlot(vault, key, { ...wrap, way: 'keyFile', extra: new Uint8Array() })
}

/** The vault with a slot for a passphrase, instead of any it had. */
export async function withPassphrase(
  vault: Vault,
  key: Uint8Array,
  { passphrase, random, cost = PASSPHRASE_COST }: PassphraseWrap,
): Promise<Vault> {
  const salt = random.bytes(SALT_BYTES)
  const writer = byteWriter()
  writer.uint(cost.memoryKib)
  writer.uint(cost.passes)
  writer.uint(cost.lanes)
  const secret = await stretched(passphrase, salt, cost)
  return withSlot(vault, key, { way: 'passphrase', secret, random, salt, extra: writer.bytes() })
}

/** The vault with a slot for a device's secret and headquarters' share together, instead of any it had. */
export function withRelease(
  vault: Vault,
  key: Uint8Array,
  { deviceSecret, share, random }: ReleaseWrap,
): Vault {
  const secret = releaseSecret(deviceSecret, share.bytes)
  return withSlot(vault, key, { way: 'release', secret, random, extra: share.id })
}

/** What headquarters keeps for one kit: it opens nothing alone. Destroying it locks the kit for ever. */
export interface Share {
  /** 16 bytes by which it is asked for. */
  readonly id: Uint8Array
  /** 32 bytes. */
  readonly bytes: Uint8Array
}

/** A new share. */
export function makeShare(random: Random): Share {
  return { id: random.bytes(ID_BYTES), bytes: random.bytes(KEY_BYTES) }
}

/** The id of the share that this vault needs, or undefined when it has no such slot. */
export function shareIdOf(vault: Vault): Uint8Array | undefined {
  return slotOf(vault, 'release')?.parameters.subarray(SALT_BYTES)
}

/** The key, or undefined when it is not this key file's. */
export function openWithKeyFile(vault: Vault, secret: Uint8Array): Uint8Array | undefined {
  const slot = slotOf(vault, 'keyFile')
  return slot === undefined ? undefined : unwrap(vault, slot, secret)
}

/** The key, or undefined when the passphrase is another. Either takes the same time. */
export async function openWithPassphrase(
  vault: Vault,
  passphrase: string,
): Promise<Uint8Array | undefined> {
  const slot = slotOf(vault, 'passphrase')
  const cost = slot && costOf(slot)
  if (slot === undefined || cost === undefined) return undefined
  const salt = slot.parameters.subarray(0, SALT_BYTES)
  return unwrap(vault, slot, await stretched(passphrase, salt, cost))
}

/** The key, or undefined when secret or share are others. */
export function openWithRelease(
  vault: Vault,
  deviceSecret: Uint8Array,
  share: Uint8Array,
): Uint8Array | undefined {
  const slot = slotOf(vault, 'release')
  if (slot === undefined || share.length !== KEY_BYTES) return undefined
  return unwrap(vault, slot, releaseSecret(deviceSecret, share))
}

/** What wraps the key. */
export interface Wrap {
  /** 32 bytes. */
  readonly secret: Uint8Array
  readonly random: Random
}

/** What wraps the key by a passphrase. */
export interface PassphraseWrap {
  readonly passphrase: string
  readonly random: Random
  readonly cost?: PassphraseCost
}

/** What wraps the key by a release. */
export interface ReleaseWrap {
  /** 32 bytes that stay on the kit. */
  readonly deviceSecret: Uint8Array
  readonly share: Share
  readonly random: Random
}

interface SlotDraft extends Wrap {
  readonly way: Way
  readonly salt?: Uint8Array
  readonly extra: Uint8Array
}

function withSlot(vault: Vault, key: Uint8Array, draft: SlotDraft): Vault {
  assert(key.length === KEY_BYTES, 'a vault holds 32 bytes')
  const { way, secret, random } = draft
  const salt = draft.salt ?? random.bytes(SALT_BYTES)
  const parameters = concatBytes(salt, draft.extra)
  const nonce = random.bytes(NONCE_BYTES)
  const sealed = sealBytes(wrappingKey(vault, { way, parameters }, secret), {
    bytes: key,
    nonce,
    bound: boundTo(vault, { way, parameters }),
  })
  const slot: Slot = { way, parameters, nonce, wrapped: concatBytes(...sealed) }
  return { ...vault, slots: [...withoutWay(vault, way).slots, slot] }
}

function unwrap(vault: Vault, slot: Slot, secret: Uint8Array): Uint8Array | undefined {
  const key = tryOpenBytes(wrappingKey(vault, slot, secret), {
    bytes: slot.wrapped,
    nonce: slot.nonce,
    bound: boundTo(vault, slot),
  })
  return key && new Uint8Array(key)
}

type SlotHead = Pick<Slot, 'way' | 'parameters'>

function wrappingKey(
  { algorithm }: Vault,
  { way, parameters }: SlotHead,
  secret: Uint8Array,
): ReturnType<typeof sealingKey> {
  const salt = parameters.subarray(0, SALT_BYTES)
  return sealingKey(
    algorithm,
    deriveKey(algorithm, secret, { salt, label: `holdfast vault ${way}` }),
  )
}

function slotOf(vault: Vault, way: Way): Slot | undefined {
  return vault.slots.find((slot) => slot.way === way)
}

/** Typed on another keyboard, a passphrase may be other code points that mean the same: NFKC makes them one. */
async function stretched(
  passphrase: string,
  salt: Uint8Array,
  { memoryKib, passes, lanes }: PassphraseCost,
): Promise<Uint8Array> {
  const message = Buffer.from(passphrase.normalize('NFKC'), 'utf8')
  return compute('argon2id', {
    message,
    nonce: salt,
    memory: memoryKib,
    passes,
    parallelism: lanes,
    tagLength: KEY_BYTES,
  })
}

function releaseSecret(deviceSecret: Uint8Array, share: Uint8Array): Uint8Array {
  assert(
    deviceSecret.length === KEY_BYTES && share.length === KEY_BYTES,
    'both halves are 32 bytes',
  )
  return concatBytes(deviceSecret, share)
}
