/** The integers that the mixing coder computes with: likelihoods, their logarithms, hashes, and tables that can go back. */

/** A table of integers. */
export type Numbers = Uint8Array | Uint16Array | Int16Array | Int32Array

/** The logistic function at -2,048, -1,920 … 2,048 (256 stand for 1), of 4,096. */
const CURVE = [
  1, 2, 3, 6, 10, 16, 27, 45, 73, 120, 194, 310, 488, 747, 1_101, 1_546, 2_047, 2_549, 2_994, 3_348,
  3_607, 3_785, 3_901, 3_975, 4_022, 4_050, 4_068, 4_079, 4_085, 4_089, 4_092, 4_093, 4_094,
]
const SQUASHED = Int16Array.from({ length: 4_096 }, (_, at) => squash(at - 2_048))
const STRETCHED = stretchTable()

/** A table that can go back to what it was. */
export interface Journalled<Table extends Numbers> {
  readonly table: Table
  readonly set: (at: number, value: number) => void
  readonly keep: () => void
  readonly forget: () => void
}

/** A table with its journal. */
export function journalled<Table extends Numbers>(table: Table): Journalled<Table> {
  let journal: number[] | undefined
  return {
    table,
    set: (at, value) => {
      journal?.push(at, get(table, at))
      table[at] = value
    },
    keep: () => {
      journal = []
    },
    forget: () => {
      for (let last = (journal?.length ?? 0) - 2; last >= 0; last -= 2)
        table[journal?.[last] ?? 0] = journal?.[last + 1] ?? 0
      journal = []
    },
  }
}

/** Moves a likelihood, of 65,536, towards the bit that came: by one part in 2 to the `rate`. */
export function approach(
  table: Uint16Array,
  at: number,
  { bit, rate }: { readonly bit: number; readonly rate: number },
): void {
  const likely = get(table, at)
  table[at] = likely + (((bit === 1 ? 65_535 : 0) - likely) >> rate)
}

/** Two numbers mixed into one of 32 bits. */
export function hash(a: number, b: number): number {
  let mixed = Math.imul(a + Math.imul(b + 1, 0x9e37_79b1), 0x85eb_ca6b)
  mixed ^= mixed >>> 13
  mixed = Math.imul(mixed, 0xc2b2_ae35)
  return mixed ^ (mixed >>> 16)
}

function squash(odds: number): number {
  const [step, rest] = [(odds >> 7) + 16, odds & 127]
  const [from, to] = [CURVE[step] ?? 0, CURVE[step + 1] ?? 4_095]
  return (from * (128 - rest) + to * rest + 64) >> 7
}

/** The inverse of `squash`: the smallest number that it takes to at least so much. */
function stretchTable(): Int16Array {
  const table = new Int16Array(4_096).fill(2_047)
  let likely = 0
  for (let odds = -2_047; odds <= 2_047; odds += 1)
    for (; likely <= squash(odds); likely += 1) table[likely] = odds
  return table
}

/** Within what `squashed` takes. */
export function held(odds: number): number {
  return Math.max(-2_047, Math.min(2_047, odds))
}

/** The number at a place of a table; 0 beyond its ends. */
export function get(table: Numbers, at: number): number {
  return table[at] ?? 0
}

/** A likelihood, of 4,096, from its logarithm of odds, which `held` gives. */
export function squashed(odds: number): number {
  return get(SQUASHED, odds + 2_048)
}

/** The logarithm of the odds, 256 to one step of e, of a likelihood of 65,536. */
export function stretched(likely: number): number {
  return get(STRETCHED, likely >> 4)
}
