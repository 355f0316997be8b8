/**
 * What is possible: how many bytes a good model of the language needs for a text, after it has read others. Nobody has written a
 * well-kept coder of this kind for npm, so it is a reckoning: a mixing of contexts in floating point, with tables as large as it
 * likes, whose guesses are added up (minus the logarithm of each). No file is written, and no node could afford it.
 */

/** A model that has read. */
export interface Floor {
  /** Bytes for this text; nothing of it is remembered. */
  readonly bytesFor: (text: Uint8Array) => number
}

/** Letters that are looked back upon, beside words and the longest repetition. */
const ORDERS = [0, 1, 2, 3, 4, 5, 6] as const
const WORDS = 2
const MATCH = ORDERS.length + WORDS
const INPUTS = MATCH + 1
const TABLE_BITS = 22
const COUNT_MAX = 250
const LEARNING = 0.015
const FIRST_WEIGHT = 0.35
const MATCH_LETTERS = 5
const MATCH_LENGTH_MAX = 32
const LIKELIEST = 1 - 1 / 4_096

/** Reads `texts` once. */
export function openFloor(texts: Uint8Array): Floor {
  const state = openState(texts.length + 100_000)
  for (const byte of texts) spend(state, byte)
  return {
    bytesFor: (text) => {
      const { at, word, wordBefore } = state
      state.journal = []
      const bits = text.reduce((sum, byte) => sum + spend(state, byte), 0)
      for (const { table, slot, value } of state.journal.toReversed()) table[slot] = value
      Object.assign(state, { at, word, wordBefore, match: 0, matchLength: 0, journal: undefined })
      return bits / 8
    },
  }
}

type Table = Float32Array | Uint8Array | Int32Array

interface State {
  /** Of each slot: how likely a one is there, and how often that was seen. */
  readonly likely: Float32Array
  readonly seen: Uint8Array
  /** One row for each letter so far of the byte. */
  readonly weights: Float32Array
  readonly matchLikely: Float32Array
  readonly history: Uint8Array
  /** By a hash of the last letters: where they stood before. */
  readonly places: Int32Array
  at: number
  word: number
  wordBefore: number
  match: number
  matchLength: number
  journal: { table: Table; slot: number; value: number }[] | undefined
  readonly slots: Int32Array
  readonly inputs: Float32Array
}

function openState(bytesMax: number): State {
  return {
    likely: new Float32Array(2 ** TABLE_BITS).fill(0.5),
    seen: new Uint8Array(2 ** TABLE_BITS),
    weights: new Float32Array(256 * INPUTS).fill(FIRST_WEIGHT),
    matchLikely: new Float32Array(MATCH_LENGTH_MAX + 1).fill(0.75),
    history: new Uint8Array(bytesMax),
    places: new Int32Array(2 ** 20),
    at: 0,
    word: 0,
    wordBefore: 0,
    match: 0,
    matchLength: 0,
    journal: undefined,
    slots: new Int32Array(MATCH),
    inputs: new Float32Array(INPUTS),
  }
}

/** Bits that this byte costs; learns it. */
function spend(state: State, byte: number): number {
  const contexts = contextsOf(state)
  const foretold = state.matchLength > 0 ? (state.history[state.match] ?? 0) | 256 : 0
  let bits = 0
  for (let partial = 1, place = 7; place >= 0; place -= 1) {
    const bit = (byte >> place) & 1
    // The letter that the repetition foretells, while its bits so far are right.
    const told = foretold >> (place + 1) === partial ? (foretold >> place) & 1 : undefined
    const guess = guessOf(state, contexts, { partial, told })
    bits -= Math.log2(bit === 1 ? guess : 1 - guess)
    learn(state, { partial, bit, guess, told })
    partial = (partial << 1) | bit
  }
  follow(state, byte)
  return bits
}

function contextsOf({ history, at, word, wordBefore }: State): readonly number[] {
  let hash = 0
  const letters = ORDERS.map((order) => {
    if (order > 0) hash = mixed(hash, (history[at - order] ?? 0) + 1)
    return mixed(hash, order)
  })
  return [...letters, mixed(word, 77), mixed(mixed(word, wordBefore), 78)]
}

