/**
 * Where in a word, a text or an entry we are, as far as the bytes show without being read: a text goes from its mark to the next
 * zero (`short-entry.ts`), an entry begins with the head of a list.
 */
import { hash } from './mixing-tables.ts'

/** Where we are. */
export interface Place {
  /** The bytes of the letter so far, most significant first; 0 between letters. */
  letter: number
  /** How many bytes of it are to come. */
  letterBytes: number
  /** A letter of this text was never whole, so this is no UTF-8. */
  isBroken: boolean
  /** The three letters before that, the last one first: the bytes of each in UTF-8 as one number; 0 outside texts. */
  before: number
  beforeThat: number
  third: number
  word: number
  wordBefore: number
  /** Bytes of the word so far. */
  wordBytes: number
  isText: boolean
  /** Outside texts: items since the last head of a list, and the first byte of them, which is an entry's kind. */
  item: number
  kind: number
  /** Bytes of the item at hand, and how many are to come, or which. */
  part: number
  open: number
}

const TEXT = 0xd9
const TEXT_END = 0
/** In place of a number of bytes: what an id begins with, and numbers of the protocol (`short-entry.ts`). */
const NAMING = -1
const TWO_NUMBERS = -2
const ONE_NUMBER = -3
const NAMED_BYTES: Readonly<Record<number, number>> = { 0: 8, 1: 3 }
/** Bytes behind the head of an item; none behind others. */
const BEHIND: Readonly<Record<number, number>> = {
  0xc1: NAMING,
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
const LIST_FROM = 0x90
const LIST_TO = 0xa0

/** Before the first byte. */
export function atTheStart(): Place {
  const letters = { letter: 0, letterBytes: 0, isBroken: false, before: 0, beforeThat: 0, third: 0 }
  return {
    ...letters,
    word: 0,
    wordBefore: 0,
    wordBytes: 0,
    isText: false,
    item: 0,
    kind: 0,
    part: 0,
    open: 0,
  }
}

/** Goes on behind a byte. */
export function moveOn(place: Place, byte: number): void {
  endWord(place, byte)
  endLetter(place, byte)
  endItem(place, byte)
}

/** Whether the letter at hand, or the one before, is none of ASCII's. */
export function isWide({ isText, letter, before }: Place): boolean {
  return isText && (letter >= 0x80 || before >= 0x80)
}

/** UTF-8, as far as a text is: a first byte says how many follow. */
function endLetter(place: Place, byte: number): void {
  if (!place.isText) {
    place.letter = place.letterBytes = place.before = place.beforeThat = place.third = 0
    place.isBroken = false
    return
  }
  if (place.letterBytes > 0 && (byte < 0x80 || byte >= 0xc0)) place.isBroken = true
  if (byte >= 0xc0) {
    place.letter = byte
    place.letterBytes = byte >= 0xf0 ? 3 : byte >= 0xe0 ? 2 : 1
    return
  }
  place.letter = byte < 0x80 ? byte : ((place.letter << 8) | byte) >>> 0
  place.letterBytes = byte < 0x80 ? 0 : Math.max(0, place.letterBytes - 1)
  if (place.letterBytes > 0) return
  place.third = place.beforeThat
  place.beforeThat = place.before
  place.before = place.letter
  place.letter = 0
}

function endWord(place: Place, byte: number): void {
  const letter = lowered(byte)
  if (letter !== undefined) {
    place.word = hash(place.word, letter)
    place.wordBytes += 1
  } else {
    if (place.word !== 0) place.wordBefore = place.word
    place.word = 0
    place.wordBytes = 0
  }
}

function endItem(place: Place, byte: number): void {
  if (place.isText) {
    place.isText = byte !== TEXT_END
    return
  }
  if (place.part === 0) return beginItem(place, byte)
  place.part += 1
  place.open = afterByte(place.open, byte)
  if (place.open === 0) wholeItem(place)
}

function beginItem(place: Place, byte: number): void {
  if (byte >= LIST_FROM && byte < LIST_TO) {
    place.item = 0
    return
  }
  if (place.item === 0) place.kind = byte
  place.isText = byte === TEXT
  place.open = BEHIND[byte] ?? 0
  place.part = 1
  if (place.open === 0) wholeItem(place)
}

function wholeItem(place: Place): void {
  place.item += 1
  place.part = 0
}

/** What is to come behind a byte of an item. */
function afterByte(open: number, byte: number): number {
  if (open > 0) return open - 1
  if (open === NAMING) return NAMED_BYTES[byte] ?? TWO_NUMBERS
  if (byte >= 0x80) return open
  return open === TWO_NUMBERS ? ONE_NUMBER : 0
}

/** The small letter or digit that a byte is; bytes beyond ASCII are letters. */
function lowered(byte: number): number | undefined {
  if (byte >= 0x41 && byte <= 0x5a) return byte + 32
  const isLetter = (byte >= 0x61 && byte <= 0x7a) || byte >= 0x80
  const isDigit = byte >= 0x30 && byte <= 0x39
  return isLetter || isDigit ? byte : undefined
}
