/** PROTOCOL.md, “Mixing”: the model that guesses the next bit. */

import { HISTORIES, firstGuess, mix, squash, stretch } from './mixing-tables.ts'

/** What a model knows; `update` tells it the bit that came and must follow each `guess`. */
export interface Model {
  /** Of 4,096: how likely the next bit is a one. */
  readonly guess: () => number
  readonly update: (bit: number) => void
  readonly copy: () => Model
}

const [HISTORY_CONTEXTS, RUN_CONTEXTS, INPUTS] = [5, 3, 11]
interface State {
  /** All bytes so far, for the match. */
  bytes: number[]
  word: number
  wordBefore: number
  wordBytes: number
  isText: boolean
  item: number
  kind: number
  part: number
  /** Bytes that the open item still wants; numbers below 0 stand for `uint`s, undefined for what follows c1. */
  wants: number | undefined
  letter: number
  letterWants: number
  hasDropped: boolean
  before: number
  beforeThat: number
  third: number
  bits: number
  bitCount: number
  matchAt: number
  matchBytes: number
  readonly histories: Uint8Array
  readonly checks: Uint8Array
  /** Of the bit at hand: where each context looked, and the history that it saw. */
  readonly slots: Int32Array
  readonly seen: Uint8Array
  readonly runBytes: Uint8Array
  readonly runCounts: Uint8Array
  readonly runChecks: Uint8Array
  readonly likelyHistory: Int32Array
  readonly likelyBits: Int32Array
  readonly likelyMatch: Int32Array
  readonly likelyRun: Int32Array
  readonly weights: readonly Int32Array[]
  readonly places: Int32Array
  readonly hashes: Float64Array
  readonly runHashes: Float64Array
}

/** A model that has learned nothing. */
export function newModel(): Model {
  const state: State = {
    bytes: [],
    word: 0,
    wordBefore: 0,
    wordBytes: 0,
    isText: false,
    item: 0,
    kind: 0,
    part: 0,
    wants: 0,
    letter: 0,
    letterWants: 0,
    hasDropped: false,
    before: 0,
    beforeThat: 0,
    third: 0,
    bits: 1,
    bitCount: 0,
    matchAt: 0,
    matchBytes: 0,
    histories: new Uint8Array(2 ** 19),
    checks: new Uint8Array(2 ** 19),
    slots: new Int32Array(HISTORY_CONTEXTS),
    seen: new Uint8Array(HISTORY_CONTEXTS),
    runBytes: new Uint8Array(RUN_CONTEXTS * 2 ** 16),
    runCounts: new Uint8Array(RUN_CONTEXTS * 2 ** 16),
    runChecks: new Uint8Array(RUN_CONTEXTS * 2 ** 16),
    likelyHistory: Int32Array.from({ length: HISTORY_CONTEXTS * 256 }, (_, at) =>
      firstGuess(at % 256),
    ),
    likelyBits: new Int32Array(256).fill(32_768),
    likelyMatch: new Int32Array(17).fill(32_768),
    likelyRun: new Int32Array(RUN_CONTEXTS * 8 * 8).fill(50_000),
    weights: [1_280, 1_024, 1_024, 768].map((sets) => new Int32Array(sets * INPUTS).fill(13_000)),
    places: new Int32Array(2 ** 15).fill(-1),
    hashes: new Float64Array(HISTORY_CONTEXTS),
    runHashes: new Float64Array(RUN_CONTEXTS),
  }
  return modelOf(state)
}

function modelOf(state: State): Model {
  const inputs = new Int32Array(INPUTS)
  const sums = new Int32Array(4)
  const sets = new Int32Array(4)
  return {
    guess: () => {
      const known = knownBit(state)
      if (known >= 0) return known === 1 ? 4_095 : 1
      gather(state, inputs)
      choose(state, sets)
      let sum = 0
      for (const [at, weights] of state.weights.entries()) {
        let total = 0
        const base = (sets[at] ?? 0) * INPUTS
        for (let index = 0; index < INPUTS; index += 1)
          total += Math.floor(((inputs[index] ?? 0) * (weights[base + index] ?? 0)) / 65_536)
        const one = Math.min(Math.max(total, -2_047), 2_047)
        sums[at] = one
        sum += one
      }
      return Math.max(squash(sum >> 2), 1)
    },
    update: (bit) => {
      if (knownBit(state) >= 0) return goOn(state, bit)
      for (const [at, weights] of state.weights.entries()) {
        const wrong = 4_096 * bit - squash(sums[at] ?? 0)
        const base = (sets[at] ?? 0) * INPUTS
        for (let index = 0; index < INPUTS; index += 1)
          weights[base + index] =
            (weights[base + index] ?? 0) +
            ((Math.imul(inputs[index] ?? 0, wrong) * 14 + 32_768) >> 16)
      }
      learn(state, bit)
    },
    copy: () => modelOf(structuredClone(state)),
  }
}

