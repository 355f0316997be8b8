/**
 * What the keys document says of a list in which a node signed two changes under one number: the proof of it, and up to
 * where hubs held the list before they heard of it (PROTOCOL.md, Forks). All nodes read it, and nothing is ever purged there: it
 * shows trails and steps (`trail.ts`), and nothing of what was written.
 */
import { bytesFromHex, byteReader, byteWriter, hexFromBytes, MalformedBytes } from '#base/bytes.ts'
import type { ActorId, DocumentId, Instant, Step, Trail } from '#base/ids.ts'
import { DELTA_CHANGES_MAX, LIST_CHANGES_MAX } from '#base/limits.ts'
import { parseDocumentId } from './document-id.ts'

/** Proof that a node signed two different changes under one number. It needs nothing but the node's certificate. */
export interface ForkProof {
  readonly kind: 'fork'
  readonly document: DocumentId
  readonly actor: ActorId
  /** The first number that has two changes. */
  readonly seq: number
  /** The trail up to the change before it, which both branches go on from. */
  readonly before: Trail
  readonly branches: readonly [ForkBranch, ForkBranch]
}

/** One of two branches: the steps of its changes from the fork to a signed one, and that signature. */
export interface ForkBranch {
  readonly steps: readonly Step[]
  readonly signature: Uint8Array
}

/** A hub's word on which branch of a list it held, and how far, before it heard of a fork there. */
export interface Anchor {
  readonly kind: 'anchor'
  readonly document: DocumentId
  readonly actor: ActorId
  /** The number of the fork, and the trail of the hub's list up to there: its branch. */
  readonly forkAt: number
  readonly branch: Trail
  /** The last change that the hub held with a signature, the trail up to it, and the signature of the list's node. */
  readonly seq: number
  readonly trail: Trail
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
const TRAIL_BYTES = 32
const STEP_BYTES = 32

/** The items of an entry after its head. */
export function forkFields(content: ForkProof | Anchor): readonly unknown[] {
  const list = [content.document, bytesFromHex(content.actor)]
  if (content.kind === 'fork') {
    const { seq, before, branches } = content
    return [...list, seq, bytesFromHex(before), ...branches.map(writeBranch)]
  }
  const { forkAt, branch, seq, trail, signature } = content
  return [...list, forkAt, bytesFromHex(branch), seq, bytesFromHex(trail), signature]
}

/** One reader per kind number, of the items after the head; each gives undefined when they have another shape. */
export const FORK_READERS = {
  [FORK_KIND_NUMBER.fork]: (items: readonly unknown[]): ForkProof | undefined => {
    const list = readList(items)
    const [seq, before, one, other] = items.slice(2)
    const [first, second] = [one, other].map(readBranch)
    if (!list || !isNumber(seq, FORK_SEQ_MAX) || !isBytes(before, TRAIL_BYTES)) return undefined
    if (!first || !second) return undefined
    return { kind: 'fork', ...list, seq, before: trailIn(before), branches: [first, second] }
  },
  [FORK_KIND_NUMBER.anchor]: (items: readonly unknown[]): Anchor | undefined => {
    const list = readList(items)
    const [forkAt, branch, seq, trail, signature] = items.slice(2)
    if (!list || !isNumber(seq, LIST_CHANGES_MAX) || !isNumber(forkAt, seq)) return undefined
    if (!isBytes(branch, TRAIL_BYTES) || !isBytes(trail, TRAIL_BYTES)) return undefined
    if (!(signature instanceof Uint8Array)) return undefined
    const [at, end] = [
      { forkAt, branch: trailIn(branch) },
      { seq, trail: trailIn(trail) },
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

function writeBranch({ steps, signature }: ForkBranch): Uint8Array {
  const writer = byteWriter()
  writer.block(signature)
  for (const step of steps) writer.raw(bytesFromHex(step))
  return writer.bytes()
}

function readBranch(field: unknown): ForkBranch | undefined {
  if (!(field instanceof Uint8Array)) return undefined
  try {
    const reader = byteReader(field)
    const signature = new Uint8Array(reader.block())
    const count = reader.left() / STEP_BYTES
    if (!isNumber(count, DELTA_CHANGES_MAX)) return undefined
    const steps = Array.from({ length: count }, () => hexFromBytes(reader.raw(STEP_BYTES)) as Step)
    return { steps, signature }
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined
    throw error
  }
}

function trailIn(bytes: Uint8Array): Trail {
  return hexFromBytes(bytes) as Trail
}

function isBytes(field: unknown, length: number): field is Uint8Array {
  return field instanceof Uint8Array && field.length === length
}

function isNumber(field: unknown, most: number): field is number {
  return Number.isSafeInteger(field) && Number(field) >= 1 && Number(field) <= most
}
