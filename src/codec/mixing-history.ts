/**
 * What came in one context, in a byte: how many zeros, how many ones, and which came last. Old news of the rarer bit fades as
 * soon as the other comes.
 */

/** All histories; 0 is the empty one. */
export interface Histories {
  /** The history that follows, at twice the history and the bit. */
  readonly next: Uint8Array
  /** How likely a one is after each, of 65,536, before anything was learned. */
  readonly likely: Uint16Array
  /** How many bits have come in each, as far as it tells. */
  readonly sum: Uint8Array
}

/** The larger count is at most this, by the smaller one. */
const LARGER_MAX = [40, 24, 10, 6, 5]
const ALL = 256

interface History {
  readonly zeros: number
  readonly ones: number
  readonly last: number
}

/** The histories, in the order of their sums. */
export function byteHistories(): Histories {
  const all = everyHistory()
  const numbers = new Map(all.map((one, number) => [nameOf(one), number]))
  const next = new Uint8Array(2 * ALL)
  const likely = new Uint16Array(ALL)
  const sum = new Uint8Array(ALL)
  for (const [number, history] of all.entries()) {
    const { zeros, ones } = history
    sum[number] = zeros + ones
    likely[number] = Math.floor((65_536 * (2 * ones + 1)) / (2 * (zeros + ones) + 2))
    for (const bit of [0, 1]) next[2 * number + bit] = numbers.get(nameOf(after(history, bit))) ?? 0
  }
  return { next, likely, sum }
}

function everyHistory(): readonly History[] {
  const all: History[] = [{ zeros: 0, ones: 0, last: 0 }]
  const most = Math.max(...LARGER_MAX)
  for (let sum = 1; sum <= most + LARGER_MAX.length; sum += 1)
    for (let zeros = 0; zeros <= sum; zeros += 1)
      for (const last of [0, 1]) {
        const ones = sum - zeros
        const hasCome = (last === 1 ? ones : zeros) > 0
        if (hasCome && isKept(zeros, ones)) all.push({ zeros, ones, last })
      }
  return all
}

function isKept(zeros: number, ones: number): boolean {
  return Math.max(zeros, ones) <= (LARGER_MAX[Math.min(zeros, ones)] ?? 0)
}

/** The history once `bit` has come: where that count is full, the other gives way. */
function after({ zeros, ones }: History, bit: number): History {
  let came = (bit === 1 ? ones : zeros) + 1
  let other = faded(bit === 1 ? zeros : ones)
  while (!isKept(came, other)) {
    if (other > 0 && came <= other) other -= 1
    else came -= 1
  }
  return bit === 1 ? { zeros: other, ones: came, last: 1 } : { zeros: came, ones: other, last: 0 }
}

function faded(count: number): number {
  return count > 2 ? (count >> 1) + 1 : count
}

function nameOf({ zeros, ones, last }: History): string {
  return `${zeros} ${ones} ${last}`
}
