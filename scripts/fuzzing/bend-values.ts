/** Bends values as MessagePack and JSON have them: one item becomes another kind, goes, doubles, nests, or changes place. */
import type { Chance } from './chance.ts'

/** What stands in lists and maps in place of something else. */
const STRANGE: readonly [() => unknown, ...(() => unknown)[]] = [
  () => null,
  () => true,
  () => false,
  () => 0,
  () => -1,
  () => 1.5,
  () => Number.NaN,
  () => Number.POSITIVE_INFINITY,
  () => 255,
  () => 2 ** 31 - 1,
  () => 2 ** 31,
  () => 2 ** 32,
  () => -(2 ** 31),
  () => Number.MAX_SAFE_INTEGER,
  () => Number.MAX_SAFE_INTEGER - 1,
  () => Number.MIN_SAFE_INTEGER,
  () => 2 ** 53,
  () => 1e300,
  () => '',
  () => 'me',
  () => '\0',
  () => '\ud800',
  () => '../..',
  () => 'x'.repeat(70_000),
  () => 'y'.repeat(26),
  () => '__proto__',
  () => [],
  () => ({}),
  () => ({ constructor: { prototype: 1 } }),
  () => new Uint8Array(0),
  () => new Uint8Array(8),
  () => new Uint8Array(12),
  () => new Uint8Array(16),
  () => new Uint8Array(32).fill(255),
  () => new Uint8Array(48),
  () => new Uint8Array(2_000),
  () => new Date(0),
  () => new Date(2 ** 42),
  () => nested(60),
  () => nested(1_500),
  () => Array.from({ length: 65 }, () => 0),
  () => Array.from({ length: 5_000 }, () => null),
]

const LIMITS: readonly [number, ...number[]] = [
  -1,
  0,
  127,
  128,
  65_536,
  2 ** 31 - 1,
  2 ** 31,
  2 ** 31 + 1,
  2 ** 32,
  2 ** 53 - 2,
  2 ** 53 - 1,
  2 ** 53,
  -(2 ** 53),
]

/** A copy of `value` bent once or a few times; parts may come from `other`. */
export function bendValue(value: unknown, other: unknown, chance: Chance): unknown {
  let bent = value
  for (let left = 1 + chance.below(3); left > 0; left -= 1) bent = bendOnce(bent, other, chance)
  return bent
}

/** Any part of a value, or all of it. */
function partOf(value: unknown, chance: Chance): unknown {
  let at = value
  while (isBranch(at) && !chance.once(3)) {
    const items = Array.isArray(at) ? (at as readonly unknown[]) : Object.values(at)
    if (items.length === 0) return at
    at = items[chance.below(items.length)]
  }
  return at
}

function bendOnce(value: unknown, other: unknown, chance: Chance): unknown {
  if (!isBranch(value) || chance.once(12)) return bendHere(value, other, chance)
  if (Array.isArray(value)) return bendList(value as readonly unknown[], other, chance)
  const entries = Object.entries(value)
  if (entries.length === 0 || chance.once(12)) {
    const name = chance.pick(['__proto__', 'constructor', 'toString', 'extra', ''])
    return Object.fromEntries([...entries, [name, partOf(other, chance)]])
  }
  const at = chance.below(entries.length)
  if (chance.once(8)) return Object.fromEntries(entries.toSpliced(at, 1))
  return Object.fromEntries(
    entries.map(([name, item], index) => [
      name,
      index === at ? bendOnce(item, other, chance) : item,
    ]),
  )
}

function bendList(list: readonly unknown[], other: unknown, chance: Chance): unknown {
  if (list.length === 0) return [partOf(other, chance)]
  const at = chance.below(list.length)
  switch (chance.below(8)) {
    case 0:
      return list.toSpliced(at, 1)
    case 1:
      return list.toSpliced(at, 0, list[at])
    case 2:
      return list.toSpliced(at, 0, partOf(other, chance))
    case 3: {
      const mate = chance.below(list.length)
      return list.with(at, list[mate]).with(mate, list[at])
    }
    default:
      return list.with(at, bendOnce(list[at], other, chance))
  }
}

function bendHere(value: unknown, other: unknown, chance: Chance): unknown {
  if (typeof value === 'number' && !chance.once(4))
    return chance.once(2) ? chance.pick(LIMITS) : value + chance.below(5) - 2
  if (typeof value === 'string' && !chance.once(3)) return bendText(value, chance)
  if (value instanceof Uint8Array && !chance.once(3)) return bendBlock(value, chance)
  if (chance.once(4)) return partOf(other, chance)
  return chance.pick(STRANGE)()
}

function bendText(text: string, chance: Chance): string {
  const at = chance.below(text.length + 1)
  const put = chance.pick(['', 'a', '\0', '\u{1f4a5}', '\u202e', '%', '/', ' ', '\ud800', text])
  return text.slice(0, at) + put + text.slice(at + chance.below(3))
}

function bendBlock(bytes: Uint8Array, chance: Chance): Uint8Array {
  const copy = Uint8Array.from(bytes)
  const at = chance.below(copy.length + 1)
  if (chance.once(3)) return copy.slice(0, at)
  if (chance.once(4)) return Uint8Array.from([...copy, chance.below(256)])
  if (at < copy.length) copy[at] = chance.below(256)
  return copy
}

function nested(depth: number): unknown {
  let value: unknown = 0
  for (let left = depth; left > 0; left -= 1) value = left % 2 === 0 ? [value] : { a: value }
  return value
}

function isBranch(value: unknown): value is object {
  return (
    typeof value === 'object' &&
    value !== null &&
    !(value instanceof Uint8Array) &&
    !(value instanceof Date)
  )
}
