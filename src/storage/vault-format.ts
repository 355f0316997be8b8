/**
 * The bytes of a vault.
 *
 *     "HFV" | version 1 | algorithm | vault id 16 | count | slots
 *     slot   kind | block(parameters) | nonce 12 | wrapped key 32 | tag 16
 *
 * Parameters: key file: salt 16. Passphrase: salt 16, KiB of memory, passes, lanes (argon2id, RFC 9106). Release:
 * salt 16, and the 16 bytes by which headquarters finds its share.
 */
import {
  byteReader,
  byteWriter,
  bytesFromText,
  concatBytes,
  MalformedBytes,
  type ByteReader,
} from '#base/bytes.ts'
import { algorithmFrom, KEY_BYTES, NONCE_BYTES, TAG_BYTES, type Algorithm } from './seal.ts'

/** The ways to open a vault. */
export type Way = 'keyFile' | 'passphrase' | 'release'

/** One wrapping of the key. */
export interface Slot {
  readonly way: Way
  readonly parameters: Uint8Array
  readonly nonce: Uint8Array
  /** 32 bytes of ciphertext and the tag. */
  readonly wrapped: Uint8Array
}

/** A vault as it lies on the disk; at most one slot for each way. */
export interface Vault {
  readonly algorithm: Algorithm
  readonly id: Uint8Array
  readonly slots: readonly Slot[]
}

/** What a guess costs: 64 MiB is what a Raspberry Pi can spare; three passes take it about a second. */
export interface PassphraseCost {
  readonly memoryKib: number
  readonly passes: number
  readonly lanes: number
}

/** Bytes by which a vault or a share is named. */
export const ID_BYTES = 16
/** Every slot's parameters begin with so much salt. */
export const SALT_BYTES = 16

const MAGIC = bytesFromText('HFV')
const VERSION = 1
const WAYS: readonly Way[] = ['keyFile', 'passphrase', 'release']
/** What a damaged or planted slot may ask of this machine at most: 1 GiB, 64 passes, 16 lanes. */
const COST_MAX: PassphraseCost = { memoryKib: 1 << 20, passes: 64, lanes: 16 }

/** The bytes of a vault. */
export function encodeVault(vault: Vault): Uint8Array {
  const writer = byteWriter()
  writer.raw(headOf(vault))
  writer.byte(vault.slots.length)
  for (const { way, parameters, nonce, wrapped } of vault.slots) {
    writer.byte(WAYS.indexOf(way) + 1)
    writer.block(parameters)
    writer.raw(nonce)
    writer.raw(wrapped)
  }
  return writer.bytes()
}

/** The vault in `bytes`, or undefined when they are none that this version knows. */
export function decodeVault(bytes: Uint8Array): Vault | undefined {
  try {
    const reader = byteReader(bytes)
    if (Buffer.compare(reader.raw(MAGIC.length), MAGIC) !== 0) return undefined
    if (reader.byte() !== VERSION) return undefined
    const algorithm = algorithmFrom(reader.byte())
    if (algorithm === undefined) return undefined
    const id = Uint8Array.from(reader.raw(ID_BYTES))
    const count = reader.byte()
    const slots = Array.from({ length: count }, () => readSlot(reader))
    const isWhole = reader.left() === 0 && slots.every((slot) => slot !== undefined)
    const isOnce = new Set(slots.map((slot) => slot?.way)).size === count
    return isWhole && isOnce ? { algorithm, id, slots } : undefined
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined
    throw error
  }
}

/** What is authenticated with a slot's wrapped key. */
export function boundTo(
  vault: Vault,
  { way, parameters }: Pick<Slot, 'way' | 'parameters'>,
): Uint8Array {
  return concatBytes(headOf(vault), Uint8Array.of(WAYS.indexOf(way) + 1), parameters)
}

function headOf({ algorithm, id }: Vault): Uint8Array {
  return concatBytes(MAGIC, Uint8Array.of(VERSION, algorithm), id)
}

function readSlot(reader: ByteReader): Slot | undefined {
  const way = WAYS[reader.byte() - 1]
  const parameters = Uint8Array.from(reader.block())
  const nonce = Uint8Array.from(reader.raw(NONCE_BYTES))
  const wrapped = Uint8Array.from(reader.raw(KEY_BYTES + TAG_BYTES))
  if (way === undefined || parameters.length < SALT_BYTES) return undefined
  const slot = { way, parameters, nonce, wrapped }
  return way === 'passphrase' && costOf(slot) === undefined ? undefined : slot
}

/** What a passphrase slot asks for, or undefined when that is nonsense or too much. */
export function costOf({ parameters }: Slot): PassphraseCost | undefined {
  const reader = byteReader(parameters.subarray(SALT_BYTES))
  const cost = { memoryKib: reader.uint(), passes: reader.uint(), lanes: reader.uint() }
  const isSane =
    cost.passes >= 1 &&
    cost.passes <= COST_MAX.passes &&
    cost.lanes >= 1 &&
    cost.lanes <= COST_MAX.lanes &&
    cost.memoryKib >= 8 * cost.lanes &&
    cost.memoryKib <= COST_MAX.memoryKib
  return isSane && reader.left() === 0 ? cost : undefined
}
