/** Bends bytes: bits, lengths, numbers at their limits, parts cut, repeated, swapped, or taken from another input. */
import { concatBytes } from '#base/bytes.ts'
import type { Chance } from './chance.ts'

/** Longest input that is made, in bytes. */
export const INPUT_BYTES_MAX = 200_000

/** Numbers in LEB128: ordinary ones, limits of 31, 32 and 53 bits, one too large, too long, and not in shortest form. */
const NUMBERS: readonly [Uint8Array, ...Uint8Array[]] = [
  Uint8Array.of(0),
  Uint8Array.of(1),
  Uint8Array.of(0x7f),
  Uint8Array.of(0x80, 0x01),
  Uint8Array.of(0xff, 0x7f),
  Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x07),
  Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x08),
  Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0x0f),
  Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x0f),
  Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x10),
  Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01),
  Uint8Array.of(0x80, 0x00),
]

type Bend = (bytes: Uint8Array, other: Uint8Array, chance: Chance) => Uint8Array

const BENDS: readonly [Bend, ...Bend[]] = [
  (bytes, _, chance) => changed(bytes, chance, (byte) => byte ^ (1 << chance.below(8))),
  (bytes, _, chance) => changed(bytes, chance, () => chance.pick([0, 1, 0x7f, 0x80, 0xff])),
  (bytes, _, chance) => changed(bytes, chance, () => chance.below(256)),
  (bytes, _, chance) => changed(bytes, chance, (byte) => byte + chance.below(9) - 4),
  // cut out
  (bytes, _, chance) => {
    const { front, part, back } = split(bytes, chance)
    return concatBytes(front, chance.once(2) ? part.subarray(1) : new Uint8Array(0), back)
  },
  // said twice, or very often
  (bytes, _, chance) => {
    const { front, part, back } = split(bytes, chance)
    const times = chance.once(20) ? 2 + chance.below(2_000) : 2
    const most = Math.max(1, Math.floor(INPUT_BYTES_MAX / Math.max(1, part.length)))
    const parts = Array.from({ length: Math.min(times, most) }, () => part)
    return concatBytes(front, ...parts, back)
  },
  // put in
  (bytes, _, chance) => {
    const { front, part, back } = split(bytes, chance)
    const fresh = Uint8Array.from({ length: 1 + chance.below(8) }, () => chance.below(256))
    return concatBytes(front, part, fresh, back)
  },
  // end early
  (bytes, _, chance) => bytes.slice(0, chance.below(bytes.length + 1)),
  // the front of one, the end of another
  (bytes, other, chance) =>
    concatBytes(
      bytes.subarray(0, chance.below(bytes.length + 1)),
      other.subarray(chance.below(other.length + 1)),
    ),
  // a part of another, over or in between
  (bytes, other, chance) => {
    const { front, part, back } = split(bytes, chance)
    return concatBytes(front, split(other, chance).part, chance.once(2) ? part : back)
  },
  // a number at its limit, over or in between
  (bytes, _, chance) => {
    const at = chance.below(bytes.length + 1)
    const number = chance.pick(NUMBERS)
    return concatBytes(bytes.subarray(0, at), number, bytes.subarray(at + chance.below(3)))
  },
  // two neighbours swapped
  (bytes, _, chance) => {
    const { front, part, back } = split(bytes, chance)
    const length = Math.min(part.length, back.length)
    return concatBytes(front, back.subarray(0, length), part, back.subarray(length))
  },
]

/** A copy of `bytes` bent one to four times; parts may come from `other`. */
export function bendBytes(bytes: Uint8Array, other: Uint8Array, chance: Chance): Uint8Array {
  let bent: Uint8Array = bytes
  for (let left = 1 + chance.below(4); left > 0; left -= 1)
    bent = chance.pick(BENDS)(bent, other, chance)
  return Uint8Array.from(bent.subarray(0, INPUT_BYTES_MAX))
}

function changed(bytes: Uint8Array, chance: Chance, by: (byte: number) => number): Uint8Array {
  const copy = Uint8Array.from(bytes)
  if (copy.length === 0) return copy
  const at = chance.below(copy.length)
  copy[at] = by(copy[at] ?? 0) & 255
  return copy
}

interface Split {
  readonly front: Uint8Array
  readonly part: Uint8Array
  readonly back: Uint8Array
}

/** Short parts are likelier than long ones. */
function split(bytes: Uint8Array, chance: Chance): Split {
  const at = chance.below(bytes.length + 1)
  const length = 1 + chance.below(chance.once(3) ? Math.max(1, bytes.length - at) : 9)
  return {
    front: bytes.subarray(0, at),
    part: bytes.subarray(at, at + length),
    back: bytes.subarray(at + length),
  }
}
