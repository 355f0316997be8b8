/**
 * What a node signs. A change's hash commits to its whole past, so one signature over a node's newest change of a
 * document vouches for all its earlier ones there (design 4). It names no envelope: any relay may re-cut,
 * re-batch and re-compress, and the signature still holds.
 */
import { bytesFromHex, bytesFromText, byteWriter, concatBytes } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import { bytesFromId, type ChangeHash, type DocumentId, type OrganisationId } from '#base/ids.ts'

/** The statement "this is my change, and so is every earlier one of mine in this document". */
export function attestationOf(
  organisation: OrganisationId,
  document: DocumentId,
  hash: ChangeHash,
): Uint8Array {
  const statement = byteWriter()
  statement.raw(bytesFromText('holdfast attest 1'))
  statement.raw(bytesFromId(organisation))
  statement.block(bytesFromText(document))
  statement.raw(bytesFromHex(hash))
  return statement.bytes()
}

/** Bytes of what stands for a statement in one that was signed together with another. */
export const COMPANION_BYTES = 16

/** What stands for a statement where two are signed together. */
export function companionOf(statement: Uint8Array): Uint8Array {
  return sha256(statement).subarray(0, COMPANION_BYTES)
}

/**
 * Two statements under one signature, by what stands for each, in whatever order. Either is proved by that signature and what
 * stands for the other, so each can still be handed on alone.
 */
export function jointStatement(one: Uint8Array, other: Uint8Array): Uint8Array {
  const both = [one, other].toSorted((a, b) => Buffer.compare(a, b))
  return concatBytes(bytesFromText('holdfast joint 1'), ...both)
}

/** The statement "I say this", for notes: receipts, what a node has, what it wants. It names no envelope either. */
export function noteStatement(organisation: OrganisationId, body: Uint8Array): Uint8Array {
  const statement = byteWriter()
  statement.raw(bytesFromText('holdfast note 2'))
  statement.raw(bytesFromId(organisation))
  statement.raw(sha256(body))
  return statement.bytes()
}
