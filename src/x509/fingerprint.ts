/** A certificate's fingerprint for people: digits to compare on screens, and words to read out over a radio. */
import { sha256 } from '#base/hash.ts'
import { hexFromBytes } from '#base/bytes.ts'

const CONSONANTS = 'bdfghjklmnprstvz'
const VOWELS = 'aiou'
/** 128 bits: nobody finds a second certificate for as many. */
const SPOKEN_BYTES = 16

/** SHA-256 in pairs of digits with colons, as phones and browsers show it. */
export function fingerprintOf(der: Uint8Array): string {
  return (hexFromBytes(sha256(der)).toUpperCase().match(/../g) ?? []).join(':')
}

/**
 * The first 128 bits of the same in eight words that can be said in any language: each holds 16 bits as consonant,
 * vowel, consonant, vowel, consonant (proquints, arXiv:0901.4016).
 */
export function spokenFingerprintOf(der: Uint8Array): string {
  const bytes = sha256(der).subarray(0, SPOKEN_BYTES)
  const words = Array.from({ length: SPOKEN_BYTES / 2 }, (_, at) =>
    spoken((bytes[2 * at] ?? 0) * 256 + (bytes[2 * at + 1] ?? 0)),
  )
  return words.join('-')
}

function spoken(bits: number): string {
  const consonant = (shift: number): string => CONSONANTS.charAt((bits >> shift) & 15)
  const vowel = (shift: number): string => VOWELS.charAt((bits >> shift) & 3)
  return consonant(12) + vowel(10) + consonant(6) + vowel(4) + consonant(0)
}
