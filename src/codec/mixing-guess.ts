/**
 * What bit comes next: several contexts guess, a mixer weighs them by how well they did in a place like this, and all of them
 * learn what came. The contexts are the last 1, 2, 3, 4 and 6 bytes, the word so far, the word so far after the one before,
 * the bits of this byte alone, and the longest earlier passage that goes on like the present one.
 */
import { MIXED_BYTES_MAX } from '#base/limits.ts'
import { byteHistories } from './mixing-history.ts'
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

const CONTEXTS = 7
const LAST_4 = 3
const MATCH = CONTEXTS
const BITS = CONTEXTS + 1
const CONSTANT = CONTEXTS + 2
const INPUTS = CONTEXTS + 3
const SLOT_BITS = 20
const PLACE_BITS = 15
const MATCH_BYTES_MIN = 4
const MATCH_BYTES_MAX = 16
/** Of 65,536: what an input counts for before anything was learned. */
const FIRST_WEIGHT = 17_000
const WEIGHT_RATE = 12
/** Of 65,536. */
const HALF = 32_768
const { next: NEXT, likely: LIKELY } = byteHistories()

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
  word: number
  wordBefore: number
  /** Where the passage goes on that is like the present one, and for how many bytes it was. */
  match: number
  matchBytes: number
}

/** A guesser that has read `text`. */
export function openGuesser(text: Uint8Array): Guesser {
  const model = newModel(text.length + MIXED_BYTES_MAX)
  for (const byte of text)
    for (let place = 7; place >= 0; place -= 1) {
      guess(model)
      learn(model, (byte >> place) & 1)
    }
  const { byHistory, byBits, byMatch, weights, hashes, slots, places } = model
  const kept = structuredClone({ byHistory, byBits, byMatch, weights, hashes })
  const cursor = { ...model.cursor }
  slots.keep()
  places.keep()
  return {
    guess: () => guess(model),
    learn: (bit) => learn(model, bit),
    forget: () => {
      byHistory.set(kept.byHistory)
      byBits.set(kept.byBits)
      byMatch.set(kept.byMatch)
      weights.set(kept.weights)
      hashes.set(kept.hashes)
      Object.assign(model.cursor, cursor)
      slots.forget()
      places.forget()
    },
  }
}

interface Model extends Small {
  readonly cursor: Cursor
  /** By context: the number that stands for what came before. */
  readonly hashes: Int32Array
  /** By context and bits: the history. */
  readonly slots: Journalled<Uint8Array>
  /** By the last bytes: where they stood last. */
  readonly places: Journalled<Int32Array>
  readonly text: Uint8Array
  /** Of the guess at hand. */
  readonly slotOf: Int32Array
  readonly inputs: Int32Array
  readonly sets: [number, number]
  readonly outputs: [number, number]
}

function newModel(room: number): Model {
  const inputs = new Int32Array(INPUTS)
  inputs[CONSTANT] = 256
  return {
    byHistory: Uint16Array.from({ length: CONTEXTS * 256 }, (_, at) => get(LIKELY, at & 255)),
    byBits: new Uint16Array(256).fill(HALF),
    byMatch: new Uint16Array(MATCH_BYTES_MAX + 1).fill(HALF),
    weights: new Int32Array((256 + 4 * 256) * INPUTS).fill(FIRST_WEIGHT),
    cursor: { size: 0, bits: 1, word: 0, wordBefore: 0, match: 0, matchBytes: 0 },
    hashes: new Int32Array(CONTEXTS),
    slots: journalled(new Uint8Array(1 << SLOT_BITS)),
    places: journalled(new Int32Array(1 << PLACE_BITS)),
    text: new Uint8Array(room),
    slotOf: new Int32Array(CONTEXTS),
    inputs,
    sets: [0, 0],
    outputs: [0, 0],
  }
}

function guess(model: Model): number {
  look(model)
  const [one, other] = [weighed(model, model.sets[0]), weighed(model, model.sets[1])]
  model.outputs[0] = squashed(one)
  model.outputs[1] = squashed(other)
  return Math.max(1, squashed((one + other) >> 1))
}

