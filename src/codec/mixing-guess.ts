/**
 * What bit comes next: several contexts guess, a mixer weighs them by how well they did in a place like this, and all of them
 * learn what came. The contexts (`mixing-contexts.ts`) are the last 1, 2 and 3 bytes and the word so far, each with a history for every
 * bit; the last 4 and 5 bytes and the word so far after the one before, each with what always followed; where in a text or an entry
 * we are; the bits of this byte alone, and the longest earlier passage that goes on like the present one.
 */
import { MIXED_BYTES_MAX } from '#base/limits.ts'
import {
  HISTORIES as CONTEXTS,
  RUNS,
  noContexts,
  setContexts,
  type Contexts,
} from './mixing-contexts.ts'
import { byteHistories } from './mixing-history.ts'
import { atTheStart, isWide, moveOn, type Place } from './mixing-place.ts'
import { openRuns, type Runs } from './mixing-runs.ts'
import { openSlots, type Slots } from './mixing-slots.ts'
import {
  approach,
  get,
  hash,
  held,
  journalled,
  squashed,
  stretched,
  type Journalled,
} from './mixing-tables.ts'

/** Guesses bit by bit; whoever is told the same bits guesses the same. */
export interface Guesser {
  /** How likely a one is, of 4,096: 1 to 4,095. */
  readonly guess: () => number
  /** The bit that came. */
  readonly learn: (bit: number) => void
  /** Goes back to what the text it began with has taught. */
  readonly forget: () => void
}

const MATCH = CONTEXTS + RUNS
const BITS = MATCH + 1
const CONSTANT = MATCH + 2
const INPUTS = MATCH + 3
const PLACE_BITS = 15
const MATCH_BYTES_MIN = 4
const MATCH_BYTES_MAX = 16
/** Of 65,536: what an input counts for before anything was learned. */
const FIRST_WEIGHT = 13_000
const WEIGHT_RATE = 14
const HISTORY_RATE = 7
/** The sets of weights, one beside the other, and where each begins: see `choose`. */
const SETS = 4
const SET_STARTS = [0, 1_280, 1_280 + 1_024, 1_280 + 1_024 + 1_024] as const
const SETS_SIZE = 1_280 + 1_024 + 1_024 + 512 + 256
/** Of 65,536. */
const HALF = 32_768
/** Of 4,096: as sure as a guess can be. */
const SUREST = 4_095
const { next: NEXT, likely: LIKELY, sum: SUM } = byteHistories()

/** What was learned and goes back to what it was: small enough to be copied. */
interface Small {
  /** By context and history: how likely a one is. */
  readonly byHistory: Uint16Array
  readonly byBits: Uint16Array
  /** By length of the match: how likely it goes on. */
  readonly byMatch: Uint16Array
  readonly weights: Int32Array
}

/** Where in the text we are. */
interface Cursor {
  size: number
  /** A one, and the bits of this byte so far. */
  bits: number
  /** Where the passage goes on that is like the present one, and for how many bytes it was. */
  match: number
  matchBytes: number
  readonly place: Place
  readonly contexts: Contexts
}

/** A guesser that has read `text`. */
export function openGuesser(text: Uint8Array): Guesser {
  const model = newModel(text.length + MIXED_BYTES_MAX)
  for (const byte of text)
    for (let place = 7; place >= 0; place -= 1) {
      guess(model)
      learn(model, (byte >> place) & 1)
    }
  const { byHistory, byBits, byMatch, weights, slots, places, runs } = model
  const kept = structuredClone({ byHistory, byBits, byMatch, weights })
  const cursor = structuredClone(model.cursor)
  for (const table of [slots, places, runs]) table.keep()
  return {
    guess: () => guess(model),
    learn: (bit) => learn(model, bit),
    forget: () => {
      byHistory.set(kept.byHistory)
      byBits.set(kept.byBits)
      byMatch.set(kept.byMatch)
      weights.set(kept.weights)
      Object.assign(model.cursor, structuredClone(cursor))
      for (const table of [slots, places, runs]) table.forget()
    },
  }
}

