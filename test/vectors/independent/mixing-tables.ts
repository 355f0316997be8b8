/** PROTOCOL.md, “Mixing”: the tables that the model computes with. */

const CURVE = [
  1, 2, 3, 6, 10, 16, 27, 45, 73, 120, 194, 310, 488, 747, 1101, 1546, 2047, 2549, 2994, 3348, 3607,
  3785, 3901, 3975, 4022, 4050, 4068, 4079, 4085, 4089, 4092, 4093, 4094,
]
const LARGER_MOST = [40, 24, 10, 6, 5]
const SQUASHED = Int32Array.from({ length: 4_095 }, (_, at) => interpolated(at + 1))
const STRETCHED = Int32Array.from({ length: 4_096 }, (_, p) => {
  const found = SQUASHED.findIndex((value) => value >= p)
  return found < 0 ? 2_047 : found - 2_047
})
/** Which history follows which: at twice its number and the bit. */
export const HISTORIES = historyTable()

/** `hash(a, b)` of the page. */
export function mix(a: number, b: number): number {
  let x = Math.imul((a + Math.imul(b + 1, 0x9e3779b1)) | 0, 0x85ebca6b)
  x ^= x >>> 13
  x = Math.imul(x, 0xc2b2ae35)
  return (x ^ (x >>> 16)) >>> 0
}

export function stretch(p: number): number {
  return STRETCHED[p >> 4] ?? 0
}

export function squash(d: number): number {
  return SQUASHED[d + 2_047] ?? 0
}

function interpolated(from: number): number {
  const [at, part] = [Math.floor(from / 128), from % 128]
  return Math.floor(((CURVE[at] ?? 0) * (128 - part) + (CURVE[at + 1] ?? 0) * part + 64) / 128)
}

function isKept(one: number, other: number): boolean {
  return Math.max(one, other) <= (LARGER_MOST[Math.min(one, other)] ?? -1)
}

interface History {
  readonly counts: readonly [number, number]
  readonly last: number
}

/** All histories, in the order of their numbers, and which follows which. */
function historyTable(): {
  readonly all: readonly History[]
  readonly next: Uint8Array
  readonly sum: Uint8Array
} {
  const all: History[] = []
  for (let sum = 0; sum <= 40; sum += 1)
    for (let zeros = 0; zeros <= sum; zeros += 1)
      for (let last = 0; last < 2; last += 1)
        if (isKept(zeros, sum - zeros) && hasBit(zeros, sum - zeros, last))
          all.push({ counts: [zeros, sum - zeros], last })
  const next = new Uint8Array(512)
  for (const [at, { counts }] of all.entries())
    for (const bit of [0, 1] as const)
      next[at * 2 + bit] = all.findIndex(isHistory(after(counts, bit)))
  return { all, next, sum: Uint8Array.from(all, ({ counts }) => counts[0] + counts[1]) }
}

function hasBit(zeros: number, ones: number, last: number): boolean {
  return zeros + ones === 0 ? last === 0 : (last === 0 ? zeros : ones) > 0
}

function isHistory(wanted: History): (one: History) => boolean {
  return ({ counts, last }) =>
    counts[0] === wanted.counts[0] && counts[1] === wanted.counts[1] && last === wanted.last
}

function after(counts: readonly [number, number], bit: 0 | 1): History {
  let [same, other] = [counts[bit] + 1, counts[bit === 0 ? 1 : 0]]
  if (other > 2) other = (other >> 1) + 1
  while (!isKept(same, other))
    if (other > 0 && other >= same) other -= 1
    else same -= 1
  return { counts: bit === 0 ? [same, other] : [other, same], last: bit }
}

export function firstGuess(history: number): number {
  const [zeros, ones] = HISTORIES.all[history]?.counts ?? [0, 0]
  return Math.floor((65_536 * (2 * ones + 1)) / (2 * (zeros + ones) + 2))
}
