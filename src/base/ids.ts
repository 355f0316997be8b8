/**
 * Names of things. An id is 16 bytes, written as 26 characters of z-base-32: what Mattermost clients
 * expect of an id, so that nothing is translated at the door. Ids are made only by their parser.
 */
import { assert } from './assert.ts'
import { bytesFromText } from './bytes.ts'
import { sha256 } from './hash.ts'

declare const brand: unique symbol
type Branded<Name extends string> = string & { readonly [brand]: Name }

/** A running instance: the hash of its signing key, so it cannot be claimed by another. */
export type NodeId = Branded<'NodeId'>
/** A person with an account. */
export type UserId = Branded<'UserId'>
/** A channel of the workspace. */
export type ChannelId = Branded<'ChannelId'>
/** A message; the same on every node, derived from where its entry stands. */
export type PostId = Branded<'PostId'>
/** A file that somebody handed in: drawn where that was, and the same on every node. */
export type FileId = Branded<'FileId'>
/** The organisation and, today, its one workspace: the hash of the root's public key. */
export type OrganisationId = Branded<'OrganisationId'>
/** One life of one node's store: 24 hexadecimal digits, 8 bytes of the node id and 4 of the life. */
export type ActorId = Branded<'ActorId'>
/** One Automerge document, see `#model/document-id.ts` for its forms. */
export type DocumentId = Branded<'DocumentId'>
/** The SHA-256 of an Automerge change: 64 hexadecimal digits. */
export type ChangeHash = Branded<'ChangeHash'>
/** A running digest of a list's changes up to one of them: 64 hexadecimal digits, see `#model/trail.ts`. */
export type Trail = Branded<'Trail'>
/** What one change adds to its list's trail: 64 hexadecimal digits. */
export type Step = Branded<'Step'>

/** A point in time: milliseconds since 1970-01-01 UTC, an integer. Clocks may be wrong. */
export type Instant = number

/** Any of the 26-character ids. */
export type ShortId = NodeId | UserId | ChannelId | PostId | FileId | OrganisationId

const ALPHABET = 'ybndrfg8ejkmcpqxot1uwisza345h769'
const ID_BYTES = 16
const ID_PATTERN = /^[ybndrfg8ejkmcpqxot1uwisza345h769]{26}$/
/** By character code; other characters count as 0. */
const VALUES = new Uint8Array(128)
for (const [value, character] of ALPHABET.split('').entries())
  VALUES[character.charCodeAt(0)] = value

/** Whether `text` has the form of a 26-character id. */
export function isId(text: string): boolean {
  return ID_PATTERN.test(text)
}

/** The 26-character form of 16 bytes. */
export function idFromBytes<T extends ShortId>(bytes: Uint8Array): T {
  assert(bytes.length === ID_BYTES, 'an id is 16 bytes')
  const codes: number[] = []
  let buffer = 0
  let bits = 0
  for (const byte of bytes) {
    buffer = (buffer << 8) | byte
    bits += 8
    while (bits >= 5) {
      bits -= 5
      codes.push(ALPHABET.charCodeAt((buffer >> bits) & 31))
    }
    buffer &= (1 << bits) - 1
  }
  codes.push(ALPHABET.charCodeAt((buffer << (5 - bits)) & 31))
  // Made at once: of a text that grows letter by letter V8 keeps every step, 400 bytes for each id that is kept.
  return String.fromCharCode(...codes) as T
}

/** The 16 bytes of a 26-character id. */
export function bytesFromId(id: ShortId): Uint8Array {
  const bytes = new Uint8Array(ID_BYTES)
  let buffer = 0
  let bits = 0
  let at = 0
  for (let index = 0; index < id.length; index += 1) {
    buffer = (buffer << 5) | (VALUES[id.charCodeAt(index)] ?? 0)
    bits += 5
    if (bits >= 8 && at < ID_BYTES) {
      bits -= 8
      bytes[at++] = (buffer >> bits) & 255
    }
    buffer &= (1 << bits) - 1
  }
  return bytes
}

/** `text` as an id, or undefined when it has another form. */
export function parseId<T extends ShortId>(text: unknown): T | undefined {
  return typeof text === 'string' && isId(text) ? (text as T) : undefined
}

/** The actor of one life of a node. `life` is 4 random bytes, new whenever a store is made or restored. */
export function actorOf(node: NodeId, life: Uint8Array): ActorId {
  assert(life.length === 4, 'a life is 4 bytes')
  return Buffer.concat([bytesFromId(node).subarray(0, 8), life]).toString('hex') as ActorId
}

/** `text` as an actor, or undefined when it is not 24 lower-case hexadecimal digits. */
export function parseActor(text: string): ActorId | undefined {
  return /^[0-9a-f]{24}$/.test(text) ? (text as ActorId) : undefined
}

/** The life that an actor is: 4 bytes. */
export function lifeOfActor(actor: ActorId): Uint8Array {
  return new Uint8Array(Buffer.from(actor.slice(16), 'hex'))
}

/** Random bytes of a person's id: what names them to who knows the node. */
export const PERSON_NUMBER_BYTES = 3

/**
 * A person's id: 8 bytes of the node that enrolled them, which nobody else can claim, 3 random bytes, and 5 that follow from those, so
 * that it travels as 3. As many come from `random`. Whoever draws looks whether that node has such a person already.
 */
export function newPersonId(node: NodeId, random: Uint8Array): UserId {
  assert(random.length >= PERSON_NUMBER_BYTES, 'a person is drawn from 3 bytes')
  const home = bytesFromId(node).subarray(0, 8)
  return idFromBytes(personIdBytes(home, random.subarray(0, PERSON_NUMBER_BYTES)))
}

/** The 16 bytes of a person's id, from the first 8 of their node's and their number. */
export function personIdBytes(home: Uint8Array, number: Uint8Array): Uint8Array {
  const rest = sha256(Buffer.concat([bytesFromText('holdfast person'), home, number]))
  return Buffer.concat([home, number, rest.subarray(0, 8 - PERSON_NUMBER_BYTES)])
}

/** The part of a person's id that names their home node: 16 hexadecimal digits. */
export function nodePrefixOfPerson(person: UserId): string {
  return Buffer.from(bytesFromId(person).subarray(0, 8)).toString('hex')
}

/** The part of an actor that names its node: 16 hexadecimal digits. */
export function nodePrefixOfActor(actor: ActorId): string {
  return actor.slice(0, 16)
}

/** The part of a node id that its actors carry: 16 hexadecimal digits. */
export function nodePrefix(node: NodeId): string {
  return Buffer.from(bytesFromId(node).subarray(0, 8)).toString('hex')
}