interface Model extends Small {
  readonly cursor: Cursor
  /** The histories, by context and bits. */
  readonly slots: Slots
  readonly runs: Runs
  /** By the last bytes: where they stood last. */
  readonly places: Journalled<Int32Array>
  readonly text: Uint8Array
  /** Of the guess at hand. */
  readonly histories: Uint8Array
  readonly inputs: Int32Array
  readonly sets: Int32Array
  readonly outputs: Int32Array
}

function newModel(room: number): Model {
  const inputs = new Int32Array(INPUTS)
  inputs[CONSTANT] = 256
  return {
    byHistory: Uint16Array.from({ length: CONTEXTS * 256 }, (_, at) => get(LIKELY, at & 255)),
    byBits: new Uint16Array(256).fill(HALF),
    byMatch: new Uint16Array(MATCH_BYTES_MAX + 1).fill(HALF),
    weights: new Int32Array(SETS_SIZE * INPUTS).fill(FIRST_WEIGHT),
    cursor: {
      size: 0,
      bits: 1,
      match: 0,
      matchBytes: 0,
      place: atTheStart(),
      contexts: noContexts(),
    },
    slots: openSlots(CONTEXTS, SUM),
    runs: openRuns(RUNS),
    places: journalled(new Int32Array(1 << PLACE_BITS)),
    text: new Uint8Array(room),
    histories: new Uint8Array(CONTEXTS),
    inputs,
    sets: new Int32Array(SETS),
    outputs: new Int32Array(SETS),
  }
}

function guess(model: Model): number {
  const known = letterBit(model.cursor)
  if (known !== undefined) return known === 1 ? SUREST : 1
  look(model)
  let sum = 0
  for (let set = 0; set < SETS; set += 1) {
    const odds = weighed(model, get(model.sets, set))
    model.outputs[set] = squashed(odds)
    sum += odds
  }
  return Math.max(1, squashed(sum >> 2))
}

/** The bit that UTF-8 has here: within a letter each byte begins with a one and a zero. Nothing is learned from it. */
function letterBit({ bits, place }: Cursor): number | undefined {
  if (place.letterBytes === 0 || place.isBroken) return undefined
  return bits === 1 ? 1 : bits === 3 ? 0 : undefined
}

/** Asks every context. */
function look(model: Model): void {
  const { cursor, histories, inputs, runs, slots } = model
  for (let context = 0; context < CONTEXTS; context += 1) {
    const history = slots.find(context, hash(get(cursor.contexts.histories, context), cursor.bits))
    histories[context] = history
    inputs[context] = history === 0 ? 0 : stretched(get(model.byHistory, context * 256 + history))
  }
  for (let run = 0; run < RUNS; run += 1) inputs[CONTEXTS + run] = runs.guess(run, cursor.bits)
  inputs[BITS] = stretched(get(model.byBits, cursor.bits))
  const bit = expected(model)
  const sure = bit === undefined ? 0 : stretched(get(model.byMatch, matchState(cursor)))
  inputs[MATCH] = bit === 1 ? sure : -sure
  choose(model, bit !== undefined)
}

/**
 * Chooses one set of weights each: by the bits so far and of how many bytes a letter is; by the length of the match and the last byte;
 * by the bits and the kind of the byte before that; and by how far into the word, the letter and the byte we are, and whether there
 * is a match.
 */
function choose({ cursor, text, sets }: Model, hasMatch: boolean): void {
  const { size, bits, matchBytes } = cursor
  const { place } = cursor
  const [last, beforeLast] = [get(text, size - 1), get(text, size - 2)]
  const length = hasMatch ? 1 + Math.min(2, matchBytes >> 3) : 0
  const script = isWide(place) ? 1 + place.letterBytes : 0
  sets[0] = (script * 256 + bits) * INPUTS
  sets[1] = (SET_STARTS[1] + length * 256 + last) * INPUTS
  sets[2] = (SET_STARTS[2] + (beforeLast >> 6) * 256 + bits) * INPUTS
  sets[3] = (SET_STARTS[3] + within(cursor) + (place.isText && hasMatch ? 256 : 0)) * INPUTS
}

