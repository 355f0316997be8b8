/**
 * Where in a word, a text or an entry we are, as far as the bytes show without being read: a text goes from its mark to the next
 * zero (`short-entry.ts`), an entry begins with the head of a list.
 */
import { hash } from './mixing-tables.ts'

/** Where we are. */
export interface Place {
  word: number
  wordBefore: number
  /** Bytes of the word so far. */
  wordBytes: number
  isText: boolean
  /** Outside texts: bytes since the last head of a list, and the first of them, which is an entry's kind. */
  item: number
  kind: number
}

const TEXT = 0xd9
const TEXT_END = 0
const LIST_FROM = 0x90
const LIST_TO = 0xa0

/** Before the first byte. */
export function atTheStart(): Place {
  return { word: 0, wordBefore: 0, wordBytes: 0, isText: false, item: 0, kind: 0 }
}

/** Goes on behind a byte. */
export function moveOn(place: Place, byte: number): void {
  endLetter(place, byte)
  endItem(place, byte)
}

function endLetter(place: Place, byte: number): void {
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
  place.item += 1
  if (place.item === 1) place.kind = byte
  if (byte === TEXT) place.isText = true
  if (byte >= LIST_FROM && byte < LIST_TO) place.item = 0
}

/** The small letter or digit that a byte is; bytes beyond ASCII are letters. */
function lowered(byte: number): number | undefined {
  if (byte >= 0x41 && byte <= 0x5a) return byte + 32
  const isLetter = (byte >= 0x61 && byte <= 0x7a) || byte >= 0x80
  const isDigit = byte >= 0x30 && byte <= 0x39
  return isLetter || isDigit ? byte : undefined
}
