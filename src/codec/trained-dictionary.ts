/**
 * What a channel has written lately, as a text that both ends have read before: posts are like the posts before them, so this
 * packs the next one smaller than any text of ours can. It never travels. An entry of the channel's settings names which
 * changes it is made of (`model/dictionary-content.ts`), and who has these makes it again: it is as secret as they are, and
 * gone when they are.
 *
 * The text is, for each of these changes in their order, the delta that would carry it alone, so that also what stands before
 * an entry was seen before.
 */
import { byteWriter, concatBytes, equalBytes } from '#base/bytes.ts'
import { sha256 } from '#base/hash.ts'
import type { ActorId, DocumentId } from '#base/ids.ts'
import { DICTIONARY_BYTES_MAX, DICTIONARY_CHANGE_BYTES_MAX } from '#base/limits.ts'
import { writeSingle } from './delta.ts'
import { sampleBodies } from './mixing-text.ts'
import { openMixing, type Mixing } from './mixing.ts'

/** A channel's own dictionary. */
export interface TrainedDictionary {
  /** What it is made of, one after another: bodies as they would be sent. */
  readonly bodies: readonly Uint8Array[]
  /** All of them in a row. */
  readonly text: Uint8Array
  /** 32 bytes: bound into each envelope that needs it, so that it opens with no other. */
  readonly hash: Uint8Array
}

/** A change that goes into a text. */
export interface Said {
  readonly document: DocumentId
  readonly actor: ActorId
  readonly seq: number
  readonly value: Uint8Array
}

/** What deflate uses of a dictionary. */
const DEFLATE_BYTES = 32_506
/** A coder takes a while to prime and a few MB; so many channels at once are coded without priming again. */
const CODERS_MAX = 8
/** The one used last stands last. */
const coders: { readonly hash: Uint8Array; readonly mixing: Mixing }[] = []

/** The dictionary made of these changes; undefined when its text is empty or too long. Changes that are long are passed over. */
export function trainedDictionary(changes: readonly Said[]): TrainedDictionary | undefined {
  const bodies = changes.filter(isShort).map(bodyOf)
  const text = concatBytes(...bodies)
  if (text.length === 0 || text.length > DICTIONARY_BYTES_MAX) return undefined
  return { bodies, text, hash: sha256(text) }
}

/** The delta that would carry a change alone. */
export function bodyOf(change: Said): Uint8Array {
  const writer = byteWriter()
  writeSingle(writer, change)
  return writer.bytes()
}

/** How many bytes a change has in a text. */
export function bytesInText(change: Said): number {
  return isShort(change) ? bodyOf(change).length : 0
}

/** What deflate is given: the channel's own words last, since near matches cost less. */
export function forDeflate(
  base: Uint8Array,
  { text }: Pick<TrainedDictionary, 'text'>,
): Uint8Array {
  return concatBytes(base, text).subarray(-DEFLATE_BYTES)
}

/** The coder that has read the base text and then the channel's. */
export function mixerOf(base: Uint8Array, { bodies, hash }: TrainedDictionary): Mixing {
  const at = coders.findIndex((one) => equalBytes(one.hash, hash))
  const [known] = at < 0 ? [] : coders.splice(at, 1)
  const coder = known ?? { hash, mixing: openMixing(base, [...sampleBodies(), ...bodies]) }
  if (coders.length >= CODERS_MAX) coders.shift()
  coders.push(coder)
  return coder.mixing
}

/** Lets go of the coder of a dictionary that is not used any more. */
export function dropCoder({ hash }: TrainedDictionary): void {
  const at = coders.findIndex((one) => equalBytes(one.hash, hash))
  if (at >= 0) coders.splice(at, 1)
}

function isShort({ value }: Said): boolean {
  return value.length <= DICTIONARY_CHANGE_BYTES_MAX
}
