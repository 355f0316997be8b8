/**
 * What stands in the keys document: who may be sealed for, which secrets were wrapped for whom, and who is out. Nothing in
 * it is secret by itself, so that whoever was ever let in may read it (PROTOCOL.md, Keys).
 */
import { bytesFromHex, byteReader, byteWriter, hexFromBytes, MalformedBytes } from '#base/bytes.ts'
import {
  bytesFromId,
  idFromBytes,
  type ChannelId,
  type Instant,
  type NodeId,
  type OrganisationId,
} from '#base/ids.ts'
import { LIST_CHANGES_MAX } from '#base/limits.ts'
import {
  FORK_KIND_NUMBER,
  FORK_READERS,
  forkFields,
  type Anchor,
  type ForkProof,
} from './fork-content.ts'

/** An entry of the keys document. */
export type KeyContent =
  | {
      readonly kind: 'sealing key'
      /** Of two keys of one node the one with the larger generation counts. */
      readonly generation: number
      readonly publicBytes: Uint8Array
    }
  | {
      /** A secret that the author of this list shares with the owner of a sealing key from now on. */
      readonly kind: 'pair'
      /** 16 hexadecimal digits: the name of that sealing key. */
      readonly keyName: string
      readonly ciphertext: Uint8Array
    }
  | {
      readonly kind: 'epoch'
      readonly audience: OrganisationId | ChannelId | NodeId
      readonly number: number
      /** 32 hexadecimal digits. */
      readonly epoch: string
      /** The node that made it; undefined: the author of this list. */
      readonly maker: NodeId | undefined
      readonly wraps: readonly Wrap[]
    }
  | {
      readonly kind: 'revocation'
      /** Who orders it, and signs it: the entry may stand in any node's list. */
      readonly by: NodeId
      readonly node: NodeId
      /** What the node claims to have written later counts no more. */
      readonly since: Instant
      readonly reason: string
      readonly signature: Uint8Array
    }
  | {
      readonly kind: 'wipe order'
      readonly by: NodeId
      readonly node: NodeId
      readonly at: Instant
      readonly signature: Uint8Array
    }
  /** The node says of itself that it destroys its keys now. */
  | { readonly kind: 'wiped' }
  | ForkProof
  | Anchor
  /** The node asks for a new certificate in place of the one that is valid until then. */
  | { readonly kind: 'renewal'; readonly until: Instant }
  | {
      /** Half of what opens the writer's node when it is locked, for a hub to keep; forgotten by all when there is none. */
      readonly kind: 'share'
      /** 32 hexadecimal digits. */
      readonly id: string
      readonly parcel: ShareParcel | undefined
    }

/** What a node that administers orders about another. */
export type Order = Extract<KeyContent, { readonly kind: 'revocation' | 'wipe order' }>

/** A share that only the owner of one sealing key can open. */
export interface ShareParcel {
  /** 16 hexadecimal digits: the name of that sealing key. */
  readonly keyName: string
  readonly ciphertext: Uint8Array
  readonly sealed: Uint8Array
}

/** An epoch's secret, wrapped under the secret of a pair: the `pair` entry with this number in the same list. */
export interface Wrap {
  readonly pair: number
  /** 48 bytes. */
  readonly bytes: Uint8Array
}

/** Numbers of these kinds, as `entry.ts` has them for the others. */
export const KEY_KIND_NUMBER = {
  'sealing key': 24,
  pair: 25,
  epoch: 26,
  revocation: 27,
  'wipe order': 28,
  wiped: 29,
  renewal: 30,
  share: 31,
  ...FORK_KIND_NUMBER,
} as const

/** Nodes one epoch entry may be wrapped for: as many as fit into an entry; more take a second one. */
export const WRAPS_MAX = 1_000

const WRAP_BYTES = 48
const KEY_NAME_BYTES = 8
const EPOCH_ID_BYTES = 16
const SHARE_ID_BYTES = 16
const REASON_CHARACTERS_MAX = 200
/** Largest claimed time, in seconds, as of every entry. */
const SECONDS_MAX = 900_000_000_000

/** Whether an entry is one of these. */
export function isKeyContent(content: { readonly kind: string }): content is KeyContent {
  return content.kind in KEY_KIND_NUMBER
}

/** The items of an entry after its head. */
export function keyFields(content: KeyContent): readonly unknown[] {
  switch (content.kind) {
    case 'sealing key':
      return [content.generation, content.publicBytes]
    case 'pair':
      return [bytesFromHex(content.keyName), content.ciphertext]
    case 'epoch': {
      const { audience, number, epoch, maker, wraps } = content
      const by = maker === undefined ? null : bytesFromId(maker)
      return [bytesFromId(audience), number, bytesFromHex(epoch), by, writeWraps(wraps)]
    }
    case 'revocation':
    case 'wipe order':
      return orderFields(content)
    case 'wiped':
      return []
    case 'fork':
    case 'anchor':
      return forkFields(content)
    case 'renewal':
      return [Math.floor(content.until / 1000)]
    case 'share': {
      const { id, parcel } = content
      const front = [bytesFromHex(id)]
      if (parcel === undefined) return front
      return [...front, bytesFromHex(parcel.keyName), parcel.ciphertext, parcel.sealed]
    }
  }
}