interface Step {
  readonly partial: number
  readonly told: number | undefined
}

function guessOf(state: State, contexts: readonly number[], { partial, told }: Step): number {
  const { likely, seen, slots, inputs, weights, matchLikely, matchLength } = state
  let sum = 0
  for (let input = 0; input < INPUTS; input += 1) {
    let value = 0
    if (input < MATCH) {
      const slot = mixed(contexts[input] ?? 0, partial) >>> (32 - TABLE_BITS)
      slots[input] = slot
      const count = seen[slot] ?? 0
      // What was seen once says more about a text than one chance in two would.
      if (count > 0) value = stretch(likely[slot] ?? 0.5) * (1 + 1 / (count + 1))
    } else if (told !== undefined) {
      const right = stretch(matchLikely[Math.min(matchLength, MATCH_LENGTH_MAX)] ?? 0.5)
      value = told === 1 ? right : -right
    }
    inputs[input] = value
    sum += value * (weights[partial * INPUTS + input] ?? 0)
  }
  return Math.min(LIKELIEST, Math.max(1 - LIKELIEST, 1 / (1 + Math.exp(-sum))))
}

function learn(
  state: State,
  { partial, bit, guess, told }: Step & { readonly bit: number; readonly guess: number },
): void {
  const { likely, seen, slots, inputs, weights, matchLikely, matchLength } = state
  for (let input = 0; input < INPUTS; input += 1) {
    const weight = partial * INPUTS + input
    const step = LEARNING * (bit - guess) * (inputs[input] ?? 0)
    set(state, weights, weight, (weights[weight] ?? 0) + step)
    if (input === MATCH) continue
    const slot = slots[input] ?? 0
    const count = seen[slot] ?? 0
    const before = likely[slot] ?? 0.5
    set(state, likely, slot, before + (bit - before) / (count + 1.6))
    if (count < COUNT_MAX) set(state, seen, slot, count + 1)
  }
  if (told === undefined) return
  const length = Math.min(matchLength, MATCH_LENGTH_MAX)
  const right = matchLikely[length] ?? 0.5
  set(state, matchLikely, length, right + (Number(told === bit) - right) / 64)
  if (told !== bit) state.matchLength = 0
}

/** On to the next byte. */
function follow(state: State, byte: number): void {
  const { history, places } = state
  set(state, history, state.at, byte)
  state.at += 1
  const isLetter = (byte | 32) >= 97 && (byte | 32) <= 122
  if (isLetter || byte >= 128) state.word = mixed(state.word, byte | 32)
  else if (state.word !== 0) {
    state.wordBefore = state.word
    state.word = 0
  }
  if (state.matchLength > 0) {
    state.match += 1
    state.matchLength += 1
  }
  let hash = 0
  for (let back = 1; back <= MATCH_LETTERS; back += 1)
    hash = mixed(hash, history[state.at - back] ?? 0)
  const slot = hash >>> 12
  if (state.matchLength === 0 && (places[slot] ?? 0) > 0) {
    state.match = places[slot] ?? 0
    while (
      state.matchLength < MATCH_LENGTH_MAX &&
      history[state.match - 1 - state.matchLength] === history[state.at - 1 - state.matchLength]
    )
      state.matchLength += 1
  }
  set(state, places, slot, state.at)
}

// oxlint-disable-next-line max-params -- a table, a place in it and what comes there
function set({ journal }: State, table: Table, slot: number, value: number): void {
  journal?.push({ table, slot, value: table[slot] ?? 0 })
  table[slot] = value
}

function stretch(likely: number): number {
  const held = Math.min(LIKELIEST, Math.max(1 - LIKELIEST, likely))
  return Math.log(held / (1 - held))
}

function mixed(hash: number, value: number): number {
  const turned = Math.imul(hash ^ Math.imul(value + 0x9e37, 0x85eb_ca6b), 0xc2b2_ae35)
  return (turned ^ (turned >>> 15)) >>> 0
}
