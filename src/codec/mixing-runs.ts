/**
 * What always followed: for contexts so long that mostly one byte ever came after them, that byte and how often in a row. Two bytes
 * a context, where histories would take one for each bit.
 */
import { approach, get, journalled, stretched, type Journalled } from './mixing-tables.ts'

/** The runs of several contexts. */
export interface Runs {
  /** Sets what comes next in each context, by its hash. */
  readonly turnTo: (context: number, hash: number) => void
  /** The stretched guess of a context for the next bit; 0 when it knows nothing, or said something else in this byte. */
  readonly guess: (context: number, bits: number) => number
  /** The bit that came after `bits`. */
  readonly learn: (bits: number, bit: number) => void
  /** The byte that came; `turnTo` follows. */
  readonly endByte: (byte: number) => void
  readonly keep: () => void
  readonly forget: () => void
}

const PLACE_BITS = 16
/** A run in 16 bits: the byte, four bits of how often, and four bits of the hash, so that few others are taken for it. */
const COUNT_MAX = 15
/** Counts that are told apart. */
const SURE = 7
const FIRST_LIKELY = 50_000
const RATE = 6

/** What was learned, and where in each context we are. */
interface Model {
  readonly runs: Journalled<Uint16Array>
  /** By context, count and bits of the byte so far: how likely the run goes on. */
  readonly likely: Uint16Array
  readonly places: Int32Array
  readonly checks: Uint8Array
  /** The run that each context goes by now; 0 for none. */
  readonly said: Uint16Array
}

/** Runs that know nothing. */
export function openRuns(contexts: number): Runs {
  const model: Model = {
    runs: journalled(new Uint16Array(contexts << PLACE_BITS)),
    likely: new Uint16Array(contexts << 6).fill(FIRST_LIKELY),
    places: new Int32Array(contexts),
    checks: new Uint8Array(contexts),
    said: new Uint16Array(contexts),
  }
  const { runs, likely, places, checks, said } = model
  let kept = structuredClone({ likely, places, checks, said })
  return {
    turnTo: (context, hash) => turnTo(model, context, hash),
    guess: (context, bits) => {
      const bit = saidBit(model, context, bits)
      if (bit < 0) return 0
      const sure = stretched(get(likely, stateOf(model, context, bits)))
      return bit === 1 ? sure : -sure
    },
    learn: (bits, bit) => {
      for (let context = 0; context < contexts; context += 1) {
        const expected = saidBit(model, context, bits)
        if (expected < 0) continue
        const hit = expected === bit ? 1 : 0
        approach(likely, stateOf(model, context, bits), { bit: hit, rate: RATE })
      }
    },
    endByte: (byte) => {
      for (let context = 0; context < contexts; context += 1) endByte(model, context, byte)
    },
    keep: () => {
      runs.keep()
      kept = structuredClone({ likely, places, checks, said })
    },
    forget: () => {
      runs.forget()
      likely.set(kept.likely)
      places.set(kept.places)
      checks.set(kept.checks)
      said.set(kept.said)
    },
  }
}

function turnTo({ runs, places, checks, said }: Model, context: number, hash: number): void {
  const place = (context << PLACE_BITS) + (hash >>> (32 - PLACE_BITS))
  const run = get(runs.table, place)
  places[context] = place
  checks[context] = hash & 15
  said[context] = (run & 15) === (hash & 15) && countOf(run) > 0 ? run : 0
}

function endByte({ runs, places, checks, said }: Model, context: number, byte: number): void {
  const run = get(said, context)
  const isSame = run !== 0 && run >> 8 === byte
  const count = isSame ? Math.min(COUNT_MAX, countOf(run) + 1) : 1
  runs.set(get(places, context), (byte << 8) | (count << 4) | get(checks, context))
}

/** The bit that a context says comes after `bits`; -1 when it says nothing. */
function saidBit({ said }: Model, context: number, bits: number): number {
  const run = get(said, context)
  if (run === 0) return -1
  const byte = (run >> 8) | 256
  const left = Math.clz32(bits) - 23
  return byte >> left === bits ? (byte >> (left - 1)) & 1 : -1
}

function stateOf({ said }: Model, context: number, bits: number): number {
  const count = Math.min(countOf(get(said, context)), SURE)
  return (context << 6) + (count << 3) + (31 - Math.clz32(bits))
}

function countOf(run: number): number {
  return (run >> 4) & COUNT_MAX
}
