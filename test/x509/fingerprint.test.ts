import { createHash } from 'node:crypto'
import { test } from 'tap'
import { bytesFromText } from '#base/bytes.ts'
import { fingerprintOf, spokenFingerprintOf } from '#x509/fingerprint.ts'

test('the digits are those that phones show', async (t) => {
  const digits = createHash('sha256').update('a').digest('hex').toUpperCase()

  t.equal(fingerprintOf(bytesFromText('a')).replaceAll(':', ''), digits)
  t.match(fingerprintOf(bytesFromText('a')), /^(?:[0-9A-F]{2}:){31}[0-9A-F]{2}$/)
})

test('eight words say 128 bits, each different bit in another word', async (t) => {
  const spoken = spokenFingerprintOf(bytesFromText('a'))

  t.match(spoken, /^(?:[b-z][aiou][b-z][aiou][b-z]-){7}[b-z][aiou][b-z][aiou][b-z]$/)
  // SHA-256 of "a" begins with ca97 8112.
  t.equal(spoken.slice(0, 11), expected([0xca97, 0x8112]))
  t.not(spokenFingerprintOf(bytesFromText('b')), spoken)
})

/** Another way to the same words: from a text of bits, four for a consonant and two for a vowel. */
function expected(words: readonly number[]): string {
  return words
    .map((word) => {
      const bits = word.toString(2).padStart(16, '0')
      const parts = [bits.slice(0, 4), bits.slice(4, 6), bits.slice(6, 10), bits.slice(10, 12)]
      return [...parts, bits.slice(12)].map(letter).join('')
    })
    .join('-')
}

function letter(bits: string): string {
  const letters = bits.length === 4 ? 'bdfghjklmnprstvz' : 'aiou'
  return letters.charAt(Number.parseInt(bits, 2))
}