/** What each context says of the next bit. */
function gather(state: State, inputs: Int32Array): void {
  for (let context = 0; context < HISTORY_CONTEXTS; context += 1) {
    const history = find(state, context)
    const p = state.likelyHistory[context * 256 + history] ?? 0
    inputs[context] = history === 0 ? 0 : stretch(p)
  }
  for (let context = 0; context < RUN_CONTEXTS; context += 1) {
    const said = saidByRun(state, context)
    const p = said < 0 ? 0 : (state.likelyRun[runLikelihood(state, context)] ?? 0)
    inputs[HISTORY_CONTEXTS + context] = said < 0 ? 0 : said === 1 ? stretch(p) : -stretch(p)
  }
  const said = saidByMatch(state)
  const p = state.likelyMatch[Math.min(state.matchBytes, 16)] ?? 0
  inputs[8] = said < 0 ? 0 : said === 1 ? stretch(p) : -stretch(p)
  inputs[9] = stretch(state.likelyBits[state.bits] ?? 0)
  inputs[10] = 256
}

/** Within a letter: the bit that a byte begins with, as long as it does; otherwise -1. */
function knownBit({ letterWants, hasDropped, bits }: State): number {
  if (letterWants === 0 || hasDropped) return -1
  return bits === 1 ? 1 : bits === 3 ? 0 : -1
}

function isWide({ isText, letter, before }: State): boolean {
  return isText && (letter >= 128 || before >= 128)
}

/** Which weights of each of the four sets. */
function choose(state: State, sets: Int32Array): void {
  const { bits, bytes, matchBytes, letterWants } = state
  const says = saidByMatch(state) >= 0
  const [c1, c2] = [bytes.at(-1) ?? 0, bytes.at(-2) ?? 0]
  sets[0] = bits + (isWide(state) ? 256 * (1 + letterWants) : 0)
  sets[1] = 256 * (says ? 1 + Math.min(2, matchBytes >> 3) : 0) + c1
  sets[2] = 256 * (c2 >> 6) + bits
  sets[3] = within(state) + (state.isText && says ? 256 : 0)
}

function within(state: State): number {
  const { bitCount, isText, item, part, wordBytes, letterWants } = state
  if (!isText) return 512 + 32 * Math.min(item, 7) + 8 * Math.min(part, 3) + bitCount
  if (!isWide(state)) return 16 * Math.min(wordBytes, 15) + bitCount
  return 16 * Math.min(wordBytes >> 2, 3) + 64 * letterWants + 8 + bitCount
}

function learn(state: State, bit: number): void {
  const target = bit === 1 ? 65_535 : 0
  for (let context = 0; context < HISTORY_CONTEXTS; context += 1) {
    const [at, history] = [state.slots[context] ?? 0, state.seen[context] ?? 0]
    move(state.likelyHistory, context * 256 + history, { target, by: 7 })
    state.histories[at] = HISTORIES.next[history * 2 + bit] ?? 0
    state.checks[at] = mixed(state, context) & 255
  }
  for (let context = 0; context < RUN_CONTEXTS; context += 1) {
    const said = saidByRun(state, context)
    const index = runLikelihood(state, context)
    if (said >= 0) move(state.likelyRun, index, { target: said === bit ? 65_535 : 0, by: 6 })
  }
  move(state.likelyBits, state.bits, { target, by: 5 })
  const said = saidByMatch(state)
  if (said >= 0) {
    const index = Math.min(state.matchBytes, 16)
    move(state.likelyMatch, index, { target: said === bit ? 65_535 : 0, by: 6 })
  }
  goOn(state, bit)
}

