/**
 * What a node signs. The trail of a list (`#model/trail.ts`) commits to all its changes, so one signature over a list up to its
 * newest change vouches for all earlier ones (design 4). It names no envelope: any relay may re-cut, re-batch and
 * re-compress, and the signature still holds.
 */
import { bytesFromHex, bytesFromText, byteWriter, concatBytes } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import {
  bytesFromId,
  type ActorId,
  type DocumentId,
  type OrganisationId,
  type Trail,
} from '#base/ids.ts'

/** A list up to one of its changes. */
export interface Attested {
  readonly document: DocumentId
  readonly actor: ActorId
  readonly seq: number
  readonly trail: Trail
}

/** The statement "so far this is my list". */
export function attestationOf(
  organisation: OrganisationId,
  { document, actor, seq, trail }: Attested,
): Uint8Array {
  const statement = byteWriter()
  statement.raw(bytesFromText('holdfast attest 2'))
  statement.raw(bytesFromId(organisation))
  statement.block(bytesFromText(document))
  statement.raw(bytesFromHex(actor))
  statement.uint(seq)
  statement.raw(bytesFromHex(trail))
  return statement.bytes()
}

/** What two statements that are signed together are: a change and a note, never two of a kind. */
export type Part = 'change' | 'note'

/**
 * Bytes of what stands for a statement in one that was signed together with another. Whoever can choose what a node is to sign may
 * search for two statements with one stand-in: of a change that takes 2^128 tries, as for its hash, and of a note 2^96. With
 * 16 bytes it would be 2^64, which can be bought.
 */
export const COMPANION_BYTES: Readonly<Record<Part, number>> = { change: 32, note: 24 }

/** What stands for a statement where two are signed together. */
export function companionOf(part: Part, statement: Uint8Array): Uint8Array {
  return sha256(statement).subarray(0, COMPANION_BYTES[part])
}

/**
 * Two statements under one signature, by what stands for each. Either is proved by that signature and what stands for the other,
 * so each can still be handed on alone.
 */
export function jointStatement({ change, note }: Readonly<Record<Part, Uint8Array>>): Uint8Array {
  return concatBytes(bytesFromText('holdfast joint 2'), change, note)
}

/**
 * The statement "I say this in this life", for notes: receipts, what a node has, what it wants. It names no envelope either; but its
 * life, since what a node says in a later one stands for all that it said before.
 */
export function noteStatement(
  organisation: OrganisationId,
  { actor, body }: { readonly actor: ActorId; readonly body: Uint8Array },
): Uint8Array {
  const statement = byteWriter()
  statement.raw(bytesFromText('holdfast note 3'))
  statement.raw(bytesFromId(organisation))
  statement.raw(bytesFromHex(actor))
  statement.raw(sha256(body))
  return statement.bytes()
}