/** Asks every context. */
function look(model: Model): void {
  const { cursor, slotOf, inputs, sets } = model
  for (let context = 0; context < CONTEXTS; context += 1) {
    const slot = hash(get(model.hashes, context), cursor.bits) >>> (32 - SLOT_BITS)
    slotOf[context] = slot
    const history = get(model.slots.table, slot)
    inputs[context] = history === 0 ? 0 : stretched(get(model.byHistory, context * 256 + history))
  }
  inputs[BITS] = stretched(get(model.byBits, cursor.bits))
  const bit = expected(model)
  const sure = bit === undefined ? 0 : stretched(get(model.byMatch, matchState(cursor)))
  inputs[MATCH] = bit === 1 ? sure : -sure
  const before = cursor.size === 0 ? 0 : get(model.text, cursor.size - 1)
  const length = bit === undefined ? 0 : 1 + Math.min(2, cursor.matchBytes >> 3)
  sets[0] = cursor.bits * INPUTS
  sets[1] = (256 + length * 256 + before) * INPUTS
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
  const { cursor, slots, sets, outputs } = model
  learnWeights(model, sets[0], (bit << 12) - outputs[0])
  learnWeights(model, sets[1], (bit << 12) - outputs[1])
  for (let context = 0; context < CONTEXTS; context += 1) {
    const slot = get(model.slotOf, context)
    const history = get(slots.table, slot)
    approach(model.byHistory, context * 256 + history, { bit, rate: 6 })
    slots.set(slot, get(NEXT, 2 * history + bit))
  }
  approach(model.byBits, cursor.bits, { bit, rate: 5 })
  const said = expected(model)
  if (said !== undefined)
    approach(model.byMatch, matchState(cursor), { bit: said === bit ? 1 : 0, rate: 6 })
  if (said !== bit) cursor.matchBytes = 0
  cursor.bits = 2 * cursor.bits + bit
  if (cursor.bits >= 256) endByte(model)
}

function learnWeights({ inputs, weights }: Model, set: number, error: number): void {
  for (let input = 0; input < INPUTS; input += 1) {
    const step = (get(inputs, input) * error * WEIGHT_RATE + HALF) >> 16
    weights[set + input] = get(weights, set + input) + step
  }
}

function endByte(model: Model): void {
  const { text, cursor } = model
  text[cursor.size] = cursor.bits & 255
  cursor.size += 1
  cursor.bits = 1
  hashContexts(model)
  findMatch(model)
}

function hashContexts({ text, cursor, hashes }: Model): void {
  const before = (bytes: number): number => get(text, cursor.size - bytes)
  const byte = before(1)
  const letter = lowered(byte)
  if (letter !== undefined) cursor.word = hash(cursor.word, letter)
  else if (cursor.word !== 0) {
    cursor.wordBefore = cursor.word
    cursor.word = 0
  }
  const last4 = byte | (before(2) << 8) | (before(3) << 16) | (before(4) << 24)
  hashes[0] = hash(byte, 1)
  hashes[1] = hash(last4 & 0xffff, 2)
  hashes[2] = hash(last4 & 0xff_ffff, 3)
  hashes[LAST_4] = hash(last4, 4)
  hashes[4] = hash(hash(last4, before(5)), before(6))
  hashes[5] = hash(cursor.word, 5)
  hashes[6] = hash(cursor.word, cursor.wordBefore)
}

/** Goes on with the passage that went on rightly, or looks for the last one that ended like this. */
function findMatch({ text, cursor, places, hashes }: Model): void {
  const { size } = cursor
  const place = get(hashes, LAST_4) >>> (32 - PLACE_BITS)
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

/** The small letter or digit that a byte is; bytes beyond ASCII are letters. */
function lowered(byte: number): number | undefined {
  if (byte >= 0x41 && byte <= 0x5a) return byte + 32
  const isLetter = (byte >= 0x61 && byte <= 0x7a) || byte >= 0x80
  const isDigit = byte >= 0x30 && byte <= 0x39
  return isLetter || isDigit ? byte : undefined
}