function goOn(state: State, bit: number): void {
  if (saidByMatch(state) !== bit) state.matchBytes = 0
  state.bits = state.bits * 2 + bit
  state.bitCount += 1
  if (state.bitCount === 8) ended(state, state.bits - 256)
}

/** A byte is there. */
function ended(state: State, byte: number): void {
  // The very first byte leaves a run in the first context only.
  const contextsWithRuns = state.bytes.length === 0 ? 1 : RUN_CONTEXTS
  for (let context = 0; context < contextsWithRuns; context += 1) {
    const [at, check] = run(state, context)
    const isFound = (state.runCounts[at] ?? 0) > 0 && state.runChecks[at] === check
    if (isFound && state.runBytes[at] === byte)
      state.runCounts[at] = Math.min((state.runCounts[at] ?? 0) + 1, 15)
    else [state.runBytes[at], state.runCounts[at], state.runChecks[at]] = [byte, 1, check]
  }
  state.bits = 1
  state.bitCount = 0
  state.bytes.push(byte)
  readWord(state, byte)
  readPlace(state, byte)
  contexts(state)
  match(state)
}

function readWord(state: State, byte: number): void {
  const isLarge = byte >= 65 && byte <= 90
  const isSmall = byte >= 97 && byte <= 122
  if (isLarge || isSmall || byte >= 128 || (byte >= 48 && byte <= 57)) {
    state.word = mix(state.word, isLarge ? byte + 32 : byte)
    state.wordBytes += 1
  } else {
    if (state.wordBytes > 0) state.wordBefore = state.word
    state.word = 0
    state.wordBytes = 0
  }
}

function readPlace(state: State, byte: number): void {
  if (state.isText) {
    readLetter(state, byte)
    if (byte === 0) {
      state.isText = false
      noLetters(state)
    }
    return
  }
  noLetters(state)
  if (state.wants === 0) {
    if (byte >= 0x90 && byte <= 0x9f) {
      state.item = 0
      return
    }
    if (state.item === 0) state.kind = byte
    if (byte === 0xd9) state.isText = true
    state.wants = byte === 0xc1 ? undefined : (ITEM_BYTES[byte] ?? 0)
  } else state.wants = stillWanted(state.wants, byte)
  state.part = state.wants === 0 ? 0 : state.part + 1
  if (state.wants === 0) state.item += 1
}

const ITEM_BYTES: Readonly<Record<number, number>> = {
  0xca: 4,
  0xcb: 8,
  0xcc: 1,
  0xcd: 2,
  0xce: 4,
  0xcf: 8,
  0xd0: 1,
  0xd1: 2,
  0xd2: 4,
  0xd3: 8,
}

function stillWanted(wants: number | undefined, byte: number): number {
  if (wants === undefined) return byte === 0 ? 8 : byte === 1 ? 3 : -2
  if (wants > 0) return wants - 1
  return byte < 0x80 ? wants + 1 : wants
}

function noLetters(state: State): void {
  state.letter = state.letterWants = state.before = state.beforeThat = state.third = 0
  state.hasDropped = false
}

function readLetter(state: State, byte: number): void {
  if (state.letterWants > 0 && (byte < 0x80 || byte >= 0xc0)) state.hasDropped = true
  if (byte >= 0xc0) {
    state.letter = byte
    state.letterWants = byte < 0xe0 ? 1 : byte < 0xf0 ? 2 : 3
    return
  }
  const isOpen = byte >= 0x80 && state.letterWants > 0
  const letter = isOpen ? state.letter * 256 + byte : byte
  state.letterWants = isOpen ? state.letterWants - 1 : 0
  if (state.letterWants > 0) {
    state.letter = letter
    return
  }
  state.third = state.beforeThat
  state.beforeThat = state.before
  state.before = letter
  state.letter = 0
}

