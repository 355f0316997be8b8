/** From a good input to one that may not be: by its form where it has one, otherwise byte by byte. */
import { decode, encode } from '@msgpack/msgpack'
import { bytesFromText, textFromBytes } from '#base/bytes.ts'
import { bendBytes, INPUT_BYTES_MAX } from './bend-bytes.ts'
import { bendValue } from './bend-values.ts'
import type { Chance } from './chance.ts'
import type { Form } from './target.ts'

/** Deepest value that is written. */
const DEPTH_MAX = 4_000

/** A copy of `input` bent by its form; parts may come from `other`. */
export function bend(
  form: Form,
  [input, other]: readonly [Uint8Array, Uint8Array],
  chance: Chance,
): Uint8Array {
  if (form === 'msgpack' && !chance.once(3)) return bendPacked(input, other, chance)
  if (form === 'json' && !chance.once(6)) return bendJson(input, other, chance)
  return bendBytes(input, other, chance)
}

/** A MessagePack value bent; bytes that are none are bent as such. */
export function bendPacked(input: Uint8Array, other: Uint8Array, chance: Chance): Uint8Array {
  const value = unpacked(input)
  if (value === undefined) return bendBytes(input, other, chance)
  try {
    const bent = bendValue(value, unpacked(other), chance)
    return encode(bent, { maxDepth: DEPTH_MAX }).slice(0, INPUT_BYTES_MAX)
  } catch {
    return bendBytes(input, other, chance) // it cannot be written, so nobody can send it
  }
}

function bendJson(input: Uint8Array, other: Uint8Array, chance: Chance): Uint8Array {
  const value = parsed(input)
  if (value === undefined) return bendBytes(input, other, chance)
  const bent = bendValue(value, parsed(other), chance)
  const text = JSON.stringify(bent, (_, item: unknown) =>
    item instanceof Uint8Array ? Buffer.from(item).toString('hex') : item,
  )
  // oxlint-disable-next-line typescript/no-unnecessary-condition -- undefined has no JSON
  return bytesFromText(text ?? 'null').subarray(0, INPUT_BYTES_MAX)
}

function unpacked(bytes: Uint8Array): unknown {
  try {
    return decode(bytes)
  } catch {
    return undefined
  }
}

function parsed(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(textFromBytes(bytes))
  } catch {
    return undefined
  }
}