/** One reader per kind number, of the items after the head; each gives undefined when they have another shape. */
export const KEY_READERS: Readonly<
  Record<number, (items: readonly unknown[]) => KeyContent | undefined>
> = {
  [KEY_KIND_NUMBER['sealing key']]: ([generation, publicBytes]) =>
    isCount(generation, LIST_CHANGES_MAX) && publicBytes instanceof Uint8Array
      ? { kind: 'sealing key', generation, publicBytes }
      : undefined,
  [KEY_KIND_NUMBER.pair]: ([keyName, ciphertext]) =>
    isBytes(keyName, KEY_NAME_BYTES) && ciphertext instanceof Uint8Array
      ? { kind: 'pair', keyName: hexFromBytes(keyName), ciphertext }
      : undefined,
  [KEY_KIND_NUMBER.epoch]: ([audience, number, epoch, by, wrapped]) => {
    if (
      !isBytes(audience, 16) ||
      !isCount(number, LIST_CHANGES_MAX) ||
      !isBytes(epoch, EPOCH_ID_BYTES)
    )
      return
    if (by !== null && !isBytes(by, 16)) return
    const wraps = wrapped instanceof Uint8Array ? readWraps(wrapped) : undefined
    return (
      wraps && {
        kind: 'epoch',
        audience: idFromBytes<ChannelId>(audience),
        number,
        epoch: hexFromBytes(epoch),
        maker: by === null ? undefined : idFromBytes<NodeId>(by),
        wraps,
      }
    )
  },
  [KEY_KIND_NUMBER.revocation]: ([by, node, since, signature, reason]) => {
    const head = readOrder([by, node, since, signature])
    if (head === undefined || !isReason(reason)) return undefined
    const { at, ...order } = head
    return { ...order, kind: 'revocation', since: at, reason }
  },
  [KEY_KIND_NUMBER['wipe order']]: (items) => {
    const order = readOrder(items)
    return order && { ...order, kind: 'wipe order' }
  },
  [KEY_KIND_NUMBER.wiped]: () => ({ kind: 'wiped' }),
  ...FORK_READERS,
  [KEY_KIND_NUMBER.renewal]: ([until]) =>
    isCount(until) ? { kind: 'renewal', until: until * 1000 } : undefined,
  [KEY_KIND_NUMBER.share]: ([id, keyName, ciphertext, sealed]) => {
    if (!isBytes(id, SHARE_ID_BYTES)) return undefined
    const share = { kind: 'share' as const, id: hexFromBytes(id) }
    if (keyName === undefined) return { ...share, parcel: undefined }
    if (!isBytes(keyName, KEY_NAME_BYTES)) return undefined
    const isParcel = ciphertext instanceof Uint8Array && sealed instanceof Uint8Array
    if (!isParcel) return undefined
    return { ...share, parcel: { keyName: hexFromBytes(keyName), ciphertext, sealed } }
  },
}

function orderFields(order: Order): readonly unknown[] {
  const { by, node, signature } = order
  const time = order.kind === 'revocation' ? order.since : order.at
  const head = [bytesFromId(by), bytesFromId(node), Math.floor(time / 1000), signature]
  return order.kind === 'revocation' ? [...head, order.reason] : head
}

function readOrder([by, node, seconds, signature]: readonly unknown[]) {
  const isShaped =
    isBytes(by, 16) &&
    isBytes(node, 16) &&
    isCount(seconds, SECONDS_MAX) &&
    signature instanceof Uint8Array
  if (!isShaped) return undefined
  return {
    by: idFromBytes<NodeId>(by),
    node: idFromBytes<NodeId>(node),
    at: seconds * 1000,
    signature,
  }
}

function writeWraps(wraps: readonly Wrap[]): Uint8Array {
  const writer = byteWriter()
  for (const { pair, bytes } of wraps) {
    writer.uint(pair)
    writer.raw(bytes)
  }
  return writer.bytes()
}

function readWraps(bytes: Uint8Array): readonly Wrap[] | undefined {
  try {
    const reader = byteReader(bytes)
    const wraps: Wrap[] = []
    while (reader.left() > 0) {
      if (wraps.length >= WRAPS_MAX) return undefined
      wraps.push({ pair: reader.uint(), bytes: new Uint8Array(reader.raw(WRAP_BYTES)) })
    }
    return wraps
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined
    throw error
  }
}

function isBytes(field: unknown, length: number): field is Uint8Array {
  return field instanceof Uint8Array && field.length === length
}

function isCount(field: unknown, most = Number.MAX_SAFE_INTEGER): field is number {
  return Number.isSafeInteger(field) && Number(field) >= 0 && Number(field) <= most
}

function isReason(field: unknown): field is string {
  return typeof field === 'string' && field.length <= REASON_CHARACTERS_MAX
}
