/**
 * What the keys document says of a list in which a node signed two changes under one number: the proof of it, and up to
 * where hubs held the list before they heard of it (PROTOCOL.md, Forks).
 */
import { bytesFromHex, byteReader, byteWriter, hexFromBytes, MalformedBytes } from '#base/bytes.ts'
import type { ActorId, ChangeHash, DocumentId, Instant } from '#base/ids.ts'
import { DELTA_CHANGES_MAX, LIST_CHANGES_MAX } from '#base/limits.ts'
import { parseDocumentId } from './document-id.ts'

/** Proof that a node signed two different changes under one number. It needs nothing but the node's certificate. */
export interface ForkProof {
  readonly kind: 'fork'
  readonly document: DocumentId
  readonly actor: ActorId
  /** The first number that has two changes. */
  readonly seq: number
  /** The change before it, 64 hexadecimal digits; the genesis where `seq` is 1. */
  readonly previous: ChangeHash
  readonly branches: readonly [ForkBranch, ForkBranch]
}

/** One of two branches: its entries from the fork to a signed one, and that signature. */
export interface ForkBranch {
  readonly values: readonly Uint8Array[]
  readonly signature: Uint8Array
}

/** A hub's word on which branch of a list it held, and how far, before it heard of a fork there. */
export interface Anchor {
  readonly kind: 'anchor'
  readonly document: DocumentId
  readonly actor: ActorId
  /** The number of the fork, and the hash of the hub's change there: its branch. */
  readonly forkAt: number
  readonly branch: ChangeHash
  /** The last change that the hub held with a signature, its hash, and the signature of the list's node. */
  readonly seq: number
  readonly hash: ChangeHash
  readonly signature: Uint8Array
}

/** Where one of the two stands in the keys document. */
export interface WordPlace {
  readonly actor: ActorId
  readonly seq: number
  readonly placeAt: Instant
}

/** Numbers of these kinds, as `entry.ts` has them for the others. */
export const FORK_KIND_NUMBER = { fork: 33, anchor: 34 } as const

/** A branch that begins there still has numbers for all its changes: beyond, nobody could write them. */
const FORK_SEQ_MAX = LIST_CHANGES_MAX - DELTA_CHANGES_MAX
const ACTOR_BYTES = 12
const HASH_BYTES = 32

/** The items of an entry after its head. */
export function forkFields(content: ForkProof | Anchor): readonly unknown[] {
  const list = [content.document, bytesFromHex(content.actor)]
  if (content.kind === 'fork') {
    const { seq, previous, branches } = content
    return [...list, seq, bytesFromHex(previous), ...branches.map(writeBranch)]
  }
  const { forkAt, branch, seq, hash, signature } = content
  return [...list, forkAt, bytesFromHex(branch), seq, bytesFromHex(hash), signature]
}

/** One reader per kind number, of the items after the head; each gives undefined when they have another shape. */
export const FORK_READERS = {
  [FORK_KIND_NUMBER.fork]: (items: readonly unknown[]): ForkProof | undefined => {
    const list = readList(items)
    const [seq, previous, one, other] = items.slice(2)
    const [first, second] = [one, other].map(readBranch)
    if (!list || !isNumber(seq, FORK_SEQ_MAX) || !isBytes(previous, HASH_BYTES)) return undefined
    if (!first || !second) return undefined
    return { kind: 'fork', ...list, seq, previous: hashOf(previous), branches: [first, second] }
  },
  [FORK_KIND_NUMBER.anchor]: (items: readonly unknown[]): Anchor | undefined => {
    const list = readList(items)
    const [forkAt, branch, seq, hash, signature] = items.slice(2)
    if (!list || !isNumber(seq, LIST_CHANGES_MAX) || !isNumber(forkAt, seq)) return undefined
    if (!isBytes(branch, HASH_BYTES) || !isBytes(hash, HASH_BYTES)) return undefined
    if (!(signature instanceof Uint8Array)) return undefined
    const [at, end] = [
      { forkAt, branch: hashOf(branch) },
      { seq, hash: hashOf(hash) },
    ]
    return { kind: 'anchor', ...list, ...at, ...end, signature }
  },
}

function readList([document, actor]: readonly unknown[]):
  { readonly document: DocumentId; readonly actor: ActorId } | undefined {
  if (typeof document !== 'string' || parseDocumentId(document) === undefined) return undefined
  if (!isBytes(actor, ACTOR_BYTES)) return undefined
  return { document: document as DocumentId, actor: hexFromBytes(actor) as ActorId }
}

function writeBranch({ values, signature }: ForkBranch): Uint8Array {
  const writer = byteWriter()
  writer.block(signature)
  for (const value of values) writer.block(value)
  return writer.bytes()
}

function readBranch(field: unknown): ForkBranch | undefined {
  if (!(field instanceof Uint8Array)) return undefined
  try {
    const reader = byteReader(field)
    const signature = new Uint8Array(reader.block())
    const values: Uint8Array[] = []
    while (reader.left() > 0 && values.length <= DELTA_CHANGES_MAX)
      values.push(new Uint8Array(reader.block()))
    const isWhole =
      values.length > 0 &&
      values.length <= DELTA_CHANGES_MAX &&
      values.every((value) => value.length > 0)
    return isWhole ? { values, signature } : undefined
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined
    throw error
  }
}

function hashOf(bytes: Uint8Array): ChangeHash {
  return hexFromBytes(bytes) as ChangeHash
}

function isBytes(field: unknown, length: number): field is Uint8Array {
  return field instanceof Uint8Array && field.length === length
}

function isNumber(field: unknown, most: number): field is number {
  return Number.isSafeInteger(field) && Number(field) >= 1 && Number(field) <= most
}
