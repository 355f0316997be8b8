/**
 * What an envelope holds: a delta, notes, or notes that ride along with a delta. Each note carries its own signature, so that it
 * stays its sender's word in whatever envelope, sealed by whomever.
 *
 *     1 …                                                             a delta alone
 *     2 | count | each: node number (0: the envelope's sender), its life unless 0, note, proof | a delta, or nothing
 *     3 | note | 1 … or 2 …                                           a note of the sender's, vouched for by the envelope's signature
 *     4 …                                                             a piece of a file (`piece.ts`)
 */
import { byteReader, byteWriter, MalformedBytes, type ByteReader } from '#base/bytes.ts'
import { actorOf, lifeOfActor, type ActorId } from '#base/ids.ts'
import { COMPANION_BYTES } from '#trust/attestation.ts'
import type { Scope } from '#trust/epoch.ts'
import type { Roster } from '#trust/roster.ts'
import { DELTA_KIND } from './delta.ts'
import { restoreNote, shortenNote } from './note.ts'
import { decodePiece, PIECE_KIND, type Piece } from './piece.ts'

/** A note in the bytes that its node signed, and the proof (`trust/roster.ts`). */
export interface SignedNote {
  /** Its node, in the life in which it says so. */
  readonly actor: ActorId
  readonly body: Uint8Array
  readonly signature: Uint8Array
}

/** A note out of an envelope, whose signature nobody has checked yet. The actor is undefined when nobody has its node's number. */
export type LoadedNote = Omit<SignedNote, 'actor'> & { readonly actor: ActorId | undefined }

/** What was in an envelope: the body of a delta, notes, or both. */
export interface Load {
  readonly notes: readonly LoadedNote[]
  readonly delta: Uint8Array | undefined
  /** A piece of a file, and nothing else. */
  readonly piece?: Piece
  /** The bytes of a note of the sender's that the envelope's signature vouches for, together with its newest change. */
  readonly joint?: Uint8Array
}

/** What is to go into an envelope. */
export interface LoadDraft {
  readonly notes: readonly SignedNote[]
  readonly delta?: Uint8Array
  /** A note of the sender's: with a delta in which it has a run. */
  readonly joint?: Uint8Array | undefined
}

/** What an envelope is sealed for, and by whom. */
export interface Wrapping {
  readonly scope: Scope
  readonly sender: ActorId
  readonly roster: Roster
}

const NOTES_KIND = 2
const JOINT_KIND = 3
const LIFE_BYTES = 4
const NOTES_MAX = 5_000
/** Bytes of all notes of one envelope. */
const NOTES_BYTES_MAX = 128_000

/** The body of an envelope. Notes of nodes that are not in the roster are left out. */
export function encodeLoad(draft: LoadDraft, wrapping: Wrapping): Uint8Array {
  const { joint } = draft
  const rest = encodeNotes(draft, wrapping)
  if (joint === undefined) return rest
  const writer = byteWriter()
  writer.byte(JOINT_KIND)
  writer.block(shortenNote(joint, wrapping.scope))
  writer.raw(rest)
  return writer.bytes()
}

function encodeNotes({ notes, delta }: LoadDraft, { scope, sender, roster }: Wrapping): Uint8Array {
  const named = notes.flatMap((note) => {
    const number = note.actor === sender ? 0 : roster.ofActor(note.actor)?.number
    return number === undefined ? [] : [{ ...note, number }]
  })
  if (named.length === 0 && delta !== undefined) return delta
  const writer = byteWriter()
  writer.byte(NOTES_KIND)
  writer.uint(named.length)
  for (const { number, actor, body, signature } of named) {
    const isJoint = signature.length > roster.suite.signatureBytes
    writer.uint(2 * number + (isJoint ? 1 : 0))
    if (number !== 0) writer.raw(lifeOfActor(actor))
    writer.block(shortenNote(body, scope))
    writer.raw(signature)
  }
  if (delta !== undefined) writer.raw(delta)
  return writer.bytes()
}

/** What is in an opened body, or undefined when it is malformed. A delta in it is not read yet. */
export function decodeLoad(body: Uint8Array, wrapping: Wrapping): Load | undefined {
  try {
    if (body[0] === PIECE_KIND) return pieceIn(body, wrapping)
    if (body[0] !== JOINT_KIND) return readLoad(body, wrapping)
    const reader = byteReader(body.subarray(1))
    const joint = restoreNote(reader.block(), wrapping.scope)
    const load = readLoad(reader.raw(reader.left()), wrapping)
    return load.delta === undefined ? undefined : { ...load, joint }
  } catch (error) {
    if (error instanceof MalformedBytes) return undefined
    throw error
  }
}

/** Whoever may read a file, its pieces are sealed for all nodes: anybody may have to carry them. */
function pieceIn(body: Uint8Array, { scope }: Wrapping): Load {
  if (scope !== 'directory') throw new MalformedBytes('a piece is sealed for all nodes')
  return { notes: [], delta: undefined, piece: decodePiece(body) }
}

function readLoad(body: Uint8Array, { scope, sender, roster }: Wrapping): Load {
  if (body[0] === DELTA_KIND) return { notes: [], delta: body }
  const reader = byteReader(body)
  if (reader.byte() !== NOTES_KIND) throw new MalformedBytes('there is no such content')
  const count = reader.uint()
  if (count === 0 || count > NOTES_MAX) throw new MalformedBytes('not so many notes')
  const notes: LoadedNote[] = []
  for (let index = 0; index < count; index += 1) {
    notes.push(readNote(reader, { scope, sender, roster }))
    if (reader.at() > NOTES_BYTES_MAX) throw new MalformedBytes('the notes are too long')
  }
  if (reader.left() === 0) return { notes, delta: undefined }
  const delta = reader.raw(reader.left())
  if (delta[0] !== DELTA_KIND) throw new MalformedBytes('no delta follows the notes')
  return { notes, delta }
}

function readNote(reader: ByteReader, { scope, sender, roster }: Wrapping): LoadedNote {
  const first = reader.uint()
  const [number, isJoint] = [Math.floor(first / 2), first % 2 === 1]
  const life = number === 0 ? undefined : reader.raw(LIFE_BYTES)
  const bytes = reader.block()
  const companionBytes = isJoint ? COMPANION_BYTES.change : 0
  const signature = reader.raw(roster.suite.signatureBytes + companionBytes)
  const node = roster.byNumber(number)?.node
  const actor = life === undefined ? sender : node && actorOf(node, life)
  if (life !== undefined && actor === sender) throw new MalformedBytes('the sender is named by 0')
  return { actor, body: restoreNote(bytes, scope), signature }
}