function contexts(state: State): void {
  const { bytes, hashes, runHashes, word, wordBefore, isText, item, kind, part } = state
  const [c1 = 0, c2 = 0, c3 = 0, c4 = 0, c5 = 0] = [1, 2, 3, 4, 5].map((at) => bytes.at(-at) ?? 0)
  const four = c1 + 256 * c2 + 65_536 * c3 + 2 ** 24 * c4
  hashes[0] = mix(c1, 1)
  hashes[1] = mix(c1 + 256 * c2, 2)
  hashes[2] = mix(c1 + 256 * c2 + 65_536 * c3, 3)
  hashes[3] = mix(word, 5)
  hashes[4] = isText ? mix(mix(wordBefore, c1), 8) : mix(mix(16 * item + part, kind), 9)
  runHashes[0] = mix(four, 4)
  runHashes[1] = mix(mix(four, c5), 6)
  runHashes[2] = mix(mix(word, wordBefore), 7)
  if (isWide(state)) letterContexts(state)
}

function letterContexts({ hashes, runHashes, ...state }: State): void {
  const { letter, before, beforeThat, third, wordBytes } = state
  const two = mix(letter, before)
  const three = mix(two, beforeThat)
  const four = mix(three, third)
  hashes[0] = mix(letter === 0 ? before >>> 6 : letter, 10)
  hashes[1] = mix(two, 11)
  hashes[2] = mix(three, 12)
  if (wordBytes > 15) hashes[3] = mix(four, 13)
  hashes[4] = mix(mix(letter, beforeThat), 14)
  runHashes[1] = mix(four, 15)
}

/** Goes on with the match, or looks for one. */
function match(state: State): void {
  const { bytes, places, runHashes } = state
  const place = (runHashes[isWide(state) ? 1 : 0] ?? 0) >>> 17
  if (state.matchBytes > 0) {
    state.matchAt += 1
    state.matchBytes += 1
  } else {
    const found = places[place] ?? -1
    let same = 0
    if (found >= 0)
      while (
        same < Math.min(16, found) &&
        (bytes[found - 1 - same] ?? 0) === (bytes[bytes.length - 1 - same] ?? 0)
      )
        same += 1
    if (same >= 4) [state.matchAt, state.matchBytes] = [found, same]
  }
  places[place] = bytes.length
}

/** The bit that the match says, or -1. */
function saidByMatch({ bytes, matchAt, matchBytes, bits, bitCount }: State): number {
  if (matchBytes === 0) return -1
  return bitOf(bytes[matchAt] ?? 0, bits, bitCount)
}

/** The bit that a context's run says, or -1. */
function saidByRun(state: State, context: number): number {
  const [at, check] = run(state, context)
  if (state.runCounts[at] === 0 || state.runChecks[at] !== check) return -1
  return bitOf(state.runBytes[at] ?? 0, state.bits, state.bitCount)
}

function bitOf(byte: number, bits: number, bitCount: number): number {
  const all = byte + 256
  return all >> (8 - bitCount) === bits ? (all >> (7 - bitCount)) & 1 : -1
}

function run({ runHashes }: State, context: number): readonly [number, number] {
  const found = runHashes[context] ?? 0
  return [context * 65_536 + (found >>> 16), found & 15]
}

function runLikelihood(state: State, context: number): number {
  const [at] = run(state, context)
  return context * 64 + Math.min(state.runCounts[at] ?? 0, 7) * 8 + state.bitCount
}

function mixed({ hashes, bits }: State, context: number): number {
  return mix(hashes[context] ?? 0, bits)
}

/** Looks for a context's slot; gives the history there, 0 for a new one. */
function find(state: State, context: number): number {
  const { histories, checks } = state
  const x = mixed(state, context)
  const four = [0, 1, 2, 3].map((at) => (x >>> 13) ^ at)
  const own = four.find((at) => histories[at] !== 0 && checks[at] === (x & 255))
  const sums = four.map((at) => HISTORIES.sum[histories[at] ?? 0] ?? 0)
  const least = four[sums.indexOf(Math.min(...sums))] ?? 0
  state.slots[context] = own ?? least
  state.seen[context] = own === undefined ? 0 : (histories[own] ?? 0)
  return state.seen[context] ?? 0
}

function move(
  likelihoods: Int32Array,
  at: number,
  { target, by }: { readonly target: number; readonly by: number },
): void {
  const p = likelihoods[at] ?? 0
  likelihoods[at] = p + ((target - p) >> by)
}