/** How far into a word, a letter, an item and a byte we are. */
function within({ bits, place }: Cursor): number {
  const { wordBytes, letterBytes, isText, item, part } = place
  const bitsHad = 31 - Math.clz32(bits)
  if (!isText) return 512 + (Math.min(item, 7) * 4 + Math.min(part, 3)) * 8 + bitsHad
  if (!isWide(place)) return Math.min(wordBytes, 15) * 16 + bitsHad
  return (letterBytes * 4 + Math.min(wordBytes >> 2, 3)) * 16 + 8 + bitsHad
}

/** The bit that the match says; undefined when there is none, or it has said something else in this byte. */
function expected({ cursor, text }: Model): number | undefined {
  if (cursor.matchBytes === 0) return undefined
  const byte = get(text, cursor.match) | 256
  const left = Math.clz32(cursor.bits) - 23
  return byte >> left === cursor.bits ? (byte >> (left - 1)) & 1 : undefined
}

function matchState({ matchBytes }: Cursor): number {
  return Math.min(matchBytes, MATCH_BYTES_MAX)
}

function weighed({ inputs, weights }: Model, set: number): number {
  let sum = 0
  for (let input = 0; input < INPUTS; input += 1)
    sum += (get(inputs, input) * get(weights, set + input)) >> 16
  return held(sum)
}

function learn(model: Model, bit: number): void {
  const { cursor } = model
  const said = expected(model)
  if (letterBit(cursor) === undefined) learnBit(model, bit, said)
  if (said !== bit) cursor.matchBytes = 0
  cursor.bits = 2 * cursor.bits + bit
  if (cursor.bits >= 256) endByte(model)
}

function learnBit(model: Model, bit: number, said: number | undefined): void {
  const { cursor, slots, histories, sets, outputs } = model
  for (let set = 0; set < SETS; set += 1)
    learnWeights(model, get(sets, set), (bit << 12) - get(outputs, set))
  for (let context = 0; context < CONTEXTS; context += 1) {
    const history = get(histories, context)
    approach(model.byHistory, context * 256 + history, { bit, rate: HISTORY_RATE })
    slots.put(context, get(NEXT, 2 * history + bit))
  }
  model.runs.learn(cursor.bits, bit)
  approach(model.byBits, cursor.bits, { bit, rate: 5 })
  if (said !== undefined)
    approach(model.byMatch, matchState(cursor), { bit: said === bit ? 1 : 0, rate: 6 })
}

function learnWeights({ inputs, weights }: Model, set: number, error: number): void {
  for (let input = 0; input < INPUTS; input += 1) {
    const step = (get(inputs, input) * error * WEIGHT_RATE + HALF) >> 16
    weights[set + input] = get(weights, set + input) + step
  }
}

function endByte(model: Model): void {
  const { text, cursor, runs } = model
  const { place, contexts } = cursor
  const byte = cursor.bits & 255
  runs.endByte(byte)
  text[cursor.size] = byte
  cursor.size += 1
  cursor.bits = 1
  moveOn(place, byte)
  setContexts(contexts, place, { four: lastFour(model), fifth: get(text, cursor.size - 5) })
  for (let run = 0; run < RUNS; run += 1) runs.turnTo(run, get(contexts.runs, run))
  findMatch(model)
}

/** The last four bytes as one number, the last one lowest. */
function lastFour({ text, cursor: { size } }: Model): number {
  const before = (bytes: number): number => get(text, size - bytes)
  return before(1) | (before(2) << 8) | (before(3) << 16) | (before(4) << 24)
}

/** Goes on with the passage that went on rightly, or looks for the last one that ended like this. */
function findMatch(model: Model): void {
  const { text, cursor, places } = model
  const { size } = cursor
  const place = cursor.contexts.passage >>> (32 - PLACE_BITS)
  if (cursor.matchBytes > 0) {
    cursor.match += 1
    cursor.matchBytes += 1
  } else if (size >= MATCH_BYTES_MIN) {
    cursor.match = get(places.table, place)
    let bytes = 0
    const isSame = (): boolean =>
      get(text, cursor.match - 1 - bytes) === get(text, size - 1 - bytes)
    while (bytes < Math.min(MATCH_BYTES_MAX, cursor.match) && isSame()) bytes += 1
    cursor.matchBytes = bytes < MATCH_BYTES_MIN ? 0 : bytes
  }
  places.set(place, size)
}
